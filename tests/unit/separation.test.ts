/** How far classes lie apart, and where samples of a class stand, on values of which the answer is known. */
import { expect, test } from 'vitest'
import { parseConfig } from '../../src/config.ts'
import { drawImages } from '../../src/lab/data.ts'
import { meansPanel } from '../../src/diagnostics/class_panels.ts'
import { scatterOf } from '../../src/diagnostics/scatter.ts'
import { classMeansOf, separationOf } from '../../src/diagnostics/separation.ts'
import { datasets } from '../../src/datasets/index.ts'
import { Random } from '../../src/reference/random.ts'

test('the share between classes is what the features’ is, 0 ± its error where classes do not differ, and NaN where nothing does', () => {
  const [n, d, K] = [240, 5, 3]
  const random = new Random(3)
  const labels = Array.from({ length: n }, (_, i) => i % K)
  const apart = (by: number) => Float32Array.from({ length: n * d }, (_, i) => random.normals(1)[0] + by * labels[Math.floor(i / d)])
  for (const by of [0, 0.5, 3]) {
    const values = apart(by)
    const { value, standardError } = separationOf(values, labels, d)
    expect(value).toBeCloseTo(scatterOf(values, labels, d, false).between, 8)
    if (by === 0) expect(Math.abs(value)).toBeLessThan(4 * standardError)
    else expect(value).toBeGreaterThan(4 * standardError)
    // Classes at 0, by and 2 by: their variance is ⅔ by², beside 1 within.
    expect(Math.abs(value - (2 / 3) * by ** 2 / (1 + (2 / 3) * by ** 2))).toBeLessThan(0.06)
  }
  expect(separationOf(new Float32Array(n * d).fill(0.3), labels, d).value).toBeNaN()
})

test('chance: class means of images of one kind lie as far from the mean of all as said', () => {
  const [n, d, K] = [1000, 40, 4]
  const random = new Random(5)
  const { means, grand, chance } = classMeansOf(random.normals(n * d), Array.from({ length: n }, (_, i) => i % K), d, K)
  means.forEach((mean, c) => expect(mean.reduce((sum, value, k) => sum + (value - grand[k]) ** 2, 0) / chance[c]).toBeCloseTo(1, 0))
})

async function panelOf(dataset: string, change: (image: Float32Array, grand: Float64Array) => Float32Array) {
  const found = datasets[dataset]
  const K = found.classes.length
  const batch = await drawImages(found, 1600, { seed: 1, split: 'train', size: 8 }, async () => {})
  const held = await drawImages(found, 1000, { seed: 1, split: 'test', size: 8 }, async () => {})
  const data = { dataset: found, train: batch.images, trainLabels: batch.labels, heldOut: held.images, heldOutLabels: held.labels }
  const config = parseConfig({ net: { size: 8, classes: K }, data: { dataset }, replicas: [{ method: 'fm' }] })
  const { grand } = classMeansOf(batch.images, batch.labels, 64, K)
  const samples = 40
  const drawn = new Float32Array(samples * K * 64)
  for (let i = 0; i < samples * K; i++) {
    const row = [...held.labels.keys()].filter(at => held.labels[at] === i % K)[Math.floor(i / K)]
    drawn.set(change(held.images.slice(row * 64, (row + 1) * 64), grand), i * 64)
  }
  return meansPanel({ config, labels: ['FM'], groups: [{ label: 'FM', replicas: [0] }] } as never, samples, [drawn], data)
}

test('samples that are images stand where images do; stretched from the mean of all, that much further', async () => {
  const as = await panelOf('mixture', image => image)
  expect(as.curves[0].y).toEqual(as.curves[1].y)
  as.curves[1].y.forEach((value, c) => expect(Math.abs(value! - 1)).toBeLessThan(4 * as.curves[1].spread![c]!))
  const twice = await panelOf('mixture', (image, grand) => image.map((value, k) => grand[k] + 2 * (value - grand[k])))
  twice.curves[0].y.forEach((value, c) => expect(value).toBeCloseTo(2 * as.curves[0].y[c]!, 3))
  expect(twice.summary).toMatch(/^Samples stand at (1\.9[5-9]|2|2\.0[1-5])[\d.]* in FM/)
  expect(twice.pictures!.map(({ label }) => label)).toEqual(['Class means of images', 'Class means of samples, FM'])
})

test('where class means are noise, nothing is said of them', async () => {
  const { summary, curves } = await panelOf('gratings', image => image)
  expect(summary).toMatch(/do not differ beyond chance/)
  expect(curves.every(({ y }) => y.every(value => value === null))).toBe(true)
})
