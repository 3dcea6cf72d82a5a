/**
 * Test bed for the condition number of the optimisation (LCF Prop. 2 and 3, eq. 7, 8, 40), where all of it is exact: a linear model v = W x at one
 * noise level t, on x0 ~ N(0, Σ). The inputs have covariance C = (1−t)²Σ + t²I, the loss E‖W x_t − (ε − x0)‖² the Hessian 2C ⊗ I, its minimum is
 * W* = (t I − (1−t)Σ) C⁻¹.
 *
 * κ(H) = ((1−t)²λ_max + t²)/((1−t)²λ_min + t²): on a subspace (λ_min = 0) it is 1 + ((1−t)/t)²λ_max, the (β′/β)² law of Prop. 3; for Σ = I it is 1
 * at every t. So the law needs directions off the data, and does not follow from low noise alone.
 */
import { PhiloxStream, STREAM_THEORY } from '../engine/philox.ts'
import { orthonormalRows } from './rotation.ts'

/** λ in `rank` directions of d and 0 in the others. */
export function subspaceSpectrum(dimensions: number, rank: number, lambda: number): number[] {
  if (!(rank >= 0 && rank <= dimensions)) throw new RangeError(`A subspace of ${dimensions} dimensions cannot have ${rank}.`)
  return Array.from({ length: dimensions }, (_, i) => (i < rank ? lambda : 0))
}

function inputVariances(spectrum: readonly number[], t: number): number[] {
  if (!(t >= 0 && t <= 1)) throw new RangeError(`A noise level must be between 0 and 1, not ${t}.`)
  if (spectrum.length === 0 || spectrum.some(lambda => !(lambda >= 0 && lambda < Infinity))) throw new RangeError('A spectrum needs variances of 0 or more.')
  return spectrum.map(lambda => (1 - t) ** 2 * lambda + t ** 2)
}

/** κ(H(t)) for data whose covariance has these eigenvalues. Infinity at t = 0 for data on a subspace. */
export function hessianConditionNumber(spectrum: readonly number[], t: number): number {
  const variances = inputVariances(spectrum, t)
  const least = Math.min(...variances)
  return least > 0 ? Math.max(...variances) / least : Infinity
}

export interface Descent {
  /** κ(H) */
  conditionNumber: number
  /** η = 1/L for the loss summed over dimensions, L = 2λ_max(C). */
  stepSize: number
  /** ‖W_k − W*‖² (steps + 1), measured. */
  squaredError: Float64Array
  /** (1 − 1/κ)^k ‖W_0 − W*‖² (steps + 1): eq. 40. It holds for every strongly convex loss. */
  bound: Float64Array
  /** (1 − 1/κ)^2k ‖W_0 − W*‖² (steps + 1): what a quadratic, as this one, cannot exceed, and what its slowest direction takes. */
  quadraticBound: Float64Array
  /** Loss above its minimum, mean over dimensions (steps + 1). The directions that are slow are those that it hardly feels. */
  excessLoss: Float64Array
}

export interface DescentOptions {
  steps: number
  /** From W = 0, as a net with zero-initialised head, or off the minimum along the slowest direction alone: the worst case. */
  start: 'zero' | 'slowest'
  /** Of the random rotation of the data. */
  seed: number
}

/**
 * Gradient descent with η = 1/L, run on the d×d matrix in float64; the gradient 2(W C − t I + (1−t)Σ) knows nothing of W* or eigenvectors.
 * 2d³ operations a step. @throws RangeError where κ is infinite, so that there is no one minimum
 */
export function descend(spectrum: readonly number[], t: number, { steps, start, seed }: DescentOptions): Descent {
  const conditionNumber = hessianConditionNumber(spectrum, t)
  if (conditionNumber === Infinity) throw new RangeError('At t = 0 data on a subspace leave directions without curvature, so there is no one minimum; take t from 0.001 on.')
  if (!(Number.isInteger(steps) && steps >= 0)) throw new RangeError(`The number of steps must be a whole number, not ${steps}.`)
  const d = spectrum.length
  const variances = inputVariances(spectrum, t)
  const basis = orthonormalRows(d, d, new PhiloxStream(seed, STREAM_THEORY))
  const covariance = rotated(variances, basis) // C
  const correlation = rotated(spectrum.map(lambda => t - (1 - t) * lambda), basis) // E[v* xᵀ]
  const optimum = rotated(spectrum.map((lambda, i) => (t - (1 - t) * lambda) / variances[i]), basis)

  const weights = start === 'zero' ? new Float64Array(d * d) : optimum.slice()
  const slowest = variances.indexOf(Math.min(...variances))
  if (start === 'slowest') for (let i = 0; i < d; i++) weights[i] += basis[slowest * d + i]

  const greatest = Math.max(...variances)
  const halfGradient = new Float64Array(d * d) // W C − E[v* xᵀ] = (W − W*) C
  const [squaredError, excessLoss] = [new Float64Array(steps + 1), new Float64Array(steps + 1)]
  for (let k = 0; k <= steps; k++) {
    for (let i = 0; i < d; i++) {
      for (let j = 0; j < d; j++) {
        let sum = -correlation[i * d + j]
        for (let e = 0; e < d; e++) sum += weights[i * d + e] * covariance[e * d + j]
        halfGradient[i * d + j] = sum
      }
    }
    for (let at = 0; at < d * d; at++) {
      const error = weights[at] - optimum[at]
      squaredError[k] += error * error
      excessLoss[k] += (error * halfGradient[at]) / d
      weights[at] -= halfGradient[at] / greatest
    }
  }
  const shrunk = (factor: number) => squaredError.map((_, k) => factor ** k * squaredError[0])
  const factor = 1 - 1 / conditionNumber
  return { conditionNumber, stepSize: 1 / (2 * greatest), squaredError, bound: shrunk(factor), quadraticBound: shrunk(factor ** 2), excessLoss }
}

/** Σ_e values_e b_e b_eᵀ for the rows b of a basis, (d,d). */
function rotated(values: readonly number[], basis: Float64Array): Float64Array {
  const d = values.length
  const matrix = new Float64Array(d * d)
  values.forEach((value, e) => {
    for (let i = 0; i < d; i++) for (let j = 0; j < d; j++) matrix[i * d + j] += value * basis[e * d + i] * basis[e * d + j]
  })
  return matrix
}

/** First k with ‖θ_k − θ*‖ ≤ ε ‖θ_0 − θ*‖; null when these steps do not get there. */
export function stepsToReach(squaredError: ArrayLike<number>, epsilon: number): number | null {
  for (let k = 0; k < squaredError.length; k++) if (squaredError[k] <= epsilon ** 2 * squaredError[0]) return k
  return null
}

/**
 * Steps after which eq. 40 promises ‖θ_k − θ*‖ ≤ ε ‖θ_0 − θ*‖: 2 ln(1/ε)/−ln(1 − 1/κ), about 2κ ln(1/ε). Upper bound for the worst case; the paper
 * writes it as what is required (eq. 7, 8), but it is what suffices, and on a quadratic half of it does.
 */
export function sufficientSteps(conditionNumber: number, epsilon: number): number {
  if (!(conditionNumber >= 1)) throw new RangeError(`A condition number is 1 or more, not ${conditionNumber}.`)
  if (!(epsilon > 0 && epsilon < 1)) throw new RangeError(`The accuracy must be between 0 and 1, not ${epsilon}.`)
  return Math.max(1, Math.ceil((2 * Math.log(1 / epsilon)) / -Math.log1p(-1 / conditionNumber)))
}
