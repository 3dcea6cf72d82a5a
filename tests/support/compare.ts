/** Distances between number lists, spelt so that NaN is never near anything. */

export const norm = (values: ArrayLike<number>) => Math.sqrt(Array.from(values).reduce((sum, v) => sum + v * v, 0))

/** ‖a − b‖ / ‖b‖ */
export function relative(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Infinity
  return norm(Array.from(a, (v, i) => v - b[i])) / Math.max(norm(b), 1e-12)
}

/** Places at which the bits differ. */
export function differingBits(a: Float32Array, b: Float32Array): number {
  const words = (values: Float32Array) => new Uint32Array(values.buffer, values.byteOffset, values.length)
  const [left, right] = [words(a), words(b)]
  let count = Math.abs(left.length - right.length)
  for (let i = 0; i < Math.min(left.length, right.length); i++) if (left[i] !== right[i]) count++
  return count
}

export const nonZero = (values: ArrayLike<number>) => Array.from(values).filter(v => v !== 0).length

/** Digest of a tensor as the fixtures keep it: norm, and dot product with cos(1), cos(2), ... */
export function digest(values: ArrayLike<number>): [number, number] {
  return [norm(values), Array.from(values).reduce((sum, v, i) => sum + v * Math.cos(i + 1), 0)]
}

/** max |a − b|, NaN when one is inside; Infinity for lists of different lengths. */
export function farthest(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Infinity
  return Array.from(a, (value, i) => Math.abs(value - b[i])).reduce((most, distance) => Math.max(most, distance), 0)
}
