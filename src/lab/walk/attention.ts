/** Attention weights, which the engine never stores: made anew for the eye from what it does keep, in float64. */

export interface AttentionShape {
  /** T */
  tokens: number
  /** H */
  heads: number
  /** D = C / H */
  depth: number
  /** Rows wanted, from the first; at most T. */
  queries: number
}

/**
 * P_hij = exp(q_hi · k_hj / √D − lse_hi): how much query token i of head h takes from token j, (H,queries,T); every row sums to 1.
 * @param qkv of one image, (T,3,H,D)
 * @param lse log-sum-exp of its scores, (H,T) (Dao, FlashAttention-2, arXiv 2307.08691)
 */
export function attentionWeights(qkv: ArrayLike<number>, lse: ArrayLike<number>, { tokens: T, heads: H, depth: D, queries }: AttentionShape): Float64Array {
  const weights = new Float64Array(H * queries * T)
  for (let h = 0; h < H; h++) {
    for (let i = 0; i < queries; i++) {
      for (let j = 0; j < T; j++) {
        let score = 0
        for (let d = 0; d < D; d++) score += qkv[(i * 3 * H + h) * D + d] * qkv[((j * 3 + 1) * H + h) * D + d]
        weights[(h * queries + i) * T + j] = Math.exp(score / Math.sqrt(D) - lse[h * T + i])
      }
    }
  }
  return weights
}
