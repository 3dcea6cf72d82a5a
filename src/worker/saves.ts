/** Keeps the run in the browser while it trains, and tells the page what is kept. Nothing that goes wrong here stops a run. */
import { packCheckpoint } from '../lab/checkpoint.ts'
import { deleteEverything, deleteRun, headOf, savedRuns, saveRun } from '../lab/saved_runs.ts'
import type { Checkpoint, Session } from '../lab/session.ts'
import type { Report, SavedRun, Saves } from '../protocol.ts'
import { runsElsewhere } from './run_lock.ts'

/** Between two saves of a running run; the first comes sooner. */
const EVERY_MS = 20_000
const FIRST_MS = 5_000
/** After a pause or a step, so that ten quick steps make one save. */
const REST_MS = 300
/** A save may take this share of the time at most. */
const SHARE = 0.02

export interface Keeper {
  /** Saves when it is time to; called now and then while a run trains. */
  look(): void
  /** Saves soon: the run has come to rest. */
  soon(): void
  now(): Promise<void>
  /** Another run begins: it is kept again, even if all was deleted before. */
  begin(): void
  list(): Promise<void>
  discard(id: string): Promise<void>
  forget(): Promise<void>
}

export function makeKeeper(send: (report: Report) => void, current: () => Session | null): Keeper {
  let due = 0
  let kept = ''
  let saving: Promise<void> | null = null
  let storing: Promise<void> = Promise.resolve()
  let resting: ReturnType<typeof setTimeout> | undefined
  let off = false
  let problem: string | null = null
  let unstored: Saves['unstored'] = null

  /** Tells apart what would be saved. */
  const mark = ({ runId, step, steps, events, measurements }: Session) => [runId, step, steps, events.length, measurements.length].join()

  async function save(): Promise<void> {
    const session = current()
    if (!session || off || session.step === 0 || mark(session) === kept) return
    const before = mark(session)
    due = performance.now() + EVERY_MS
    const checkpoint = await session.snapshot()
    const began = performance.now()
    if (off || session !== current() || !sound(checkpoint)) return
    await (storing = store(headOf(session.runId, checkpoint, Date.now()), checkpoint))
    if (mark(session) === before) kept = before
    due = Math.max(due, performance.now() + (performance.now() - began) / SHARE)
    await list()
  }

  async function store(run: SavedRun, checkpoint: Checkpoint): Promise<void> {
    try {
      await saveRun(run, checkpoint, await runsElsewhere())
      problem = null
      unstored = null
    } catch (error) {
      problem = reasonOf(error)
      unstored = { run, checkpoint: packCheckpoint(checkpoint) }
    }
  }

  async function now(): Promise<void> {
    await saving // which may be of an earlier step
    // A run that is thrown away, or loses its GPU, while it is being saved has nothing to tell: its last save stands.
    await (saving ??= save().catch(() => {}).finally(() => { saving = null }))
  }

  async function list(): Promise<void> {
    const elsewhere = await runsElsewhere()
    const found = off ? [] : await savedRuns().catch((error: unknown) => { // looking would make a deleted database anew
      problem ??= reasonOf(error)
      return []
    })
    const runs = found.map((run): SavedRun => (elsewhere.has(run.id) ? { ...run, elsewhere: true } : run))
    const { usage = null, quota = null } = await estimate()
    send({ type: 'saves', runs, used: usage, room: quota, problem, unstored })
  }

  return {
    look() {
      if (!saving && performance.now() >= due) void now()
    },
    soon() {
      clearTimeout(resting)
      resting = setTimeout(() => void now(), REST_MS)
    },
    now,
    begin() {
      off = false
      due = performance.now() + FIRST_MS
    },
    list,
    async discard(id) {
      if (unstored?.run.id === id) unstored = null
      await deleteRun(id).catch((error: unknown) => { problem = reasonOf(error) })
      await list()
    },
    async forget() {
      off = true
      await storing
      unstored = null
      kept = ''
      problem = null
      await deleteEverything().catch((error: unknown) => { problem = reasonOf(error) })
      await list()
    },
  }
}

/** A run whose numbers are broken must not take the place of a save that can be gone on with. */
function sound({ replicas }: Checkpoint): boolean {
  return replicas.every(({ parameters, first, second, ema }) => [parameters, first, second, ema].every(values => {
    let sum = 0
    for (let i = 0; i < values.length; i++) sum += values[i] - values[i] // NaN from one that is not finite on; five times as quick as asking each
    return sum === 0
  }))
}

function reasonOf(error: unknown): string {
  const name = error instanceof DOMException || error instanceof Error ? error.name : ''
  if (name === 'QuotaExceededError') return 'The browser has no room left to keep this run; delete saved runs to make some.'
  if (name === 'VersionError') return 'The runs kept here were written by a later version of this page; delete them to keep new ones.'
  return `The browser keeps nothing for this page${error instanceof Error ? ` (${error.message || error.name})` : ''}; a private window may be why.`
}

async function estimate(): Promise<StorageEstimate> {
  return (await navigator.storage?.estimate?.().catch(() => null)) ?? {}
}
