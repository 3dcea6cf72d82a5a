/** What an evaluation of a run measures, of any network that can be asked: loss and PSNR by noise level, samples, features. On the processor, in plain loops. */
import { ConfigError } from '../config.ts'
import { arrayCarrier } from '../flow/array_carrier.ts'
import { follow, type SolverSettings } from '../flow/solver.ts'
import { isPlain, type Mix } from '../model/guidance.ts'
import type { Ask } from './ask.ts'

/** Images with the noise that belongs to them and their labels. */
export interface Shown {
  /** (n,ch,h,w) in the network's own range */
  images: Float32Array
  noise: Float32Array
  /** (n) */
  labels: ArrayLike<number>
}

export interface Pace {
  /** Images asked about at once. */
  batch: number
  /** Awaited after each batch. */
  between: () => Promise<void>
}

/** x_t of images first … first + count − 1 */
function mixed({ images, noise }: Shown, d: number, t: number, first: number, count: number): Float32Array {
  return Float32Array.from({ length: count * d }, (_, i) => (1 - t) * images[first * d + i] + t * noise[first * d + i])
}

/** Goes through all images in batches. `hear` gets each answer and the index of its first image. */
async function askAll(ask: Ask, shown: Shown, t: number, { batch, between }: Pace, hear: (answer: Awaited<ReturnType<Ask>>, first: number, count: number) => void): Promise<void> {
  const n = shown.labels.length
  const d = shown.images.length / n
  for (let first = 0; first < n; first += batch) {
    const count = Math.min(batch, n - first)
    hear(await ask(mixed(shown, d, t, first, count), t, Array.from({ length: count }, (_, i) => shown.labels[first + i])), first, count)
    await between()
  }
}

/** errors[level][image]: squared error of the velocity, mean over pixels, as a run's own evaluation has it. */
export async function errorsByLevel(ask: Ask, shown: Shown, levels: ArrayLike<number>, pace: Pace): Promise<Float32Array[]> {
  const { images, noise, labels } = shown
  const d = images.length / labels.length
  const errors = Array.from({ length: levels.length }, () => new Float32Array(labels.length))
  for (let l = 0; l < levels.length; l++) {
    await askAll(ask, shown, levels[l], pace, ({ velocity }, first, count) => {
      for (let i = 0; i < count; i++) {
        let sum = 0
        for (let k = 0; k < d; k++) {
          const at = (first + i) * d + k
          sum += (velocity[i * d + k] - (noise[at] - images[at])) ** 2
        }
        errors[l][first + i] = sum / d
      }
    })
  }
  return errors
}

/** PSNR in dB of x̂0 = x_t − t v̂ from the velocity's mean squared error, which x̂0 has t² times. @param peak greatest difference of two pixels */
export const psnrOf = (error: number, t: number, peak: number) => 10 * Math.log10(peak ** 2 / (t ** 2 * error))

/** Features (n,width) at one level. @throws ConfigError when the file answers with none */
export async function featuresAt(ask: Ask, shown: Shown, t: number, pace: Pace): Promise<Float32Array> {
  const n = shown.labels.length
  let all: Float32Array | null = null
  await askAll(ask, shown, t, pace, ({ features }, first, count) => {
    if (!features) throw new ConfigError('the file was not asked for features')
    const width = features.length / count
    all ??= new Float32Array(n * width)
    if (all.length !== n * width) throw new ConfigError('the features change their width from one batch to the next')
    all.set(features, first * width)
  })
  return all ?? new Float32Array(0)
}

export interface Start {
  /** (n,ch,h,w) at t = 1 */
  noise: Float32Array
  labels: ArrayLike<number>
  /** Below it the network was not trained; 0 where it was trained everywhere. */
  untrainedBelow: number
  /** ξ of a draw, as long as the noise; only the SDE asks. */
  fresh: (draw: number) => ArrayLike<number>
  steering?: Steering
}

/** Guidance and correction of the velocity, as src/model/guidance.ts has them. */
export interface Steering {
  mixAt: (t: number) => Mix
  /** What the file takes for no label. */
  none: number
  /** Mean targets (n,ch,h,w), where they are asked for. */
  mean: ArrayLike<number> | null
}

async function steered(ask: Ask, y: Float32Array, t: number, labels: ArrayLike<number>, { mixAt, none, mean }: Steering): Promise<Float32Array> {
  const mix = mixAt(t)
  const first = mix.twice ? (await ask(y, t, labels)).velocity : null
  const { velocity } = await ask(y, t, mix.labelled ? labels : Array.from(labels, () => none))
  return isPlain(mix) ? velocity : velocity.map((v, i) => mix.own * v + (first ? mix.held * first[i] : 0) + (mean && mix.mean !== 0 ? mix.mean * mean[i] : 0))
}

/** From noise to images as a run's own sampler goes; dopri5 chooses its steps for these images alone. `between` is awaited after each step. */
export async function solve(ask: Ask, { noise, labels, untrainedBelow, fresh, steering }: Start, settings: SolverSettings, between: () => Promise<void>): Promise<Float32Array> {
  const carrier = arrayCarrier(noise, async (y, t) => (steering ? steered(ask, y, t, labels, steering) : (await ask(y, t, labels)).velocity), fresh, between)
  await follow(carrier, settings, [untrainedBelow])
  return carrier.x
}
