/** What became of n samples from the same noise, by difference (n,d) = x′ − x. */
import { type Estimate, meanOf } from '../flow/estimate.ts'

/** Root mean square of the change of each sample. */
export function changeOf(difference: Float64Array, n: number): Estimate {
  const d = difference.length / n
  return meanOf(Float64Array.from({ length: n }, (_, i) => Math.sqrt(difference.subarray(i * d, (i + 1) * d).reduce((sum, value) => sum + value * value, 0) / d)))
}

/**
 * Root mean square of the mean change, freed of what chance puts into it: ‖mean‖² = Σ_{i≠j} x_i·x_j/(n(n−1)). Its square may come out below 0, which
 * counts as 0. The doubt is what the jackknife's of the square adds to the root, so that a shift of 0 has one too.
 */
export function meanChangeOf(difference: Float64Array, n: number): Estimate {
  const d = difference.length / n
  const sum = new Float64Array(d)
  for (let i = 0; i < n * d; i++) sum[i % d] += difference[i]
  const dot = (a: Float64Array, b: Float64Array) => a.reduce((total, value, k) => total + value * b[k], 0)
  const rows = Array.from({ length: n }, (_, i) => difference.subarray(i * d, (i + 1) * d))
  const own = rows.map(row => dot(row, row))
  const whole = dot(sum, sum)
  const squares = own.reduce((total, value) => total + value, 0)
  const squareOf = (pairs: number, count: number) => pairs / (count * (count - 1) * d)
  const square = Math.max(0, squareOf(whole - squares, n))
  const without = rows.map((row, i) => squareOf(whole - 2 * dot(sum, row) + own[i] - (squares - own[i]), n - 1))
  const mean = without.reduce((total, one) => total + one / n, 0)
  const doubt = Math.sqrt((without.reduce((total, one) => total + (one - mean) ** 2, 0) * (n - 1)) / n)
  return { value: Math.sqrt(square), standardError: Math.sqrt(square + doubt) - Math.sqrt(square), count: n }
}
