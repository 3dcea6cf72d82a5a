import { expect, test } from 'vitest'
import { ridge, type Target, targetsOf } from '../../src/diagnostics/ridge.ts'
import gratings from '../../src/datasets/gratings.dataset.ts'
import { Random } from '../../src/reference/random.ts'

const [N, FITTED, C] = [600, 400, 6]

function features(seed: number): Float32Array {
  return Float32Array.from(new Random(seed).normals(N * C), (value, i) => (i % C === 5 ? 0.3 : 100 + 3 * value))
}
const target = (value: (i: number) => number, name = 'y'): Target => ({ name, columns: [Float64Array.from({ length: N }, (_, i) => value(i))] })

test('a linear latent is read altogether, noise not at all, half and half by half', () => {
  const x = features(1)
  const noise = new Random(2).normals(N, 3)
  const [linear, random, half] = ridge(x, C, [target(i => 2 * x[i * C] - x[i * C + 3]), target(i => noise[i]), target(i => x[i * C] + noise[i])], FITTED, 1e-6)
  expect(linear.value).toBeCloseTo(1, 4)
  expect(Math.abs(random.value)).toBeLessThan(0.1)
  expect(Math.abs(half.value - 0.5)).toBeLessThan(3 * half.standardError)
  expect(half.standardError).toBeGreaterThan(0.01)
  expect(half.standardError).toBeLessThan(0.1)
})

test('features that never vary read nothing, without a NaN', () => {
  const [{ value, standardError }] = ridge(new Float32Array(N * C).fill(0.3), C, [target(i => Math.sin(i))], FITTED, 1e-4)
  expect(value).toBeLessThanOrEqual(0)
  expect(value).toBeGreaterThan(-0.1)
  expect(Number.isFinite(standardError)).toBe(true)
})

test('a penalty shrinks: one feature of deviation 1 keeps 1/(1 + λ) of its weight', () => {
  const x = Float32Array.from({ length: N }, (_, i) => (i % 2 ? 1 : -1))
  const [{ value }] = ridge(x, 1, [target(i => x[i])], FITTED, 0.25)
  expect(value).toBeCloseTo(1 - (1 - 1 / 1.25) ** 2)
})

test('gratings: the class, what it leaves open of orientation and frequency, the phase as two numbers, and the rest', () => {
  const { latents } = gratings.generate(N, { seed: 1, split: 'train' })
  const targets = targetsOf(gratings.latentNames, latents, FITTED)
  expect(targets.map(({ name, columns }) => [name, columns.length])).toEqual([
    ['class', 10], ['orientation within its class', 1], ['frequency within its class', 1], ['phase', 2], ['cx', 1], ['cy', 1], ['amplitude', 1], ['gx', 1], ['gy', 1], ['b', 1],
  ])
  const residual = targets[1].columns[0]
  expect(residual.reduce((most, value) => Math.max(most, Math.abs(value)), 0)).toBeLessThan(2.5) // uniform: √3 deviations
})

test('a latent that never varies, and one that is the class, are left out', () => {
  const latents = Float32Array.from({ length: 3 * N }, (_, i) => [Math.floor(i / 3) % 4, 7, 10 * (Math.floor(i / 3) % 4)][i % 3])
  expect(targetsOf(['class', 'constant', 'same'], latents, FITTED).map(({ name }) => name)).toEqual(['class'])
})
