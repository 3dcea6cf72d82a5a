/** Keeping runs, going on with them, and deleting what is kept. */
import type { SavedRun } from '../protocol.ts'
import { alone } from './actions.ts'
import { pushAddress } from './address.ts'
import { post, reconnect } from './bridge.ts'
import { attach, setConfig } from './draft.ts'
import { hasRun, useRun } from './run.ts'
import { useRuns } from './runList.ts'
import { useSaves } from './saves.ts'
import { useUi } from './ui.ts'

/** A tab that was closed a moment ago may still look open. */
const ASK_AGAIN_MS = 4000

/** Asks what is kept, and keeps the run once more when the page may be gone in a moment. */
export function watchSaves(): () => void {
  post({ type: 'saves' })
  let timer: ReturnType<typeof setTimeout> | undefined
  const stop = useSaves.subscribe(({ runs }) => {
    clearTimeout(timer)
    if (runs.some(({ elsewhere }) => elsewhere) && !hasRun(useRun.getState().phase)) timer = setTimeout(() => post({ type: 'saves' }), ASK_AGAIN_MS)
  })
  const keep = () => {
    if (hasRun(useRun.getState().phase)) post({ type: 'save' })
  }
  const hide = () => {
    if (document.visibilityState === 'hidden') keep()
  }
  document.addEventListener('visibilitychange', hide)
  addEventListener('pagehide', keep)
  return () => {
    stop()
    clearTimeout(timer)
    document.removeEventListener('visibilitychange', hide)
    removeEventListener('pagehide', keep)
  }
}

/** Goes on with a kept run. */
export function resumeRun(run: SavedRun): void {
  void alone(() => openRun(run, false))
}

/** The settings become the run's own, and Back brings those before again, unless it is the run that was on the page anyway. */
export function openRun({ id, config }: SavedRun, paused = true, again = false): void {
  if (!config) return
  const { unstored } = useSaves.getState()
  const { phase, fault } = useRun.getState()
  if (phase === 'failed' && fault) reconnect() // the old worker may hold a lost device
  if (!again) pushAddress()
  setConfig(config)
  attach()
  useRun.setState({ phase: 'starting', runId: id, fault: null, progress: null })
  useUi.setState({ hidden: [], replayed: null, dialog: null })
  post({ type: 'open', id, paused, ...(unstored?.run.id === id && { unstored: unstored.checkpoint }) })
}

/** The run stays where it is; it is only not offered any more. */
export function decline(id: string): void {
  useSaves.setState(({ declined }) => ({ declined: [...declined, id] }))
}

export function discardRun(id: string): void {
  useSaves.setState(({ unstored }) => ({ unstored: unstored?.run.id === id ? null : unstored }))
  post({ type: 'discard', id })
}

/** Runs, tiles, own images and the page's preferences; what is on the page stays until it is closed. */
export function deleteLocalData(): void {
  useSaves.setState({ unstored: null, runs: [] }) // nothing is left to look at: looking would make the databases anew
  useRuns.setState({ past: [], shown: [], names: {}, pinned: null, deleted: [], undoable: null })
  post({ type: 'forget' })
  try {
    for (const key of Object.keys(localStorage)) if (key.startsWith('low-noise-lab')) localStorage.removeItem(key)
  } catch {
    // A browser without storage has nothing to delete.
  }
}

export function markRead(problem: string | null): void {
  useSaves.setState({ read: problem })
}
