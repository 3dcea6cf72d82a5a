/** From the tokens after a block to the feature whose distances the contrastive term measures. */

/** tokens (B,T,C) -> their mean (B,C) */
export function tokenMeanForward(tokens: Float64Array, B: number, T: number, C: number): Float64Array {
  const mean = new Float64Array(B * C)
  for (let b = 0; b < B; b++) {
    for (let t = 0; t < T; t++) {
      for (let c = 0; c < C; c++) mean[b * C + c] += tokens[(b * T + t) * C + c] / T
    }
  }
  return mean
}

/** dmean (B,C) -> dtokens (B,T,C) */
export function tokenMeanBackward(dmean: Float64Array, B: number, T: number, C: number): Float64Array {
  const dtokens = new Float64Array(B * T * C)
  for (let b = 0; b < B; b++) {
    for (let t = 0; t < T; t++) {
      for (let c = 0; c < C; c++) dtokens[(b * T + t) * C + c] = dmean[b * C + c] / T
    }
  }
  return dtokens
}

/** Lengths below this count as this, so that a zero feature stays zero. */
export const SMALLEST_LENGTH = 1e-12

/** z (B,F) -> unit (B,F) = z / ‖z‖, length (B) */
export function unitLengthForward(z: Float64Array, B: number, F: number) {
  const unit = new Float64Array(B * F)
  const length = new Float64Array(B)
  for (let b = 0; b < B; b++) {
    let squares = 0
    for (let i = b * F; i < (b + 1) * F; i++) squares += z[i] * z[i]
    length[b] = Math.max(Math.sqrt(squares), SMALLEST_LENGTH)
    for (let i = b * F; i < (b + 1) * F; i++) unit[i] = z[i] / length[b]
  }
  return { unit, length }
}

/** unit, dunit (B,F), length (B) -> dz (B,F) = (dunit − unit (unit·dunit)) / length */
export function unitLengthBackward(unit: Float64Array, length: Float64Array, dunit: Float64Array, B: number, F: number): Float64Array {
  const dz = new Float64Array(B * F)
  for (let b = 0; b < B; b++) {
    let along = 0
    for (let i = b * F; i < (b + 1) * F; i++) along += unit[i] * dunit[i]
    for (let i = b * F; i < (b + 1) * F; i++) dz[i] = (dunit[i] - unit[i] * along) / length[b]
  }
  return dz
}
