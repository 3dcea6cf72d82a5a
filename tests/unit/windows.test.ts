import { describe, expect, test } from 'vitest'
import { amplitudeOf, patternOf, signsOf } from '../../src/diagnostics/perturbation.ts'
import { shiftOf } from '../../src/diagnostics/window_panels.ts'
import { PhiloxStream } from '../../src/engine/philox.ts'

function normals(length: number, seed: number): Float64Array {
  const values = new Float64Array(length)
  new PhiloxStream(seed, 94).fillNormal(values)
  return values
}

describe.each(['noise', 'drift'] as const)('%s', kind => {
  test('is of root mean square 1 and of mean 0', () => {
    const pattern = patternOf(kind, 3, 8)
    expect(pattern.length).toBe(192)
    expect(pattern.every(value => Math.abs(value) === 1)).toBe(true)
    expect(pattern.reduce((sum, value) => sum + value)).toBe(0)
  })

  test.each([0, 1, 3, 10])('lowers the PSNR by %d dB', decibels => {
    const [count, d] = [400, 64]
    const error = normals(count * d, 1).map(value => 0.2 * value)
    const square = (values: Float64Array) => values.reduce((sum, value) => sum + value * value, 0) / values.length
    const pattern = patternOf(kind, 1, 8)
    const signs = signsOf(kind, count, new PhiloxStream(2, 94))
    const amplitude = amplitudeOf(square(error), decibels)
    const worse = error.map((value, k) => value + amplitude * signs[Math.floor(k / d)] * pattern[k % d])
    expect(Math.abs(10 * Math.log10(square(worse) / square(error)) - decibels)).toBeLessThan(0.1)
  })
})

test('noise changes its sign from image to image and step to step, drift does not', () => {
  const at = (step: number) => signsOf('noise', 64, new PhiloxStream(0, 94, step))
  expect(new Set(at(1)).size).toBe(2)
  expect(at(1)).not.toEqual(at(2))
  expect(new Set(signsOf('drift', 64, new PhiloxStream(0, 94, 1)))).toEqual(new Set([1]))
})

test('the shift of a mean is found among changes that are much larger, and none where there is none', () => {
  const [n, d] = [50, 40]
  const away = normals(n * d, 3)
  const { value, standardError } = shiftOf({ difference: away.map(change => change + 0.3) }, n)
  expect(Math.abs(value - 0.3)).toBeLessThan(3 * standardError)
  expect(standardError).toBeLessThan(0.05)
  expect(shiftOf({ difference: away }, n).value).toBeLessThan(0.1) // the plain norm of the mean is .14
  const still = shiftOf({ difference: new Float64Array(n * d).fill(0.3) }, n)
  expect(still.value).toBeCloseTo(0.3, 12)
  expect(still.standardError).toBeCloseTo(0, 7)
})
