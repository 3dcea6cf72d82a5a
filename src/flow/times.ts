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

const isNormal = ({ scale, sigma }: TimeSampler): boolean => !sigma && scale > 0

/** The level that is made of a number: uniform in (0,1), or normal where the logit of levels is. */
function levelOf(sampler: TimeSampler, number: number): number {
  const { mean, scale, sigma } = sampler
  if (isNormal(sampler)) return Math.min(1 - TIME_MARGIN, Math.max(TIME_MARGIN, 1 / (1 + Math.exp(-(mean + scale * number)))))
  return sigma ? (sigma * number) / (1 + sigma * number) : number
}

/** Nodes on each side of 0, and how far they reach: 36 is where a logistic number's density is 1e-16. */
const [NODES, REACH] = [1024, 36]

/** E f(t) over the levels that training draws. f may be as steep at 0 as the slope of a path: nodes crowd there. */
export function meanOverTimes(sampler: TimeSampler, f: (t: number) => number): number {
  // Trapezia along z, the normal number or the logit of the uniform one, where the integrand and all its slopes go to 0 on both sides.
  let [sum, mass] = [0, 0]
  for (let i = -NODES; i <= NODES; i++) {
    const z = (REACH * i) / NODES
    const uniform = 1 / (1 + Math.exp(-z))
    const weight = isNormal(sampler) ? Math.exp(-0.5 * z ** 2) : uniform * (1 - uniform)
    sum += weight * f(levelOf(sampler, isNormal(sampler) ? z : uniform))
    mass += weight
  }
  return sum / mass
}

/** Levels of samples 0 … count − 1 of a training step, as the GPU draws them without strata. */
export function drawTimes(sampler: TimeSampler, seed: number, step: number, count: number): Float32Array {
  return Float32Array.from({ length: count }, (_, i) => {
    const words = philox(i >>> 2, step, STREAM_TIME, 0, seed, 0)
    return levelOf(sampler, isNormal(sampler) ? normals(words)[i & 3] : uniformOpen(words[i & 3]))
  })
}
