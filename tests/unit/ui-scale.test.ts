import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decades, forLinear, forLog, linearDomain, linearTicks, logDomain, logTicks, stepEnd } from '../../src/ui/charts/scale.ts'
import { few, withSpread } from '../../src/diagnostics/words.ts'
import { csvOf } from '../../src/ui/charts/save.ts'
import { fixed, lossPlusMinus, lossText, percent, percentPlusMinus, plusMinus, short, toPlaceOf } from '../../src/ui/numbers.ts'
import { freePlace, shortNames, spread } from '../../src/ui/charts/endLabels.ts'

test('a logarithmic axis is never given what it cannot show', () => {
  expect([1, 0, -1, NaN, Infinity, null, undefined].map(forLog)).toEqual([1, null, null, null, null, null, null])
  expect([1, 0, -1, NaN, Infinity, null, undefined].map(forLinear)).toEqual([1, 0, -1, null, null, null, null])
})

/** Whatever a GPU can say, and what is missing. */
const anything = fc.array(fc.oneof(fc.float(), fc.constantFrom(null, 0, -1, 2 ** -149, -3.4e38)), { maxLength: 40 })

describe('logarithmic domains', () => {
  test.each([
    [[0.3, 0.6, 1.1], [0.3, 1.5]],
    [[0.001], [0.0007, 0.0015]],
    [[0, NaN, null, -3], [1, 10]], // nothing to show: the fallback
    [[0, 0.02, Infinity, 4], [0.02, 5]], // bad values do not count
  ])('%j', (values, domain) => {
    expect(logDomain(values as number[], [1, 10])).toEqual(domain)
  })

  test('hold every positive value of whatever they are given, with ticks inside', () => {
    fc.assert(fc.property(anything, (values) => {
      const [low, high] = logDomain(values as number[], [1, 10])
      expect(low > 0 && low < high && Number.isFinite(high)).toBe(true)
      for (const value of values.map(forLog)) if (value !== null) expect(value >= low * (1 - 1e-9) && value <= high * (1 + 1e-9)).toBe(true)
      const ticks = logTicks([low, high])
      for (const tick of ticks) expect(tick >= low * (1 - 1e-9) && tick <= high * (1 + 1e-9)).toBe(true)
    }), { numRuns: 2000, seed: 11 })
  })

  test('have two to eight ticks over the decades that charts have', () => {
    fc.assert(fc.property(fc.double({ min: -8, max: 4, noNaN: true }), fc.double({ min: -4, max: 4, noNaN: true }), (a, b) => {
      const ticks = logTicks(logDomain([10 ** a, 10 ** b], [1, 10]))
      expect(ticks.length >= 2 && ticks.length <= 8).toBe(true)
    }), { numRuns: 2000, seed: 12 })
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

  test('hold whatever is finite, and never have zero width', () => {
    fc.assert(fc.property(anything, (values) => {
      const [low, high] = linearDomain(values as number[], [0, 1])
      expect(low < high && Number.isFinite(low) && Number.isFinite(high)).toBe(true)
      for (const value of values.map(forLinear)) if (value !== null) expect(value >= low - 1e-9 * (high - low) && value <= high + 1e-9 * (high - low)).toBe(true)
    }), { numRuns: 2000, seed: 13 })
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

describe('names at the ends of lines', () => {
  const [fm, small, large] = ['FM ×3', 'LCF T_min 0.02 ×3', 'LCF T_min 0.2 ×3']

  test('lose what all have in common where there is no room, and never what tells them apart', () => {
    expect(shortNames([fm, small, large], 20)).toEqual([fm, small, large])
    expect(shortNames([fm, small, large], 14)).toEqual(['FM', 'LCF T_min 0.02', 'LCF T_min 0.2'])
    expect(shortNames([small, large], 14)).toEqual(['0.02', '0.2'])
    expect(shortNames([small], 14)).toEqual([small])
    const names = fc.array(fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 4 }).map((words) => words.join(' ')), { maxLength: 5 }).map((all) => [...new Set(all)])
    fc.assert(fc.property(names, (all) => {
      const short = shortNames(all, 0)
      expect(new Set(short).size).toBe(all.length)
      for (const name of short) expect(name).not.toBe('')
    }))
  })

  test('words stand in the lowest place that no line crosses', () => {
    const box = { left: 0, right: 50, top: 0, bottom: 100, height: 12 }
    const level = (y: number, from = -10, to = 60) => [{ x: from, y }, { x: to, y }]
    expect(freePlace([], box)).toBe(92)
    expect(freePlace([level(50)], box)).toBe(92)
    expect(freePlace([level(90), level(20)], box)).toBe(82) // there is no room below the lower one
    expect(freePlace([level(92, 55, 60)], box)).toBe(92) // it does not come so far
    expect(freePlace([[{ x: -10, y: 100 }, { x: 60, y: 40 }]], box)).toBeLessThan(48) // a slope is crossed all along
    expect(freePlace([level(90).toReversed()], box)).toBe(82)
  })
})

describe('numbers', () => {
  test('have a zero before the point and a true minus, on the page and in what diagnostics say', () => {
    expect([-0.082, -1234.4, -2e-7, 0.05, 0].map(short)).toEqual(['−0.082', '−1,234', '−2.0e-7', '0.05', '0'])
    expect([fixed(-0.5), percent(-0.032), percent(-0.5)]).toEqual(['−0.500', '−3.2 %', '−50 %'])
    expect([lossText(0.5, 2), lossText(0.0054321, 2), lossText(0.0054321), lossText(0), lossText(1e-12), lossText(null)]).toEqual(['0.50', '0.00543', '0.00543', '0.000', '1.0e-12', '–'])
    expect([-0.0821, 1234, 0.05].map(few)).toEqual(['−0.0821', '1,230', '0.05'])
    expect(csvOf({ columns: ['a'], rows: [['−0.5'], ['a − b']] })).toBe('a\n-0.5\na − b\n') // for programs
  })

  test('have as many digits as their spread lets one trust', () => {
    for (const write of [plusMinus, withSpread]) {
      const said = ([[0.351, 0.679], [18, 5.8], [-0.082, 0.13], [2.7, 0.0591], [1234.5, 456], [3, 0.0999]] as const).map(([mean, spread]) => write(mean, spread))
      expect(said).toEqual(['0.35 ± 0.68', '18.0 ± 5.8', '−0.08 ± 0.13', '2.700 ± 0.059', '1,235 ± 456', '3.00 ± 0.10'])
      expect(write(0.25, 0)).toBe('0.25')
    }
    expect([plusMinus(2.5e-7, 1.2e-8), plusMinus(1.2e7, 3.5e6), plusMinus(0.5, 1e-9), plusMinus(NaN, 1), plusMinus(2, null)]).toEqual(['(2.50 ± 0.12)e−7', '(1.20 ± 0.35)e7', '0.5', '–', '2'])
    expect([percentPlusMinus(0.5091, 0.0591), percentPlusMinus(0.5091, null), lossPlusMinus(1.0464, 0.00408), lossPlusMinus(0.5, null), lossPlusMinus(null, null)]).toEqual(['50.9 ± 5.9 %', '51 %', '1.0464 ± 0.0041', '0.500', '–'])
    expect([-0.7469, 0.75, 12].map(toPlaceOf(0.0067))).toEqual(['−0.7469', '0.7500', '12.0000'])
    expect([withSpread(0.5, 1e-9), withSpread(12, 0.037)]).toEqual(['0.5', '12.000 ± 0.037'])
  })
})
