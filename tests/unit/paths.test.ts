import { describe, expect, test } from 'vitest'
import { objectiveSchema, pathParameters } from '../../src/config.ts'
import { makePath, pathFamilies } from '../../src/flow/paths.ts'

const variants: [string, Record<string, number>][] = [
  ...Object.keys(pathFamilies).map((id): [string, Record<string, number>] => [id, {}]),
  ['power', { p: 0.5 }], ['power', { p: 3 }], ['power-noise', { p: 0.5 }], ['vp', { b0: 1, b1: 5 }], ['lipman', { sigmaMin: 0.2 }], ['ve', { sigmaMin: 0.1, sigmaMax: 10 }],
]

test('a parameter is a control, all of whose values it takes; no two paths share a place in lists', () => {
  for (const { id, parameters } of Object.values(pathFamilies)) {
    expect(pathParameters[id]).toEqual(parameters.map(({ field }) => field))
    for (const parameter of parameters) {
      const { minValue, maxValue } = objectiveSchema.shape[parameter.field].unwrap() as { minValue: number; maxValue: number }
      for (const value of [minValue, maxValue]) expect(() => makePath(id, { [parameter.id]: value })).not.toThrow()
    }
  }
  expect(new Set(Object.values(pathFamilies).map(({ order }) => order)).size).toBe(Object.keys(pathFamilies).length)
})

test('the schedules of the diagnostics are all there', () => {
  expect(Object.keys(pathFamilies)).toEqual(['linear', 'cosine', 'power', 'power-noise', 'vp', 'lipman', 'scaled', 'linear-vp', 've'])
})

describe.each(variants)('path %s %o', (id, values) => {
  const path = makePath(id, values)

  test('dα and dβ are the derivatives of α and β (central differences)', () => {
    const h = 1e-5
    for (const t of [0.01, 0.1, 0.37, 0.5, 0.9, 0.999]) {
      const difference = (f: (t: number) => number) => (f(t + h) - f(t - h)) / (2 * h)
      expect(Math.abs(path.dalpha(t) - difference(path.alpha))).toBeLessThan(1e-6 * (1 + Math.abs(path.dalpha(t))))
      expect(Math.abs(path.dbeta(t) - difference(path.beta))).toBeLessThan(1e-6 * (1 + Math.abs(path.dbeta(t))))
    }
  })

  test('begins at the image, ends at noise, and no value is NaN on the way', () => {
    expect(path.alpha(0)).toBe(1)
    expect(path.beta(0)).toBeCloseTo(path.parameters.sigmaMin ?? 0, 12)
    if (id === 've') expect(path.beta(1)).toBeCloseTo(path.parameters.sigmaMax, 10)
    else expect(path.beta(1)).toBeGreaterThan(0.97)
    for (const f of [path.alpha, path.beta, path.dalpha, path.dbeta]) for (const t of [0, 1e-9, 0.5, 1]) expect(f(t)).not.toBeNaN()
  })
})

test('a pole of β\' is Infinity', () => {
  for (const path of [makePath('vp'), makePath('linear-vp'), makePath('power', { p: 0.5 })]) expect(path.dbeta(0)).toBe(Infinity)
})

test('VP preserves variance and stops short of noise', () => {
  const vp = makePath('vp')
  for (const t of [0.1, 0.5, 1]) expect(vp.alpha(t) ** 2 + vp.beta(t) ** 2).toBeCloseTo(1, 12)
  expect(vp.alpha(1)).toBeCloseTo(0.0066, 4)
})

test('σ_min = 0 is the linear path', () => {
  const [lipman, linear] = [makePath('lipman', { sigmaMin: 0 }), makePath('linear')]
  for (const t of [0, 0.3, 1]) expect([lipman.beta(t), lipman.dbeta(t)]).toEqual([linear.beta(t), linear.dbeta(t)])
})

test.each([
  ['spline', {}, /no path "spline".*linear/],
  ['constructor', {}, /no path/],
  ['linear', { p: 2 }, /no parameter "p"; it has none/],
  ['vp', { beta: 2 }, /it has b0, b1/],
  ['power', { p: 0 }, /p must be between/],
  ['power', { p: NaN }, /p must be between/],
  ['lipman', { sigmaMin: -1 }, /sigmaMin must be between/],
])('makePath(%s, %o) says what is wrong', (id, values, message) => {
  expect(() => makePath(id, values as Record<string, number>)).toThrow(message)
})
