/** Reading the class from features with few labels, on the processor: the same two questions as the probe diagnostic's, with the same answers. */
import { MOST_STEPS, TOLERANCE } from '../diagnostics/fit.ts'

/** Features (n,C) of labelled images first, then of those asked about. */
export interface Exam {
  features: Float32Array
  labels: ArrayLike<number>
  /** C */
  width: number
  classes: number
  /** The labelled ones. */
  bank: number
}

/** Share of the images after the bank that the majority of the `near` nearest of it names rightly; of equal votes, the nearer. */
export function neighboursRight({ features: x, labels, width: C, bank, classes }: Exam, near: number): number {
  const n = labels.length
  const votes = new Float64Array(classes)
  let right = 0
  for (let row = bank; row < n; row++) {
    const nearest: { distance: number; label: number }[] = []
    for (let b = 0; b < bank; b++) {
      let distance = 0
      for (let c = 0; c < C; c++) distance += (x[row * C + c] - x[b * C + c]) ** 2
      if (nearest.length === near && distance >= nearest[near - 1].distance) continue
      let place = nearest.length
      while (place > 0 && nearest[place - 1].distance > distance) place--
      nearest.splice(place, 0, { distance, label: labels[b] })
      nearest.length = Math.min(near, nearest.length)
    }
    votes.fill(0)
    for (const { label } of nearest) votes[label]++
    const most = Math.max(...votes)
    if (nearest.find(({ label }) => votes[label] === most)!.label === labels[row]) right++
  }
  return right / (n - bank)
}

/**
 * Share of right answers on the images after the bank of a softmax probe fitted to labelled images first … first + count − 1: features z-scored with
 * those, mean cross-entropy + λ/2 ‖W‖², from 0 by Nesterov's method with restart until every |gradient| ≤ 1e-4. The optimum is unique.
 */
export function probeRight(exam: Exam, first: number, count: number, penalty: number): { share: number; finished: boolean } {
  const { width: C, classes: K, bank, labels } = exam
  const z = standardised(exam, first, count)
  const row = C + 1 // the intercept's column is 1
  const labelled = z.subarray(first * row, (first + count) * row)
  const own = Array.from({ length: count }, (_, i) => labels[first + i])
  const rate = 1 / (0.5 * largestEigenvalue(labelled, count, row) + penalty)
  let weights = new Float64Array(K * row)
  let before = weights.slice()
  let theta = 1
  let finished = false
  for (let step = 0; step < MOST_STEPS; step++) {
    const gradient = gradientOf(labelled, own, weights, K, row, penalty)
    finished = gradient.every(value => Math.abs(value) <= TOLERANCE)
    if (finished) break
    const down = weights.map((value, i) => value - rate * gradient[i])
    if (gradient.reduce((sum, value, i) => sum + value * (down[i] - before[i]), 0) > 0) theta = 1
    const next = 0.5 * (1 + Math.sqrt(1 + 4 * theta * theta))
    weights = down.map((value, i) => value + ((theta - 1) / next) * (value - before[i]))
    before = down
    theta = next
  }
  let right = 0
  for (let i = bank; i < labels.length; i++) {
    const logits = Array.from({ length: K }, (_, k) => dot(z, i * row, weights, k * row, row))
    if (logits.indexOf(Math.max(...logits)) === labels[i]) right++
  }
  return { share: right / (labels.length - bank), finished }
}

function dot(a: Float64Array, at: number, b: Float64Array, bt: number, length: number): number {
  let sum = 0
  for (let c = 0; c < length; c++) sum += a[at + c] * b[bt + c]
  return sum
}

/** Rows (n, C + 1), the last column 1; a feature that does not vary over the labelled images is 0. */
function standardised({ features: x, width: C, labels }: Exam, first: number, count: number): Float64Array {
  const n = labels.length
  const z = new Float64Array(n * (C + 1)).fill(1)
  for (let c = 0; c < C; c++) {
    let mean = 0
    let variance = 0
    for (let i = first; i < first + count; i++) mean += x[i * C + c] / count
    for (let i = first; i < first + count; i++) variance += (x[i * C + c] - mean) ** 2 / count
    const inverse = variance > 1e-10 * mean ** 2 + 1e-30 ? 1 / Math.sqrt(variance) : 0
    for (let i = 0; i < n; i++) z[i * (C + 1) + c] = (x[i * C + c] - mean) * inverse
  }
  return z
}

/** Of Zᵀ Z / n, from above within a percent: half of it bounds the curvature of the cross-entropy. */
function largestEigenvalue(z: Float64Array, n: number, row: number): number {
  let vector = new Float64Array(row).fill(1)
  let value = 0
  for (let step = 0; step < 30; step++) {
    const next = new Float64Array(row)
    for (let i = 0; i < n; i++) {
      const along = dot(z, i * row, vector, 0, row) / n
      for (let c = 0; c < row; c++) next[c] += along * z[i * row + c]
    }
    value = Math.hypot(...next)
    vector = next.map(entry => entry / (value || 1))
  }
  return 1.01 * value + 1e-12
}

function gradientOf(z: Float64Array, labels: readonly number[], weights: Float64Array, K: number, row: number, penalty: number): Float64Array {
  const gradient = new Float64Array(weights.length)
  const n = labels.length
  const shares = new Float64Array(K)
  for (let i = 0; i < n; i++) {
    let greatest = -Infinity
    for (let k = 0; k < K; k++) greatest = Math.max(greatest, (shares[k] = dot(z, i * row, weights, k * row, row)))
    let total = 0
    for (let k = 0; k < K; k++) total += shares[k] = Math.exp(shares[k] - greatest)
    for (let k = 0; k < K; k++) {
      const residual = (shares[k] / total - (k === labels[i] ? 1 : 0)) / n
      for (let c = 0; c < row; c++) gradient[k * row + c] += residual * z[i * row + c]
    }
  }
  for (let k = 0; k < K; k++) for (let c = 0; c < row - 1; c++) gradient[k * row + c] += penalty * weights[k * row + c]
  return gradient
}
