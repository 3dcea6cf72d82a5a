/** Points of the plane: how far apart two sets are, where points stand between times, the best velocity there is, and what the page paints from. */
import { describe, expect, test } from 'vitest'
import type { Dataset } from '../../src/datasets/dataset.ts'
import { datasets } from '../../src/datasets/index.ts'
import { chartOf } from '../../src/datasets/plane.ts'
import { bestField, mixed } from '../../src/diagnostics/best_field.ts'
import { atLevels, middles, nearestClasses, wayAlong } from '../../src/diagnostics/plane_views.ts'
import { configSchema } from '../../src/config.ts'
import { PhiloxStream } from '../../src/engine/philox.ts'
import { energyDistance } from '../../src/flow/energy.ts'
import { empiricalVelocity } from '../../src/flow/empirical.ts'
import { makePath } from '../../src/flow/paths.ts'
import { between, outside, speeds } from '../../src/ui/plane/paint.ts'

const normals = (length: number, seed: number, shift = 0) => {
  const values = new Float32Array(length)
  new PhiloxStream(seed, 0).fillNormal(values)
  return values.map(value => value + shift)
}

describe('energy distance', () => {
  test('of the same distribution is 0 within its error, of two points apart what the definition says', () => {
    const same = energyDistance(normals(800, 1), normals(800, 2), 2)
    expect(Math.abs(same.value)).toBeLessThan(3 * same.standardError)
    // All of x at 0, all of y at distance 5: 2·5 − 0 − 0.
    const [x, y] = [new Float32Array(32), Float32Array.from({ length: 32 }, (_, i) => (i % 2 === 0 ? 3 : 4))]
    expect(energyDistance(x, y, 2).value).toBeCloseTo(10, 12)
  })

  test('grows with the shift: for N(0,1) and N(δ,1) in one dimension it is known', () => {
    // E|N(δ,2)| = 2/√π e^(−δ²/4) + δ erf(δ/2); at δ = 1: 2 (.8788 + .5205) − 2 · 1.1284
    const { value, standardError, count } = energyDistance(normals(1024, 3), normals(1024, 4, 1), 1)
    expect(count).toBe(1024)
    expect(Math.abs(value - (2 * (1.128379 * Math.exp(-0.25) + 0.520500) - 2 * 1.128379))).toBeLessThan(4 * standardError)
  })

  test('refuses sets of different sizes, and too few points', () => {
    expect(() => energyDistance(normals(40, 1), normals(32, 2), 2)).toThrow('equally many, not 20 and 16')
    expect(() => energyDistance(normals(8, 1), normals(8, 2), 2)).toThrow('8 points or more')
  })
})

test('a way is straight between its times and stands still beyond a jump', () => {
  const way = { t: [1, 0.5, 0], states: [[0, 0], [1, 2], [1, 4]] }
  expect([...atLevels(way, [1, 0.75, 0.5, 0.25, 0])]).toEqual([0, 0, 0.5, 1, 1, 2, 1, 3, 1, 4])
})

test('the plane of buried data: lifted and flattened it is the same; what lies off it is not seen', () => {
  const chart = chartOf(datasets.buried, 64, 8)
  const points = normals(20, 7)
  const back = chart.flatten(chart.lift(points))
  back.forEach((value, i) => expect(value).toBeCloseTo(points[i], 5))
  const { images } = datasets.buried.generate(50, { seed: 1, split: 'train', size: 8 })
  const shown = chart.lift(chart.flatten(images))
  images.forEach((value, i) => expect(shown[i]).toBeCloseTo(value, 5))
})

test('what is shown larger is so at its place, and so is its velocity; both classes and their points pushed twice as far from the middle are in the picture', () => {
  const dataset = datasets['two-classes']
  const chart = chartOf(dataset, 2, 1)
  const [x, y] = dataset.plane!.zoom!.centre
  expect([...chart.flatten([x, y, x + 0.1, y - 0.2])].map(value => Number(value.toFixed(4)))).toEqual([0, 0, 0.6, -1.2])
  expect([...chart.turn([-2, 0.1])].map(value => Number(value.toFixed(5)))).toEqual([-12, 0.6])
  chart.lift([0, 0, 0.6, -1.2]).forEach((value, i) => expect(value).toBeCloseTo([x, y, x + 0.1, y - 0.2][i], 6))
  const shown = chart.flatten(dataset.generate(256, { seed: 1, split: 'test' }).images)
  const inside = (times: number) => shown.filter(value => Math.abs(times * value) < chart.extent).length / shown.length
  expect(inside(2)).toBeGreaterThan(0.98)
  expect(inside(5)).toBeLessThan(0.9) // and they fill it
})

test('middles begin at the lower left', () => {
  expect([...middles(2, 2)]).toEqual([-1, -1, 1, -1, -1, 1, 1, 1])
})

