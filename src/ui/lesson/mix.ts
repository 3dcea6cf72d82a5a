/** Noise and mixing for the lesson's own pictures, on the page and without a GPU. Pure. */

/** Independent normal numbers, the same for the same seed: mulberry32 and Box–Muller. For pictures; training draws its own. */
export function normals(seed: number, length: number): Float32Array {
  let state = seed >>> 0
  const uniform = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let z = Math.imul(state ^ (state >>> 15), state | 1)
    z ^= z + Math.imul(z ^ (z >>> 7), z | 61)
    return ((z ^ (z >>> 14)) >>> 0) / 2 ** 32
  }
  return Float32Array.from({ length }, () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform()))
}

/** (1−t) x₀ + t ε */
export function mixed(x0: Float32Array, noise: Float32Array, t: number): Float32Array {
  return x0.map((value, i) => (1 - t) * value + t * noise[i])
}

/** Root mean square of a difference. */
export function rms(a: Float32Array, b: Float32Array): number {
  return Math.sqrt(a.reduce((sum, value, i) => sum + (value - b[i]) ** 2, 0) / a.length)
}
