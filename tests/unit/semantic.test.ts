import { describe, expect, test } from 'vitest'
import { datasets } from '../../src/datasets/index.ts'
import { fromClassMeans, fromClassSwap, fromPrincipalComponents, massIn, type Semantic } from '../../src/diagnostics/semantic.ts'

const size = 8
const d = size * size
const { gratings } = datasets
const batch = gratings.generate(400, { seed: 1, split: 'train', size })

const dot = (a: ArrayLike<number>, b: ArrayLike<number>) => Array.from(a).reduce((sum, v, i) => sum + v * b[i], 0)
const rows = (basis: Float64Array) => Array.from({ length: basis.length / d }, (_, k) => basis.subarray(k * d, (k + 1) * d))

describe.each<[string, () => Semantic, number]>([
  ['class means', () => fromClassMeans(gratings, batch, d), 9],
  ['principal components', () => fromPrincipalComponents(batch, 5, d), 5],
  ['class swap', () => fromClassSwap(gratings, batch, size, d), 1],
])('%s', (_, make, rank) => {
  test('are orthonormal, and their projector idempotent with trace r', () => {
    const semantic = make()
    expect(semantic.rank).toBe(rank)
    const basis = rows(semantic.basis(3))
    basis.forEach((a, i) => basis.forEach((b, j) => expect(dot(a, b)).toBeCloseTo(i === j ? 1 : 0, 9)))
    let trace = 0
    for (let k = 0; k < d; k++) trace += massIn(semantic.basis(3), Float64Array.from({ length: d }, (__, i) => (i === k ? 1 : 0)), d)
    expect(trace).toBeCloseTo(rank, 9)
  })
})

test('class means of gratings are said to be noise; those of shifted classes are not', () => {
  expect(fromClassMeans(gratings, batch, d).note).toMatch(/on this data set they are noise/)
  const shifted = { ...batch, images: batch.images.map((value, i) => value + (i % d === batch.labels[Math.floor(i / d)] ? 3 : 0)) }
  const found = fromClassMeans(gratings, shifted, d)
  expect(found.note).not.toMatch(/noise/)
  // Nearly all of a shifted pixel lies in the subspace, nothing of one that no class shifts.
  const unit = (k: number) => Float64Array.from({ length: d }, (_, i) => (i === k ? 1 : 0))
  expect(massIn(found.basis(0), unit(0), d)).toBeGreaterThan(0.8)
  expect(massIn(found.basis(0), unit(60), d)).toBeLessThan(0.05)
})

test('of a linear map A unit cotangents have the mass ‖A P‖² among the class directions and ‖A (I − P)‖² across them, exactly', () => {
  const { basis } = fromClassMeans(gratings, batch, d)
  const A = Array.from({ length: 6 }, (_, c) => Float64Array.from({ length: d }, (__, k) => Math.sin(1 + c * d + k))) // (C,d)
  const squares = (x: ArrayLike<number>) => A.reduce((sum, row) => sum + dot(row, x) ** 2, 0) // ‖A x‖²
  const inside = A.reduce((sum, row) => sum + massIn(basis(0), row, d), 0) // Σ_u ‖P Aᵀu‖² over unit u
  const total = A.reduce((sum, row) => sum + dot(row, row), 0)
  const directions = rows(basis(0))
  expect(inside).toBeCloseTo(directions.reduce((sum, v) => sum + squares(v), 0), 9)
  let outside = 0 // ‖A (I − P)‖_F², column by column
  for (let k = 0; k < d; k++) outside += squares(Float64Array.from({ length: d }, (_, i) => (i === k ? 1 : 0) - directions.reduce((sum, v) => sum + v[i] * v[k], 0)))
  expect(total - inside).toBeCloseTo(outside, 9)
  expect(inside).toBeGreaterThan(0.05 * total)
})
