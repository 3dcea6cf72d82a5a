/** A network of others asked in the lab's terms: x_t = (1 − t) x0 + t ε, t = 0 clean, t = 1 noise, answers as the velocity ε − x0. */
import { ConfigError } from '../config.ts'
import type { ModelReading } from '../file_protocol.ts'
import { type Place, scheduleOf } from './schedule.ts'

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

/**
 * A level that its schedule does not have is asked about at the nearest one that it has. Steps between whole ones are asked for as they are where the
 * time input takes fractions, and rounded where it takes whole numbers.
 * @throws ConfigError, from what it returns, when the answer has not the shape of the images
 */
export function inLabTerms(network: Network, { scale, zero, predicts, path, parameters }: ModelReading): Ask {
  const schedule = scheduleOf(path, parameters)
  return async (x, level, labels) => {
    const t = predicts === 'noise' ? Math.min(level, 1 - NEAREST) : predicts === 'image' ? Math.max(level, NEAREST) : level
    const place = schedule(t)
    const time = scale * (zero === 'clean' ? place.time : 1 - place.time)
    const size = Math.hypot(place.alpha, place.beta) / Math.hypot(1 - t, t)
    const seen = path === 'linear' ? x : x.map(value => size * value)
    const { output, features } = await network(seen, new Float32Array(labels.length).fill(time), labels)
    // Some answer with a variance behind the mean (DiT's learn_sigma): twice the channels, of which the first half counts.
    const doubled = output.data.length === 2 * x.length && output.shape.length === 4
    if (output.data.length !== x.length && !doubled) throw new ConfigError(`the answer has the shape (${output.shape.join(', ')}), which is not that of the images`)
    const answer = doubled ? firstHalves(output.data, labels.length) : output.data
    const [ofImage, ofAnswer] = velocityFrom(predicts, place, zero)
    return { velocity: answer.map((value, i) => ofImage * seen[i] + ofAnswer * value), features: features && pooled(features, labels.length) }
  }
}

function firstHalves(data: Float32Array, n: number): Float32Array {
  const each = data.length / n
  const result = new Float32Array(data.length / 2)
  for (let i = 0; i < n; i++) result.set(data.subarray(i * each, (i + 0.5) * each), (i * each) / 2)
  return result
}

/**
 * ε − x0 = p x + q a for x = α x0 + β ε and the answer a: two linear equations for x0 and ε. Where time runs the other way the path's velocity has
 * the other sign. `v` is αε − βx0 (Salimans & Ho 2022).
 */
function velocityFrom(predicts: ModelReading['predicts'], { alpha, beta, slope }: Place, zero: ModelReading['zero']): [p: number, q: number] {
  if (predicts === 'image') return [1 / beta, -(alpha + beta) / beta]
  if (predicts === 'noise') return [-1 / alpha, (alpha + beta) / alpha]
  if (predicts === 'v') return [(beta - alpha) / (alpha ** 2 + beta ** 2), (alpha + beta) / (alpha ** 2 + beta ** 2)]
  if (!slope) throw new ConfigError('a schedule of steps has no velocity; the answer is the noise, v or the image')
  const determinant = alpha * slope.beta - slope.alpha * beta
  return [-(slope.alpha + slope.beta) / determinant, ((zero === 'clean' ? 1 : -1) * (alpha + beta)) / determinant]
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
