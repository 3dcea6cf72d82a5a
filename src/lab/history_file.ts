/** A run's history as entries of a checkpoint file: history.json, in which every array of floats stands as its place in history.npy. */
import { ConfigError } from '../config.ts'
import { METRICS } from '../ops/optimizer.ts'
import type { RunHistory } from './history.ts'
import type { NpzTensor, Writable } from './npz.ts'

const JSON_ENTRY = 'history.json'
const ARRAY = 'history'
/** What the JSON text says in place of an array of floats. */
const PLACE = 'float32'

export function encodeHistory(history: RunHistory): { array: Record<string, Writable>; entry: Record<string, Uint8Array> } {
  const parts: Float32Array[] = []
  let length = 0
  // The last row may hold what JSON has no word for, so it goes among the arrays.
  const replicas = history.replicas.map(({ last, ...record }) => ({ ...record, last: last && Float32Array.from(METRICS, name => last[name]) }))
  const json = JSON.stringify({ ...history, replicas }, (_, value: unknown) => {
    if (!(value instanceof Float32Array)) return value
    parts.push(value)
    length += value.length
    return { [PLACE]: [length - value.length, value.length] }
  })
  const data = new Float32Array(length)
  let put = 0
  for (const part of parts) {
    data.set(part, put)
    put += part.length
  }
  return { array: { [ARRAY]: { shape: [length], data } }, entry: { [JSON_ENTRY]: new TextEncoder().encode(json) } }
}

/**
 * Not yet checked.
 * @returns undefined when the file has no history
 * @throws ConfigError with one sentence
 */
export function decodeHistory(entries: Record<string, Uint8Array>, arrays: Record<string, NpzTensor>): unknown {
  const bytes = Object.hasOwn(entries, JSON_ENTRY) ? entries[JSON_ENTRY] : undefined
  if (!bytes) return undefined
  const numbers = Object.hasOwn(arrays, ARRAY) ? arrays[ARRAY].data : undefined
  if (!(numbers instanceof Float32Array)) throw new ConfigError(`checkpoint: ${ARRAY}.npy with the numbers of its history is missing inside, or not of f4`)
  const floatsAt = (place: unknown[]): Float32Array | null => {
    const [from, length] = place
    const inside = Number.isSafeInteger(from) && Number.isSafeInteger(length) && (from as number) >= 0 && (length as number) >= 0 && (from as number) + (length as number) <= numbers.length
    return inside ? numbers.slice(from as number, (from as number) + (length as number)) : null
  }
  try {
    return JSON.parse(new TextDecoder().decode(bytes), (key, value: unknown) => {
      const place = typeof value === 'object' && value !== null && PLACE in value ? value[PLACE] : undefined
      if (!Array.isArray(place)) return value
      const floats = floatsAt(place)
      return key === 'last' && floats?.length === METRICS.length ? Object.fromEntries(METRICS.map((name, i) => [name, floats[i]])) : floats
    })
  } catch {
    throw new ConfigError(`checkpoint: ${JSON_ENTRY} inside is not JSON`)
  }
}
