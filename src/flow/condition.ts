/**
 * Condition number of the problem (LCF Prop. 1): by how much the conditional velocity differs between two noisy versions of one image, for each
 * unit by which the versions differ. Root mean square over two independent noises, for one image x0. It is a property of the path, by
 * construction; it is not the Lipschitz constant of the marginal field.
 *
 * The paper's eq. 22–25 print β where the numerator's derivation gives β′; these are the corrected ones.
 */
import { PhiloxStream, STREAM_THEORY } from '../engine/philox.ts'
import { type Estimate, rootMeanSquareRatio } from './estimate.ts'
import type { Path } from './paths.ts'

/** Two noise levels of one image. */
export interface Pair {
  t1: number
  t2: number
  /** ‖x0‖², summed over dimensions. */
  squaredNorm: number
  /** d */
  dimensions: number
}

function check({ t1, t2, squaredNorm, dimensions }: Pair): void {
  for (const t of [t1, t2]) if (!(t >= 0 && t <= 1)) throw new RangeError(`A noise level must be between 0 and 1, not ${t}.`)
  if (!(squaredNorm >= 0 && squaredNorm < Infinity)) throw new RangeError(`‖x0‖² must be 0 or more, not ${squaredNorm}.`)
  if (!(Number.isInteger(dimensions) && dimensions > 0)) throw new RangeError(`The number of dimensions must be a whole number above 0, not ${dimensions}.`)
}

/** E‖Δx‖² = (α₁ − α₂)²‖x0‖² + d(β₁² + β₂²). */
function expectedInput(path: Path, { t1, t2, squaredNorm, dimensions }: Pair): number {
  return (path.alpha(t1) - path.alpha(t2)) ** 2 * squaredNorm + dimensions * (path.beta(t1) ** 2 + path.beta(t2) ** 2)
}

/** κ(t,t) = |β′|/β, whatever the image and its dimension: 1/t on the linear path. Infinity where β = 0. */
export function conditionNumberAt(path: Path, t: number): number {
  check({ t1: t, t2: t, squaredNorm: 0, dimensions: 1 })
  const beta = path.beta(t)
  return beta > 0 ? Math.abs(path.dbeta(t)) / beta : Infinity
}

/**
 * κ_E = √( ((α₁′ − α₂′)²‖x0‖² + d(β₁′² + β₂′²)) / ((α₁ − α₂)²‖x0‖² + d(β₁² + β₂²)) ), exact (eq. 24 with its primes).
 * Infinity where both versions are the clean image, or β′ has a pole. @throws RangeError for a level outside [0,1]
 */
export function conditionNumber(path: Path, pair: Pair): number {
  check(pair)
  const { t1, t2, squaredNorm, dimensions } = pair
  if (t1 === t2) return conditionNumberAt(path, t1) // the same without the rounding
  const [slope1, slope2] = [path.dbeta(t1), path.dbeta(t2)]
  const input = expectedInput(path, pair)
  if (input === 0 || Math.abs(slope1) === Infinity || Math.abs(slope2) === Infinity) return Infinity
  return Math.sqrt(((path.dalpha(t1) - path.dalpha(t2)) ** 2 * squaredNorm + dimensions * (slope1 ** 2 + slope2 ** 2)) / input)
}

/** Lower bound min(β₁′, β₂′)/√(β₁² + β₂² + ‖x0‖²(α₁ − α₂)²/d) (eq. 19): κ/√2 at t1 = t2. null where β′ < 0, which the bound excludes. */
export function lowerBoundEq19(path: Path, pair: Pair): number | null {
  const bound = lowerBoundEq25(path, pair)
  return bound === null ? null : bound / Math.SQRT2
}

/** Lower bound with the √2 that eq. 19 gives away (eq. 25 with its primes): κ itself at t1 = t2. null where β′ < 0. */
export function lowerBoundEq25(path: Path, pair: Pair): number | null {
  check(pair)
  const slope = Math.min(path.dbeta(pair.t1), path.dbeta(pair.t2))
  if (!(slope >= 0)) return null
  const input = expectedInput(path, pair)
  return input > 0 ? (slope * Math.sqrt(2 * pair.dimensions)) / Math.sqrt(input) : Infinity
}

/** κ over every two of these levels: (n,n), row t1, column t2. */
export function conditionGrid(path: Path, levels: ArrayLike<number>, squaredNorm: number, dimensions: number): Float64Array {
  const n = levels.length
  const grid = new Float64Array(n * n)
  for (let i = 0; i < n; i++) {
    for (let j = i; j < n; j++) {
      grid[i * n + j] = conditionNumber(path, { t1: levels[i], t2: levels[j], squaredNorm, dimensions })
      grid[j * n + i] = grid[i * n + j]
    }
  }
  return grid
}

export interface SampledConditionNumber extends Pair {
  /** Pairs of noises, at least 2. */
  count: number
  seed: number
}

/**
 * κ_E by drawing `count` pairs of independent noises: √ΣΔv²/√ΣΔx² with its standard error (delta method). At t1 = t2 both differences are
 * multiples of ε₁ − ε₂, so it is exact for any count.
 * @throws RangeError where both versions are the clean image, so that nothing differs, or where β′ is infinite
 */
export function sampleConditionNumber(path: Path, { count, seed, ...pair }: SampledConditionNumber): Estimate {
  if (!(Number.isInteger(count) && count >= 2)) throw new RangeError(`Sampling needs at least 2 pairs, not ${count}.`)
  if (conditionNumber(path, pair) === Infinity) {
    throw new RangeError(`The condition number at t = ${pair.t1}, ${pair.t2} is infinite, so it cannot be sampled; take levels from 0.001 on.`)
  }
  const { t1, t2, squaredNorm, dimensions } = pair
  const clean = Math.sqrt(squaredNorm / dimensions) // the norm is all of x0 that counts, so any image of that norm will do
  const alpha = (path.alpha(t1) - path.alpha(t2)) * clean
  const dalpha = (path.dalpha(t1) - path.dalpha(t2)) * clean
  const [beta1, beta2, dbeta1, dbeta2] = [path.beta(t1), path.beta(t2), path.dbeta(t1), path.dbeta(t2)]
  const output = new Float64Array(count)
  const input = new Float64Array(count)
  const random = new PhiloxStream(seed, STREAM_THEORY)
  for (let i = 0; i < count; i++) {
    for (let k = 0; k < dimensions; k++) {
      const noise1 = random.normal()
      const noise2 = random.normal()
      output[i] += (dalpha + dbeta1 * noise1 - dbeta2 * noise2) ** 2
      input[i] += (alpha + beta1 * noise1 - beta2 * noise2) ** 2
    }
  }
  return rootMeanSquareRatio(output, input)
}
