/** The tile race's results in the browser, in IndexedDB. A private window or a broken entry means a race, nothing worse. */
import { openDB } from 'idb'
import { type TileCache, tilesSchema } from './tune.ts'

const DATABASE = 'low-noise-lab-tiles'
const STORE = 'tiles'

export function browserTileCache(): TileCache {
  const database = () => openDB(DATABASE, 1, { upgrade: opened => { opened.createObjectStore(STORE) } })
  return {
    async get(key) {
      const open = await database()
      try {
        return tilesSchema.safeParse(await open.get(STORE, key)).data
      } finally {
        open.close()
      }
    },
    async set(key, tiles) {
      const open = await database()
      try {
        await open.put(STORE, tiles, key)
      } finally {
        open.close()
      }
    },
  }
}
