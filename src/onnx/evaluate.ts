/** What an evaluation of a run measures, of any network that can be asked: loss and PSNR by noise level, samples, features. On the processor, in plain loops. */
import { ConfigError } from '../config.ts'
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

/**
 * Follows the velocity from noise (n,ch,h,w) along `grid`, from 1 to 0. Heun's second stage is left out of the last step, as in a run's own sampler.
 */
export async function solve(ask: Ask, noise: Float32Array, labels: ArrayLike<number>, grid: ArrayLike<number>, solver: 'euler' | 'heun', between: () => Promise<void>): Promise<Float32Array> {
  let x = noise
  for (let i = 0; i + 1 < grid.length; i++) {
    const h = grid[i + 1] - grid[i]
    const { velocity } = await ask(x, grid[i], labels)
    const down = x.map((value, k) => value + h * velocity[k])
    if (solver === 'heun' && i + 2 < grid.length) {
      const { velocity: next } = await ask(down, grid[i + 1], labels)
      x = x.map((value, k) => value + 0.5 * h * (velocity[k] + next[k]))
    } else x = down
    await between()
  }
  return x
}
