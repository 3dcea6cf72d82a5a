/** Many samples of every replica, in pieces that leave the GPU to others now and then. */
import type { Config } from '../config.ts'
import { drawSamples, recordersOf, recordSampler, type Sampler } from '../model/sampler.ts'
import type { Bench, Table } from './diagnostic.ts'
import { atOnceOf } from './look.ts'
import { dimensionsOf } from './semantic.ts'

export const piecesOf = (bench: Bench, count: number): number => Math.ceil(count / atOnceOf(bench, count))

interface Laid {
  sampler: Sampler
  table: Table
}

/** What was laid last at a bench: however samples are guided, they are drawn in the same memory. */
const laid = new WeakMap<Bench, Laid>()

async function samplerOf(bench: Bench, count: number): Promise<Laid> {
  const before = laid.get(bench)
  if (before?.sampler.count === count) return before
  const { config, training } = bench
  const sampler = recordSampler(config, training, { count, settings: config.evaluate, recorder: () => bench.recorder(), name: 'drawn ' })
  const made = { sampler, table: await bench.lay(...recordersOf(sampler)) }
  laid.set(bench, made)
  return made
}

/** images[replica] (count,ch,h,w), by the run's own sampler from the noise of its own samples; image i has the label i mod K. `step` is awaited after each of its steps. @param config that of the run, or the same with its samples guided otherwise */
export async function drawMany(bench: Bench, count: number, step: () => Promise<void>, config: Config = bench.config): Promise<Float32Array[]> {
  const { data } = bench
  const d = dimensionsOf(config)
  const atOnce = atOnceOf(bench, count)
  const { sampler, table } = await samplerOf(bench, atOnce)
  const images = bench.labels.map(() => new Float32Array(count * d))
  for (let first = 0; first < count; first += atOnce) {
    const drawn = await drawSamples(table, sampler, config, { seed: config.data.seed, data, first, between: step })
    drawn.images.forEach((own, r) => images[r].set(own.subarray(0, Math.min(atOnce, count - first) * d), first * d))
  }
  return images
}
