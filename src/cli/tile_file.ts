/** The tile race's results as a JSON file in the system's cache folder. No file, a broken one or no permission: no cache. */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import envPaths from 'env-paths'
import { type TileCache, tilesSchema } from '../lab/tune.ts'

export function fileTileCache(folder = envPaths('low-noise-lab', { suffix: '' }).cache): TileCache {
  const file = join(folder, 'tiles.json')
  const read = (): Record<string, unknown> => {
    try {
      const value = JSON.parse(readFileSync(file, 'utf8')) as unknown
      return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
    } catch {
      return {}
    }
  }
  return {
    async get(key) {
      const known = read()
      return Object.hasOwn(known, key) ? tilesSchema.safeParse(known[key]).data : undefined
    },
    async set(key, tiles) {
      mkdirSync(folder, { recursive: true })
      const part = `${file}.${process.pid}.part`
      writeFileSync(part, JSON.stringify({ ...read(), [key]: tiles }))
      renameSync(part, file)
    },
  }
}
