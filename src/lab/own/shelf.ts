/** Where visitors' images are kept: this browser's IndexedDB, and nowhere else. What is known of a set lies apart from its pixels, so that listing is cheap. */
import { type DBSchema, openDB } from 'idb'
import { ConfigError } from '../../config.ts'
import { datasets, forgetDataset, registerDataset } from '../../datasets/index.ts'
import { isOwn, ownDataset } from '../../datasets/own.ts'
import type { OwnPool, OwnSet } from '../../file_protocol.ts'

const STORES = ['sets', 'labels', 'pieces'] as const
const PIECE = 32 * 2 ** 20

interface Shelf extends DBSchema {
  sets: { key: string; value: OwnSet }
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

export const shelved = (): Promise<OwnSet[]> => onShelf(database => database.getAll('sets'))

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
    const set = await onShelf(database => database.get('sets', id)).catch(() => undefined)
    if (set && !datasets[id]) registerDataset(ownDataset(set, () => poolOf(set)))
  }
}
