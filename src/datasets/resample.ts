/** Squares of one side to squares of another: a triangle as wide as an output pixel when shrinking, linear interpolation when growing (Pillow's BILINEAR). */

export interface Taps {
  /** First source pixel of each output pixel. */
  first: Uint32Array
  /** Weights of the pixels from there on, each row summing to 1. */
  weights: Float32Array[]
}

/** From `length` of the `whole` source pixels, beginning at `start`, to `to` pixels. */
export function tapsFor(whole: number, start: number, length: number, to: number): Taps {
  const scale = length / to
  const support = Math.max(1, scale)
  const first = new Uint32Array(to)
  const weights = Array.from({ length: to }, (_, k) => {
    const centre = start + (k + 0.5) * scale
    const from = Math.max(0, Math.floor(centre - support))
    const until = Math.min(whole, Math.ceil(centre + support))
    const row = Float32Array.from({ length: until - from }, (__, j) => Math.max(0, 1 - Math.abs(from + j + 0.5 - centre) / support))
    const sum = row.reduce((total, weight) => total + weight, 0)
    first[k] = from
    return row.map(weight => weight / sum)
  })
  return { first, weights }
}

/** One plane (h,w) of `width` columns to out (rows, columns) of these taps. */
export function resamplePlane(plane: ArrayLike<number>, width: number, x: Taps, y: Taps, out: Float32Array): void {
  const [columns, rows] = [x.first.length, y.first.length]
  const top = y.first[0]
  const bottom = y.first[rows - 1] + y.weights[rows - 1].length
  const narrow = new Float32Array((bottom - top) * columns)
  for (let row = top; row < bottom; row++) {
    for (let k = 0; k < columns; k++) {
      const taps = x.weights[k]
      const at = row * width + x.first[k]
      let sum = 0
      for (let j = 0; j < taps.length; j++) sum += taps[j] * plane[at + j]
      narrow[(row - top) * columns + k] = sum
    }
  }
  for (let k = 0; k < rows; k++) {
    const taps = y.weights[k]
    const at = (y.first[k] - top) * columns
    for (let column = 0; column < columns; column++) {
      let sum = 0
      for (let j = 0; j < taps.length; j++) sum += taps[j] * narrow[at + j * columns + column]
      out[k * columns + column] = sum
    }
  }
}
