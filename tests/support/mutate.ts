/** Damaged files from a whole one: cut short, bits turned, stretches overwritten, doubled or taken out. From a seed, so that a failure can be had again. */
import { PhiloxStream } from '../../src/engine/philox.ts'

const STREAM = 98

export function* mutations(whole: Uint8Array, count: number, seed: number): Generator<Uint8Array> {
  for (let i = 0; i < count; i++) {
    const random = new PhiloxStream(seed, STREAM, i)
    const at = random.integer(whole.length)
    // Half of them near the beginning, where headers and structure are.
    const place = random.integer(2) === 0 ? at % Math.min(whole.length, 2048) : at
    const length = 1 + random.integer(16)
    const bytes = new Uint8Array(whole)
    switch (random.integer(5)) {
      case 0: yield bytes.slice(0, at); break
      case 1: bytes[place] ^= 1 << random.integer(8); yield bytes; break
      case 2: for (let k = place; k < Math.min(bytes.length, place + length); k++) bytes[k] = random.integer(2) === 0 ? 0xff : random.integer(256); yield bytes; break
      case 3: yield Uint8Array.from([...bytes.subarray(0, place), ...bytes.subarray(place, place + length), ...bytes.subarray(place)]); break
      default: yield Uint8Array.from([...bytes.subarray(0, place), ...bytes.subarray(place + length)])
    }
  }
}
