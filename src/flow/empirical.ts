/**
 * The best velocity for a finite set of images, in closed form (ExFM, arXiv 2402.03232; closed-form flow matching, arXiv 2506.03719): x_t can only have
 * come from one of the N, and w_k = softmax_k(−‖x_t − (1−t)x_k‖²/(2t²)) says from which. It reproduces the set; no net that generalises follows it,
 * and its loss is the floor of that finite set, not of what the set was drawn from. Linear path, float64.
 */
import { PhiloxStream, STREAM_THEORY } from '../engine/philox.ts'
import { type Estimate, meanOf } from './estimate.ts'
import { softmax } from './softmax.ts'

/** Images (N,d). */
export interface PointSet {
  points: Float32Array | Float64Array
  dimensions: number
}

function countOf({ points, dimensions }: PointSet): number {
  const count = points.length / dimensions
  if (!(Number.isInteger(count) && count > 0)) throw new RangeError(`${points.length} numbers are no whole set of points in ${dimensions} dimensions.`)
  return count
}

function checkLevel(t: number): void {
  if (!(t > 0 && t <= 1)) throw new RangeError(`The velocity of a finite set needs a noise level above 0 and at most 1, not ${t}.`)
}

/** Posterior w (N) of which point x came from; it sums to 1. x: (d). @throws RangeError at t = 0, where it is a single point or nothing */
export function pointWeights(set: PointSet, x: ArrayLike<number>, t: number): Float64Array {
  checkLevel(t)
  const { points, dimensions } = set
  const weights = new Float64Array(countOf(set))
  for (let k = 0; k < weights.length; k++) {
    let squared = 0
    for (let i = 0; i < dimensions; i++) squared += (x[i] - (1 - t) * points[k * dimensions + i]) ** 2
    weights[k] = -squared / (2 * t * t)
  }
  softmax(weights)
  return weights
}

/** v̂(x,t) = Σ_k w_k (x − x_k)/t to out (d); for one point (x − x_1)/t. @throws RangeError at t = 0 */
export function empiricalVelocity(set: PointSet, x: ArrayLike<number>, t: number, out: Float32Array | Float64Array): void {
  const { points, dimensions } = set
  const weights = pointWeights(set, x, t)
  const mean = new Float64Array(dimensions)
  for (let k = 0; k < weights.length; k++) {
    if (weights[k] === 0) continue // nearly all at small t
    for (let i = 0; i < dimensions; i++) mean[i] += weights[k] * points[k * dimensions + i]
  }
  for (let i = 0; i < dimensions; i++) out[i] = (x[i] - mean[i]) / t
}

/** How many points x may have come from: 1/Σw², 1 to N. */
export function effectiveCount(weights: ArrayLike<number>): number {
  let squares = 0
  for (let k = 0; k < weights.length; k++) squares += weights[k] ** 2
  return 1 / squares
}

/**
 * How ExFM averages its target: over so many candidates that a step draws, the own image in place of the first (`own`), or over the whole set where
 * they reach it; as shaders/average_goal.wgsl has it.
 */
export interface Averaging {
  candidates: number
  own: boolean
}

export interface AveragedLevel {
  /** Of the target from the best velocity on the set, squared, mean over dimensions: chance of the candidates, and bias where the own image is not among them. */
  error: Estimate
  /** Candidates that count, 1/Σw², 1 to N. */
  effectiveCount: Estimate
}

export interface EmpiricalLevel {
  t: number
  /** Least possible flow-matching loss on this very set, mean over dimensions. */
  floor: Estimate
  /** Points that x_t may have come from, 1 to N. */
  effectiveCount: Estimate
  /** Of each way of averaging. */
  averaged: AveragedLevel[]
}

/**
 * Loss of the best velocity by noise level, E Var_w(x_k)/t² over x_t made of a point of the set and noise, and what is left of it by ways of
 * averaging. The same `queries` draws serve every level, so the curve is smooth and its errors go together. Where the floor is 0 with error 0, no draw
 * saw a second point near enough to count.
 *
 * All products of images with images and noises are taken once; a level then costs queries · N exponentials, and sums over images only where the
 * weight counts. @throws RangeError for an empty set or a level outside (0,1]
 */
