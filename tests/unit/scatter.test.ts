import { expect, test } from 'vitest'
import { effectiveRank, scatterOf } from '../../src/diagnostics/scatter.ts'
import { Random } from '../../src/reference/random.ts'

const features = (n: number, C: number, value: (i: number, c: number) => number) => Float32Array.from({ length: n * C }, (_, i) => value(Math.floor(i / C), i % C))

test('effective rank counts directions that vary alike, whatever their size', () => {
  const diagonal = (values: number[]) => Float64Array.from({ length: values.length ** 2 }, (_, i) => (i % (values.length + 1) === 0 ? values[i % values.length] : 0))
  expect(effectiveRank(diagonal([7, 7, 7, 0]), 4)).toBeCloseTo(3)
  expect(effectiveRank(diagonal([1e-3, 0, 0, 0]), 4)).toBeCloseTo(1)
  expect(effectiveRank(diagonal([3, 1]), 2)).toBeCloseTo(Math.exp(-0.75 * Math.log(0.75) - 0.25 * Math.log(0.25)))
  // (2, 1; 1, 2) has eigenvalues 3 and 1.
  expect(effectiveRank(Float64Array.of(2, 0, 1, 2), 2)).toBeCloseTo(effectiveRank(diagonal([3, 1]), 2))
})

test('features that are their class lie between classes altogether', () => {
  const { between, rank } = scatterOf(features(60, 4, (i, c) => (c === i % 3 ? 1 : 0)), Array.from({ length: 60 }, (_, i) => i % 3), 4)
  expect(between).toBeCloseTo(1)
  expect(rank).toBeCloseTo(2)
})

test('a known share of variance is found, and none where labels are random', () => {
  const random = new Random(1)
  const n = 4000
  const labels = Array.from({ length: n }, () => Math.floor(4 * random.uniform()))
  const noise = random.normals(n * 3)
  // Class 0 … 3 at −3, −1, 1, 3 in one of three features: variance 5 beside 3 of noise.
  expect(scatterOf(features(n, 3, (i, c) => noise[3 * i + c] + (c === 0 ? 2 * labels[i] - 3 : 0)), labels, 3).between).toBeCloseTo(5 / 8, 1)
  const shares = Array.from({ length: 20 }, (_, k) => {
    const own = new Random(10 + k)
    return scatterOf(features(200, 3, () => own.normal()), Array.from({ length: 200 }, () => Math.floor(10 * own.uniform())), 3).between
  })
  // Uncorrected it would be 9/199 = .045.
  expect(Math.abs(shares.reduce((sum, value) => sum + value / 20, 0))).toBeLessThan(0.01)
})

test('features that never vary have neither', () => {
  expect(scatterOf(features(40, 3, () => 0), Array.from({ length: 40 }, (_, i) => i % 4), 3)).toEqual({ between: NaN, rank: NaN })
  expect(scatterOf(features(40, 3, () => 0.3), Array.from({ length: 40 }, (_, i) => i % 4), 3)).toEqual({ between: NaN, rank: NaN })
})
