import { describe, expect, test } from 'vitest'
import { datasets } from '../../src/datasets/index.ts'
import { PhiloxStream } from '../../src/engine/philox.ts'
import { effectiveCount, empiricalLevels, empiricalVelocity, type PointSet, pointWeights } from '../../src/flow/empirical.ts'
import { meanOf } from '../../src/flow/estimate.ts'

function gaussianPoints(count: number, dimensions: number, deviation = 1): PointSet {
  const points = new Float64Array(count * dimensions)
  new PhiloxStream(3, 52).fillNormal(points)
  return { points: points.map(x => deviation * x), dimensions }
}

describe('one point', () => {
  const set: PointSet = { points: new Float64Array([1, -2, 0.5]), dimensions: 3 }

  test('the velocity is (x − x0)/t and its Jacobian I/t', () => {
    const x = [0.3, 0.4, -1]
    for (const t of [0.01, 0.5, 1]) {
      const [out, moved] = [new Float64Array(3), new Float64Array(3)]
      empiricalVelocity(set, x, t, out)
      out.forEach((v, i) => expect(v).toBeCloseTo((x[i] - set.points[i]) / t, 10))
      for (let j = 0; j < 3; j++) {
        empiricalVelocity(set, x.map((value, i) => value + (i === j ? 1e-3 : 0)), t, moved)
        moved.forEach((v, i) => expect((v - out[i]) / 1e-3).toBeCloseTo(i === j ? 1 / t : 0, 7))
      }
    }
  })

  test('nothing is irreducible', () => {
    for (const { floor, effectiveCount: seen } of empiricalLevels(set, [0.001, 0.5, 1], { queries: 8, seed: 0 })) {
      expect(floor).toEqual({ value: 0, standardError: 0, count: 8 })
      expect(seen.value).toBe(1)
    }
  })
})

describe('several points', () => {
  const set = gaussianPoints(7, 4)
  const x = [0.2, -0.5, 1, 0.1]

  test('weights are the posterior, worked out without logarithms', () => {
    const t = 0.6
    const density = Array.from({ length: 7 }, (_, k) => Math.exp(-x.reduce((sum, value, i) => sum + (value - 0.4 * set.points[k * 4 + i]) ** 2, 0) / 0.72))
    const total = density.reduce((a, b) => a + b)
    pointWeights(set, x, t).forEach((w, k) => expect(w).toBeCloseTo(density[k] / total, 12))
  })

  test('they are even at t = 1, one point near t = 0, and sum to 1 where every density underflows', () => {
    pointWeights(set, x, 1).forEach(w => expect(w).toBeCloseTo(1 / 7, 12))
    expect(effectiveCount(pointWeights(set, x, 1))).toBeCloseTo(7, 10)
    const far = pointWeights(set, x.map(value => 1e3 * value), 1e-3)
    expect(far.reduce((a, b) => a + b)).toBeCloseTo(1, 12)
    expect(effectiveCount(far)).toBeCloseTo(1, 9)
  })

  test('at t = 1 the velocity is x less the mean, and the floor the variance of the set', () => {
    const mean = x.map((_, i) => Array.from({ length: 7 }, (_unused, k) => set.points[k * 4 + i] / 7).reduce((a, b) => a + b))
    const out = new Float64Array(4)
    empiricalVelocity(set, x, 1, out)
    out.forEach((v, i) => expect(v).toBeCloseTo(x[i] - mean[i], 12))
    const variance = Array.from(set.points).reduce((sum, p, at) => sum + (p - mean[at % 4]) ** 2, 0) / 28
    const [{ floor }] = empiricalLevels(set, [1], { queries: 5, seed: 0 })
    expect(floor.value).toBeCloseTo(variance, 12)
    expect(floor.standardError).toBeLessThan(1e-12)
  })

  test.each([0.2, 0.5, 0.8])('at t = %d the floor is the loss of the velocity', t => {
    const random = new PhiloxStream(8, 52)
    const out = new Float64Array(4)
    const losses = Array.from({ length: 6000 }, () => {
      const own = random.integer(7) * 4
      const eps = Float64Array.from({ length: 4 }, () => random.normal())
      empiricalVelocity(set, eps.map((e, i) => (1 - t) * set.points[own + i] + t * e), t, out)
      return out.reduce((sum, v, i) => sum + (v - eps[i] + set.points[own + i]) ** 2, 0) / 4
    })
    const measured = meanOf(losses)
    const [{ floor }] = empiricalLevels(set, [t], { queries: 3000, seed: 1 })
    expect(floor.value).toBeGreaterThan(0)
    expect(Math.abs(measured.value - floor.value)).toBeLessThan(4 * Math.hypot(measured.standardError, floor.standardError))
  })
})

