/** The regression half of every objective: squared error of the velocity, weighted per sample. */

export type Reduction = 'mean' | 'sum'

/**
 * Weights that make Σ w_i l_i the mean over the samples with t ≥ tMin, and 0 when there is none.
 * t (B) -> (B). tMin = 0 is plain flow matching.
 */
export function regressionWeights(t: Float64Array, tMin: number): Float64Array {
  let count = 0
  for (const level of t) if (level >= tMin) count += 1
  return t.map((level) => (level >= tMin ? 1 / count : 0))
}

/** v, target (B,d), weights (B) -> perSample (B): mean or sum of (v − v*)² over d, unweighted; loss = Σ w_i l_i */
export function velocityLossForward(
  v: Float64Array, target: Float64Array, weights: Float64Array, B: number, d: number, reduction: Reduction = 'mean',
) {
  const perSample = new Float64Array(B)
  let loss = 0
  for (let b = 0; b < B; b++) {
    for (let i = b * d; i < (b + 1) * d; i++) perSample[b] += (v[i] - target[i]) ** 2
    if (reduction === 'mean') perSample[b] /= d
    loss += weights[b] * perSample[b]
  }
  return { perSample, loss }
}

/** In place of another sample's number: this one is pushed from none. */
export const NONE = 0xffffffff

/**
 * Contrastive flow matching (arXiv 2506.05350): Σ_i w_i (l_i − λ mean (v_i − v*_j)²), j = negative_i, or NONE. v, target (B,d), weights (B) → what stands beside
 * λ, −Σ_i w_i mean (v_i − v*_j)², and its gradient (B,d)
 */
export function negativeLoss(v: Float64Array, target: Float64Array, negative: ArrayLike<number>, weights: Float64Array, B: number, d: number, reduction: Reduction = 'mean') {
  const swapped = new Float64Array(B * d)
  const pushed = weights.map((weight, b) => (negative[b] === NONE ? 0 : weight))
  for (let b = 0; b < B; b++) if (negative[b] !== NONE) swapped.set(target.subarray(negative[b] * d, (negative[b] + 1) * d), b * d)
  const { loss, perSample } = velocityLossForward(v, swapped, pushed, B, d, reduction)
  return { loss: -loss, perSample: perSample.map((value, b) => (negative[b] === NONE ? 0 : -value)), dv: velocityLossBackward(v, swapped, pushed, B, d, reduction).map(value => -value) }
}

/** The same inputs -> dv (B,d) */
export function velocityLossBackward(
  v: Float64Array, target: Float64Array, weights: Float64Array, B: number, d: number, reduction: Reduction = 'mean',
): Float64Array {
  const dv = new Float64Array(B * d)
  const scale = reduction === 'mean' ? 2 / d : 2
  for (let b = 0; b < B; b++) {
    for (let i = b * d; i < (b + 1) * d; i++) dv[i] = weights[b] * scale * (v[i] - target[i])
  }
  return dv
}