export function empiricalLevels(set: PointSet, levels: ArrayLike<number>, { queries, seed }: { queries: number; seed: number }, averagings: readonly Averaging[] = []): EmpiricalLevel[] {
  const { dimensions: d } = set
  const N = countOf(set)
  const all = Array.from({ length: N }, (_, k) => k)
  const perQuery = () => Array.from({ length: levels.length }, () => new Float64Array(queries))
  const [variances, effective] = [perQuery(), perQuery()]
  const averages = averagings.map(averaging => ({ ...averaging, random: new PhiloxStream(seed, STREAM_THEORY, 1), errors: perQuery(), effective: perQuery() }))
  eachDraw(set, levels, { queries, seed }, ({ query, own: self, weigh, meanOf: offset, distance }) => {
    const drawn = averages.map(({ candidates, own, random }) => (candidates >= N ? all : Array.from({ length: candidates }, (_, k) => (k === 0 && own ? self : random.integer(N)))))
    for (let l = 0; l < levels.length; l++) {
      const t = levels[l]
      const weights = weigh(all, t)
      const best = offset(all, weights)
      // Variance about x_own: exactly 0, with nothing cancelling, when all the weight is there.
      let square = 0
      for (const k of all) if (weights[k] >= LIGHTEST) square += weights[k] * distance[k]
      variances[l][query] = Math.max(0, square - best.reduce((sum, m) => sum + m * m, 0)) / (t * t * d)
      effective[l][query] = effectiveCount(weights)
      averages.forEach(({ own, errors, effective: counted }, a) => {
        const whole = drawn[a] === all && own
        const shares = whole ? weights : weigh(drawn[a], t, own ? undefined : self)
        const averaged = whole ? best : offset(drawn[a], shares)
        errors[l][query] = averaged.reduce((sum, m, i) => sum + (m - best[i]) ** 2, 0) / (t * t * d)
        counted[l][query] = effectiveCount(shares)
      })
    }
  })
  return Array.from(levels, (t, l) => ({
    t, floor: meanOf(variances[l]), effectiveCount: meanOf(effective[l]),
    averaged: averages.map(({ errors, effective: counted }) => ({ error: meanOf(errors[l]), effectiveCount: meanOf(counted[l]) })),
  }))
}

/** Weights below this change no mean. */
const LIGHTEST = 1e-12

/** x_t made of one point of the set and noise, at any level. */
interface Draw {
  query: number
  /** Which point it is made of. */
  own: number
  /** ‖x_k − x_own‖² of all points */
  distance: Float64Array
  /** Weights of these points, which sum to 1; without one of them, unless nothing else is there. */
  weigh(rows: readonly number[], t: number, without?: number): Float64Array
  /** Σ_k w_k (x_k − x_own), (d) */
  meanOf(rows: readonly number[], weights: Float64Array): Float64Array
}

function eachDraw(set: PointSet, levels: ArrayLike<number>, { queries, seed }: { queries: number; seed: number }, see: (draw: Draw) => void): void {
  const { points, dimensions: d } = set
  const N = countOf(set)
  if (!(Number.isInteger(queries) && queries >= 2)) throw new RangeError(`An estimate needs at least 2 draws, not ${queries}.`)
  for (let l = 0; l < levels.length; l++) checkLevel(levels[l])

  const random = new PhiloxStream(seed, STREAM_THEORY)
  const noise = new Float64Array(d)
  const distance = new Float64Array(N)
  const along = new Float64Array(N) // ε·(x_k − x_own)
  for (let query = 0; query < queries; query++) {
    const own = random.integer(N)
    random.fillNormal(noise)
    for (let k = 0; k < N; k++) {
      let [squared, product] = [0, 0]
      for (let i = 0; i < d; i++) {
        const step = points[k * d + i] - points[own * d + i]
        squared += step * step
        product += step * noise[i]
      }
      distance[k] = squared
      along[k] = product
    }
    see({
      query, own, distance,
      weigh(rows, t, without) {
        // ‖x_t − (1−t)x_k‖² = t²‖ε‖² − 2t(1−t) ε·(x_k − x_own) + (1−t)²‖x_k − x_own‖²; the first term is common to all
        const weights = Float64Array.from(rows, k => (k === without ? -Number.MAX_VALUE : ((1 - t) * along[k]) / t - ((1 - t) ** 2 * distance[k]) / (2 * t * t)))
        softmax(weights)
        return weights
      },
      meanOf(rows, weights) {
        const mean = new Float64Array(d)
        rows.forEach((k, at) => {
          if (weights[at] < LIGHTEST) return
          for (let i = 0; i < d; i++) mean[i] += weights[at] * (points[k * d + i] - points[own * d + i])
        })
        return mean
      },
    })
  }
}
