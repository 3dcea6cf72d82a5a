/**
 * Runs kept in the browser's IndexedDB. A run's head and its numbers are put in one transaction, so that whatever stops it leaves the save
 * before as it was. What comes back is hostile until it is checked: anything on this origin, or another version, may have written it.
 */
import { deleteDB, openDB } from 'idb'
import { z } from 'zod'
import { type Config, ConfigError, parseConfig } from '../config.ts'
import type { SavedRun } from '../protocol.ts'
import { packCheckpoint, unpackCheckpoint } from './checkpoint.ts'
import type { Checkpoint } from './session.ts'

const DATABASE = 'low-noise-lab-runs'
const HEADS = 'heads'
const RUNS = 'runs'
/** Saves that are kept; the oldest make room. */
const KEPT = 5

const headSchema = z.strictObject({ id: z.string().min(1).max(100), savedAt: z.number().min(0), step: z.int().min(0), steps: z.int().min(0), bytes: z.int().min(0), config: z.unknown() })

/** Opened for each use: nothing is held that another tab would have to wait for. */
async function withDatabase<T>(work: (database: Awaited<ReturnType<typeof openDB>>) => Promise<T>): Promise<T> {
  const database = await openDB(DATABASE, 1, {
    upgrade: opened => {
      opened.createObjectStore(HEADS)
      opened.createObjectStore(RUNS)
    },
  })
  try {
    return await work(database)
  } finally {
    database.close()
  }
}

export function headOf(id: string, checkpoint: Checkpoint, savedAt: number): SavedRun {
  const { step, config } = checkpoint
  return { id, savedAt, step, steps: config.train.steps, bytes: bytesOf(checkpoint), config }
}

/** Of its arrays, which are nearly all of it. */
function bytesOf(value: unknown): number {
  if (ArrayBuffer.isView(value)) return value.byteLength
  if (typeof value === 'number') return 8
  return typeof value === 'object' && value !== null ? Object.values(value).reduce((sum: number, part) => sum + bytesOf(part), 0) : 0
}

/**
 * In the place of the save before of the same run. The oldest beyond five are taken away, but for those in `busy`.
 * @throws DOMException when the browser has no room (QuotaExceededError) or keeps nothing here
 */
export async function saveRun(head: SavedRun, checkpoint: Checkpoint, busy: ReadonlySet<string>): Promise<void> {
  await withDatabase(async database => {
    const transaction = database.transaction([HEADS, RUNS], 'readwrite')
    const done = transaction.done
    done.catch(() => {}) // told below
    const [heads, runs] = [transaction.objectStore(HEADS), transaction.objectStore(RUNS)]
    const { id, savedAt, step, steps, bytes, config } = head
    try {
      await heads.put({ id, savedAt, step, steps, bytes, config }, id)
      await runs.put(packCheckpoint(checkpoint), id)
      const others = readHeads(await heads.getAllKeys(), await heads.getAll()).filter(other => other.id !== id && !busy.has(other.id))
      const old = others.sort((a, b) => b.savedAt - a.savedAt).slice(KEPT - 1)
      await Promise.all(old.flatMap(other => [heads.delete(other.id), runs.delete(other.id)]))
    } catch (error) {
      try {
        transaction.abort()
      } catch {
        // It was over already; then `done` knows why.
      }
      await done.catch((reason: unknown) => { throw reason instanceof DOMException && reason.name !== 'AbortError' ? reason : error })
    }
    await done
  })
}

/** All there are, the last one first. One that cannot be read says why. */
export async function savedRuns(): Promise<SavedRun[]> {
  return withDatabase(async database => {
    const transaction = database.transaction(HEADS)
    const [keys, values] = await Promise.all([transaction.store.getAllKeys(), transaction.store.getAll()])
    return readHeads(keys, values).sort((a, b) => b.savedAt - a.savedAt)
  })
}

function readHeads(keys: IDBValidKey[], values: unknown[]): SavedRun[] {
  return values.map((value, i) => {
    const head = headSchema.safeParse(value)
    const id = String(keys[i])
    if (!head.success || head.data.id !== id) return { id, savedAt: 0, step: 0, steps: 0, bytes: 0, config: null, problem: 'What is kept of it is damaged, or was written by another version of this page.' }
    const config = readConfig(head.data.config)
    return { ...head.data, ...(typeof config === 'string' ? { config: null, problem: `Its settings cannot be read: ${config}.` } : { config }) }
  })
}

function readConfig(value: unknown): Config | string {
  try {
    return parseConfig(value)
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

/** @throws ConfigError with one sentence when there is none, or it cannot be gone on with */
export async function loadRun(id: string): Promise<Checkpoint> {
  const stored: unknown = await withDatabase(database => database.get(RUNS, id))
  if (stored === undefined) throw new ConfigError('this run is not kept any more; another tab may have deleted it')
  return unpackCheckpoint(stored)
}

export async function deleteRun(id: string): Promise<void> {
  await withDatabase(async database => {
    const transaction = database.transaction([HEADS, RUNS], 'readwrite')
    await Promise.all([transaction.objectStore(HEADS).delete(id), transaction.objectStore(RUNS).delete(id), transaction.done])
  })
}

/** Everything that this page keeps on this device in databases: runs, the race of the tiles, and whatever else bears its name. */
export async function deleteEverything(): Promise<void> {
  const found = await (indexedDB.databases?.() ?? Promise.resolve([])).catch(() => [])
  const names = new Set([DATABASE, ...found.flatMap(({ name }) => (name?.startsWith('low-noise-lab') ? [name] : []))])
  await Promise.all([...names].map(name => deleteDB(name)))
}
