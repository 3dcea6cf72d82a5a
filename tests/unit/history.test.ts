/** History at full rate, thinned for drawing; loss by bands of noise levels. */
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { addToBands, BANDS, ReplicaHistory, startBands } from '../../src/lab/history.ts'
import type { MetricsRow } from '../../src/lab/trainer.ts'
import type { LossByT } from '../../src/protocol.ts'

const row = (changes: Partial<MetricsRow>): MetricsRow => ({
  step: 0, flow: 1, contrastive: 0, gradientNorm: 1, rate: 0.001, anchors: 1, positive: 0, negative: 0, skipped: 0, empty: 0, lambda: 0, low: 0, ...changes,
})

function historyOf(flows: number[], from = 0): ReplicaHistory {
  const history = new ReplicaHistory(from)
  for (const flow of flows) history.add(row({ flow }))
  return history
}

test('steps without a finite gradient are counted in a row, and a good one begins the count anew', () => {
  const history = new ReplicaHistory(0)
  const add = (gradientNorm: number, times: number) => { for (let i = 0; i < times; i++) history.add(row({ gradientNorm, skipped: 30 })) }
  add(Number.NaN, 19)
  expect(history.stuckFor).toBe(19)
  add(1, 1)
  expect(history.stuckFor).toBe(0)
  add(Infinity, 20)
  expect([history.stuckFor, history.copy().stuckFor]).toEqual([20, 20])
})

describe('a series', () => {
  test('of up to 200 steps is whole', () => {
    for (const length of [0, 1, 199, 200]) {
      const { step, value } = historyOf(Array.from({ length }, (_, i) => i)).series('flow')
      expect(step).toEqual(Array.from({ length }, (_, i) => i + 1))
      expect(value).toEqual(Array.from({ length }, (_, i) => i))
    }
  })

  test.each([201, 333, 5000, 12345])('of %i steps has at most 200 points in order, and no spike is lost', length => {
    const flows = Array.from({ length }, (_, i) => 2 + Math.sin(i / 7))
    const [up, down] = [Math.floor(0.37 * length), Math.floor(0.81 * length)]
    flows[up] = 100
    flows[down] = -100
    const { step, value } = historyOf(flows).series('flow')
    expect(step.length).toBe(value.length)
    expect(step.length).toBeLessThanOrEqual(200)
    expect(step.length).toBeGreaterThan(100)
    for (let i = 1; i < step.length; i++) expect(step[i]).toBeGreaterThan(step[i - 1])
    step.forEach((at, i) => expect(value[i]).toBe(Math.fround(flows[at - 1])))
    expect(value[step.indexOf(up + 1)]).toBe(100)
    expect(value[step.indexOf(down + 1)]).toBe(-100)
  })

  test('of any length and numbers keeps the least and the greatest, in order, at steps of its own', () => {
    fc.assert(fc.property(fc.array(fc.oneof({ weight: 9, arbitrary: fc.float({ noNaN: true }) }, fc.constantFrom(Number.NaN, Infinity, -Infinity)), { maxLength: 1500, size: 'max' }), fc.nat(1e6), (flows, from) => {
      const { step, value } = historyOf(flows, from).series('flow')
      expect(step.length).toBeLessThanOrEqual(200)
      expect(step.every((at, i) => at > (i > 0 ? step[i - 1] : from) && at <= from + flows.length)).toBe(true)
      step.forEach((at, i) => expect(Object.is(value[i], Number.isFinite(flows[at - from - 1]) ? Math.fround(flows[at - from - 1]) : null)).toBe(true))
      const finite = flows.filter(Number.isFinite).map(Math.fround)
      if (finite.length > 0) {
        expect(value).toContain(finite.reduce((a, b) => Math.min(a, b)))
        expect(value).toContain(finite.reduce((a, b) => Math.max(a, b)))
      }
    }), { numRuns: 300, seed: 14 })
  })

  test('shows what was not finite as a gap, but never instead of a number beside it', () => {
    const flows = Array.from({ length: 1000 }, (_, i) => (i >= 500 && i < 600 ? Number.NaN : i % 3 === 0 ? Number.POSITIVE_INFINITY : i))
    const { step, value } = historyOf(flows).series('flow')
    step.forEach((at, i) => expect(value[i] === null).toBe(at > 500 && at <= 600))
    expect(value).toContain(null)
    expect(historyOf([1, Number.NaN]).series('flow').value).toEqual([1, null])
  })

  test('starts after the step a run was gone on from', () => {
    expect(historyOf([5, 6], 40).series('flow').step).toEqual([41, 42])
  })
})

test('smoothing follows, starts at the first value, and steps over what is not finite', () => {
  const history = historyOf([Number.NaN, 4, Number.NaN, 2, 2])
  const { value } = history.series('flowSmooth')
  const expected = [null, 4, 4, 0.98 * 4 + 0.02 * 2, 0.98 * (0.98 * 4 + 0.02 * 2) + 0.02 * 2]
  value.forEach((v, i) => (v === null ? expect(expected[i]).toBeNull() : expect(v).toBeCloseTo(expected[i]!, 5)))
  const long = historyOf(Array.from({ length: 1000 }, () => 3)).series('flowSmooth').value
  for (const v of long) expect(v).toBeCloseTo(3, 4)
})

test('a step without an anchor has no contrastive value', () => {
  const history = new ReplicaHistory(0)
  history.add(row({ contrastive: 2, anchors: 3 }))
  history.add(row({ contrastive: 0, anchors: 0 }))
  expect(history.series('contrastive').value).toEqual([2, null])
  expect(history.last!.anchors).toBe(0)
})

test('a copy goes its own way', () => {
  const history = historyOf(Array.from({ length: 1500 }, (_, i) => i))
  const copy = history.copy()
  copy.add(row({ flow: 9999 }))
  expect([history.length, copy.length]).toEqual([1500, 1501])
  expect(copy.series('flow').value.at(-1)).toBe(9999)
  expect(history.series('flow').value).not.toContain(9999)
  expect(history.last!.flow).toBe(1499)
})

describe('bands', () => {
  const evaluation = (step: number, mean: (number | null)[][]): LossByT =>
    ({ step, t: [0.001, 0.005, 0.05, 0.1, 0.4, 0.5, 0.999], count: 8, mean, standardError: mean, floor: null, floorNote: '' })

  test('cover (0,1) without gap or overlap', () => {
    expect(BANDS[0].from).toBe(0)
    expect(BANDS.at(-1)!.to).toBe(1)
    for (let i = 1; i < BANDS.length; i++) expect(BANDS[i].from).toBe(BANDS[i - 1].to)
  })

  test('average their levels for each replica, leaving out what was not finite', () => {
    const bands = startBands()
    addToBands(bands, evaluation(10, [[1, 3, 5, 7, 9, 11, 13], [null, 2, null, 4, null, null, null]]))
    expect(bands.map(band => band.value)).toEqual([[[2], [2]], [[5], [null]], [[8], [4]], [[12], [null]]])
    expect(bands.map(band => band.step)).toEqual([[10], [10], [10], [10]])
  })

  test('keep the last 200 evaluations', () => {
    const bands = startBands()
    for (let i = 1; i <= 230; i++) addToBands(bands, evaluation(i, [[i, i, i, i, i, i, i]]))
    for (const band of bands) {
      expect(band.step.length).toBe(200)
      expect(band.value[0].length).toBe(200)
      expect([band.step[0], band.value[0][0], band.step.at(-1), band.value[0].at(-1)]).toEqual([31, 31, 230, 230])
    }
  })
})
