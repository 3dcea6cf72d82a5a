/** Central differences, for holding a backward against its forward. */
import { expect } from 'vitest'

export function dot(x: Float64Array, y: Float64Array): number {
  let sum = 0
  for (let i = 0; i < x.length; i++) sum += x[i] * y[i]
  return sum
}

/** Holds `tangent` against central differences of `value`, a function of the step along the direction. */
export function expectTangent(value: (step: number) => Float64Array, tangent: Float64Array): void {
  const step = 1e-5
  const [above, below] = [value(step), value(-step)]
  expect(tangent.length).toBe(above.length)
  const slopes = above.map((high, i) => (high - below[i]) / (2 * step))
  const largest = slopes.reduce((most, slope) => Math.max(most, Math.abs(slope)), 0)
  expect(largest).toBeGreaterThan(0)
  expect(slopes.reduce((worst, slope, i) => Math.max(worst, Math.abs(slope - tangent[i])), 0) / largest).toBeLessThan(1e-6)
}

/**
 * Holds `gradient` against central differences of `value` in the elements of x, which is changed and put back.
 * Errors are relative to the largest slope, so that elements whose slope is nearly 0 do not divide noise by noise.
 */
export function expectGradient(value: () => number, x: Float64Array, gradient: Float64Array, elements = x.length): void {
  expect(gradient.length).toBe(x.length)
  const step = 1e-5
  let largest = 0
  let worst = 0
  const stride = Math.max(1, Math.floor(x.length / elements))
  for (let i = 0; i < x.length; i += stride) {
    const kept = x[i]
    x[i] = kept + step
    const above = value()
    x[i] = kept - step
    const below = value()
    x[i] = kept
    const slope = (above - below) / (2 * step)
    largest = Math.max(largest, Math.abs(slope))
    worst = Math.max(worst, Math.abs(slope - gradient[i]))
  }
  expect(largest).toBeGreaterThan(0)
  expect(worst / largest).toBeLessThan(1e-6)
}
