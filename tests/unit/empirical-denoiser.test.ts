import { Matrix, SVD } from 'ml-matrix'
import { describe, expect, test } from 'vitest'
import { PhiloxStream } from '../../src/engine/philox.ts'
import { empiricalVelocity, type PointSet, pointWeights } from '../../src/flow/empirical.ts'
import { empiricalSlope, greatestSlope, originsOf } from '../../src/flow/empirical_denoiser.ts'

function normals(length: number, seed: number): Float64Array {
  const values = new Float64Array(length)
  new PhiloxStream(seed, 95).fillNormal(values)
  return values
}

describe('seven points in four dimensions', () => {
  const d = 4
  const set: PointSet = { points: normals(7 * d, 1), dimensions: d }
  const [x0, eps] = [normals(d, 2), normals(d, 3)]
  const levels = [0.01, 0.2, 0.65, 1]
  const at = (t: number) => x0.map((value, i) => (1 - t) * value + t * eps[i])

  test('weights are those of every point taken for itself, and x̂0 = x_t − t v̂', () => {
    for (const { t, rows, weights, mean } of originsOf(set, x0, eps, levels)) {
      const all = pointWeights(set, at(t), t)
      rows.forEach((k, place) => expect(weights[place]).toBeCloseTo(all[k], 9))
      expect(weights.reduce((sum, w) => sum + w)).toBeCloseTo(1, 9)
      const v = new Float64Array(d)
      empiricalVelocity(set, at(t), t, v)
      mean.forEach((value, i) => expect(value).toBeCloseTo(at(t)[i] - t * v[i], 9))
    }
    const [near, , , far] = originsOf(set, x0, eps, levels)
    expect(near.weights.length).toBe(1)
    expect(Array.from(far.weights)).toEqual(Array.from({ length: 7 }, () => 1 / 7))
  })

  test('slopes are those of the velocity, and their greatest is found', () => {
    for (const origin of originsOf(set, x0, eps, levels.slice(1))) {
      const { t } = origin
      const slope = empiricalSlope(set, origin)
      const [above, below] = [new Float64Array(d), new Float64Array(d)]
      const columns = Array.from({ length: d }, (_, j) => {
        empiricalVelocity(set, at(t).map((value, i) => value + (i === j ? 1e-5 : 0)), t, above)
        empiricalVelocity(set, at(t).map((value, i) => value - (i === j ? 1e-5 : 0)), t, below)
        return above.map((value, i) => (value - below[i]) / 2e-5)
      })
      columns.forEach((column, j) => slope(Float64Array.from({ length: d }, (_, i) => (i === j ? 1 : 0))).forEach((value, i) => expect(value).toBeCloseTo(column[i], 5)))
      const { value, change } = greatestSlope(slope, d, 200, new PhiloxStream(1, 95))
      expect(change).toBeLessThan(1e-6)
      expect(value).toBeCloseTo(new SVD(new Matrix(columns.map(column => Array.from(column)))).norm2, 4)
    }
  })

  test('five points in sixteen dimensions: 1/t, but for a bump where ways part', () => {
    const [wide, levels] = [16, [0.05, 0.3, 0.65, 0.95]]
    const found = levels.map(() => 0)
    for (let draw = 0; draw < 40; draw++) {
      const few: PointSet = { points: normals(5 * wide, 100 + draw), dimensions: wide }
      originsOf(few, few.points.subarray(0, wide), normals(wide, 200 + draw), levels).forEach((origin, i) => { found[i] += greatestSlope(empiricalSlope(few, origin), wide, 30, new PhiloxStream(draw, 95)).value / 40 })
    }
    expect(found[0]).toBeCloseTo(20, 6)
    expect(found[1]).toBeLessThan(3.6)
    expect(found[2]).toBeGreaterThan(2.4) // 1/t is 1.5 there
    expect(found[3]).toBeLessThan(1.4)
  })
})

test('t = 0 is refused', () => {
  expect(() => originsOf({ points: normals(4, 1), dimensions: 2 }, [0, 0], [1, 1], [0])).toThrow(/above 0 and at most 1, not 0/)
})
