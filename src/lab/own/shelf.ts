/** Where visitors' images are kept: this browser's IndexedDB, and nowhere else. What is known of a set lies apart from its pixels, so that listing is cheap. */
import { type DBSchema, openDB } from 'idb'
import { ConfigError } from '../../config.ts'
import { datasets, forgetDataset, registerDataset } from '../../datasets/index.ts'
import { isOwn, ownDataset } from '../../datasets/own.ts'
import type { OwnPool, OwnSet } from '../../protocol.ts'

interface Shelf extends DBSchema {
  sets: { key: string; value: OwnSet }
  pools: { key: string; value: OwnPool }
}

const open = () => openDB<Shelf>('low-noise-lab-data', 1, {
  upgrade(database) {
    database.createObjectStore('sets', { keyPath: 'id' })
    database.createObjectStore('pools')
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

/** Both or neither. @throws ConfigError when the browser has no room */
export async function shelve(set: OwnSet, pool: OwnPool): Promise<void> {
  try {
    await onShelf(async database => {
      const both = database.transaction(['sets', 'pools'], 'readwrite')
      await Promise.all([both.objectStore('pools').put(pool, set.id), both.objectStore('sets').put(set), both.done])
    })
  } catch (error) {
    const size = `${Math.ceil(pool.pixels.length / 2 ** 20).toLocaleString('en')} MiB`
    if (error instanceof DOMException && error.name === 'QuotaExceededError') throw new ConfigError(`the browser has no room for the ${size} of ${set.label}; take a smaller side, or delete another set`)
    throw new ConfigError(`the browser does not keep ${set.label} (${error instanceof Error ? error.message : String(error)}); a private window may be the reason`)
  }
}

export const unshelve = (id: string): Promise<void> => onShelf(async database => {
  const both = database.transaction(['sets', 'pools'], 'readwrite')
  await Promise.all([both.objectStore('pools').delete(id), both.objectStore('sets').delete(id), both.done])
})

async function poolOf(id: string, label: string): Promise<OwnPool> {
  const pool = await onShelf(database => database.get('pools', id))
  if (!pool) throw new ConfigError(`${label} was deleted from this browser; bring its file in again`)
  return pool
}

/** Makes the sets on the shelf known in this thread, and those forgotten that are no longer there. Pixels are fetched when a run needs them. */
export async function knowShelved(): Promise<void> {
  const ids = await onShelf(database => database.getAllKeys('sets')).catch(() => null)
  if (!ids) return // a browser that keeps nothing
  for (const id of Object.keys(datasets)) if (isOwn(id) && !ids.includes(id)) forgetDataset(id)
  for (const id of ids.filter(known => !datasets[known])) {
    const set = await onShelf(database => database.get('sets', id)).catch(() => undefined)
    if (set && !datasets[id]) registerDataset(ownDataset(set, () => poolOf(id, set.label)))
  }
}
