/**
 * Gaussian mixtures of which everything is known: the velocity that no model can beat, its loss by noise level, and how well the class can be told
 * at all. K classes, equally likely; class c is N(Uᵀm_c, s²UᵀU + σ²(I − UᵀU)), with U (k,d) orthonormal: means and standard deviation s inside a
 * k-dimensional subspace, standard deviation σ across it. One class without a subspace is the isotropic Gaussian.
 *
 * Linear path, a = 1 − t. Given the class, x_t is Gaussian with V = a²s² + t² inside (σ in the place of s across), the velocity is
 * v_c = −m_c + q (u − a m_c), q = (t − a s²)/V, u = U x_t, and its variance s²/V. Nothing is divided by t, so t = 0 needs no special care.
 */
import { PhiloxStream, STREAM_THEORY } from '../engine/philox.ts'
import { type Estimate, exactly, meanOf } from '../flow/estimate.ts'
import { softmax } from '../flow/softmax.ts'
import type { DatasetDefinition } from './dataset.ts'

export interface MixtureShape {
  /** d */
  dimensions: number
  classes: number
  /** (k,d), orthonormal rows; empty when every mean is 0. */
  basis: Float64Array
  /** (K,k), in coordinates of the basis. */
  means: Float64Array
  /** Standard deviation within a class, inside the subspace; above 0. */
  inside: number
  /** Across the subspace; 0 puts the data on it exactly. */
  outside: number
}

export interface Mixture {
  /** p(class | x_t = x), (K). x: (d) */
  posterior(x: ArrayLike<number>, t: number): Float64Array
  /** E[ε − x0 | x_t = x] to out (d), or given the class. @throws RangeError at t = 0 for data on the subspace, where it has no value */
  field(x: ArrayLike<number>, t: number, out: Float32Array | Float64Array, label?: number): void
  /** Least possible flow-matching loss, mean over dimensions; `labelled` for a model that is told the class, for which it is in closed form. */
  floor(t: number, labelled?: boolean): Estimate
  /** Accuracy of the best classifier of x_t. */
  bayesAccuracy(t: number): Estimate
}

/** Draws of each class behind what has no closed form. */
const DRAWS = 250

