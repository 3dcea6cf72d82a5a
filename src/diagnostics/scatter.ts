/** What features are like without any probe: how far the classes lie apart, and how many directions are in use. */
import { EigenvalueDecomposition, Matrix } from 'ml-matrix'

export interface Scatter {
  /** Share of the variance that lies between classes, corrected for sampling: 0 on average where classes do not differ. NaN without variance. */
  between: number
  /** exp of the entropy of the eigenvalues of the covariance, each as a share of their sum: C where all directions vary alike, 1 where one does. */
  rank: number
}

/**
 * @param x features (n,C), row by row  @param labels (n)
 * @param ranked whether the rank is wanted; NaN otherwise
 * Between: (SS_b − (K−1) MS_w) / SS_total, sums over all features, K classes that occur (Kelley's ε²).
 */
export function scatterOf(x: Float32Array, labels: ArrayLike<number>, C: number, ranked = true): Scatter {
  const n = labels.length
  const counts = new Map<number, number>()
  const sums = new Map<number, Float64Array>()
  const mean = new Float64Array(C)
  for (let i = 0; i < n; i++) {
    const own = sums.get(labels[i]) ?? new Float64Array(C)
    sums.set(labels[i], own)
    counts.set(labels[i], (counts.get(labels[i]) ?? 0) + 1)
    for (let c = 0; c < C; c++) {
      own[c] += x[i * C + c]
      mean[c] += x[i * C + c] / n
    }
  }
  const covariance = new Float64Array(C * C)
  const centred = new Float64Array(C)
  for (let i = 0; i < n; i++) {
    for (let c = 0; c < C; c++) centred[c] = x[i * C + c] - mean[c]
    for (let a = 0; a < C; a++) for (let b = 0; b <= a; b++) covariance[a * C + b] += centred[a] * centred[b]
  }
  let [total, level] = [0, 0]
  for (let c = 0; c < C; c++) {
    total += covariance[c * C + c]
    level += n * mean[c] ** 2
  }
  // Features that are the same for every image but for float32 rounding have neither classes nor directions.
  if (!(total > 1e-12 * level)) return { between: NaN, rank: NaN }
  let between = 0
  for (const [label, sum] of sums) for (let c = 0; c < C; c++) between += counts.get(label)! * (sum[c] / counts.get(label)! - mean[c]) ** 2
  const K = counts.size
  return { between: (between - ((K - 1) * (total - between)) / (n - K)) / total, rank: ranked ? effectiveRank(covariance, C) : NaN }
}

/** Of a symmetric matrix whose lower triangle is given. */
export function effectiveRank(covariance: Float64Array, C: number): number {
  const matrix = new Matrix(C, C)
  for (let a = 0; a < C; a++) {
    for (let b = 0; b <= a; b++) {
      matrix.set(a, b, covariance[a * C + b])
      matrix.set(b, a, covariance[a * C + b])
    }
  }
  const eigenvalues = new EigenvalueDecomposition(matrix, { assumeSymmetric: true }).realEigenvalues
  const sum = eigenvalues.reduce((total, value) => total + Math.max(0, value), 0)
  return Math.exp(eigenvalues.reduce((entropy, value) => (value > 0 ? entropy - (value / sum) * Math.log(value / sum) : entropy), 0))
}