test('classes of the nearest', () => {
  expect(nearestClasses([0, 0, 5, 5], [4, 4, 1, 0, -9, 9], [7, 3, 1])).toEqual([3, 7])
})

const benchOf = (dataset: Dataset, count = 256) => {
  const { images: train, labels: trainLabels } = dataset.generate(count, { seed: 1, split: 'train' })
  return { data: { dataset, train, trainLabels } } as Parameters<typeof bestField>[0]
}

describe('best velocity', () => {
  const linear = makePath('linear')

  test('is the data set’s own where it is known, and that of the training points where it is not', () => {
    const x = Float32Array.of(0.7, -0.4)
    const out = new Float32Array(2)
    datasets['eight-gaussians'].field!(x, 0.3, out)
    const known = bestField(benchOf(datasets['eight-gaussians']), 2, linear)
    expect(known.words).toBe('best velocity')
    known.field(x, 0.3).forEach((value, i) => expect(value).toBeCloseTo(out[i], 5))
    const bench = benchOf(datasets.moons)
    empiricalVelocity({ points: bench.data.train, dimensions: 2 }, x, 0.3, out)
    const finite = bestField(bench, 2, linear)
    expect(finite.words).toBe('best velocity for 256 training points')
    finite.field(x, 0.3).forEach((value, i) => expect(value).toBeCloseTo(out[i], 4))
  })

  test('for a model that is told the class it is that of the class alone, point by point', () => {
    const x = Float32Array.of(1.6, 0.02, 1.6, 0.02)
    const told = bestField(benchOf(datasets['two-classes']), 2, linear, [0, 1])
    expect(told.words).toBe('best velocity, told the class')
    const [t, s] = [0.4, 0.05]
    const q = (t - (1 - t) * s ** 2) / ((1 - t) ** 2 * s ** 2 + t ** 2)
    const angle = (12.566 * Math.PI) / 180
    const means = [2, 0, 1.5 + 0.5 * Math.cos(angle), 0.5 * Math.sin(angle)]
    told.field(x, t).forEach((value, i) => expect(value).toBeCloseTo(-means[i] + q * (x[i] - (1 - t) * means[i]), 5))
    // Where no distribution is known, of that class's training points.
    const bench = benchOf(datasets.moons)
    const out = new Float32Array(2)
    empiricalVelocity({ points: bench.data.train.filter((_, k) => bench.data.trainLabels[k >> 1] === 1), dimensions: 2 }, x.subarray(0, 2), t, out)
    bestField(bench, 2, linear, [1]).field(x.subarray(0, 2), t).forEach((value, i) => expect(value).toBeCloseTo(out[i], 5))
  })

  test.each(['linear', 'cosine', 'vp'])('leads from noise to eight Gaussians, on the path %s', async (id) => {
    const path = makePath(id)
    const dataset = datasets['eight-gaussians']
    const bench = benchOf(dataset)
    const noise = normals(2 * 256, 11)
    const way = await wayAlong(bestField(bench, 2, path).field, noise, { ...configSchema.parse({}).evaluate, solver: 'heun', solverSteps: 64 }, path, async () => {})
    expect([way.t[0], way.t.at(-1)]).toEqual([1, 0])
    const found = energyDistance(way.states.at(-1)!, dataset.generate(256, { seed: 3, split: 'test' }).images, 2)
    expect(Math.abs(found.value)).toBeLessThan(3 * found.standardError)
    // What should be seen half way is neither noise nor data, and the points are there too.
    const half = mixed(dataset.generate(256, { seed: 4, split: 'test' }).images, normals(2 * 256, 12), path, 0.5)
    const middle = energyDistance(atLevels(way, [0.5]), half, 2)
    expect(middle.value).toBeLessThan(4 * middle.standardError)
    expect(energyDistance(noise, half, 2).value).toBeGreaterThan(2 * middle.value)
  })
})

test('points outside the frame are counted', () => {
  const view = { replica: null, label: '', arrows: null, classes: [0, 0], ways: Float32Array.of(9, 0, 9, 0, 3, 0, 1, 0, 1, 0, 1, 0) } // three levels of two points
  expect([0, 0.5, 1, 2].map(index => outside({ extent: 2, view, index }))).toEqual([2, 2, 1, 0])
})

test('painting: values between levels, and lengths that theories do not stretch', () => {
  expect([0, 0.5, 1, 1.75].map(index => between([0, 10, 4], 1, index, 0))).toEqual([0, 5, 10, 5.5])
  const arrows = (length: number) => Float32Array.from({ length: 16 }, (_, i) => (i % 2 === 0 ? length : 0)) // two levels of 2 × 2
  expect(speeds({ t: [1, 0], views: [{ replica: 0, label: '', ways: new Float32Array(), classes: [], arrows: arrows(3) }, { replica: null, label: '', ways: new Float32Array(), classes: [], arrows: arrows(900) }] })).toEqual([3, 3])
})
