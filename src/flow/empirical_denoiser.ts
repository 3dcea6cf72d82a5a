/**
 * The best denoiser of a finite set of images (empirical.ts, where the velocity is) along the path of one image and one noise: E[x0|x_t] = Σ w_k x_k,
 * and the slope of the velocity there, ∂v̂/∂x = I/t − (1−t)/t³ Cov_w. The set is gone through once for all noise levels.
 */
import type { PhiloxStream } from '../engine/philox.ts'
import type { PointSet } from './empirical.ts'
import { softmax } from './softmax.ts'

/** What x_t may have come from: points that count, and their mean. */
export interface Origin {
  t: number
  rows: Uint32Array
  weights: Float64Array
  /** E[x0|x_t], (d) */
  mean: Float64Array
}

/** Weights below this do not count. */
const NEGLIGIBLE = 1e-12

/** x0, eps: (d). @throws RangeError at t = 0, where x_t is the image itself */
export function originsOf({ points, dimensions: d }: PointSet, x0: ArrayLike<number>, eps: ArrayLike<number>, levels: readonly number[]): Origin[] {
  const N = points.length / d
  const [withImage, withNoise, squared] = [new Float64Array(N), new Float64Array(N), new Float64Array(N)]
  for (let k = 0; k < N; k++) {
    let [image, noise, own] = [0, 0, 0]
    for (let i = 0, at = k * d; i < d; i++, at++) {
      const value = points[at]
      image += value * x0[i]
      noise += value * eps[i]
      own += value * value
    }
    withImage[k] = image
    withNoise[k] = noise
    squared[k] = own
  }
  return levels.map(t => {
    if (!(t > 0 && t <= 1)) throw new RangeError(`The best denoiser of a finite set needs a noise level above 0 and at most 1, not ${t}.`)
    const a = 1 - t
    // −‖x_t − a x_k‖²/2t² without what all have in common
    const all = Float64Array.from(squared, (own, k) => (a * (a * withImage[k] + t * withNoise[k]) - 0.5 * a * a * own) / (t * t))
    softmax(all)
    const rows = Uint32Array.from(all.keys()).filter(k => all[k] > NEGLIGIBLE)
    const weights = Float64Array.from(rows, k => all[k])
    const mean = new Float64Array(d)
    rows.forEach((k, place) => { for (let i = 0; i < d; i++) mean[i] += weights[place] * points[k * d + i] })
    return { t, rows, weights, mean }
  })
}

/** u → ∂v̂/∂x u where the points of an origin are what counts; symmetric. */
export function empiricalSlope({ points, dimensions: d }: PointSet, { t, rows, weights, mean }: Origin): (u: Float64Array) => Float64Array {
  return u => {
    const out = u.map(value => value / t)
    const by = (1 - t) / t ** 3
    rows.forEach((k, place) => {
      let along = 0
      for (let i = 0; i < d; i++) along += (points[k * d + i] - mean[i]) * u[i]
      const scale = by * weights[place] * along
      for (let i = 0; i < d; i++) out[i] -= scale * (points[k * d + i] - mean[i])
    })
    return out
  }
}

/** Greatest |eigenvalue| of a symmetric product by power iteration, never above it; `change` is by how much the last turn raised it, relatively. */
export function greatestSlope(product: (u: Float64Array) => Float64Array, dimensions: number, turns: number, random: PhiloxStream): { value: number; change: number } {
  let u: Float64Array = new Float64Array(dimensions)
  random.fillNormal(u)
  let [value, before] = [0, 0]
  let length = Math.hypot(...u)
  for (let i = 0; i < turns && length > 0; i++) {
    u = product(product(u.map(entry => entry / length)))
    length = Math.hypot(...u)
    ;[before, value] = [value, Math.sqrt(length)]
  }
  return { value, change: value > 0 ? 1 - before / value : 0 }
}
