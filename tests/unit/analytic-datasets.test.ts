import { describe, expect, test } from 'vitest'
import { gaussianMixture, type MixtureShape } from '../../src/datasets/gaussian-mixture.ts'
import { datasets } from '../../src/datasets/index.ts'
import { PhiloxStream } from '../../src/engine/philox.ts'
import { meanOf } from '../../src/flow/estimate.ts'
import { orthonormalRows } from '../../src/flow/rotation.ts'

const isotropic = (deviation: number, dimensions = 6): MixtureShape => ({
  dimensions, classes: 1, basis: new Float64Array(0), means: new Float64Array(0), inside: deviation, outside: deviation,
})

/** Four classes at random places in 3 of 6 dimensions. */
function small(outside: number, classes = 4, spread = 1.2): MixtureShape {
  const random = new PhiloxStream(11, 50)
  const means = new Float64Array(classes * 3)
  random.fillNormal(means)
  return { dimensions: 6, classes, basis: orthonormalRows(3, 6, random), means: means.map(m => spread * m), inside: 0.5, outside }
}

/** One x0 of the mixture with its class, x_t and target, (d) each. */
function drawOf({ dimensions: d, classes, basis, means, inside, outside }: MixtureShape, t: number, random: PhiloxStream) {
  const k = basis.length / d
  const label = random.integer(classes)
  const noise = Float64Array.from({ length: d }, () => random.normal())
  const clean = noise.map(n => outside * n)
  for (let e = 0; e < k; e++) {
    const row = basis.subarray(e * d, (e + 1) * d)
    const along = row.reduce((sum, b, i) => sum + b * noise[i], 0)
    row.forEach((b, i) => (clean[i] += (means[label * k + e] + (inside - outside) * along) * b))
  }
  const eps = Float64Array.from({ length: d }, () => random.normal())
  return { label, clean, seen: clean.map((x, i) => (1 - t) * x + t * eps[i]), target: clean.map((x, i) => eps[i] - x) }
}

const meanSquare = (a: ArrayLike<number>, b: ArrayLike<number>) => Array.from(a).reduce((sum, x, i) => sum + (x - b[i]) ** 2, 0) / a.length
const within = (measured: { value: number; standardError: number }, expected: number, errors = 4) =>
  expect(Math.abs(measured.value - expected)).toBeLessThan(errors * measured.standardError + 1e-9)

describe('isotropic Gaussian, closed form', () => {
  test('floor s²/((1−t)²s²+t²): 1, 2, 1 at t = 0, .5, 1 for s = 1', () => {
    const { floor } = gaussianMixture(isotropic(1))
    for (const [t, expected] of [[0, 1], [0.5, 2], [1, 1]]) expect(floor(t)).toEqual({ value: expected, standardError: 0, count: Infinity })
  })

  test('field k(t) x with k = (t − (1−t)s²)/((1−t)²s²+t²)', () => {
    const x = [1, -2, 0.3, 0, 5, 1]
    for (const [t, s] of [[0, 0.5], [0.3, 0.5], [1, 2]]) {
      const out = new Float64Array(6)
      gaussianMixture(isotropic(s)).field(x, t, out)
      const k = (t - (1 - t) * s * s) / ((1 - t) ** 2 * s * s + t * t)
      out.forEach((v, i) => expect(v).toBeCloseTo(k * x[i], 12))
    }
  })

  test('a mixture of one class, or of classes in one place, is that Gaussian about its mean', () => {
    const one = small(0.5, 1)
    const same = { ...one, classes: 3, means: Float64Array.from({ length: 9 }, (_, i) => one.means[i % 3]) }
    const centre = new Float64Array(6)
    for (let e = 0; e < 3; e++) for (let i = 0; i < 6; i++) centre[i] += one.means[e] * one.basis[e * 6 + i]
    const t = 0.35
    const x = [0.2, 1, -1, 0.4, 2, -0.3]
    const [plain, expected, out] = [new Float64Array(6), new Float64Array(6), new Float64Array(6)]
    gaussianMixture(isotropic(0.5)).field(x.map((value, i) => value - (1 - t) * centre[i]), t, plain)
    plain.forEach((v, i) => (expected[i] = v - centre[i]))
    for (const shape of [one, same]) {
      gaussianMixture(shape).field(x, t, out)
      out.forEach((v, i) => expect(v).toBeCloseTo(expected[i], 12))
      expect(gaussianMixture(shape).floor(t).value).toBeCloseTo(gaussianMixture(isotropic(0.5)).floor(t).value, 12)
    }
  })
})

