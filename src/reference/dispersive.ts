/**
 * The dispersive loss (Wang & He 2025, arXiv 2506.09027): L = log (1/B² Σ_ij exp(−‖z_i − z_j‖²/τ)), i = j included, with squared distances over F where
 * they are divided. In [−log B, 0]: 0 where all features are one, −log B where they are infinitely far apart.
 */
export interface DispersiveOptions {
  tau: number
  distance: 'divided' | 'raw'
}

/** z (B,F) → L and its gradient dz (B,F) */
export function dispersive(z: Float64Array, B: number, F: number, { tau, distance }: DispersiveOptions): { loss: number; meanDistance: Float64Array; dz: Float64Array } {
  const over = distance === 'divided' ? F : 1
  const shares = new Float64Array(B * B)
  const meanDistance = new Float64Array(B)
  let sum = 0
  for (let i = 0; i < B; i++) {
    for (let j = 0; j < B; j++) {
      let squared = 0
      for (let f = 0; f < F; f++) squared += (z[i * F + f] - z[j * F + f]) ** 2
      meanDistance[i] += squared / over / Math.max(1, B - 1)
      shares[i * B + j] = Math.exp(-squared / over / tau)
      sum += shares[i * B + j]
    }
  }
  const dz = new Float64Array(B * F)
  for (let i = 0; i < B; i++) {
    for (let j = 0; j < B; j++) {
      // A pair stands in the sum twice, and z_i in both.
      for (let f = 0; f < F; f++) dz[i * F + f] -= ((4 / (tau * over)) * shares[i * B + j] / sum) * (z[i * F + f] - z[j * F + f])
    }
  }
  return { loss: Math.log(sum / B ** 2), meanDistance, dz }
}
