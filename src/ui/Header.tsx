import { type MouseEvent, type ReactNode, useRef } from 'react'
import { choosePreset, linkToDraft } from '../store/address.ts'
import { presets } from '../store/catalog.ts'
import { presetWith, useDraft } from '../store/draft.ts'
import { useOffline } from '../store/offline.ts'
import { useRun } from '../store/run.ts'
import { useHidden } from '../store/teach.ts'
import { type Theme, announce, openDialog, useUi } from '../store/ui.ts'
import styles from './Header.module.css'
import { LessonButton } from './lesson/LessonButton.tsx'
import { RunsButton } from './runs/RunsButton.tsx'
import { useMedia } from './useMedia.ts'

const groups = [...new Set(presets.map(({ group }) => group))]

export function Header() {
  const preset = useDraft((state) => presets.find(({ id }) => id === state.preset) ?? null)
  const changed = useDraft(({ config, preset: id }) => presetWith(config) !== id)
  const times = useRun((state) => state.times)
  const recordedOnly = useRun(({ phase }) => phase === 'obstacle') // then it matters which there is something to see of
  const newer = useOffline((state) => state.newer)
  const withoutExperiment = useHidden('experiment')
  return (
    <header className={styles.header}>
      <h1 className={styles.title}>
        <Mark />
        Low-Noise Lab
      </h1>
      {!withoutExperiment && <label className={styles.preset}>
        <span>Experiment</span>
        <select aria-label="Experiment" value={preset && !changed ? preset.id : ''} onChange={(event) => choosePreset(event.target.value)}>
          {(changed || !preset) && <option value="">{preset ? `${preset.title}, changed` : 'Your own settings'}</option>}
          {groups.map((group) => (
            <optgroup key={group} label={group}>
              {presets.filter((one) => one.group === group).map(({ id, title, study }) => <option key={id} value={id}>{title}{(changed || id !== preset?.id) && (recordedOnly ? study && ' – recorded' : times[id] && ` – ${times[id]}`)}</option>)}
            </optgroup>
          ))}
        </select>
      </label>}
      <LessonButton />
      <Adapter />
      <Tools>
        <button type="button" className="quiet" onClick={() => openDialog('self-test')}>Self-test</button>
        <button type="button" className="quiet" onClick={() => void copyLink()}>Copy link</button>
        <RunsButton />
        <ThemeSelect />
        <button type="button" className="quiet" onClick={() => openDialog('about')}>{newer ? 'New version' : 'About'}</button>
        <button type="button" className="quiet" onClick={() => openDialog('keys')} aria-label="Keyboard shortcuts">?</button>
      </Tools>
    </header>
  )
}

/** In a row; behind one button where the experiment needs the room. */
function Tools({ children }: { children: ReactNode }) {
  const narrow = useMedia('(max-width: 75em)')
  const more = useRef<HTMLDetailsElement>(null)
  if (!narrow) return <nav className={styles.tools} aria-label="Page">{children}</nav>
  const close = ({ target }: MouseEvent) => target instanceof HTMLButtonElement && more.current?.removeAttribute('open')
  return (
    <details ref={more} className={styles.more}>
      <summary>More</summary>
      <nav className={styles.tools} aria-label="Page" onClickCapture={close}>{children}</nav>
    </details>
  )
}

/** Noise on the left, a wave on the right. */
function Mark() {
  return (
    <svg width="22" height="22" viewBox="0 0 8 8" aria-hidden="true" shapeRendering="crispEdges" fill="currentColor">
      <path d="M0 1h1v1H0zM1 3h1v1H1zM0 6h1v1H0zM2 0h1v1H2zM2 5h1v1H2zM1 7h1v1H1zM3 2h1v1H3z" />
      <path d="M4 0h1v8H4zM6 0h1v8H6z" />
    </svg>
  )
}

function Adapter() {
  const capabilities = useRun((state) => state.capabilities)
  if (!capabilities) return null
  const { adapter, software } = capabilities
  return (
    <p className={styles.adapter} title={adapter}>
      <span>{software ? 'Software GPU' : 'GPU'}</span> {adapter}
    </p>
  )
}

async function copyLink() {
  try {
    await navigator.clipboard.writeText(linkToDraft())
    announce('Link copied.')
  } catch {
    announce('The browser did not allow copying; the address bar holds the same link.')
  }
}

function ThemeSelect() {
  const theme = useUi((state) => state.theme)
  return (
    <select className={styles.theme} aria-label="Colours" value={theme} onChange={(event) => useUi.setState({ theme: event.target.value as Theme })}>
      <option value="system">Auto</option>
      <option value="light">Light</option>
      <option value="dark">Dark</option>
    </select>
  )
}