describe.each([['full rank', small(0.3)], ['on the subspace', small(0)]])('small mixture, %s', (_, shape) => {
  const mixture = gaussianMixture(shape)

  test.each([0.02, 0.2, 0.5, 0.8, 1])('at t = %d the field has the loss of the floor, and any other field more', t => {
    const random = new PhiloxStream(1, 51)
    const velocity = new Float64Array(6)
    const losses: number[] = []
    const worse: number[] = []
    for (let n = 0; n < 6000; n++) {
      const { seen, target } = drawOf(shape, t, random)
      mixture.field(seen, t, velocity)
      losses.push(meanSquare(velocity, target))
      worse.push(meanSquare(velocity.map(v => 0.8 * v + 0.1), target))
    }
    within(meanOf(losses), mixture.floor(t).value, 4.5)
    expect(meanOf(worse).value).toBeGreaterThan(meanOf(losses).value)
  })

  // Cov[x0|x_t] = t²/(1−t) (I − t ∂v/∂x), so MMSE = t²/(1−t) (d − t E div v): a second way to the same number, by the field's derivatives.
  test.each([0.1, 0.4, 0.8])('at t = %d MMSE by div v is t²·floor', t => {
    const random = new PhiloxStream(2, 51)
    const h = 1e-4
    const [up, down] = [new Float64Array(6), new Float64Array(6)]
    const values = Array.from({ length: 3000 }, () => {
      const { seen } = drawOf(shape, t, random)
      let divergence = 0
      for (let i = 0; i < 6; i++) {
        const at = seen[i]
        seen[i] = at + h
        mixture.field(seen, t, up)
        seen[i] = at - h
        mixture.field(seen, t, down)
        seen[i] = at
        divergence += (up[i] - down[i]) / (2 * h)
      }
      return ((t * t) / (1 - t)) * (1 - (t * divergence) / 6)
    })
    const { value, standardError } = mixture.floor(t)
    const measured = meanOf(values)
    expect(Math.abs(measured.value - t * t * value)).toBeLessThan(4 * Math.hypot(measured.standardError, t * t * standardError) + 1e-7)
  })

  test('the posterior is Bayes’ rule on densities in all dimensions', () => {
    const { dimensions: d, basis, means, inside, outside } = shape
    const random = new PhiloxStream(3, 51)
    for (const t of [0.05, 0.5, 1]) {
      const { seen } = drawOf(shape, t, random)
      // Inverse covariance of x_t from its eigenvectors; both variances are positive for t > 0.
      const [V, W] = [inside, outside].map(s => (1 - t) ** 2 * s * s + t * t)
      const inverse = (i: number, j: number) => {
        let along = 0
        for (let e = 0; e < 3; e++) along += basis[e * d + i] * basis[e * d + j]
        return along / V + ((i === j ? 1 : 0) - along) / W
      }
      const densities = Array.from({ length: 4 }, (_unused, c) => {
        const centred = seen.map((x, i) => x - (1 - t) * [0, 1, 2].reduce((sum, e) => sum + means[c * 3 + e] * basis[e * d + i], 0))
        let form = 0
        for (let i = 0; i < d; i++) for (let j = 0; j < d; j++) form += centred[i] * inverse(i, j) * centred[j]
        return Math.exp(-form / 2)
      })
      const total = densities.reduce((a, b) => a + b)
      mixture.posterior(seen, t).forEach((p, c) => expect(p).toBeCloseTo(densities[c] / total, 8))
    }
  })

  test('MMSE is that of the denoiser x − t v, and Bayes accuracy that of the greatest posterior', () => {
    const t = 0.5
    const random = new PhiloxStream(4, 51)
    const velocity = new Float64Array(6)
    const draws = Array.from({ length: 6000 }, () => {
      const { clean, seen, label } = drawOf(shape, t, random)
      mixture.field(seen, t, velocity)
      const posterior = mixture.posterior(seen, t)
      return { error: meanSquare(seen.map((x, i) => x - t * velocity[i]), clean), right: Number(posterior[label] === Math.max(...posterior)) }
    })
    within(meanOf(draws.map(({ error }) => error)), t * t * mixture.floor(t).value, 4.5)
    const right = meanOf(draws.map(draw => draw.right))
    const stated = mixture.bayesAccuracy(t)
    expect(Math.abs(right.value - stated.value)).toBeLessThan(4 * Math.hypot(right.standardError, stated.standardError))
  })

  test('told the class, the floor is lower and exact', () => {
    for (const t of [0.3, 0.6, 0.9]) {
      expect(mixture.floor(t, true).value).toBeLessThan(mixture.floor(t).value)
      expect(mixture.floor(t, true).standardError).toBe(0)
    }
  })
})

test('where the mixture stands does not matter', () => {
  const shape = small(0.3)
  const moved = gaussianMixture({ ...shape, means: shape.means.map((m, i) => m + [5, -3, 2][i % 3]) })
  for (const t of [0.2, 0.6, 0.9]) {
    expect(moved.floor(t).value).toBeCloseTo(gaussianMixture(shape).floor(t).value, 9)
    expect(moved.bayesAccuracy(t).value).toBeCloseTo(gaussianMixture(shape).bayesAccuracy(t).value, 9)
  }
})

