/** GELU in its tanh form (DiT's choice) and SiLU, each with its derivative. */

const GELU_SCALE = Math.sqrt(2 / Math.PI)
const GELU_CUBIC = 0.044715

/** x/2 · (1 + tanh(√(2/π) (x + 0.044715 x³))) */
export function gelu(x: number): number {
  return 0.5 * x * (1 + Math.tanh(GELU_SCALE * (x + GELU_CUBIC * x * x * x)))
}

export function geluDerivative(x: number): number {
  const tanh = Math.tanh(GELU_SCALE * (x + GELU_CUBIC * x * x * x))
  return 0.5 * (1 + tanh) + 0.5 * x * (1 - tanh * tanh) * GELU_SCALE * (1 + 3 * GELU_CUBIC * x * x)
}

/** x · sigmoid(x) */
export function silu(x: number): number {
  return x / (1 + Math.exp(-x))
}

export function siluDerivative(x: number): number {
  const sigmoid = 1 / (1 + Math.exp(-x))
  return sigmoid * (1 + x * (1 - sigmoid))
}

/** Elementwise, any shape. */
export function geluForward(x: Float64Array): Float64Array {
  return x.map(gelu)
}

export function geluBackward(x: Float64Array, dy: Float64Array): Float64Array {
  return x.map((value, i) => geluDerivative(value) * dy[i])
}

export function siluForward(x: Float64Array): Float64Array {
  return x.map(silu)
}

export function siluBackward(x: Float64Array, dy: Float64Array): Float64Array {
  return x.map((value, i) => siluDerivative(value) * dy[i])
}
