/** What can be done with the runs of the list, and what keeps the list in step with the page. */
import type { SavedRun, Tick } from '../protocol.ts'
import { pushAddress } from './address.ts'
import { post } from './bridge.ts'
import { setDetached } from './draft.ts'
import { useRun } from './run.ts'
import { type RunEntry, givenLooks, isFull, mostHeld, mostShown, useRuns } from './runList.ts'
import { useSaves } from './saves.ts'
import { type SeenRun, shownNow, useBeside, useRecorded } from './shown.ts'
import { announce, useUi } from './ui.ts'

/** A run that was thrown away before its first look at anything has nothing to compare. */
const leastSteps = 10

/** Brings looks and what stands beside the page's run in line with what is chosen. */
function settle(): void {
  const { past, shown, pinned, deleted } = useRuns.getState()
  const recorded = useRecorded.getState().run
  const here = useRun.getState().tick?.runId
  const wanted = shown.filter((id) => id !== here && !deleted.includes(id))
  const runs = wanted.flatMap((id) => past.find(({ tick }) => tick.runId === id) ?? (recorded?.tick.runId === id ? recorded : []))
  const before = useBeside.getState().runs
  if (runs.length !== before.length || runs.some((run, i) => run !== before[i])) useBeside.setState({ runs })
  const centre = shownNow().tick?.runId
  const visible = [...new Set([...runs.map(({ tick }) => tick.runId), ...(centre ? [centre] : [])])]
  // The pinned one was there first, and then the others.
  visible.sort((a, b) => Number(b === pinned) - Number(a === pinned))
  const looks = givenLooks(useRuns.getState().looks, visible)
  if (visible.some((id) => looks[id] !== useRuns.getState().looks[id])) useRuns.setState({ looks })
}

/** Holds on to a run that another takes the place of. Called once, by the page. */
export function watchRuns(): () => void {
  let last: SeenRun | null = null
  const stops = [
    useRun.subscribe(({ tick, measuredRun, losses, measurements }, before) => {
      if (tick && last && tick.runId !== last.tick.runId) hold(last)
      // Between the history of a run that is opened and its first tick, the two are of different runs.
      if (tick && tick.runId === measuredRun) last = { tick, losses, measurements, record: null }
      if (tick?.runId !== before.tick?.runId) {
        if (tick) forget(tick.runId)
        settle()
      }
    }),
    useRecorded.subscribe(settle),
    useRuns.subscribe(({ past, shown, pinned, deleted }, before) => {
      if (past !== before.past || shown !== before.shown || pinned !== before.pinned || deleted !== before.deleted) settle()
    }),
    useSaves.subscribe(({ runs }, before) => {
      if (runs !== before.runs) sweepDeleted(runs)
    }),
  ]
  settle()
  return () => stops.forEach((stop) => stop())
}

function hold(run: SeenRun): void {
  const { runId, step } = run.tick
  if (step < leastSteps) return
  // It is at rest now; whatever was cut off has nothing to say.
  const tick: Tick = { ...run.tick, state: run.tick.state === 'finished' ? 'finished' : 'paused' }
  useRuns.setState(({ past, pinned, shown }) => ({
    past: [{ ...run, tick }, ...past.filter((one) => one.tick.runId !== runId)].slice(0, mostHeld),
    shown: pinned === runId && !shown.includes(runId) ? [...shown, runId].slice(-mostShown + 1) : shown,
  }))
}

/** A run that is on the page again is not of the past. */
function forget(id: string): void {
  useRuns.setState(({ past, shown, deleted, undoable }) => ({
    past: past.filter(({ tick }) => tick.runId !== id), shown: shown.filter((other) => other !== id), deleted: deleted.filter((other) => other !== id), undoable: undoable?.id === id ? null : undoable,
  }))
}

/** What the browser still keeps of runs that were deleted for good. */
function sweepDeleted(runs: readonly SavedRun[]): void {
  const { deleted, undoable } = useRuns.getState()
  for (const { id } of runs) if (deleted.includes(id) && id !== undoable?.id) post({ type: 'discard', id })
}

/** Reads the charts of every kept run that has not been read yet. */
export function lookUp(entries: readonly RunEntry[]): void {
  const { looking, unread } = useRuns.getState()
  const wanted = entries.filter(({ id, seen, save }) => !seen && save?.config && unread[id] === undefined && useSaves.getState().unstored?.run.id !== id && !looking.includes(id)).map(({ id }) => id)
  if (wanted.length === 0) return
  useRuns.setState({ looking: [...looking, ...wanted] })
  for (const id of wanted) post({ type: 'look', id })
}

/** Puts a run on the charts beside the page's own, or takes it away. The page's own is hidden by hiding its lines. */
export function setShown(entry: RunEntry, visible: boolean): void {
  const { id, name } = entry
  if (isCentre(id)) {
    hideLines(visible)
    return
  }
  const { shown } = useRuns.getState()
  const others = shown.filter((other) => other !== id)
  if (visible && isFull(others)) {
    announce(`${mostShown} runs fit on the charts; hide another first.`)
    return
  }
  if (visible) lookUp([entry])
  useRuns.setState({ shown: visible ? [...others, id] : others })
  announce(visible ? `${name} is on the charts.` : `${name} is off the charts.`)
}

/** Whether the charts are about this run, and not because it was put on them. */
export const isCentre = (id: string) => id === shownNow().tick?.runId && !useRuns.getState().shown.includes(id)

function hideLines(visible: boolean): void {
  const replicas = shownNow().tick?.replicas.map((_, index) => index) ?? []
  useUi.setState({ hidden: visible ? [] : replicas })
}

/** The pinned run stays on the charts when another takes its place, and others are told against it. */
export function pin(id: string | null): void {
  useRuns.setState({ pinned: id })
}

export function rename(id: string, name: string): void {
  const text = name.trim().slice(0, 40)
  useRuns.setState(({ names }) => {
    const { [id]: _, ...others } = names
    return { names: text === '' ? others : { ...others, [id]: text } }
  })
}

/** Its settings on the page, to be changed and run. The page goes back to them by Back. */
export function editCopy({ config, name }: RunEntry): void {
  if (!config) return
  pushAddress()
  setDetached(config)
  announce(`The settings are those of ${name}.`)
}

export function deleteRun({ id, name }: RunEntry): void {
  const { undoable } = useRuns.getState()
  useRuns.setState(({ deleted, shown, pinned }) => ({
    deleted: [...deleted.filter((other) => other !== id), id].slice(-200), shown: shown.filter((other) => other !== id), pinned: pinned === id ? null : pinned, undoable: { id, name },
  }))
  if (undoable) finishDelete(undoable.id)
}

export function undoDelete(): void {
  useRuns.setState(({ deleted, undoable }) => ({ deleted: deleted.filter((id) => id !== undoable?.id), undoable: null }))
}

/** For good: what the page holds of it, and what the browser keeps. */
function finishDelete(id: string): void {
  useRuns.setState(({ past, names }) => {
    const { [id]: _, ...others } = names
    return { past: past.filter(({ tick }) => tick.runId !== id), names: others }
  })
  useSaves.setState(({ unstored }) => ({ unstored: unstored?.run.id === id ? null : unstored }))
  post({ type: 'discard', id })
}
