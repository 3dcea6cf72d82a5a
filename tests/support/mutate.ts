/** Damaged files from a whole one, from a seed, so that a failure can be had again. */
import { expect } from 'vitest'
import { ConfigError } from '../../src/config.ts'
import { PhiloxStream } from '../../src/engine/philox.ts'

const STREAM = 98
/** What a number in a text may be made to claim. */
const CLAIMS = ['-1', '0', '1', '65536', '2147483648', '4294967295', '99999999999999', '1e999', 'null']
/** The same for 2, 4 and 8 bytes. */
const EXTREMES = [0x00, 0x7f, 0x80, 0xff]

/** Mutation `i` of a seed: cut short, a bit turned, a stretch overwritten, doubled or taken out, a number made extreme, in words or in bytes. */
export function mutation(whole: Uint8Array, seed: number, i: number): Uint8Array {
  const random = new PhiloxStream(seed, STREAM, i)
  const at = random.integer(whole.length)
  // Half of them near the beginning, where headers and structure are.
  const place = random.integer(2) === 0 ? at % Math.min(whole.length, 2048) : at
  const length = 1 + random.integer(16)
  const bytes = new Uint8Array(whole)
  const spliced = (from: number, to: number, middle: ArrayLike<number>) => {
    const result = new Uint8Array(from + middle.length + whole.length - to)
    result.set(whole.subarray(0, from))
    result.set(middle, from)
    result.set(whole.subarray(to), from + middle.length)
    return result
  }
  switch (random.integer(7)) {
    case 0: return bytes.slice(0, at)
    case 1: bytes[place] ^= 1 << random.integer(8); return bytes
    case 2: for (let k = place; k < Math.min(bytes.length, place + length); k++) bytes[k] = random.integer(2) === 0 ? 0xff : random.integer(256); return bytes
    case 3: return spliced(place, place, whole.slice(place, place + length))
    case 4: return spliced(place, Math.min(whole.length, place + length), [])
    case 5: return bytes.fill(EXTREMES[random.integer(EXTREMES.length)], place, place + (2 << random.integer(3)))
    default: {
      const digit = (k: number) => k < whole.length && whole[k] >= 0x30 && whole[k] <= 0x39
      let from = place
      while (from < whole.length && !digit(from)) from++
      let to = from
      while (digit(to)) to++
      return spliced(from, to, new TextEncoder().encode(CLAIMS[random.integer(CLAIMS.length)]))
    }
  }
}

/** Whether it was read; false when it was refused in a sentence. @throws whatever else was thrown */
export async function survives(read: () => unknown): Promise<boolean> {
  try {
    await read()
    return true
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    expect(error.message).not.toMatch(/\n/)
    expect(error.message.length).toBeLessThan(600)
    return false
  }
}