export function gaussianMixture({ dimensions: d, classes: K, basis, means, inside, outside }: MixtureShape): Mixture {
  const k = basis.length / d
  if (!(inside > 0 && outside >= 0)) throw new RangeError('A mixture needs a standard deviation above 0 inside its subspace and none below 0 across it.')
  if (means.length !== K * k) throw new RangeError(`${K} classes in ${k} dimensions need ${K * k} coordinates of means, not ${means.length}.`)
  const gram = new Float64Array(K * K) // m_i · m_j
  for (let i = 0; i < K; i++) for (let j = 0; j < K; j++) for (let e = 0; e < k; e++) gram[i * K + j] += means[i * k + e] * means[j * k + e]

  // (m_j − m_own)·(m_l − m_own), (own,j,l): about the class drawn and not about 0, so that nothing cancels when it is all but certain.
  const relative = Float64Array.from({ length: K ** 3 }, (_, at) => {
    const [own, j, l] = [Math.floor(at / K ** 2), Math.floor(at / K) % K, at % K]
    return gram[j * K + l] - gram[own * K + j] - gram[own * K + l] + gram[own * K + own]
  })

  const variance = (t: number, deviation: number) => (1 - t) ** 2 * deviation ** 2 + t ** 2
  const slope = (t: number, deviation: number) => (t - (1 - t) * deviation ** 2) / variance(t, deviation)

  function checkLevel(t: number): void {
    if (!(t >= 0 && t <= 1)) throw new RangeError(`A noise level must be between 0 and 1, not ${t}.`)
  }

  function project(x: ArrayLike<number>): Float64Array {
    const u = new Float64Array(k)
    for (let e = 0; e < k; e++) for (let i = 0; i < d; i++) u[e] += basis[e * d + i] * x[i]
    return u
  }

  function posteriorOf(u: Float64Array, t: number): Float64Array {
    const weights = new Float64Array(K)
    for (let c = 0; c < K; c++) {
      let squared = 0
      for (let e = 0; e < k; e++) squared += (u[e] - (1 - t) * means[c * k + e]) ** 2
      weights[c] = -squared / (2 * variance(t, inside))
    }
    softmax(weights)
    return weights
  }

  // U-coordinates of the noise of each draw against each mean: z·m_j, (K·DRAWS, K). The same draws at every level, so that curves are smooth.
  let noise: Float64Array | undefined
  function noiseAlongMeans(): Float64Array {
    const random = new PhiloxStream(0, STREAM_THEORY)
    const along = new Float64Array(K * DRAWS * K)
    const z = new Float64Array(k)
    for (let i = 0; i < K * DRAWS; i++) {
      random.fillNormal(z)
      for (let j = 0; j < K; j++) for (let e = 0; e < k; e++) along[i * K + j] += z[e] * means[j * k + e]
    }
    return along
  }

  interface ClassDoubt {
    /** E Σ_c w_c ‖m_c − m̄‖², w the posterior and m̄ its mean. */
    between: Estimate
    accuracy: Estimate
  }
  const doubts = new Map<number, ClassDoubt>()

  // x_t of a class, as u = a m_c + √V z. Each class is drawn equally often; the stated error is that of plain draws, which is no smaller.
  function classDoubt(t: number): ClassDoubt {
    const known = doubts.get(t)
    if (known) return known
    noise ??= noiseAlongMeans()
    const V = variance(t, inside)
    const a = 1 - t
    const between = new Float64Array(K * DRAWS)
    const best = new Float64Array(K * DRAWS)
    const weights = new Float64Array(K)
    for (let i = 0; i < K * DRAWS; i++) {
      const own = i % K
      for (let j = 0; j < K; j++) {
        weights[j] = (a * (a * gram[own * K + j] + Math.sqrt(V) * noise[i * K + j]) - 0.5 * a * a * gram[j * K + j]) / V
      }
      best[i] = softmax(weights)
      for (let j = 0; j < K; j++) {
        if (weights[j] < 1e-17) continue // below rounding, and at low noise nearly all of them
        let mean = 0
        for (let l = 0; l < K; l++) mean += weights[l] * relative[(own * K + j) * K + l]
        between[i] += weights[j] * (relative[(own * K + j) * K + j] - mean)
      }
    }
    const doubt = { between: meanOf(between), accuracy: meanOf(best) }
    doubts.set(t, doubt)
    return doubt
  }

  return {
    posterior(x, t) {
      checkLevel(t)
      return posteriorOf(project(x), t)
    },

    field(x, t, out, label) {
      checkLevel(t)
      if (t === 0 && outside === 0) throw new RangeError('Data on a subspace have no velocity at t = 0; take t from 0.001 on.')
      const u = project(x)
      const weights = label === undefined ? posteriorOf(u, t) : Float64Array.from({ length: K }, (_, c) => Number(c === label))
      const across = slope(t, outside)
      for (let i = 0; i < d; i++) out[i] = across * x[i]
      for (let e = 0; e < k; e++) {
        let mean = 0
        for (let c = 0; c < K; c++) mean += weights[c] * means[c * k + e]
        const along = -mean + slope(t, inside) * (u[e] - (1 - t) * mean) - across * u[e]
        for (let i = 0; i < d; i++) out[i] += along * basis[e * d + i]
      }
    },

    floor(t, labelled = false) {
      checkLevel(t)
      const V = variance(t, inside)
      const across = outside === 0 ? 0 : outside ** 2 / variance(t, outside)
      const given = ((k * inside ** 2) / V + (d - k) * across) / d
      if (labelled || K === 1) return exactly(given)
      // v_c − v_c' = −(1 + a q)(m_c − m_c'), and 1 + a q = t/V
      const { between } = classDoubt(t)
      const gain = (t / V) ** 2 / d
      return { value: given + gain * between.value, standardError: gain * between.standardError, count: between.count }
    },

    bayesAccuracy(t) {
      checkLevel(t)
      return K === 1 ? exactly(1) : classDoubt(t).accuracy
    },
  }
}

type Known = Required<Pick<DatasetDefinition, 'floor' | 'floorEstimate' | 'posterior' | 'field' | 'bayesAccuracy'>>

/** What a data set of one channel says of itself when it is this mixture at each size. */
export function knownFrom(mixtureAt: (size: number) => Mixture, nativeSize: number): Known {
  const of = (x: ArrayLike<number>) => mixtureAt(Math.sqrt(x.length))
  return {
    floor: (t, size = nativeSize, labelled = false) => mixtureAt(size).floor(t, labelled).value,
    floorEstimate: (t, size = nativeSize, labelled = false) => mixtureAt(size).floor(t, labelled),
    posterior: (x, t) => of(x).posterior(x, t),
    field: (x, t, out, label) => of(x).field(x, t, out, label),
    bayesAccuracy: (t, size = nativeSize) => mixtureAt(size).bayesAccuracy(t),
  }
}
