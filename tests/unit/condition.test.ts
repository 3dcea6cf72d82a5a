import { describe, expect, test } from 'vitest'
import { conditionGrid, conditionNumber, conditionNumberAt, lowerBoundEq19, lowerBoundEq25, sampleConditionNumber } from '../../src/flow/condition.ts'
import { logLogSlope, meanOf, rootMeanSquareRatio } from '../../src/flow/estimate.ts'
import { makePath, pathFamilies } from '../../src/flow/paths.ts'

const linear = makePath('linear')
const at = (t1: number, t2: number, squaredNorm = 64, dimensions = 64) => ({ t1, t2, squaredNorm, dimensions })
const logLevels = (low: number, high: number, count: number) => Array.from({ length: count }, (_, i) => low * (high / low) ** (i / (count - 1)))

describe('values known in closed form', () => {
  test.each([
    ['linear', {}, [50, 10, 2]],
    ['cosine', {}, [49.984, 9.918, 1.5708]],
    ['power', { p: 2 }, [100, 20, 4]],
    ['power', { p: 0.5 }, [25, 5, 1]],
    ['power-noise', { p: 2 }, [100, 20, 4]],
    ['vp', {}, [41.514, 9.03, 0.4314]],
    ['lipman', { sigmaMin: 0.01 }, [33.22, 9.083, 1.96]],
    ['linear-vp', {}, [24.75, 4.737, 0.6667]],
    ['ve', { sigmaMin: 0.01, sigmaMax: 50 }, [Math.log(5000), Math.log(5000), Math.log(5000)]],
  ])('κ(t,t) of %s %o at t = .02, .1, .5', (id, values, expected) => {
    const path = makePath(id, values as Record<string, number>)
    const printed = (value: number) => 0.5 * 10 ** (Math.floor(Math.log10(value)) - 3) // half of the fourth figure
    for (const [i, t] of [0.02, 0.1, 0.5].entries()) expect(Math.abs(conditionNumberAt(path, t) - expected[i])).toBeLessThan(printed(expected[i]))
  })

  test('linear: 1/t to 1e-6 for any image and dimension', () => {
    for (const t of [1e-3, 0.02, 0.5, 1]) {
      for (const [norm, d] of [[0, 1], [12.5, 144], [1e6, 3]]) expect(conditionNumber(linear, at(t, t, norm, d)) * t).toBeCloseTo(1, 6)
    }
  })

  test('linear at t = (.05, .02) and ‖x0‖² = d', () => {
    expect(conditionNumber(linear, at(0.05, 0.02))).toBeCloseTo(Math.sqrt(2 / (0.0009 + 0.0029)), 10)
    expect(conditionNumber(linear, at(0.05, 0.02))).toBeCloseTo(22.942, 3)
  })

  test('Lipman is finite at t = 0, linear is not', () => {
    expect(conditionNumberAt(makePath('lipman', { sigmaMin: 0.01 }), 0)).toBeCloseTo(99, 10)
    for (const [id, values] of [['linear', {}], ['power', { p: 2 }], ['power', { p: 0.5 }], ['vp', {}], ['linear-vp', {}]] as const) {
      expect(conditionNumber(makePath(id, values), at(0, 0))).toBe(Infinity)
    }
    expect(conditionNumber(makePath('vp'), at(0, 0.1))).toBe(Infinity) // β′(0) is
    expect(conditionNumber(linear, at(0, 0.02))).toBeCloseTo(Math.sqrt(2 / (2 * 0.02 ** 2)), 10)
  })
})

describe('bounds', () => {
  test('at t1 = t2 eq. 19 is exact/√2 and eq. 25 is exact', () => {
    for (const id of Object.keys(pathFamilies)) {
      const path = makePath(id)
      for (const t of [0.01, 0.3, 0.8]) {
        const exact = conditionNumber(path, at(t, t))
        expect(lowerBoundEq19(path, at(t, t))! / exact).toBeCloseTo(0.70711, 5)
        expect(lowerBoundEq25(path, at(t, t))! / exact).toBeCloseTo(1, 10)
      }
    }
  })

  test('both are below the exact value everywhere', () => {
    for (const id of Object.keys(pathFamilies)) {
      const path = makePath(id)
      for (const t1 of [0.001, 0.05, 0.4, 0.99]) {
        for (const t2 of [0.002, 0.1, 0.7]) {
          for (const norm of [0, 20, 500]) {
            const exact = conditionNumber(path, at(t1, t2, norm))
            expect(lowerBoundEq25(path, at(t1, t2, norm))!).toBeLessThanOrEqual(exact * (1 + 1e-12))
            expect(lowerBoundEq19(path, at(t1, t2, norm))!).toBeLessThan(exact)
          }
        }
      }
    }
  })

  test('where β′ < 0 there is κ and no bound', () => {
    const falling = { ...linear, beta: (t: number) => 1 - t / 2, dbeta: () => -0.5 }
    expect(lowerBoundEq19(falling, at(0.2, 0.4))).toBeNull()
    expect(lowerBoundEq25(falling, at(0.2, 0.4))).toBeNull()
    expect(conditionNumberAt(falling, 0.2)).toBeCloseTo(0.5 / 0.9, 12)
  })
})

