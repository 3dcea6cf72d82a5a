import { type FocusEvent, useState } from 'react'
import { linkTo } from '../../store/address.ts'
import type { Change } from '../../store/changes.ts'
import { hasRun, useRun } from '../../store/run.ts'
import { type RunEntry, changesAgainst, isFull, useRuns } from '../../store/runList.ts'
import { deleteRun, editCopy, isCentre, pin, rename, setShown } from '../../store/runs.ts'
import { openRun } from '../../store/saved.ts'
import { useShownRun } from '../../store/shown.ts'
import { announce, emphasise, showSide, useUi } from '../../store/ui.ts'
import { count } from '../numbers.ts'
import { when } from '../saved/when.ts'
import { Finals } from './Finals.tsx'
import { Swatches } from './Swatches.tsx'
import styles from './Runs.module.css'

interface Props {
  entry: RunEntry
  reference: RunEntry | undefined
}

/** One run: what it is, what sets it apart, what it came to, and what can be done with it. */
export function RunCard({ entry, reference }: Props) {
  const { id, name, here, config, step, steps, seen, save } = entry
  const [naming, setNaming] = useState(false)
  const changes = changesAgainst(reference, entry)
  const problem = useRuns((state) => state.unread[id]) ?? save?.problem
  const visible = useVisible(id)
  const leave = ({ currentTarget, relatedTarget }: FocusEvent) => {
    if (!currentTarget.contains(relatedTarget)) emphasise(null)
  }
  return (
    // Its lines stand out for whoever points at it or tabs into it; there is nothing to press.
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
    <li className={styles.card} data-run={id} data-visible={visible || undefined} onPointerEnter={() => emphasise(id)} onPointerLeave={() => emphasise(null)} onFocus={() => emphasise(id)} onBlur={leave}>
      <div className={styles.head}>
        {naming ? <NameInput name={name} done={(text) => (rename(id, text), setNaming(false))} /> : <h3>{name}</h3>}
        {visible && seen && <Swatches seen={seen} />}
      </div>
      <p className={styles.state}>
        {[here && 'On this page', seen?.record && `Recorded ${seen.record.date}`, config && `step ${count(step)} of ${count(steps)}`, save && !here && save.savedAt > 0 && `kept ${when(save.savedAt)}`, save?.elsewhere && 'open in another tab'].filter(Boolean).join(', ')}
        {problem && <strong> {problem}</strong>}
      </p>
      {changes && <Diff changes={changes} against={reference!.name} />}
      {seen && <Finals seen={seen} />}
      <Buttons entry={entry} visible={visible} rename={() => setNaming(true)} />
    </li>
  )
}

const first = 4

/** The settings that are not those of the run that it is told against. */
function Diff({ changes, against }: { changes: readonly Change[]; against: string }) {
  if (changes.length === 0) return <p className={styles.diff} data-testid="diff">Same settings as {against}.</p>
  const item = ({ title, from, to }: Change) => <li key={title}>{title} <b>{from}</b> → <b>{to}</b></li>
  return (
    <div className={styles.diff} data-testid="diff">
      Against {against}:
      <ul>{changes.slice(0, first).map(item)}</ul>
      {changes.length > first && <details><summary>{changes.length - first} more</summary><ul>{changes.slice(first).map(item)}</ul></details>}
    </div>
  )
}

/** Whether any of its lines is on the charts. */
function useVisible(id: string): boolean {
  const shown = useRuns((state) => state.shown.includes(id))
  const centre = useShownRun(({ tick }) => tick?.runId === id)
  const replicas = useShownRun(({ tick }) => tick?.replicas.length ?? 0)
  const hidden = useUi((state) => state.hidden.length)
  return shown || (centre && hidden < replicas)
}

function Buttons({ entry, visible, rename: startNaming }: { entry: RunEntry; visible: boolean; rename: () => void }) {
  const { id, name, here, config, seen, save } = entry
  const pinned = useRuns((state) => state.pinned === id)
  const full = useRuns((state) => isFull(state.shown))
  const able = useRun(({ phase }) => hasRun(phase) || phase === 'idle' || phase === 'failed')
  const failed = useRun(({ phase }) => phase === 'failed')
  const drawable = seen !== null || save?.config
  return (
    <div className={styles.buttons}>
      {drawable && <button type="button" className="quiet" aria-pressed={visible} disabled={!visible && full && !isCentre(id)} onClick={() => setShown(entry, !visible)} aria-label={`${visible ? 'Hide' : 'Show'} ${name}`}>{visible ? 'Hide' : 'Show'}</button>}
      {config && <button type="button" className="quiet" aria-pressed={pinned} onClick={() => pin(pinned ? null : id)} aria-label={`Pin ${name}`}>{pinned ? 'Pinned' : 'Pin'}</button>}
      {config && <button type="button" className="quiet" onClick={startNaming} aria-label={`Rename ${name}`}>Rename</button>}
      {config && <button type="button" className="quiet" onClick={() => (editCopy(entry), showSide('settings'))} aria-label={`Edit a copy of ${name}`}>Edit a copy</button>}
      {config && <button type="button" className="quiet" onClick={() => void copyLink(entry)} aria-label={`Copy a link to the settings of ${name}`}>Link</button>}
      {save?.config && (!here || failed) && !save.elsewhere && <button type="button" className="quiet" disabled={!able} onClick={() => openRun(save)} aria-label={`Open ${name} at step ${count(save.step)}`}>Open</button>}
      {!here && !seen?.record && !save?.elsewhere && <button type="button" className="quiet" onClick={() => deleteRun(entry)} aria-label={`Delete ${name}`}>Delete</button>}
    </div>
  )
}

/** To its settings; of a recorded run, to the record as well. */
async function copyLink({ name, config, seen }: RunEntry) {
  const link = linkTo(config!, { run: seen?.record?.study ?? null })
  announce(await navigator.clipboard.writeText(link).then(() => `Link to ${name} copied.`, () => 'The browser did not allow copying.'))
}

function NameInput({ name, done }: { name: string; done(text: string): void }) {
  const [text, setText] = useState(name)
  return (
    <input
      // The visitor has just asked for it.
      // oxlint-disable-next-line jsx-a11y/no-autofocus
      autoFocus
      className={styles.name}
      aria-label={`New name of ${name}`}
      maxLength={40}
      value={text}
      onChange={({ target }) => setText(target.value)}
      onBlur={() => done(text === name ? '' : text)}
      onKeyDown={({ key }) => {
        if (key === 'Enter') done(text)
        if (key === 'Escape') done(name)
      }}
    />
  )
}
