import { describe, expect, test } from 'vitest'
import { PhiloxStream } from '../../src/engine/philox.ts'
import { principalComponents, project } from '../../src/flow/components.ts'
import { distanceOf, featureSet, frechetDistance, momentsOf, PARTS, tooFewImages } from '../../src/flow/frechet.ts'
import { MANIFOLD, nearestOf, neighbourRadii, shareCovered } from '../../src/flow/neighbours.ts'

/** (n,w) independent normal numbers. */
function normal(n: number, w: number, seed: number, { scale = 1, shift = 0 } = {}): Float64Array {
  const values = new Float64Array(n * w)
  new PhiloxStream(seed, 7).fillNormal(values)
  return values.map(value => shift + scale * value)
}
const setOf = (n: number, w: number, seed: number, how = {}) => featureSet(normal(n, w, seed, how), w)
const now = async () => {}

describe('Fréchet distance', () => {
  test('of a set from itself is 0', () => {
    const a = setOf(500, 16, 1)
    expect(frechetDistance(momentsOf(a), momentsOf(a))).toBeLessThan(1e-10)
    expect(distanceOf(a, a).standardError).toBeLessThan(1e-10)
  })

  test('of Gaussians with known moments is the closed form, also where neither is diagonal', () => {
    // Commuting covariances: ‖δ‖² + Σ (σ1 − σ2)².
    const turn = (angle: number, [p, q]: [number, number]) => {
      const [c, s] = [Math.cos(angle), Math.sin(angle)]
      return [[c * c * p + s * s * q, c * s * (p - q)], [c * s * (p - q), s * s * p + c * c * q]]
    }
    const moments = (mean: number[], rows: number[][]) => {
      const known = momentsOf(setOf(40, 2, 1))
      rows.forEach((row, i) => row.forEach((value, j) => known.covariance.set(i, j, value)))
      return { mean: Float64Array.from(mean), covariance: known.covariance }
    }
    expect(frechetDistance(moments([1, -2], turn(0.7, [9, 0.25])), moments([0, 0], turn(0.7, [1, 4])))).toBeCloseTo(5 + 4 + 2.25, 10)
    // In two dimensions tr (Σ1Σ2)^½ = √(tr Σ1Σ2 + 2 √(det Σ1 det Σ2)), whatever the two.
    const [a, b] = [turn(0.2, [3, 0.5]), turn(1.3, [2, 0.1])]
    const trace = a[0][0] * b[0][0] + a[0][1] * b[1][0] + a[1][0] * b[0][1] + a[1][1] * b[1][1]
    const expected = 3.5 + 2.1 - 2 * Math.sqrt(trace + 2 * Math.sqrt(1.5 * 0.2))
    expect(frechetDistance(moments([0, 0], a), moments([0, 0], b))).toBeCloseTo(expected, 10)
    // A direction without any variance is no reason for NaN.
    expect(frechetDistance(moments([0, 0], turn(0.4, [1, 0])), moments([0, 0], turn(0.4, [4, 0])))).toBeCloseTo(1, 6)
  })

  test('takes a mean shift δ as w δ², a scale of 2 as w, and equal distributions as their finite-sample floor', () => {
    const [n, w] = [1000, 64]
    const floor = (w * (w + 1) / 4 + w) * (2 / n) // 2.208
    const [real, other] = [momentsOf(setOf(n, w, 1)), momentsOf(setOf(n, w, 2))]
    expect(frechetDistance(real, other)).toBeGreaterThan(2.05)
    expect(frechetDistance(real, other)).toBeLessThan(2.35)
    const shifted = frechetDistance(real, { ...other, mean: other.mean.map(value => value + 0.5) })
    expect(Math.abs(shifted - 16 - floor)).toBeLessThan(1)
    const [half, twice] = [setOf(4 * n, w / 4, 1), setOf(4 * n, w / 4, 2, { scale: 2 })].map(set => momentsOf(set))
    expect(Math.abs(frechetDistance(half, twice) - w / 4)).toBeLessThan(0.5)
  })

  test('does not depend on where the features lie, nor on their order or which set is named first', () => {
    const [a, b] = [normal(300, 8, 1), normal(300, 8, 2, { scale: 1.5 })]
    const plain = distanceOf(featureSet(a, 8), featureSet(b, 8)).value
    const far = (values: Float64Array) => values.map(value => value + 1000)
    expect(distanceOf(featureSet(far(a), 8), featureSet(far(b), 8)).value).toBeCloseTo(plain, 6)
    expect(distanceOf(featureSet(b, 8), featureSet(a, 8)).value).toBeCloseTo(plain, 10)
  })

  test('has a standard error like the spread of repeated draws, at most twice too large', () => {
    for (const how of [{}, { scale: 1.3 }, { shift: 0.3 }]) {
      const repeats = Array.from({ length: 24 }, (_, k) => distanceOf(setOf(400, 6, 100 + k), setOf(400, 6, 500 + k, how)))
      const mean = repeats.reduce((sum, { value }) => sum + value / 24, 0)
      const deviation = Math.sqrt(repeats.reduce((sum, { value }) => sum + (value - mean) ** 2 / 23, 0))
      const said = repeats.reduce((sum, { standardError }) => sum + standardError / 24, 0)
      expect(said / deviation).toBeGreaterThan(0.6)
      expect(said / deviation).toBeLessThan(2.5)
    }
  })

  test('of features too wide for parts has no error, and is the same', () => {
    const [n, w] = [300, 260]
    const wide = distanceOf(setOf(n, w, 1), setOf(n, w, 2))
    expect(wide.standardError).toBeNaN()
    expect(wide.value, 'far above 0 with so few images').toBeGreaterThan(50)
    expect(tooFewImages(300, 300)).toMatch(/at least 301/)
    expect(tooFewImages(301, 300)).toBeUndefined()
  }, 30_000)

  test('says in words what cannot be compared', () => {
    expect(() => setOf(64, 64, 1)).toThrow(/in 64 features needs at least 74 images on each side, and there are 64/)
    expect(tooFewImages(74, 64)).toBeUndefined()
    const least = setOf(74, 64, 1)
    for (let p = 0; p < PARTS; p++) expect(74 - least.parts[p].count).toBeGreaterThan(64)
    const broken = normal(50, 4, 1)
    broken[4 * 17 + 2] = NaN
    expect(() => featureSet(broken, 4)).toThrow(/image 18 of 50 are not all finite/)
    expect(() => featureSet(new Float32Array(7), 2)).toThrow(/7 numbers are no whole set/)
    expect(() => frechetDistance(momentsOf(setOf(50, 4, 1)), momentsOf(setOf(50, 5, 1)))).toThrow(/4 features and the other 5/)
  })
})

