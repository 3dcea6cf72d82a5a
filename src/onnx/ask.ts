/** A network of others asked in the lab's terms: x_t = (1 − t) x0 + t ε, t = 0 clean, t = 1 noise, answers as the velocity ε − x0. */
import { ConfigError } from '../config.ts'
import type { ModelReading } from '../file_protocol.ts'

export interface Values {
  shape: readonly number[]
  data: Float32Array
}

/** The network as its file has it: x (n,ch,h,w), its own time (n), labels (n) → its answer, and the value that counts as features. */
export type Network = (x: Float32Array, time: Float32Array, labels: ArrayLike<number>) => Promise<{ output: Values; features: Values | null }>

/** The same in the lab's terms. Every image at one level; velocity (n,ch,h,w), features (n,width) where the file has them. */
export type Ask = (x: Float32Array, t: number, labels: ArrayLike<number>) => Promise<{ velocity: Float32Array; features: Float32Array | null }>

/** Where x̂0 and ε̂ say nothing about the velocity any more: a sampler's first step asks just beside it. */
const NEAREST = 1e-3

/** Images from [-1,1] to the range that the network was trained on. */
export const toRange = (images: Float32Array, range: ModelReading['range']) => (range === 'signed' ? images : images.map(value => (value + 1) / 2))
export const fromRange = (images: Float32Array, range: ModelReading['range']) => (range === 'signed' ? images : images.map(value => 2 * value - 1))
/** Greatest difference of two pixels, for PSNR. */
export const peakOf = (range: ModelReading['range']) => (range === 'signed' ? 2 : 1)

/** @throws ConfigError, from what it returns, when the answer has not the shape of the images */
export function inLabTerms(network: Network, { scale, zero, predicts }: ModelReading): Ask {
  return async (x, level, labels) => {
    const t = predicts === 'noise' ? Math.min(level, 1 - NEAREST) : predicts === 'image' ? Math.max(level, NEAREST) : level
    const time = scale * (zero === 'clean' ? t : 1 - t)
    const { output, features } = await network(x, new Float32Array(labels.length).fill(time), labels)
    // Some answer with a variance behind the mean (DiT's learn_sigma): twice the channels, of which the first half counts.
    const doubled = output.data.length === 2 * x.length && output.shape.length === 4
    if (output.data.length !== x.length && !doubled) throw new ConfigError(`the answer has the shape (${output.shape.join(', ')}), which is not that of the images`)
    const answer = doubled ? firstHalves(output.data, labels.length) : output.data
    return { velocity: answer.map((value, i) => velocityOf(value, x[i], t, predicts, zero)), features: features && pooled(features, labels.length) }
  }
}

function firstHalves(data: Float32Array, n: number): Float32Array {
  const each = data.length / n
  const result = new Float32Array(data.length / 2)
  for (let i = 0; i < n; i++) result.set(data.subarray(i * each, (i + 0.5) * each), (i * each) / 2)
  return result
}

/** x_t − t (ε − x0) = x0 and x_t + (1 − t)(ε − x0) = ε; where time runs the other way its velocity has the other sign. */
function velocityOf(answer: number, x: number, t: number, predicts: ModelReading['predicts'], zero: ModelReading['zero']): number {
  if (predicts === 'image') return (x - answer) / t
  if (predicts === 'noise') return (answer - x) / (1 - t)
  return zero === 'clean' ? answer : -answer
}

/** One row an image: means over tokens (n,T,C) or places (n,C,h,w). @throws ConfigError for other shapes */
export function pooled({ shape, data }: Values, n: number): Float32Array {
  const [, second, third = 1, fourth = 1] = shape
  if (shape[0] !== n || shape.length < 2 || shape.length > 4) throw new ConfigError(`the features have the shape (${shape.join(', ')}); one row, a list of tokens or a map for each image is expected`)
  if (shape.length === 2) return data
  const places = shape.length === 3 ? second : third * fourth
  const width = data.length / n / places
  const result = new Float32Array(n * width)
  for (let i = 0; i < n; i++) {
    for (let p = 0; p < places; p++) {
      for (let c = 0; c < width; c++) result[i * width + c] += data[i * places * width + (shape.length === 3 ? p * width + c : c * places + p)] / places
    }
  }
  return result
}
