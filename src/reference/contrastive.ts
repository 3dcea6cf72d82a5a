/**
 * The contrastive term of Local Contrastive Flow (arXiv 2509.20952, section 5), with every reading of it that the paper allows.
 *
 * z (B,F) are the features of the whole batch at their own noise levels. The first nA rows are the low-noise samples; a (nA,F) are
 * the features of the same samples at T_min. With p_i the squared distance of z_i and a_i, d_ij that of z_i and z_j:
 *
 *   l_i = p_i/τ + log Σ exp(−·/τ)   over d_ij for all j          'algorithm1', never negative: j = i contributes exp(0) = 1
 *                                   over d_ij for j ≠ i          'equation14', unbounded below
 *                                   over d_ij for j ≠ i and p_i  'infonce', never negative
 *
 * loss = mean of l_i over the nA rows, and 0 when there is none.
 */

export interface ContrastiveOptions {
  variant: 'algorithm1' | 'equation14' | 'infonce'
  tau: number
  /** 'divided': squared distances are divided by F. */
  distance: 'divided' | 'raw'
  /** Only z_i of the low-noise rows receives a gradient; a and the other side of each distance count as constants. */
  detach: boolean
}

export interface ContrastiveForward {
  /** l_i, (nA) */
  perRow: Float64Array
  loss: number
  /** mean of p_i over the low-noise rows */
  positiveDistance: number
  /** mean of d_ij over the low-noise rows i and all j ≠ i */
  negativeDistance: number
  /** share of d_ij in the sum of row i, (nA,B) */
  weights: Float64Array
  /** share of p_i in the sum of row i, (nA); zero but for 'infonce' */
  positiveWeights: Float64Array
}

/** Squared distance of row i of x and row j of y. */
function distance(x: Float64Array, i: number, y: Float64Array, j: number, F: number, options: ContrastiveOptions): number {
  let sum = 0
  for (let f = 0; f < F; f++) sum += (x[i * F + f] - y[j * F + f]) ** 2
  return options.distance === 'divided' ? sum / F : sum
}

/** z (B,F), a (nA,F) -> the loss and what the backward needs */
export function contrastiveForward(
  z: Float64Array, a: Float64Array, nA: number, B: number, F: number, options: ContrastiveOptions,
): ContrastiveForward {
  const { variant, tau } = options
  if (B < 2 && nA > 0 && variant === 'equation14') throw new RangeError('equation 14 has no negatives in a batch of one')
  const perRow = new Float64Array(nA)
  const weights = new Float64Array(nA * B)
  const positiveWeights = new Float64Array(nA)
  let loss = 0
  let positiveDistance = 0
  let negativeDistance = 0
  for (let i = 0; i < nA; i++) {
    const positive = distance(z, i, a, i, F, options)
    positiveDistance += positive / nA

    // −∞ marks a term that is not in the sum: its exponential is 0.
    const exponents = new Float64Array(B)
    for (let j = 0; j < B; j++) {
      const negative = distance(z, i, z, j, F, options)
      if (j !== i) negativeDistance += negative / (nA * (B - 1))
      exponents[j] = j !== i || variant === 'algorithm1' ? -negative / tau : -Infinity
    }
    const positiveExponent = variant === 'infonce' ? -positive / tau : -Infinity

    const max = Math.max(positiveExponent, ...exponents)
    let sum = Math.exp(positiveExponent - max)
    for (const exponent of exponents) sum += Math.exp(exponent - max)
    for (let j = 0; j < B; j++) weights[i * B + j] = Math.exp(exponents[j] - max) / sum
    positiveWeights[i] = Math.exp(positiveExponent - max) / sum

    perRow[i] = positive / tau + max + Math.log(sum)
    loss += perRow[i] / nA
  }
  return { perRow, loss, positiveDistance, negativeDistance, weights, positiveWeights }
}

/**
 * -> dz (B,F), da (nA,F), gradients of the loss
 * z_i takes 2/τ ((1 − w_i)(z_i − a_i) − Σ_j w_ij (z_i − z_j)), over nA and, if divided, over F; w_i is the positive's own weight.
 */
export function contrastiveBackward(
  z: Float64Array, a: Float64Array, forward: ContrastiveForward, nA: number, B: number, F: number, options: ContrastiveOptions,
) {
  const dz = new Float64Array(B * F)
  const da = new Float64Array(nA * F)
  const scale = 2 / (options.tau * nA * (options.distance === 'divided' ? F : 1))
  for (let i = 0; i < nA; i++) {
    for (let f = 0; f < F; f++) {
      const pull = scale * (1 - forward.positiveWeights[i]) * (z[i * F + f] - a[i * F + f])
      dz[i * F + f] += pull
      if (!options.detach) da[i * F + f] -= pull
      for (let j = 0; j < B; j++) {
        const push = scale * forward.weights[i * B + j] * (z[i * F + f] - z[j * F + f])
        dz[i * F + f] -= push
        if (!options.detach) dz[j * F + f] += push
      }
    }
  }
  return { dz, da }
}
