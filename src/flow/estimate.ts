/** Numbers that come with their doubt. */

export interface Estimate {
  value: number
  /** Of the value; 0 where it is exact. */
  standardError: number
  /** Independent draws behind it; Infinity where it is exact. */
  count: number
}

export const exactly = (value: number): Estimate => ({ value, standardError: 0, count: Infinity })

/** Mean of independent draws with the standard error from their own spread (NaN for one draw). */
export function meanOf(values: ArrayLike<number>): Estimate {
  const count = values.length
  let mean = 0
  for (let i = 0; i < count; i++) mean += values[i] / count
  let squares = 0
  for (let i = 0; i < count; i++) squares += (values[i] - mean) ** 2
  return { value: mean, standardError: Math.sqrt(squares / (count - 1) / count), count }
}

/**
 * √(E a / E b) from pairs (a_i, b_i): the ratio of root mean squares, which is not the mean of ratios. Standard error by the delta method,
 * ½ R √(Var(a/ā − b/b̄)/n), so it is 0 when a_i is a fixed multiple of b_i. NaN where every b is 0.
 * @param squaredNumerators (n) a_i = ‖Δv‖²  @param squaredDenominators (n) b_i = ‖Δx‖²
 */
export function rootMeanSquareRatio(squaredNumerators: ArrayLike<number>, squaredDenominators: ArrayLike<number>): Estimate {
  const count = squaredNumerators.length
  let [above, below] = [0, 0]
  for (let i = 0; i < count; i++) {
    above += squaredNumerators[i] / count
    below += squaredDenominators[i] / count
  }
  const value = below > 0 ? Math.sqrt(above / below) : NaN
  let squares = 0
  for (let i = 0; i < count; i++) squares += above > 0 ? (squaredNumerators[i] / above - squaredDenominators[i] / below) ** 2 : 0
  return { value, standardError: 0.5 * value * Math.sqrt(squares / (count - 1) / count), count }
}

export interface Slope {
  slope: number
  /** From the residuals, n − 2 degrees of freedom; NaN for two points. */
  standardError: number
  /** Points that could be used. */
  count: number
}

/**
 * Least-squares slope of log y against log x: the exponent of a power law. Points that are not finite and positive are left out.
 * @throws RangeError with fewer than two points at different x
 */
export function logLogSlope(x: ArrayLike<number>, y: ArrayLike<number | null>): Slope {
  const points: [x: number, y: number][] = []
  for (let i = 0; i < x.length; i++) {
    const value = y[i]
    if (value !== null && x[i] > 0 && value > 0 && Number.isFinite(x[i]) && Number.isFinite(value)) points.push([Math.log(x[i]), Math.log(value)])
  }
  const count = points.length
  const centreX = points.reduce((sum, [a]) => sum + a, 0) / count
  const centreY = points.reduce((sum, [, b]) => sum + b, 0) / count
  const spread = points.reduce((sum, [a]) => sum + (a - centreX) ** 2, 0)
  if (!(spread > 0)) throw new RangeError(`A slope needs two positive values at different places; there ${count === 1 ? 'is 1' : `are ${count}`}.`)
  const slope = points.reduce((sum, [a, b]) => sum + (a - centreX) * (b - centreY), 0) / spread
  const residual = points.reduce((sum, [a, b]) => sum + (b - centreY - slope * (a - centreX)) ** 2, 0)
  return { slope, standardError: count > 2 ? Math.sqrt(residual / (count - 2) / spread) : NaN, count }
}
