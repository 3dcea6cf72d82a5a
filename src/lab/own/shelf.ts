/** Where visitors' images are kept: this browser's IndexedDB, and nowhere else. What is known of a set lies apart from its pixels, so that listing is cheap. */
import { type DBSchema, openDB } from 'idb'
import { z } from 'zod'
import { ConfigError } from '../../config.ts'
import { datasets, forgetDataset, registerDataset } from '../../datasets/index.ts'
import { isOwn, ownDataset } from '../../datasets/own.ts'
import type { OwnPool, OwnSet } from '../../file_protocol.ts'
import { LARGEST, LEAST, MOST_CLASSES, MOST_IMAGES, SHORTEST_SIDE } from './source.ts'

const STORES = ['sets', 'labels', 'pieces'] as const
const PIECE = 32 * 2 ** 20

interface Shelf extends DBSchema {
  /** Sets, unless something else on this origin, or another version, has written them. */
  sets: { key: string; value: unknown }
  labels: { key: string; value: Uint8Array }
  /** By set and number: a browser takes no value of more than some 130 MB. */
  pieces: { key: [string, number]; value: Uint8Array }
}

const open = () => openDB<Shelf>('low-noise-lab-data', 1, {
  upgrade(database) {
    database.createObjectStore('sets', { keyPath: 'id' })
    database.createObjectStore('labels')
    database.createObjectStore('pieces')
  },
})

async function onShelf<T>(work: (database: Awaited<ReturnType<typeof open>>) => Promise<T>): Promise<T> {
  const database = await open()
  try {
    return await work(database)
  } finally {
    database.close()
  }
}

const text = z.string()
const count = z.int().min(LEAST).max(MOST_IMAGES)
const bytes = z.instanceof(Uint8Array)
const setSchema = z.strictObject({
  id: z.string().max(100).refine(isOwn), label: text, kind: text, classes: z.array(text).min(1).max(MOST_CLASSES), channels: z.literal([1, 3]),
  size: z.int().min(SHORTEST_SIDE).max(LARGEST), train: count, test: count, split: z.enum(['given', 'seeded']), notes: z.array(text), preview: z.strictObject({ pixels: bytes, labels: bytes }),
}).refine(({ classes, channels, size, preview: { pixels, labels } }) => labels.length > 0 && pixels.length === labels.length * channels * size ** 2 && labels.every(label => label < classes.length))

/** Those that can be used, and in one sentence that others cannot. */
export async function shelved(): Promise<{ sets: OwnSet[]; problem: string | null }> {
  const all = await onShelf(database => database.getAll('sets'))
  const sets = all.flatMap(value => setSchema.safeParse(value).data ?? [])
  const damaged = all.length - sets.length
  if (damaged === 0) return { sets, problem: null }
  const [those, are, their] = damaged === 1 ? ['A set that is kept here is', 'is', 'its file'] : [`${damaged} sets that are kept here are`, 'are', 'their files']
  return { sets, problem: `${those} damaged, or ${damaged === 1 ? 'was' : 'were'} written by another version of this page, and ${are} left out: bring ${their} in again.` }
}

/** All of it or nothing. @throws ConfigError when the browser has no room */
export async function shelve(set: OwnSet, { pixels, labels }: OwnPool): Promise<void> {
  try {
    await onShelf(async database => {
      const all = database.transaction(STORES, 'readwrite')
      const pieces = Array.from({ length: Math.ceil(pixels.length / PIECE) }, (_, k) => all.objectStore('pieces').put(pixels.slice(k * PIECE, (k + 1) * PIECE), [set.id, k]))
      await Promise.all([...pieces, all.objectStore('labels').put(labels, set.id), all.objectStore('sets').put(set), all.done])
    })
  } catch (error) {
    const size = `${Math.ceil(pixels.length / 2 ** 20).toLocaleString('en')} MiB`
    if (error instanceof DOMException && error.name === 'QuotaExceededError') throw new ConfigError(`the browser has no room for the ${size} of ${set.label}; take a smaller side, or delete another set`)
    throw new ConfigError(`the browser does not keep ${set.label} (${error instanceof Error ? error.message : String(error)}); a private window may be the reason`)
  }
}

/** Pieces of one set, all their numbers. */
const piecesOf = (id: string) => IDBKeyRange.bound([id, 0], [id, Infinity])

export const unshelve = (id: string): Promise<void> => onShelf(async database => {
  const all = database.transaction(STORES, 'readwrite')
  await Promise.all([all.objectStore('pieces').delete(piecesOf(id)), all.objectStore('labels').delete(id), all.objectStore('sets').delete(id), all.done])
})

function poolOf({ id, label, channels, size, train, test }: OwnSet): Promise<OwnPool> {
  return onShelf(async database => {
    const lost = () => new ConfigError(`${label} was deleted from this browser; bring its file in again`)
    const labels = await database.get('labels', id)
    const pixels = new Uint8Array((train + test) * channels * size * size)
    // One by one: all at once would be there twice.
    for (let at = 0; at < pixels.length; at += PIECE) {
      const piece = await database.get('pieces', [id, at / PIECE])
      if (piece?.length !== Math.min(PIECE, pixels.length - at)) throw lost()
      pixels.set(piece, at)
    }
    if (!labels) throw lost()
    return { pixels, labels }
  })
}

/** Makes the sets on the shelf known in this thread, and those forgotten that are no longer there. Pixels are fetched when a run needs them. */
export async function knowShelved(): Promise<void> {
  const ids = await onShelf(database => database.getAllKeys('sets')).catch(() => null)
  if (!ids) return // a browser that keeps nothing
  for (const id of Object.keys(datasets)) if (isOwn(id) && !ids.includes(id)) forgetDataset(id)
  for (const id of ids.filter(known => !datasets[known])) {
    const { data: set } = setSchema.safeParse(await onShelf(database => database.get('sets', id)).catch(() => null))
    if (set && !datasets[id]) registerDataset(ownDataset(set, () => poolOf(set)))
  }
}
