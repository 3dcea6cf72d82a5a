/**
 * The list of runs: the one on the page, those it has replaced, those that the browser keeps and the recorded one are the same thing here,
 * each listed once under its id, whatever there is of it.
 */
import { create } from 'zustand'
import { createJSONStorage, persist } from 'zustand/middleware'
import { z } from 'zod'
import type { Config } from '../config.ts'
import type { Report, SavedRun } from '../protocol.ts'
import { type Change, differences } from './changes.ts'
import { withMeasurement } from './measurements.ts'
import { namesOf } from './names.ts'
import type { RunState } from './run.ts'
import type { SavesState } from './saves.ts'
import type { SeenRun } from './shown.ts'

/** On the charts at a time. */
export const mostShown = 4
/** Runs whose charts the page holds; the oldest make room. */
export const mostHeld = 24

interface RunsState {
  /** Runs that the page has seen and that are not on it any more, the latest first. */
  past: readonly SeenRun[]
  /** Ids of those that the visitor has put beside the run on the page. */
  shown: readonly string[]
  /** Which of the four looks each run has; it keeps it, unless it meets another of the same look on the charts. */
  looks: Readonly<Record<string, number>>
  /** Against which others are told. */
  pinned: string | null
  /** Names that the visitor has given. */
  names: Readonly<Record<string, string>>
  /** Deleted ids. What is kept of the last one is only taken away when the next follows, so that it can come back. */
  deleted: readonly string[]
  undoable: { id: string; name: string } | null
  /** Being read from the browser's storage. */
  looking: readonly string[]
  /** Why a kept run's charts could not be read. */
  unread: Readonly<Record<string, string>>
}

const keptSchema = z.object({ pinned: z.string().max(100).nullable(), names: z.record(z.string().max(100), z.string().min(1).max(40)), deleted: z.array(z.string().max(100)).max(200) })

export const useRuns = create<RunsState>()(
  persist((): RunsState => ({ past: [], shown: [], looks: {}, pinned: null, names: {}, deleted: [], undoable: null, looking: [], unread: {} }), {
    name: 'low-noise-lab.runs',
    storage: createJSONStorage(() => localStorage),
    partialize: ({ pinned, names, deleted }) => ({ pinned, names, deleted }),
    merge: (kept, opening) => ({ ...opening, ...keptSchema.safeParse(kept).data }), // what was kept may be anything at all
  }),
)

export interface RunEntry {
  id: string
  name: string
  /** On the page, where the charts are about it. */
  here: boolean
  config: Config | null
  step: number
  /** The step at which it stops, or was to stop. */
  steps: number
  /** What there is to draw of it; null until it is looked up. */
  seen: SeenRun | null
  /** What the browser keeps of it; null when it cannot be gone on with. */
  save: SavedRun | null
}

interface Sources {
  run: Pick<RunState, 'tick' | 'losses' | 'measurements'>
  past: readonly SeenRun[]
  saves: Pick<SavesState, 'runs' | 'unstored'>
  recorded: SeenRun | null
  deleted: readonly string[]
  names: Readonly<Record<string, string>>
}

/** Each run once: the one on the page, then the others by when they began, then the recorded one. Pure. */
export function listRuns({ run, past, saves, recorded, deleted, names }: Sources): RunEntry[] {
  const kept = [...(saves.unstored ? [saves.unstored.run] : []), ...saves.runs]
  const live: SeenRun[] = run.tick ? [{ ...run, tick: run.tick, record: null }] : []
  const seen = new Map([...past, ...live].map((one) => [one.tick.runId, one]))
  const own = [...new Set([...seen.keys(), ...kept.map(({ id }) => id)])].filter((id) => id !== recorded?.tick.runId && (!deleted.includes(id) || id === run.tick?.runId))
  const order = own.toSorted((a, b) => Number(b === run.tick?.runId) - Number(a === run.tick?.runId) || beganAt(b) - beganAt(a))
  const ids = recorded ? [...order, recorded.tick.runId] : order
  const called = namesOf(ids.toReversed(), recorded ? { [recorded.tick.runId]: 'Recorded run', ...names } : names) // who came first has the name
  return ids.map((id): RunEntry => {
    const one = id === recorded?.tick.runId ? recorded : (seen.get(id) ?? null)
    const save = kept.find((entry) => entry.id === id) ?? null
    return { id, name: called.get(id)!, here: id === run.tick?.runId, config: one?.tick.config ?? save?.config ?? null, step: one?.tick.step ?? save?.step ?? 0, steps: one?.tick.steps ?? save?.steps ?? 0, seen: one, save }
  })
}

/** Milliseconds since 1970, which its id begins with. */
export function beganAt(id: string): number {
  const time = Number.parseInt(/^run-([0-9a-z]+)-/.exec(id)?.[1] ?? '', 36)
  return Number.isFinite(time) ? time : 0
}

/** The looks of the runs that are visible together: each its own where it has one that no other has, else the first that is free. Pure. */
export function givenLooks(looks: Readonly<Record<string, number>>, visible: readonly string[]): Record<string, number> {
  const given = { ...looks }
  const taken = new Set<number>()
  const without: string[] = []
  for (const id of visible) {
    if (given[id] === undefined || taken.has(given[id])) without.push(id)
    else taken.add(given[id])
  }
  for (const id of without) {
    given[id] = [0, 1, 2, 3].find((look) => !taken.has(look)) ?? 0
    taken.add(given[id])
  }
  return given
}

/** With the one that the charts are about, no more fit. */
export const isFull = (shown: readonly string[]) => shown.length >= mostShown - 1

/** What sets a run apart from the pinned one; null where there is nothing to hold it against. */
export function changesAgainst(pinned: RunEntry | undefined, entry: RunEntry): Change[] | null {
  return pinned?.config && entry.config && pinned.id !== entry.id ? differences(pinned.config, entry.config) : null
}

/** Those on the data of the one that they are told against, and the others: losses on other data are of another size, and say nothing beside these. */
export function ofSameData(entries: readonly RunEntry[], reference: RunEntry | undefined): [same: RunEntry[], others: RunEntry[]] {
  const same = ({ config }: RunEntry) => !config || !reference?.config || config.data.dataset === reference.config.data.dataset
  return [entries.filter(same), entries.filter((entry) => !same(entry))]
}

/** The charts of a run that the browser keeps have come. */
export function hearPast(report: Report): void {
  if (report.type !== 'past') return
  const { runId, found, problem = '' } = report
  useRuns.setState(({ past, looking, unread, shown }) => ({
    looking: looking.filter((id) => id !== runId),
    ...(found ? { past: past.some(({ tick }) => tick.runId === runId) ? past : [...past, { ...found, measurements: found.measurements.reduce(withMeasurement, {}), record: null }].slice(-mostHeld) } : { unread: { ...unread, [runId]: problem }, shown: shown.filter((id) => id !== runId) }),
  }))
}