test('many points of a Gaussian in few dimensions have its floor, except where the noise no longer joins them', () => {
  const [low, middle, high] = empiricalLevels(gaussianPoints(2000, 1), [1e-5, 0.5, 0.9], { queries: 400, seed: 2 })
  for (const { t, floor } of [middle, high]) expect(Math.abs(floor.value / (1 / ((1 - t) ** 2 + t ** 2)) - 1)).toBeLessThan(0.1)
  expect(low.floor.value).toBeLessThan(0.1) // 1 for the Gaussian itself
  expect(low.effectiveCount.value).toBeLessThan(1.1)
})

test('on images the set is memorised below a level at which its source still has a floor', () => {
  const { images } = datasets.gratings.generate(256, { seed: 0, split: 'train' })
  const [low, high] = empiricalLevels({ points: images, dimensions: 144 }, [0.1, 0.95], { queries: 32, seed: 0 })
  expect(low.floor.value).toBeLessThan(1e-6)
  expect(datasets.gratings.floor!(0.1)).toBeGreaterThan(0.5)
  expect(high.floor.value).toBeGreaterThan(datasets.gratings.floor!(0.95))
})

test('the seed decides, and levels share their draws', () => {
  const set = gaussianPoints(20, 3)
  const run = (seed: number, levels: number[]) => empiricalLevels(set, levels, { queries: 10, seed }).map(({ floor }) => floor.value)
  expect(run(1, [0.3, 0.6])[1]).toBe(run(1, [0.6])[0])
  expect(run(1, [0.6])).not.toEqual(run(2, [0.6]))
})

describe('ExFM’s target', () => {
  const set = gaussianPoints(200, 4)
  const levels = [0.02, 0.3, 0.6, 1]
  const known = empiricalLevels(set, levels, { queries: 400, seed: 1 })
  const of = (candidates: number, own = true) => empiricalLevels(set, levels, { queries: 400, seed: 1 }, [{ candidates, own }]).map(({ averaged: [level] }) => level)

  test('over the whole set is the best velocity, and counts as many points as it', () => {
    for (const N of [200, 512]) of(N).forEach(({ error, effectiveCount: count }, l) => expect([error.value, count]).toEqual([0, known[l].effectiveCount]))
  })

  test('over the own image alone it is flow matching’s, as far off as the floor; in between the more the nearer', () => {
    const [one, eight, fifty] = [of(1), of(8), of(50)]
    one.forEach(({ error, effectiveCount: count }, l) => {
      expect(count.value).toBeCloseTo(1, 9)
      const { floor } = known[l]
      expect(Math.abs(error.value - floor.value), `t = ${levels[l]}`).toBeLessThan(4 * Math.hypot(error.standardError, floor.standardError))
      expect(eight[l].error.value).toBeLessThanOrEqual(error.value)
      expect(fifty[l].error.value).toBeLessThanOrEqual(eight[l].error.value)
      expect(fifty[l].effectiveCount.value).toBeLessThan(50 + 1e-9)
    })
    expect([8, 50].map((N, i) => [eight, fifty][i].at(-1)!.effectiveCount.value / N)).toEqual([expect.closeTo(1, 9), expect.closeTo(1, 9)]) // at t = 1 all count alike
  })

  test('ways weighed in one pass find what each finds alone', () => {
    const ways = [{ candidates: 8, own: true }, { candidates: 50, own: false }, { candidates: 200, own: true }]
    const together = empiricalLevels(set, levels, { queries: 400, seed: 1 }, ways)
    expect(together.map(({ floor }) => floor)).toEqual(known.map(({ floor }) => floor))
    ways.forEach(({ candidates, own }, w) => expect(together.map(({ averaged }) => averaged[w])).toEqual(of(candidates, own)))
  })

  test('without the own image it is far off where that alone counts', () => {
    expect(of(200, false)[0].error.value).toBeGreaterThan(20 * known[0].floor.value)
    expect(of(200, false).at(-1)!.error.value).toBeLessThan(0.01) // one of 200 is missed by none
  })
})

test.each([
  [() => empiricalLevels({ points: new Float64Array(0), dimensions: 3 }, [0.5], { queries: 4, seed: 0 }), /no whole set of points/],
  [() => empiricalLevels({ points: new Float64Array(4), dimensions: 3 }, [0.5], { queries: 4, seed: 0 }), /4 numbers are no whole set of points in 3/],
  [() => empiricalLevels(gaussianPoints(3, 2), [0], { queries: 4, seed: 0 }), /above 0 and at most 1, not 0/],
  [() => empiricalLevels(gaussianPoints(3, 2), [0.5], { queries: 1, seed: 0 }), /at least 2 draws/],
  [() => pointWeights(gaussianPoints(3, 2), [0, 0], NaN), /not NaN/],
])('bad input is named: %#', (call, message) => {
  expect(call).toThrow(message)
})
