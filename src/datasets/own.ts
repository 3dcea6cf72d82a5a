/**
 * Images from a file as a dataset like any other: a pool of bytes, converted to [−1,1] and to the side asked for when they are used. Which image is
 * image i follows from (seed, split) alone: a shuffle, because many files are sorted by class. No latents but the class, and no floor.
 */
import { ConfigError } from '../config.ts'
import { PhiloxStream, STREAM_DATA_TEST, STREAM_DATA_TRAIN } from '../engine/philox.ts'
import type { OwnPool, OwnSet } from '../file_protocol.ts'
import type { Dataset, DatasetBatch, GenerateOptions, Split } from './dataset.ts'
import { resamplePlane, tapsFor } from './resample.ts'

/** Sides a pool can be shrunk to, besides its own. */
const SIDES = [8, 12, 16, 24, 28, 32, 48, 64, 96, 128, 192]

const PREFIX = 'own-'
export const isOwn = (id: string) => id.startsWith(PREFIX)
export const ownId = (name: string, checksum: number) =>
  `${PREFIX}${name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-').replaceAll(/^-|-$/g, '').slice(0, 40) || 'set'}-${checksum.toString(16).padStart(8, '0')}`

/** Numbers 0 … count − 1 in an order that the seed decides. */
export function shuffled(count: number, seed: number, stream: number): Uint32Array {
  const random = new PhiloxStream(seed, stream)
  const order = Uint32Array.from({ length: count }, (_, i) => i)
  for (let i = count - 1; i > 0; i--) {
    const j = random.integer(i + 1)
    const kept = order[i]
    order[i] = order[j]
    order[j] = kept
  }
  return order
}

/** @param from the pool, or how to fetch it when it is first needed */
export function ownDataset(set: OwnSet, from: OwnPool | (() => Promise<OwnPool>)): Dataset {
  const { id, label, classes, channels, size: side, train, test } = set
  const sizes = [...SIDES.filter(smaller => smaller < side), side]
  const available = { train, test }
  let pool = typeof from === 'function' ? null : from
  const orders = new Map<string, Uint32Array>()

  function orderOf(split: Split, seed: number): Uint32Array {
    const key = `${split} ${seed}`
    const order = orders.get(key) ?? shuffled(available[split], seed, split === 'train' ? STREAM_DATA_TRAIN : STREAM_DATA_TEST)
    orders.set(key, order)
    return order
  }

  return {
    id, label, classes, channels, size: side, sizes, available, latentNames: ['class'],
    summary: `Your own: ${set.kind}, ${train.toLocaleString('en')} images to train on and ${test.toLocaleString('en')} held out, ${side}×${side}.`,

    async load() {
      if (typeof from === 'function') pool ??= await from()
    },

    generate(count: number, { seed, split, size = side, start = 0 }: GenerateOptions) {
      if (!sizes.includes(size)) throw new RangeError(`${label} has no size ${size}; it has ${sizes.join(', ')}.`)
      if (start + count > available[split]) {
        const [which, all] = split === 'train' ? ['training images', train] : ['held-out images', test]
        throw new ConfigError(`${label} has ${all.toLocaleString('en')} ${which}, and ${(start + count).toLocaleString('en')} are asked for; ask for fewer`)
      }
      if (!pool) throw new Error(`${label} was not loaded before it was used.`)
      const order = orderOf(split, seed).subarray(start, start + count)
      return batchOf(set, pool, split === 'train' ? order : order.map(i => train + i), size)
    },
  }
}

/** These rows of a pool, in [−1,1]. */
function batchOf({ channels, size: side }: OwnSet, { pixels, labels }: OwnPool, rows: Uint32Array, size: number): DatasetBatch {
  const [stored, wanted] = [side * side, size * size]
  const images = new Float32Array(rows.length * channels * wanted)
  const taps = size === side ? null : tapsFor(side, 0, side, size)
  for (const [i, row] of rows.entries()) {
    for (let c = 0; c < channels; c++) {
      const plane = pixels.subarray((row * channels + c) * stored, (row * channels + c + 1) * stored)
      const out = images.subarray((i * channels + c) * wanted, (i * channels + c + 1) * wanted)
      if (taps) resamplePlane(plane, side, taps, taps, out)
      else out.set(plane)
      for (let p = 0; p < wanted; p++) out[p] = out[p] / 127.5 - 1
    }
  }
  const chosen = Uint8Array.from(rows, row => labels[row])
  return { images, labels: chosen, latents: Float32Array.from(chosen), channels, size }
}

/** What a page shows of a set whose pool it has not: the images of the preview, over and over. */
export function previewDataset(set: OwnSet): Dataset {
  const { preview, size: side } = set
  return {
    ...ownDataset(set, preview),
    generate: (count, { size = side }) => batchOf(set, preview, Uint32Array.from({ length: count }, (_, i) => i % preview.labels.length), size),
  }
}
