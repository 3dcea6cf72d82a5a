/** Frozen nets looking at noised images: what most diagnostics begin with. */
import { PhiloxStream } from '../engine/philox.ts'
import type { Recorder, Tensor } from '../engine/recorder.ts'
import { type Frozen, type FrozenOptions, recordFrozen, untoldLabels } from '../model/frozen.ts'
import { type Batch, interpolate, makeBatch } from '../ops/batch.ts'
import type { Bench, Table } from './diagnostic.ts'

/** The most one buffer may hold under WebGPU's guaranteed limits. */
export const LARGEST_BINDING = 128 * 2 ** 20

/** Samples of each replica that pass together without any activation, 4C numbers for each token, taking more than a quarter of that; one at least. */
export const mostSamples = ({ training: { replicas, dit: { tokens } }, config: { net } }: Bench): number =>
  Math.max(1, Math.floor(LARGEST_BINDING / 4 / (replicas * tokens * 4 * net.width * 4)))

/** Samples of all replicas in one pass, so that none keeps the GPU for long. */
const AT_ONCE = 512

/** How many of so many samples of each replica pass at once. */
export const atOnceOf = (bench: Bench, count: number): number => Math.max(1, Math.min(count, Math.floor(AT_ONCE / bench.training.replicas), mostSamples(bench)))

/** Where lots of `size` among n begin. The last overlaps where n is no multiple; what is seen twice counts the second time. */
export const lotsOf = (n: number, size: number): number[] => Array.from({ length: Math.ceil(n / size) }, (_, i) => Math.min(i * size, n - size))

/** Images stand in `images` (N,ch,h,w), once for all replicas; sample i of replica r sees row `batch.row`, noise `batch.eps`, level `batch.t`; no class is told until labels are written. */
export interface Look {
  recorder: Recorder
  images: Tensor
  batch: Batch
  frozen: Frozen
}

export interface LookOptions extends Pick<FrozenOptions, 'samples' | 'layers' | 'velocity' | 'keep' | 'name'> {
  /** Images to choose rows from. */
  images: number
  /** EMA weights unless raw ones are asked for. */
  weights?: 'ema' | 'raw'
}

/** x_t of each replica's own path, then one forward pass of every replica's frozen weights. Nothing is on the GPU before `bench.lay`. */
export function recordLook(bench: Bench, { images: count, weights = 'ema', name = 'look ', ...options }: LookOptions): Look {
  const { training, config: { net } } = bench
  const recorder = bench.recorder().at('look')
  const d = training.batch.dimensions
  const images = recorder.tensor(`${name}images`, count * d)
  const batch: Batch = { ...makeBatch(recorder, training.replicas, options.samples, d, false, `${name}batch`), labels: untoldLabels(recorder, net, training.replicas * options.samples, name), paths: training.paths }
  interpolate(recorder, { replicas: training.replicas, samples: options.samples }, images, null, batch)
  const frozen = recordFrozen(recorder, training, {
    ...options, name, weights: weights === 'ema' ? training.optimizer.ema : training.parameters, input: { image: batch.xt, t: batch.t, labels: batch.labels },
  })
  return { recorder, images, batch, frozen }
}

/** n held-out images from `first` on with their own labels and this noise (n,d), the same for every replica; the levels are still to be written. */
export function showHeldOut({ training: { replicas: R, batch: { dimensions: d } }, data }: Bench, table: Table, { images, batch }: Look, n: number, noise: Float32Array, first = 0): void {
  table.write(images, data.heldOut.subarray(first * d, (first + n) * d))
  writeAll(table, R, batch.row, Uint32Array.from({ length: n }, (_, i) => i))
  writeAll(table, R, batch.eps, noise.subarray(0, n * d))
  if (batch.labels) writeAll(table, R, batch.labels, Uint32Array.from(data.heldOutLabels.subarray(first, first + n)))
}

/** The same values for every replica. */
export function writeAll(table: Table, replicas: number, tensor: Tensor, values: Float32Array | Uint32Array): void {
  for (let r = 0; r < replicas; r++) table.write(tensor, values, r * values.length)
}

/** Standard normal numbers from counters; the same seed and stream give the same ones everywhere. */
export function normalNoise(length: number, seed: number, stream: number, step = 0): Float32Array {
  const values = new Float32Array(length)
  new PhiloxStream(seed, stream, step).fillNormal(values)
  return values
}

/** `count` noise levels from `from` to `to`, evenly spaced in log t. */
export function logLevels(count: number, from = 0.001, to = 0.999): number[] {
  return Array.from({ length: count }, (_, i) => (count === 1 ? from : from * (to / from) ** (i / (count - 1))))
}
