/**
 * Energy distance of two sets of points (Székely and Rizzo 2013, J. Stat. Plan. Inference 143:1249): 2 E‖X − Y‖ − E‖X − X'‖ − E‖Y − Y'‖, 0 for equal
 * distributions and for no others.
 */
import type { Estimate } from './estimate.ts'

/** Disjoint parts whose spread gives the error. */
const PARTS = 4
export const FEWEST = 2 * PARTS

/** Without bias, so that it may fall a little below 0. x, y: (n,d), equally many. @throws RangeError with fewer than 8 points */
export function energyDistance(x: ArrayLike<number>, y: ArrayLike<number>, dimensions: number): Estimate {
  const n = x.length / dimensions
  if (n < FEWEST || x.length !== y.length) throw new RangeError(`An energy distance needs two sets of ${FEWEST} points or more, equally many, not ${n} and ${y.length / dimensions}.`)
  const value = between(x, y, dimensions, 0, n)
  const each = Math.floor(n / PARTS)
  const parts = Array.from({ length: PARTS }, (_, p) => between(x, y, dimensions, p * each, (p + 1) * each))
  const mean = parts.reduce((sum, part) => sum + part, 0) / PARTS
  const squares = parts.reduce((sum, part) => sum + (part - mean) ** 2, 0)
  return { value, standardError: Math.sqrt(squares / (PARTS - 1) / PARTS), count: n }
}

/** Over the pairs i ≠ j of points from … to − 1. */
function between(x: ArrayLike<number>, y: ArrayLike<number>, d: number, from: number, to: number): number {
  let sum = 0
  for (let i = from; i < to; i++) {
    for (let j = from; j < i; j++) sum += apart(x, i, y, j, d) + apart(y, i, x, j, d) - apart(x, i, x, j, d) - apart(y, i, y, j, d)
  }
  return (2 * sum) / ((to - from) * (to - from - 1))
}

function apart(a: ArrayLike<number>, i: number, b: ArrayLike<number>, j: number, d: number): number {
  let squares = 0
  for (let k = 0; k < d; k++) squares += (a[i * d + k] - b[j * d + k]) ** 2
  return Math.sqrt(squares)
}
