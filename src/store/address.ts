/** Keeps the settings and what is looked at in the address: quietly while a slider moves, as a step of the history for a preset. */
import type { Config } from '../config.ts'
import { presets } from './catalog.ts'
import { loadHash, loadPreset, useDraft } from './draft.ts'
import { withLesson } from './lesson.ts'
import { type PageLink, plainPage } from './pageLink.ts'
import { fromHash, toLink } from './permalink.ts'
import { useTeach } from './teach.ts'
import { showView, useUi } from './ui.ts'

const addressOf = (link: string) => {
  const hash = withLesson(link)
  return `${location.pathname}${location.search}${hash ? `#${hash}` : ''}`
}

function pageNow(): PageLink {
  const { view, lossView, reading, seedView } = useUi.getState()
  const { hide, lock, run } = useTeach.getState()
  return { view: view === 'overview' ? null : view, loss: lossView, answers: reading, seeds: seedView, run, hide: [...hide], lock: [...lock] }
}

const hashNow = () => toLink(useDraft.getState().config, pageNow())

/** The page as a link has it, its settings apart. */
function showPage({ view, loss, answers, seeds, run, hide, lock }: PageLink): void {
  useUi.setState({ view: view ?? 'overview', lossView: loss, reading: answers, seedView: seeds, replayed: null })
  useTeach.setState({ hide, lock, run })
}

export function watchAddress(): () => void {
  if (location.hash.length > 1) showPage(fromHash(location.hash).page)
  let timer: ReturnType<typeof setTimeout> | undefined
  const write = () => {
    clearTimeout(timer)
    timer = setTimeout(() => history.replaceState(null, '', addressOf(hashNow())), 300) // browsers limit the rate
  }
  const stops = [
    useDraft.subscribe(({ config }, before) => {
      if (config !== before.config) write()
    }),
    useUi.subscribe(({ view, lossView, reading, seedView }, before) => {
      if (view !== before.view || lossView !== before.lossView || reading !== before.reading || seedView !== before.seedView) write()
    }),
    useTeach.subscribe(write),
  ]
  const back = () => {
    clearTimeout(timer) // whatever was to be written is of the page before
    loadHash(location.hash)
    showPage(fromHash(location.hash).page)
  }
  addEventListener('popstate', back)
  return () => {
    stops.forEach((stop) => stop())
    clearTimeout(timer)
    removeEventListener('popstate', back)
  }
}

/** Makes what comes next undone by the browser's Back. */
export function pushAddress(): void {
  history.pushState(null, '', addressOf(hashNow()))
}

/** Loads a preset so that the browser's Back undoes it, with its own record, and shows what it is to be looked at in; the overview in place of the last one's. */
export function choosePreset(id: string): void {
  pushAddress()
  const before = presets.find((preset) => preset.id === useDraft.getState().preset)?.view
  loadPreset(id)
  useTeach.setState({ run: null })
  const view = presets.find((preset) => preset.id === id)?.view
  if (view) showView(view)
  else if (useUi.getState().view === before) showView('overview')
}

export function linkToDraft(): string {
  return location.origin + addressOf(hashNow())
}

/** To these settings, and to nothing else of the page. */
export function linkTo(config: Config, change: Partial<PageLink> = {}): string {
  const hash = toLink(config, { ...plainPage, ...change })
  return `${location.origin}${location.pathname}${location.search}${hash ? `#${hash}` : ''}`
}
