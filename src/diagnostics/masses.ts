/** Ratios and roots of sums of squares over images, each with its doubt. */
import { type Estimate, meanOf } from '../flow/estimate.ts'

/** E a / E b · by, with its standard error by the delta method. */
export function ratioOf(a: Float64Array, b: Float64Array, by: number): Estimate {
  const [above, below] = [meanOf(a), meanOf(b)]
  const value = by * above.value / below.value
  const relative = meanOf(a.map((x, i) => x / above.value - b[i] / below.value))
  return { value, standardError: Math.abs(value) * relative.standardError, count: a.length }
}

export const root = ({ value, standardError, count }: Estimate): Estimate => ({ value: Math.sqrt(value), standardError: standardError / (2 * Math.sqrt(value)), count })