describe('neighbours', () => {
  const points = (values: Float64Array, width: number) => ({ values, width })

  test('of one distribution are covered, of another not; a collapsed set is precise and recalls little', async () => {
    const real = points(normal(400, 4, 1), 4)
    const radii = await neighbourRadii(real, MANIFOLD, now)
    const precision = (values: Float64Array) => shareCovered(real, radii, points(values, 4), now)
    expect(await precision(normal(400, 4, 2))).toBeGreaterThan(0.75)
    expect(await precision(normal(400, 4, 2, { shift: 20 }))).toBe(0)
    const collapsed = points(normal(400, 4, 2, { scale: 0.05 }), 4)
    expect(await precision(collapsed.values as Float64Array)).toBeGreaterThan(0.8)
    expect(await shareCovered(collapsed, await neighbourRadii(collapsed, MANIFOLD, now), real, now)).toBeLessThan(0.05)
  })

  test('have the radii that sorting all distances gives', async () => {
    const set = points(normal(60, 40, 3), 40)
    const radii = await neighbourRadii(set, 3, now)
    for (let i = 0; i < 60; i++) {
      const all = Array.from({ length: 60 }, (_, j) => set.values.subarray(i * 40, (i + 1) * 40).reduce((sum, value, c) => sum + (value - set.values[j * 40 + c]) ** 2, 0)).sort((a, b) => a - b)
      expect(radii[i]).toBeCloseTo(all[3], 10) // all[0] is its own
    }
    await expect(neighbourRadii(points(normal(3, 2, 1), 2), 3, now)).rejects.toThrow(/need more than 3 images, and there are 3/)
  })

  test('find a training image that was copied', async () => {
    const train = points(normal(200, 30, 4), 30)
    const copies = points(train.values.slice(30 * 17, 30 * 19).map(value => value + 0.001), 30)
    const found = await nearestOf(train, copies, now)
    expect(found.map(({ row }) => row)).toEqual([17, 18])
    for (const { distance } of found) expect(distance).toBeCloseTo(0.001, 10)
    await expect(nearestOf(points(new Float64Array(0), 3), points(normal(1, 3, 1), 3), now)).rejects.toThrow(/no images to be near to/)
  })
})

describe('principal components', () => {
  test('are the directions of largest variance, orthonormal, in order', async () => {
    // Variances 16, 9, 4 and then .01 along turned axes.
    const [n, d] = [3000, 20]
    const raw = normal(n, d, 5)
    const axis = (k: number) => Float64Array.from({ length: d }, (_, i) => Math.sqrt(2 / (d + 1)) * Math.sin((Math.PI * (i + 1) * (k + 1)) / (d + 1)))
    const axes = Array.from({ length: d }, (_, k) => axis(k))
    const images = new Float64Array(n * d)
    for (let i = 0; i < n; i++) for (let k = 0; k < d; k++) for (let j = 0; j < d; j++) images[i * d + j] += ([4, 3, 2][k] ?? 0.1) * raw[i * d + k] * axes[k][j] + (k === 0 ? 0.5 : 0)
    const found = await principalComponents(images, d, 3, now)
    found.directions.forEach((direction, k) => {
      expect(Math.abs(direction.reduce((sum, value, j) => sum + value * axes[k][j], 0))).toBeGreaterThan(0.999)
      found.directions.forEach((other, l) => expect(direction.reduce((sum, value, j) => sum + value * other[j], 0)).toBeCloseTo(k === l ? 1 : 0, 10))
    })
    expect(found.share).toBeGreaterThan(0.99)
    const coordinates = project(found, images)
    const variance = (c: number) => Array.from({ length: n }, (_, i) => coordinates[i * 3 + c] ** 2 / n).reduce((a, b) => a + b)
    expect(variance(0)).toBeCloseTo(16, -0.5)
    expect(Math.abs(coordinates.reduce((a, b) => a + b, 0))).toBeLessThan(1e-6)
    await expect(principalComponents(images, d, 21, now)).rejects.toThrow(/21 principal components/)
  })
})
