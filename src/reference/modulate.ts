/**
 * LayerNorm without affine parameters, then a scale and a shift per sample: y = x̂ (1 + scale) + shift (adaptive LayerNorm, DiT).
 */

export const LAYER_NORM_EPSILON = 1e-6

/**
 * x (B,T,C), shift (B,C), scale (B,C) -> y (B,T,C), mean (B,T), rstd (B,T)
 * with rstd = 1 / √(variance + ε), variance over C without Bessel's correction.
 */
export function modulateForward(x: Float64Array, shift: Float64Array, scale: Float64Array, B: number, T: number, C: number) {
  const y = new Float64Array(B * T * C)
  const mean = new Float64Array(B * T)
  const rstd = new Float64Array(B * T)
  for (let b = 0; b < B; b++) {
    for (let t = 0; t < T; t++) {
      const row = b * T + t
      let sum = 0
      for (let c = 0; c < C; c++) sum += x[row * C + c]
      mean[row] = sum / C
      let squares = 0
      for (let c = 0; c < C; c++) squares += (x[row * C + c] - mean[row]) ** 2
      rstd[row] = 1 / Math.sqrt(squares / C + LAYER_NORM_EPSILON)
      for (let c = 0; c < C; c++) {
        const normalised = (x[row * C + c] - mean[row]) * rstd[row]
        y[row * C + c] = normalised * (1 + scale[b * C + c]) + shift[b * C + c]
      }
    }
  }
  return { y, mean, rstd }
}

/**
 * Tangent of y along those of x (B,T,C), shift and scale (B,C):
 * y' = x̂' (1 + scale) + x̂ scale' + shift' with x̂' = rstd (x' − mean(x') − x̂ mean(x̂ x')), both means over C.
 */
export function modulateTangent(
  x: Float64Array, scale: Float64Array, mean: Float64Array, rstd: Float64Array, xTangent: Float64Array, shiftTangent: Float64Array, scaleTangent: Float64Array,
  B: number, T: number, C: number,
): Float64Array {
  const yTangent = new Float64Array(B * T * C)
  for (let row = 0; row < B * T; row++) {
    const b = Math.floor(row / T)
    let meanTangent = 0
    let along = 0
    for (let c = 0; c < C; c++) {
      meanTangent += xTangent[row * C + c] / C
      along += (xTangent[row * C + c] * (x[row * C + c] - mean[row]) * rstd[row]) / C
    }
    for (let c = 0; c < C; c++) {
      const normalised = (x[row * C + c] - mean[row]) * rstd[row]
      const moved = rstd[row] * (xTangent[row * C + c] - meanTangent - normalised * along)
      yTangent[row * C + c] = moved * (1 + scale[b * C + c]) + normalised * scaleTangent[b * C + c] + shiftTangent[b * C + c]
    }
  }
  return yTangent
}

/**
 * x, dy (B,T,C), scale (B,C), mean, rstd (B,T) -> dx (B,T,C), dshift (B,C), dscale (B,C)
 * With g = dy (1 + scale):  dx = rstd (g − mean(g) − x̂ mean(g x̂)), both means over C.
 */
export function modulateBackward(
  x: Float64Array, scale: Float64Array, mean: Float64Array, rstd: Float64Array, dy: Float64Array, B: number, T: number, C: number,
) {
  const dx = new Float64Array(B * T * C)
  const dshift = new Float64Array(B * C)
  const dscale = new Float64Array(B * C)
  for (let b = 0; b < B; b++) {
    for (let t = 0; t < T; t++) {
      const row = b * T + t
      let meanGradient = 0
      let meanProduct = 0
      for (let c = 0; c < C; c++) {
        const normalised = (x[row * C + c] - mean[row]) * rstd[row]
        const gradient = dy[row * C + c] * (1 + scale[b * C + c])
        meanGradient += gradient / C
        meanProduct += (gradient * normalised) / C
        dshift[b * C + c] += dy[row * C + c]
        dscale[b * C + c] += dy[row * C + c] * normalised
      }
      for (let c = 0; c < C; c++) {
        const normalised = (x[row * C + c] - mean[row]) * rstd[row]
        const gradient = dy[row * C + c] * (1 + scale[b * C + c])
        dx[row * C + c] = rstd[row] * (gradient - meanGradient - normalised * meanProduct)
      }
    }
  }
  return { dx, dshift, dscale }
}
