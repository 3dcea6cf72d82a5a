/**
 * Two ways to make a denoiser worse by the same squared error (Generation Phases, arXiv 2510.24830): noise, a fine chequerboard whose sign changes from
 * step to step and from image to image, and drift, a coarse one that stays. As the paper's text has them; its code was not at hand.
 */
import type { PhiloxStream } from '../engine/philox.ts'

export type Perturbation = 'noise' | 'drift'

/** Cells of the coarse one along a side. */
const COARSE = 2

/** Of root mean square 1, (d) of one image; the same in every channel. */
export function patternOf(kind: Perturbation, channels: number, size: number): Float64Array {
  const cell = kind === 'noise' ? 1 : Math.ceil(size / COARSE)
  return Float64Array.from({ length: channels * size * size }, (_, i) => {
    const [row, column] = [Math.floor((i % size ** 2) / size), i % size]
    return (Math.floor(row / cell) + Math.floor(column / cell)) % 2 === 0 ? 1 : -1
  })
}

/** Signs of `count` images at one step. */
export const signsOf = (kind: Perturbation, count: number, random: PhiloxStream): number[] => Array.from({ length: count }, () => (kind === 'drift' || random.word() & 1 ? 1 : -1))

/** Root mean square that lowers the PSNR of a denoiser by so many decibels, when it is independent of the error there is. */
export const amplitudeOf = (squaredError: number, decibels: number): number => Math.sqrt(squaredError * (10 ** (decibels / 10) - 1))