test('as t → 0 the floor of data on k of d dimensions is k/d', () => {
  const { floor } = gaussianMixture(small(0))
  expect(floor(1e-5).value).toBeCloseTo(0.5, 4)
  expect(floor(0).value).toBe(0.5)
  const subspace = datasets.subspace.floor!
  expect(subspace(0)).toBeCloseTo(1, 12) // for the noise across it fills space
  expect(subspace(0.06)).toBeGreaterThan(10 / 144)
  expect(subspace(0.06)).toBeLessThan(1.3 * (10 / 144))
})

test('Bayes accuracy of orthogonal classes is ∫φ(x − δ) Φ(x)⁹ dx, from certain to chance', () => {
  const exact = (delta: number) => {
    const step = 1e-3
    let [below, accuracy] = [0, 0]
    for (let x = -9; x < delta + 9; x += step) {
      const density = (z: number) => Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)
      below += density(x + step / 2) * step
      accuracy += density(x + step - delta) * below ** 9 * step
    }
    return accuracy
  }
  const { bayesAccuracy } = datasets.mixture
  for (const t of [0.4, 0.5, 0.6, 0.7, 0.85]) {
    const delta = ((1 - t) * 0.3 * 12) / Math.sqrt((1 - t) ** 2 * 0.09 + t * t)
    const { value, standardError, count } = bayesAccuracy!(t)
    expect(Math.abs(value - exact(delta))).toBeLessThan(4 * standardError)
    expect(standardError).toBeLessThan(0.005)
    expect(count).toBe(2500)
  }
  for (const id of ['mixture', 'subspace']) {
    expect(datasets[id].bayesAccuracy!(1).value).toBeCloseTo(0.1, 12)
    expect(datasets[id].bayesAccuracy!(0.001).value).toBeCloseTo(1, 9)
  }
})

// The images as they are trained on, through the contract alone.
describe.each(['gaussian', 'mixture', 'subspace'])('data set %s', id => {
  const dataset = datasets[id]

  test.each([8, 12])('at side %d the best velocity has the loss of the floor on its images', size => {
    const d = size * size
    const count = 600
    const { images, labels } = dataset.generate(count, { seed: 7, split: 'test', size })
    const velocity = new Float64Array(d)
    for (const t of [0.003, 0.1, 0.7]) {
      const random = new PhiloxStream(5, 51)
      let right = 0
      const losses = Array.from({ length: count }, (_, n) => {
        const clean = images.subarray(n * d, (n + 1) * d)
        const eps = Float64Array.from(clean, () => random.normal())
        const seen = eps.map((e, i) => (1 - t) * clean[i] + t * e)
        dataset.field!(seen, t, velocity)
        const posterior = dataset.posterior!(seen, t)
        right += Number(posterior[labels[n]] === Math.max(...posterior))
        return meanSquare(velocity, eps.map((e, i) => e - clean[i]))
      })
      within(meanOf(losses), dataset.floor!(t, size), 4.5)
      const expected = dataset.bayesAccuracy!(t, size).value
      expect(Math.abs(right / count - expected)).toBeLessThan(4.5 * Math.sqrt((expected * (1 - expected)) / count) + 0.02)
    }
  })

  test('floor and its estimate are one number', () => {
    expect(dataset.floorEstimate!(0.6, 16).value).toBe(dataset.floor!(0.6, 16))
    expect(dataset.floorEstimate!(0.6, 16, true).value).toBe(dataset.floor!(0.6, 16, true))
  })
})

test('bad input is named', () => {
  const { floor, field, posterior } = gaussianMixture(small(0))
  expect(() => floor(1.2)).toThrow(/between 0 and 1, not 1.2/)
  expect(() => posterior(new Float64Array(6), NaN)).toThrow(/between 0 and 1/)
  expect(() => field(new Float64Array(6), 0, new Float64Array(6))).toThrow(/no velocity at t = 0/)
  expect(() => gaussianMixture({ ...small(0), inside: 0 })).toThrow(/above 0 inside/)
  expect(() => gaussianMixture({ ...small(0), classes: 3 })).toThrow(/3 classes in 3 dimensions need 9 coordinates/)
  expect(() => orthonormalRows(3, 2, new PhiloxStream(0, 0))).toThrow(/2 dimensions have no room for 3/)
})

test('random directions are orthonormal', () => {
  const rows = orthonormalRows(10, 64, new PhiloxStream(4, 50))
  for (let i = 0; i < 10; i++) {
    for (let j = 0; j < 10; j++) {
      let product = 0
      for (let k = 0; k < 64; k++) product += rows[i * 64 + k] * rows[j * 64 + k]
      expect(product).toBeCloseTo(i === j ? 1 : 0, 13)
    }
  }
})
