import { describe, expect, test } from 'vitest'
import { decades, forLinear, forLog, linearDomain, linearTicks, logDomain, logTicks, stepEnd } from '../../src/ui/charts/scale.ts'
import { spread } from '../../src/ui/charts/endLabels.ts'

test('a logarithmic axis is never given what it cannot show', () => {
  expect([1, 0, -1, NaN, Infinity, null, undefined].map(forLog)).toEqual([1, null, null, null, null, null, null])
  expect([1, 0, -1, NaN, Infinity, null, undefined].map(forLinear)).toEqual([1, 0, -1, null, null, null, null])
})

describe('logarithmic domains', () => {
  test.each([
    [[0.3, 0.6, 1.1], [0.3, 1.5]],
    [[0.001], [0.0007, 0.0015]],
    [[0, NaN, null, -3], [1, 10]], // nothing to show: the fallback
    [[0, 0.02, Infinity, 4], [0.02, 5]], // bad values do not count
  ])('%j', (values, domain) => {
    expect(logDomain(values as number[], [1, 10])).toEqual(domain)
  })

  test('hold every positive value, with ticks inside', () => {
    for (let i = 0; i < 500; i++) {
      const values = [10 ** (8 * Math.sin(i) - 4), 10 ** (4 * Math.sin(7 * i))]
      const [low, high] = logDomain(values, [1, 10])
      expect(low).toBeLessThan(high)
      for (const value of values) expect(value >= low * (1 - 1e-9) && value <= high * (1 + 1e-9)).toBe(true)
      for (const tick of logTicks([low, high])) expect(tick >= low * (1 - 1e-9) && tick <= high * (1 + 1e-9)).toBe(true)
      expect(logTicks([low, high]).length).toBeGreaterThanOrEqual(2)
      expect(logTicks([low, high]).length).toBeLessThanOrEqual(8)
    }
  })
})

test('decades are exact', () => {
  expect(decades([0.001, 1])).toEqual([0.001, 0.01, 0.1, 1])
  expect(decades([0.002, 0.5])).toEqual([0.01, 0.1])
})

describe('linear domains', () => {
  test('hold the values and never have zero width', () => {
    for (const values of [[4.1, 3.2], [0], [2, 2], [-5, 3], [1e-9, 2e-9], [null, 7, NaN]]) {
      const [low, high] = linearDomain(values as number[], [0, 1])
      expect(low).toBeLessThan(high)
      for (const value of values) if (value !== null && Number.isFinite(value)) expect(value >= low && value <= high).toBe(true)
    }
    expect(linearDomain([], [0, 5])).toEqual([0, 5])
  })

  test('ticks are round', () => {
    expect(linearTicks([0, 400])).toEqual([0, 100, 200, 300, 400])
    expect(linearTicks([0, 0.3], 3)).toEqual([0, 0.1, 0.2, 0.3])
  })
})

test('the step axis grows in bounds and ends where the run ends', () => {
  expect([1, 11, 380, 1200, 1999, 2000].map((step) => stepEnd(step, 2000))).toEqual([10, 15, 400, 1500, 2000, 2000])
  expect(stepEnd(2100, 2000)).toBe(3000) // an extended run
})

test('labels keep apart, in order, inside the plot', () => {
  const places = spread([50, 51, 50.5, 99], 14, 0, 100)
  const order = [0, 2, 1, 3].map((i) => places[i])
  for (let i = 1; i < order.length; i++) expect(order[i] - order[i - 1]).toBeGreaterThanOrEqual(14 - 1e-9)
  expect(Math.max(...places)).toBeLessThanOrEqual(100)
})
