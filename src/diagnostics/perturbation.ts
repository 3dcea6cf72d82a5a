/**
 * Ways to make a denoiser worse by the same squared error (Generation Phases, arXiv 2510.24830): noise, a fine chequerboard whose sign changes from step
 * to step and from image to image; and two that go one way all along, drift, a coarse chequerboard, and shift, what moving the image aside does to it.
 * The paper's own could be read of only, not its formulas or code: what it shifts, and how far, is our reading.
 */
import type { NetConfig } from '../config.ts'
import type { PhiloxStream } from '../engine/philox.ts'

export const PERTURBATIONS = ['noise', 'drift', 'shift'] as const
export type Perturbation = (typeof PERTURBATIONS)[number]

/** Cells of the coarse one along a side. */
const COARSE = 2

/** δ (n,d) for answers x̂0 (n,d): of root mean square 1 on every image, but 0 where a shift changes nothing. */
export function perturbationOf(kind: Perturbation, answers: Float64Array, { channels, size }: Pick<NetConfig, 'channels' | 'size'>, random: PhiloxStream): Float64Array {
  const d = channels * size ** 2
  if (kind === 'shift') return besideThemselves(answers, d, size)
  const cell = kind === 'noise' ? 1 : Math.ceil(size / COARSE)
  const pattern = Float64Array.from({ length: d }, (_, i) => ((Math.floor(Math.floor((i % size ** 2) / size) / cell) + Math.floor((i % size) / cell)) % 2 === 0 ? 1 : -1))
  const signs = Array.from({ length: answers.length / d }, () => (kind === 'drift' || random.word() & 1 ? 1 : -1))
  return answers.map((_, k) => signs[Math.floor(k / d)] * pattern[k % d])
}

/**
 * What moves each image to the right, −∂x̂0/∂x at one length: every pixel's left neighbour less its right one, so that it has no more to do with an error
 * than moving it to the left would.
 */
function besideThemselves(images: Float64Array, d: number, size: number): Float64Array {
  const change = images.map((_, k) => images[k % size === 0 ? k : k - 1] - images[k % size === size - 1 ? k : k + 1])
  for (let from = 0; from < change.length; from += d) {
    const own = change.subarray(from, from + d)
    const length = Math.sqrt(own.reduce((sum, value) => sum + value * value, 0) / d)
    if (length > 0) own.forEach((value, k) => { own[k] = value / length })
  }
  return change
}

/** Root mean square that lowers the PSNR of a denoiser by so many decibels, when it has nothing to do with the error there is. */
export const amplitudeOf = (squaredError: number, decibels: number): number => Math.sqrt(squaredError * (10 ** (decibels / 10) - 1))
