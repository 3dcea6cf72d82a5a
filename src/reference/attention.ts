/**
 * Softmax attention over all tokens, read in place from the packed output of the qkv layer:
 * qkv (B,T,3,H,D), out (B,T,H,D) = (B,T,C), lse (B,H,T). Scores are q·k / √D.
 */

const QUERY = 0
const KEY = 1
const VALUE = 2

/** Position of element d of a packed vector. */
function packed(b: number, t: number, which: number, h: number, d: number, T: number, H: number, D: number): number {
  return (((b * T + t) * 3 + which) * H + h) * D + d
}

function score(qkv: Float64Array, b: number, h: number, i: number, j: number, T: number, H: number, D: number): number {
  let sum = 0
  for (let d = 0; d < D; d++) sum += qkv[packed(b, i, QUERY, h, d, T, H, D)] * qkv[packed(b, j, KEY, h, d, T, H, D)]
  return sum / Math.sqrt(D)
}

/** qkv (B,T,3,H,D) -> out (B,T,H,D), lse (B,H,T), the log of each row's sum of exponentials */
export function attentionForward(qkv: Float64Array, B: number, T: number, H: number, D: number) {
  const out = new Float64Array(B * T * H * D)
  const lse = new Float64Array(B * H * T)
  for (let b = 0; b < B; b++) {
    for (let h = 0; h < H; h++) {
      for (let i = 0; i < T; i++) {
        let max = -Infinity
        for (let j = 0; j < T; j++) max = Math.max(max, score(qkv, b, h, i, j, T, H, D))
        let sum = 0
        for (let j = 0; j < T; j++) sum += Math.exp(score(qkv, b, h, i, j, T, H, D) - max)
        lse[(b * H + h) * T + i] = max + Math.log(sum)
        for (let j = 0; j < T; j++) {
          const weight = Math.exp(score(qkv, b, h, i, j, T, H, D) - max) / sum
          for (let d = 0; d < D; d++) {
            out[((b * T + i) * H + h) * D + d] += weight * qkv[packed(b, j, VALUE, h, d, T, H, D)]
          }
        }
      }
    }
  }
  return { out, lse }
}

/** The softmax itself, from the saved logarithms: (B,H,T,T), each row summing to 1. */
export function attentionWeights(qkv: Float64Array, lse: Float64Array, B: number, T: number, H: number, D: number): Float64Array {
  const weights = new Float64Array(B * H * T * T)
  for (let b = 0; b < B; b++) {
    for (let h = 0; h < H; h++) {
      for (let i = 0; i < T; i++) {
        for (let j = 0; j < T; j++) {
          weights[((b * H + h) * T + i) * T + j] = Math.exp(score(qkv, b, h, i, j, T, H, D) - lse[(b * H + h) * T + i])
        }
      }
    }
  }
  return weights
}

/**
 * Tangent of out (B,T,H,D) along that of qkv (B,T,3,H,D), with lse (B,H,T) of the forward pass. With P the softmax:
 * s'_ij = (Q'_i·K_j + Q_i·K'_j)/√D,  P'_ij = P_ij (s'_ij − Σ_m P_im s'_im),  out'_i = Σ_j P'_ij V_j + P_ij V'_j.
 */
export function attentionTangent(qkv: Float64Array, lse: Float64Array, tangent: Float64Array, B: number, T: number, H: number, D: number): Float64Array {
  const outTangent = new Float64Array(B * T * H * D)
  const weights = attentionWeights(qkv, lse, B, T, H, D)
  for (let b = 0; b < B; b++) {
    for (let h = 0; h < H; h++) {
      for (let i = 0; i < T; i++) {
        const row = weights.subarray(((b * H + h) * T + i) * T, ((b * H + h) * T + i + 1) * T)
        const scores = new Float64Array(T)
        for (let j = 0; j < T; j++) {
          for (let d = 0; d < D; d++) {
            const [query, key] = [packed(b, i, QUERY, h, d, T, H, D), packed(b, j, KEY, h, d, T, H, D)]
            scores[j] += (tangent[query] * qkv[key] + qkv[query] * tangent[key]) / Math.sqrt(D)
          }
        }
        const mean = scores.reduce((sum, score, j) => sum + row[j] * score, 0)
        for (let j = 0; j < T; j++) {
          for (let d = 0; d < D; d++) {
            const value = packed(b, j, VALUE, h, d, T, H, D)
            outTangent[((b * T + i) * H + h) * D + d] += row[j] * ((scores[j] - mean) * qkv[value] + tangent[value])
          }
        }
      }
    }
  }
  return outTangent
}

/**
 * qkv (B,T,3,H,D), out, dout (B,T,H,D), lse (B,H,T) -> dqkv (B,T,3,H,D)
 * With P the softmax and delta_i = dout_i · out_i (FlashAttention-2, section 2.3):
 * dV_j = Σ_i P_ij dout_i,  dS_ij = P_ij (dout_i·V_j − delta_i),  dQ_i = Σ_j dS_ij K_j / √D,  dK_j = Σ_i dS_ij Q_i / √D.
 */
export function attentionBackward(
  qkv: Float64Array, out: Float64Array, lse: Float64Array, dout: Float64Array, B: number, T: number, H: number, D: number,
): Float64Array {
  const dqkv = new Float64Array(B * T * 3 * H * D)
  const weights = attentionWeights(qkv, lse, B, T, H, D)
  for (let b = 0; b < B; b++) {
    for (let h = 0; h < H; h++) {
      for (let i = 0; i < T; i++) {
        const row = ((b * T + i) * H + h) * D
        let delta = 0
        for (let d = 0; d < D; d++) delta += dout[row + d] * out[row + d]
        for (let j = 0; j < T; j++) {
          const weight = weights[((b * H + h) * T + i) * T + j]
          let dweight = 0
          for (let d = 0; d < D; d++) dweight += dout[row + d] * qkv[packed(b, j, VALUE, h, d, T, H, D)]
          const dscore = (weight * (dweight - delta)) / Math.sqrt(D)
          for (let d = 0; d < D; d++) {
            const query = packed(b, i, QUERY, h, d, T, H, D)
            const key = packed(b, j, KEY, h, d, T, H, D)
            dqkv[query] += dscore * qkv[key]
            dqkv[key] += dscore * qkv[query]
            dqkv[packed(b, j, VALUE, h, d, T, H, D)] += weight * dout[row + d]
          }
        }
      }
    }
  }
  return dqkv
}
