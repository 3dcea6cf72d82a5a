/**
 * Which noise levels training sees how often: t uniform in (0,1), or t = sigmoid(m + s n), n ~ N(0,1) (logit-normal: SD3, arXiv 2403.03206; LCF eq. 16).
 * t = 0 is clean, so m < 0 favours low noise. Or t = σ/(1 + σ) with σ uniform, as a denoiser of x0 + σε would see it (Generation Phases, arXiv 2510.24830,
 * whose definition we could not read: this is our reading). No weight undoes it: what is seen more often counts more. The twin of shaders/draw.wgsl.
 */
import type { ObjectiveConfig } from '../config.ts'
import { normals, philox, STREAM_TIME, uniformOpen } from '../engine/philox.ts'

export interface TimeSampler {
  mean: number
  /** 0 for uniform t. */
  scale: number
  /** Greatest σ, where it is σ that is uniform; the others do not count then. */
  sigma?: number
}

/** Logit-normal levels stay this far from 0 and 1, where f32 would make them exactly that. */
export const TIME_MARGIN = 1e-5

const known: Record<Exclude<ObjectiveConfig['times'], 'logit-normal'>, TimeSampler> = {
  uniform: { mean: 0, scale: 0 },
  jit: { mean: 0.8, scale: 0.8 }, // arXiv 2511.13720, whose time runs the other way
  'low-noise': { mean: -1.2, scale: 1.2 }, // facebookresearch/flow_matching's "skewed"
  'sigma-uniform': { mean: 0, scale: 0, sigma: 4 }, // up to t = .8
}

export const timeSamplerOf = ({ times, timeMean, timeScale }: Pick<ObjectiveConfig, 'times' | 'timeMean' | 'timeScale'>): TimeSampler =>
  times === 'logit-normal' ? { mean: timeMean, scale: timeScale } : known[times]

/** Probability density at t in (0,1). */
export function timeDensity({ mean, scale, sigma }: TimeSampler, t: number): number {
  if (sigma) return t * (1 + sigma) < sigma ? 1 / (sigma * (1 - t) ** 2) : 0
  if (scale === 0) return 1
  const z = (Math.log(t / (1 - t)) - mean) / scale
  return Math.exp(-0.5 * z ** 2) / (scale * Math.sqrt(2 * Math.PI) * t * (1 - t))
}

/** Levels of samples 0 … count − 1 of a training step, as the GPU draws them without strata. */
export function drawTimes({ mean, scale, sigma }: TimeSampler, seed: number, step: number, count: number): Float32Array {
  return Float32Array.from({ length: count }, (_, i) => {
    const words = philox(i >>> 2, step, STREAM_TIME, 0, seed, 0)
    if (sigma) {
      const level = sigma * uniformOpen(words[i & 3])
      return level / (1 + level)
    }
    if (scale === 0) return uniformOpen(words[i & 3])
    return Math.min(1 - TIME_MARGIN, Math.max(TIME_MARGIN, 1 / (1 + Math.exp(-(mean + scale * normals(words)[i & 3])))))
  })
}
