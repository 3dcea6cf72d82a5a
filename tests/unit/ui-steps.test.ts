import { describe, expect, test } from 'vitest'
import { parseConfig } from '../../src/config.ts'
import { tell } from '../../src/ui/charts/sentences.ts'
import { type Series, namedOf, seriesOf } from '../../src/ui/charts/series.ts'
import { type Trace, changeOf, pointNear, tracesOverSeeds } from '../../src/ui/charts/steps.ts'

const series = (index: number, name = 'FM'): Series => ({ index, run: 0, replica: index, key: `a/${index}`, label: `${name}, seed ${index}`, name, arm: 0, method: 'fm', colour: 'red', marker: 'circle', dash: '9 3', hidden: false })
const trace = (index: number, points: [step: number, y: number | null][], name?: string): Trace => ({ series: series(index, name), points: points.map(([step, y]) => ({ step, y })) })

describe('seeds over steps', () => {
  const one = trace(0, [[10, 1], [20, 3], [40, 5]])
  const other = trace(1, [[10, 3], [40, 9]])

  test('are one line with their mean and spread, read between the points of a series that was thinned otherwise', () => {
    const [mean, ...rest] = tracesOverSeeds([one, other], [[0, 1]], false)
    expect(rest).toEqual([])
    expect(mean.series).toMatchObject({ index: 0, label: 'FM ×2', dash: '9 3' })
    expect(mean.points.map(({ step, y }) => [step, y])).toEqual([[10, 2], [20, 4], [40, 7]])
    expect(mean.points[1].spread).toBeCloseTo(Math.SQRT2, 12) // n − 1
    expect(mean.points[1].band).toEqual([4 - mean.points[1].spread!, 4 + mean.points[1].spread!])
  })

  test('a value that one of them has not is a gap, not a jump', () => {
    expect(tracesOverSeeds([one, trace(1, [[10, 3], [20, null], [40, 9]])], [[0, 1]], false)[0].points.map(({ y }) => y)).toEqual([2, null, 7])
    expect(tracesOverSeeds([one, trace(1, [[10, 3], [20, 5]])], [[0, 1]], false)[0].points.map(({ y }) => y)).toEqual([2, 4, null])
  })

  test('whatever is alone stays as it is', () => {
    const alone = trace(2, [[0, 1]], 'LCF')
    expect(tracesOverSeeds([one, alone], [[0, 1], [2]], false)).toEqual([one, alone])
    expect(tracesOverSeeds([one, other], [], false)).toEqual([one, other])
  })

  test('a band stays above 0 on a logarithmic axis', () => {
    const [mean] = tracesOverSeeds([trace(0, [[0, 0.1]]), trace(1, [[0, 10]])], [[0, 1]], true)
    expect(mean.points[0].band![0]).toBeGreaterThan(0)
    expect(mean.points[0].band![0]).toBeLessThan(mean.points[0].y!)
  })
})

test('the nearest point, and the change from the first to the last', () => {
  const { points } = trace(0, [[0, 4], [10, null], [20, 1]])
  expect([-5, 4, 6, 16, 99].map((step) => pointNear(points, step)!.step)).toEqual([0, 0, 10, 20, 20])
  expect(pointNear([], 3)).toBeNull()
  expect(changeOf(points)).toBe(-0.75)
  expect(changeOf(points.slice(0, 2))).toBeNull()
})

test('a sentence tells each arm with its range over seeds, and of many the extremes by name', () => {
  const of = (replicas: object[], values: (number | null)[]) => tell(seriesOf(namedOf(parseConfig({ replicas }))), ({ index }) => values[index], String)
  const arms = [{ method: 'fm' }, { method: 'lcf', tMin: 0.02, label: 'LCF T_min 0.02' }, { method: 'lcf', tMin: 0.1, label: 'LCF T_min 0.1' }, { method: 'lcf', tMin: 0.2, label: 'LCF T_min 0.2' }]
  const seeds = [0, 1].flatMap((seed) => arms.map((arm) => ({ ...arm, seed })))
  expect(of(arms.slice(0, 3), [1, 2, 3])).toBe('FM 1, LCF T_min 0.02: 2, LCF T_min 0.1: 3')
  expect(of([seeds[0], seeds[4], seeds[1]], [0, 1, 3])).toBe('FM 0–1 (2 seeds), LCF T_min 0.02: 3')
  expect(of(seeds, [5, 1, 2, 3, 5, 3, 2, 4])).toBe('from LCF T_min 0.02: 1–3 to FM 5 (2 seeds each)')
  expect(of(seeds, [1, 2, 3, null, 2, 3, 4, null])).toBe('FM 1–2, LCF T_min 0.02: 2–3, LCF T_min 0.1: 3–4 (2 seeds each)')
})

test('arms without names of their own are called by what sets them apart, and seeds told within each', () => {
  const arms = [0.1, 0.2].flatMap((tMin) => [3, 4].map((seed) => ({ method: 'lcf', tMin, seed })))
  expect(seriesOf(namedOf(parseConfig({ replicas: arms }))).map(({ label, arm }) => [label, arm])).toEqual([['LCF, T_min 0.1, seed 3', 0], ['LCF, T_min 0.1, seed 4', 0], ['LCF, T_min 0.2, seed 3', 2], ['LCF, T_min 0.2, seed 4', 2]])
})
