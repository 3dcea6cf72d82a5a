/** Log-densities by the change of variables where they are known: x0 ~ N(0, s²I), whose way from t to 1 divides by √((1−t)²s² + t²). */
import { describe, expect, test } from 'vitest'
import { gaussianMixture } from '../../src/datasets/gaussian-mixture.ts'
import { datasets } from '../../src/datasets/index.ts'
import { PhiloxStream } from '../../src/engine/philox.ts'
import { meanOf } from '../../src/flow/estimate.ts'
import { bitsPerDimension, closedField, logDensities, normalLogDensity, risingGrid, signProbes, traces, unitProbes } from '../../src/flow/likelihood.ts'
import { solvers } from '../../src/flow/solvers.ts'

const S = 0.5
const random = (length: number, seed: number) => {
  const values = new Float64Array(length)
  new PhiloxStream(seed, 97).fillNormal(values)
  return values
}

describe('on the Gaussian data set', () => {
  const [n, d] = [3, 64]
  const { field, floor } = datasets.gaussian
  const start = random(n * d, 1).map(value => S * value)
  const of = (steps: number, from: number, solver: 'rk4' | 'heun' = 'rk4', probes = signProbes(n, d, 2, new PhiloxStream(1, 96))) =>
    logDensities(closedField(field!, n, d, probes), start, { dimensions: d, estimates: probes.exact ? 1 : probes.directions.length }, risingGrid(steps, from), solvers[solver].tableau!)

  test.each([0, 0.001, 0.2])('log p from t = %d is that of N(0, (1−t)²s² + t²)', async from => {
    const { logDensity, noise, evaluations } = await of(32, from)
    const deviation = Math.sqrt((1 - from) ** 2 * S ** 2 + from ** 2)
    expect(evaluations).toBe(128)
    for (let i = 0; i < n; i++) {
      const exact = normalLogDensity(start.subarray(i * d, (i + 1) * d), deviation)
      // The Jacobian is a multiple of the identity, so that signs give its trace exactly.
      for (const p of [0, 1]) expect(Math.abs(logDensity[2 * i + p] - exact) / d, `point ${i}`).toBeLessThan(1e-5)
    }
    noise.forEach((value, i) => expect(value).toBeCloseTo(start[i] / deviation, 4))
  })

  test('errors fall with the order of the solver', async () => {
    const exact = normalLogDensity(start.subarray(0, d), S)
    for (const [solver, order] of [['heun', 2], ['rk4', 4]] as const) {
      const [coarse, fine] = [Math.abs((await of(16, 0, solver)).logDensity[0] - exact), Math.abs((await of(32, 0, solver)).logDensity[0] - exact)]
      expect(Math.log2(coarse / fine), solver).toBeGreaterThan(order - 0.5)
    }
  })

  test('unit vectors give what signs give, and the divergence on the way gives the floor', async () => {
    const [signs, units] = [await of(8, 0.001), await of(8, 0.001, 'rk4', unitProbes(n, d))]
    units.logDensity.forEach((value, i) => expect(value).toBeCloseTo(signs.logDensity[2 * i], 6))
    expect(units.way.map(({ t }) => t)).toEqual(Array.from(risingGrid(8, 0.001).subarray(0, 8)))
    // MMSE = t²/(1−t) (1 − t div v/d) = t² floor
    for (const { t, divergence } of units.way) expect((1 - (t * divergence[0]) / d) / (1 - t)).toBeCloseTo(floor!(t), 6)
  })
})

test('signs estimate the trace of a matrix that is not diagonal: right in the mean, off by what theory says', async () => {
  const [d, count] = [6, 4000]
  const matrix = random(d * d, 2)
  const product = (z: Float64Array) => Float64Array.from({ length: d }, (_, i) => z.reduce((sum, value, j) => sum + matrix[i * d + j] * value, 0))
  const [exact] = await traces(unitProbes(1, d), 1, product)
  const { value, standardError } = meanOf(await traces(signProbes(1, d, count, new PhiloxStream(3, 96)), 1, product))
  let variance = 0 // Σ_{i<j} (a_ij + a_ji)²
  for (let i = 0; i < d; i++) for (let j = 0; j < i; j++) variance += (matrix[i * d + j] + matrix[j * d + i]) ** 2
  expect(exact).toBeCloseTo(Array.from({ length: d }, (_, i) => matrix[i * d + i]).reduce((sum, entry) => sum + entry), 12)
  expect(standardError / Math.sqrt(variance / count)).toBeCloseTo(1, 1)
  expect(Math.abs(value - exact)).toBeLessThan(4 * standardError)
})

describe('between two Gaussians of the plane, where the Jacobian is another at every place', () => {
  const [n, d, count] = [4, 2, 16]
  const means = Float64Array.of(0.9, 0.3, -0.7, -0.5)
  const { field } = gaussianMixture({ dimensions: d, classes: 2, basis: Float64Array.of(1, 0, 0, 1), means, inside: S, outside: S })
  const start = Float64Array.of(0.1, -0.2, 0.3, 0.6, -0.5, 0.1, 1.2, -0.4)
  const signs = signProbes(n, d, count, new PhiloxStream(4, 96))
  const logP = (i: number) => Math.log([0, 1].reduce((sum, c) => sum + 0.5 * Math.exp(normalLogDensity([0, 1].map(k => start[2 * i + k] - means[2 * c + k]), S)), 0))
  const of = (probes: typeof signs) => logDensities(closedField(field, n, d, probes), start, { dimensions: d, estimates: probes.exact ? 1 : count }, risingGrid(32, 0), solvers.rk4.tableau!)

  test('unit vectors give log p', async () => {
    const { logDensity } = await of(unitProbes(n, d))
    for (let i = 0; i < n; i++) expect(logDensity[i], `point ${i}`).toBeCloseTo(logP(i), 5)
  })

  // zᵀJz = tr J + z₀z₁(J₀₁ + J₁₀): only two estimates there are if a point keeps its signs, with log p in the middle.
  test('signs are kept all along a way, each point’s its own', async () => {
    const { logDensity } = await of(signs)
    const drawn = Array.from({ length: n }, (_, i) => signs.directions.map(z => z[2 * i] * z[2 * i + 1]))
    expect(new Set(drawn.map(String)).size).toBe(n)
    drawn.forEach((products, i) => {
      const kind = (sign: number) => products.flatMap((product, p) => (product === sign ? [logDensity[i * count + p]] : []))
      const [[like], [unlike]] = [kind(1), kind(-1)]
      for (const value of kind(1)) expect(value).toBeCloseTo(like, 8)
      for (const value of kind(-1)) expect(value).toBeCloseTo(unlike, 8)
      expect(Math.abs(like - unlike)).toBeGreaterThan(0.05)
      expect((like + unlike) / 2, `point ${i}`).toBeCloseTo(logP(i), 5)
    })
  })
})

test('bits per dimension: equally likely bytes have 8', () => {
  const d = 12 // density of the uniform distribution over the 256 bytes' widths together, 512/255 wide
  expect(bitsPerDimension(-d * Math.log(512 / 255), d)).toBeCloseTo(8, 12)
})