test('the grid is symmetric, exact on the diagonal, and grows towards the corner', () => {
  const levels = logLevels(1e-3, 1, 12)
  const grid = conditionGrid(linear, levels, 25, 144)
  levels.forEach((t, i) => expect(grid[i * 12 + i] * t).toBeCloseTo(1, 12))
  for (let i = 0; i < 12; i++) for (let j = 0; j < 12; j++) expect(grid[i * 12 + j]).toBe(grid[j * 12 + i])
  expect(grid[1]).toBeGreaterThan(grid[12 + 2])
})

describe('sampled', () => {
  test.each(Object.keys(pathFamilies))('%s agrees with the exact value within 4 standard errors and 1 %%', id => {
    const path = makePath(id)
    const pair = at(0.3, 0.1, 20)
    const exact = conditionNumber(path, pair)
    const { value, standardError, count } = sampleConditionNumber(path, { ...pair, count: 2000, seed: 3 })
    expect(count).toBe(2000)
    expect(Math.abs(value - exact)).toBeLessThan(Math.max(4 * standardError, 1e-9 * exact))
    expect(Math.abs(value / exact - 1)).toBeLessThan(0.01)
  })

  // Unbiased to O(1/n), and the error that it states is the spread it has: 60 repeats give that spread to ± 9 %.
  test('its standard error is the spread over repeats', () => {
    const path = makePath('cosine')
    const repeats = Array.from({ length: 60 }, (_, seed) => sampleConditionNumber(path, { ...at(0.5, 0.1, 60, 8), count: 200, seed }))
    const spread = meanOf(repeats.map(({ value }) => value)).standardError * Math.sqrt(60)
    const stated = meanOf(repeats.map(({ standardError }) => standardError)).value
    expect(stated).toBeGreaterThan(0)
    expect(stated / spread).toBeGreaterThan(0.7)
    expect(stated / spread).toBeLessThan(1.4)
  })

  test('at t1 = t2 it is exact to rounding with two pairs', () => {
    const { value, standardError } = sampleConditionNumber(linear, { ...at(0.02, 0.02), count: 2, seed: 9 })
    expect(value).toBeCloseTo(50, 9)
    expect(standardError).toBeLessThan(1e-9)
  })

  test('the seed decides', () => {
    const draw = (seed: number) => sampleConditionNumber(linear, { ...at(0.1, 0.2), count: 5, seed }).value
    expect(draw(1)).toBe(draw(1))
    expect(draw(1)).not.toBe(draw(2))
  })
})

test('a ratio of root mean squares is not a mean of ratios', () => {
  expect(rootMeanSquareRatio([1, 100], [1, 1]).value).toBeCloseTo(Math.sqrt(50.5), 12)
  expect(rootMeanSquareRatio([0, 0], [1, 2])).toEqual({ value: 0, standardError: 0, count: 2 })
  expect(rootMeanSquareRatio([1, 1], [0, 0]).value).toBeNaN()
})

describe('slope on log axes', () => {
  const levels = logLevels(1e-3, 1e-2, 10)

  test.each([['linear', {}, -1], ['power', { p: 3 }, -1], ['ve', {}, 0]])('of κ near 0: %s %o', (id, values, expected) => {
    const path = makePath(id, values as Record<string, number>)
    const { slope, standardError, count } = logLogSlope(levels, levels.map(t => conditionNumberAt(path, t)))
    expect(slope).toBeCloseTo(expected, 9)
    expect(standardError).toBeLessThan(1e-9)
    expect(count).toBe(10)
  })

  test('leaves out what has no logarithm, and states its error as least squares does', () => {
    // ln y = 0, 1, 1 at ln x = 0, 1, 2: slope ½, residual sum 1/6, so √(1/6 / 1 / 2)
    const { slope, standardError, count } = logLogSlope([1, Math.E, Math.E ** 2, 5, 6, 7], [1, Math.E, Math.E, null, NaN, -1])
    expect([slope, standardError]).toEqual([expect.closeTo(0.5, 12), expect.closeTo(Math.sqrt(1 / 12), 12)])
    expect(count).toBe(3)
    expect(logLogSlope([1, 2], [1, 4]).standardError).toBeNaN()
    expect(() => logLogSlope([1, 2], [1, 0])).toThrow(/two positive values.*there is 1\./)
    expect(() => logLogSlope([], [])).toThrow(RangeError)
  })
})

test.each([
  [() => conditionNumber(linear, at(-0.1, 0.2)), /between 0 and 1, not -0.1/],
  [() => conditionNumberAt(linear, NaN), /between 0 and 1, not NaN/],
  [() => conditionNumber(linear, at(0.1, 0.2, -1)), /0 or more, not -1/],
  [() => conditionNumber(linear, at(0.1, 0.2, 1, 0)), /whole number above 0/],
  [() => sampleConditionNumber(linear, { ...at(0, 0), count: 10, seed: 0 }), /infinite/],
  [() => sampleConditionNumber(linear, { ...at(0.1, 0.1), count: 1, seed: 0 }), /at least 2 pairs/],
])('bad input is named: %#', (call, message) => {
  expect(call).toThrow(message)
})
