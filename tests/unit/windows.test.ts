import { describe, expect, test } from 'vitest'
import { meanChangeOf } from '../../src/diagnostics/moved.ts'
import { amplitudeOf, perturbationOf, PERTURBATIONS } from '../../src/diagnostics/perturbation.ts'
import { PhiloxStream } from '../../src/engine/philox.ts'

function normals(length: number, seed: number): Float64Array {
  const values = new Float64Array(length)
  new PhiloxStream(seed, 94).fillNormal(values)
  return values
}

const images = normals(400 * 64, 6)
const errors = normals(400 * 64, 1).map(value => 0.2 * value)

describe.each(PERTURBATIONS)('%s', kind => {
  test('is of root mean square 1 on every image, and of mean 0 over all', () => {
    const delta = perturbationOf(kind, images.subarray(0, 100 * 192), { channels: 3, size: 8 }, new PhiloxStream(2, 94))
    for (let from = 0; from < delta.length; from += 192) expect(delta.subarray(from, from + 192).reduce((sum, value) => sum + value * value, 0) / 192).toBeCloseTo(1, 12)
    expect(Math.abs(delta.reduce((sum, value) => sum + value, 0) / delta.length)).toBeLessThan(0.01)
  })

  test.each([0, 1, 3, 10])('lowers the PSNR by %d dB', decibels => {
    const square = (values: Float64Array) => values.reduce((sum, value) => sum + value * value, 0) / values.length
    const delta = perturbationOf(kind, images.map((value, k) => value + errors[k]), { channels: 1, size: 8 }, new PhiloxStream(2, 94))
    const amplitude = amplitudeOf(square(errors), decibels)
    const worse = errors.map((value, k) => value + amplitude * delta[k])
    expect(Math.abs(10 * Math.log10(square(worse) / square(errors)) - decibels)).toBeLessThan(0.1)
  })
})

test('noise changes its sign from image to image and step to step, drift does not', () => {
  const at = (kind: 'noise' | 'drift', step: number) => perturbationOf(kind, new Float64Array(64 * 16), { channels: 1, size: 4 }, new PhiloxStream(0, 94, step))
  const signs = (values: Float64Array) => Array.from({ length: 64 }, (_, i) => values[i * 16])
  expect(new Set(signs(at('noise', 1)))).toEqual(new Set([-1, 1]))
  expect(at('noise', 1)).not.toEqual(at('noise', 2))
  expect(Array.from(at('noise', 1).subarray(0, 5), Math.abs)).toEqual([1, 1, 1, 1, 1])
  expect(Array.from(at('drift', 1).subarray(0, 12))).toEqual([1, 1, -1, -1, 1, 1, -1, -1, -1, -1, 1, 1])
  expect(at('drift', 1)).toEqual(at('drift', 2))
  expect(new Set(signs(at('drift', 1)))).toEqual(new Set([1]))
})

test('a shift moves what there is to the right, and an even image nowhere', () => {
  const hill = Float64Array.from({ length: 2 * 64 }, (_, i) => (i < 64 ? Math.exp(-(((i % 8) - 3) ** 2) / 4) : 0.5))
  const delta = perturbationOf('shift', hill, { channels: 1, size: 8 }, new PhiloxStream(2, 94))
  const centre = (values: Float64Array) => values.reduce((sum, value, i) => sum + (i % 8) * value, 0) / values.reduce((sum, value) => sum + value, 0)
  const [before, moved] = [hill.subarray(0, 64), hill.subarray(0, 64).map((value, k) => value + 0.1 * delta[k])]
  expect(centre(moved) - centre(before)).toBeGreaterThan(0.1)
  expect(delta.subarray(64).every(value => value === 0)).toBe(true)
})

test('the shift of a mean is found among changes that are much larger, and none where there is none', () => {
  const [n, d] = [50, 40]
  const away = normals(n * d, 3)
  const { value, standardError } = meanChangeOf(away.map(change => change + 0.3), n)
  expect(Math.abs(value - 0.3)).toBeLessThan(3 * standardError)
  expect(standardError).toBeLessThan(0.05)
  expect(meanChangeOf(away, n).value).toBeLessThan(0.1) // the plain norm of the mean is .14
  const still = meanChangeOf(new Float64Array(n * d).fill(0.3), n)
  expect(still.value).toBeCloseTo(0.3, 12)
  expect(still.standardError).toBeCloseTo(0, 7)
})
