/** The noise schedule that a network of others was trained on, beside the lab's x_t = (1 − t) x0 + t ε: where on it an image stands that is as noisy. */
import { makePath } from '../flow/paths.ts'
import { LEAST_LEVEL } from '../flow/place.ts'
import type { ModelReading } from '../file_protocol.ts'

/** A place on a schedule: x = α x0 + β ε. */
export interface Place {
  /** 0 at its clean end, 1 at its noisy one. */
  time: number
  alpha: number
  beta: number
  /** ∂α/∂time and ∂β/∂time; null where the schedule is a table of steps. */
  slope: { alpha: number; beta: number } | null
}

/** The lab's level t ↦ the place with the same β/α, or the nearest one that the schedule has. */
export type Schedule = (t: number) => Place

/** Ho et al. 2020 (arXiv 2006.11239), as in ADM and DiT: β_s from 1e-4 to .02 in 1,000 even steps, ᾱ_s = Π (1 − β_i). */
const STEPS = 1000
const [FIRST, LAST] = [1e-4, 0.02]

const halvings = 60

/** @throws RangeError for parameters that the path has not */
export function scheduleOf(path: ModelReading['path'], parameters: ModelReading['parameters'] = {}): Schedule {
  if (path === 'linear') return t => ({ time: t, alpha: 1 - t, beta: t, slope: { alpha: -1, beta: 1 } })
  if (path === 'ddpm') return ddpm()
  const { alpha, beta, dalpha, dbeta } = makePath(path, parameters)
  return t => {
    // β/α grows with time on every path.
    let [low, high] = [0, 1]
    for (let i = 0; i < halvings; i++) {
      const middle = (low + high) / 2
      if (beta(middle) * (1 - t) < alpha(middle) * t) low = middle
      else high = middle
    }
    const time = Math.min(1, Math.max((low + high) / 2, LEAST_LEVEL)) // as nets of the lab are trained
    return { time, alpha: alpha(time), beta: beta(time), slope: { alpha: dalpha(time), beta: dbeta(time) } }
  }
}

/** Between steps log(β/α) goes in a straight line. */
function ddpm(): Schedule {
  const noise = new Float64Array(STEPS) // log (1 − ᾱ)/ᾱ, ascending
  let kept = 1
  for (let s = 0; s < STEPS; s++) {
    kept *= 1 - (FIRST + ((LAST - FIRST) * s) / (STEPS - 1))
    noise[s] = Math.log((1 - kept) / kept)
  }
  return t => {
    const wanted = Math.min(noise[STEPS - 1], Math.max(noise[0], 2 * Math.log(t / (1 - t))))
    let above = 1
    while (above < STEPS - 1 && noise[above] < wanted) above++
    const step = above - 1 + (wanted - noise[above - 1]) / (noise[above] - noise[above - 1])
    const ratio = Math.exp(wanted)
    return { time: step / (STEPS - 1), alpha: Math.sqrt(1 / (1 + ratio)), beta: Math.sqrt(ratio / (1 + ratio)), slope: null }
  }
}
