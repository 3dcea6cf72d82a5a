/** Probes on features whose answer is known, and on nets: what must hold whatever a net has learnt. */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { Bench } from '../../src/diagnostics/diagnostic.ts'
import { type AdamWPlan, type Exam, fitAdamW, fitFewLabels, TOLERANCE } from '../../src/diagnostics/fit.ts'
import probe, { measure } from '../../src/diagnostics/probe.diagnostic.ts'
import { netSource, noiseOf, pixelSource, type Sight, type Source } from '../../src/diagnostics/sweep.ts'
import { readNpz } from '../../src/lab/npz.ts'
import { makeProbes, parts, probeAccuracy, probeDescent, probeScale } from '../../src/ops/probe.ts'
import { probeLoss, probeScale as scaleTwin } from '../../src/reference/probe.ts'
import { Random } from '../../src/reference/random.ts'
import { withBench } from '../support/bench.ts'
import { tinyConfig } from '../support/tiny_run.ts'

const nothing: Omit<Sight, 'count'> = { images: new Float32Array(0), noise: new Float32Array(0) }
const [K, TRAIN, TEST] = [5, 120, 400]

/** Features that are made up: one group, one level. */
function given(bench: Bench, width: number, feature: (i: number, c: number) => number): Source {
  return {
    groups: 1, width, most: Infinity, pieces: () => 1,
    record(levels, images) {
      const features = bench.recorder().tensor('features', levels * images * width)
      return {
        groups: 1, width, recorders: [], features,
        async fill(table, { count }, at) {
          table.write(features, Float32Array.from({ length: count * width }, (_, i) => feature(at + Math.floor(i / width), i % width)), at * width)
        },
      }
    },
  }
}

const examOf = (labels: Uint32Array, labelled = 40): Exam => ({
  classes: K, labelled, draws: TRAIN / labelled, train: { count: TRAIN, ...nothing }, validation: null, test: { count: TEST, ...nothing }, labels,
})
const effort = { between: async () => {}, t: [0.1], neighbours: false }
const plan: AdamWPlan = { steps: 40, learningRate: 0.05, weightDecay: 0.01, cosine: true, normalise: false, noiseDraws: 2, freshNoise: false, noise: () => new Float32Array(0) }
const randomLabels = (seed: number) => {
  const random = new Random(seed)
  return Uint32Array.from({ length: TRAIN + TEST }, () => Math.floor(random.uniform() * K))
}
const fourDeviations = (draws: number) => 4 * Math.sqrt((0.2 * 0.8) / (TEST * draws))

describe('on features whose answer is known', () => {
  test('one-hot features are read without a mistake, by both protocols and by neighbours', () =>
    withBench(tinyConfig(), async bench => {
      const labels = randomLabels(1)
      const source = () => given(bench, 8, (i, c) => (c === labels[i] ? 1 : 0))
      const few = await fitFewLabels(bench, source(), examOf(labels), [0.01], { ...effort, neighbours: true })
      expect(few.accuracy).toEqual([[[1, 1, 1]]])
      expect(few.neighbours).toEqual([[1]])
      expect(few.unfinished).toBe(0)
      const paper = await fitAdamW(bench, source(), { ...examOf(labels, 128), draws: 1, train: { count: 128, ...nothing }, test: { count: TEST - 8, ...nothing } }, plan, effort)
      expect(paper.accuracy).toEqual([[[1, 1]]])
    }))

  test('random labels are read at chance', () =>
    withBench(tinyConfig(), async bench => {
      const random = new Random(7)
      const numbers = random.normals((TRAIN + TEST) * 8)
      const { accuracy } = await fitFewLabels(bench, given(bench, 8, (i, c) => numbers[i * 8 + c]), examOf(randomLabels(3)), [0.01], effort)
      const mean = accuracy[0][0].reduce((sum, value) => sum + value / 3, 0)
      expect(Math.abs(mean - 0.2)).toBeLessThan(fourDeviations(1))
    }))

  test('features that never vary, and a class that no draw has, spoil nothing', () =>
    withBench(tinyConfig(), async bench => {
      const labels = randomLabels(1).map((label, i) => (i < TRAIN && label === 4 ? 3 : label))
      const { accuracy, unfinished } = await fitFewLabels(bench, given(bench, 8, (i, c) => (c === 7 ? 0.3 : c === labels[i] ? 1 : 0)), examOf(labels), [0.01], effort)
      const present = labels.slice(TRAIN).filter(label => label !== 4).length / TEST
      expect(unfinished).toBe(0)
      for (const value of accuracy[0][0]) expect(value).toBeGreaterThanOrEqual(present - 1e-6)
      const constant = await fitFewLabels(bench, given(bench, 8, () => 0.3), examOf(labels), [0.01], effort)
      expect(constant.unfinished).toBe(0)
      for (const value of constant.accuracy[0][0]) expect(value).toBeLessThan(0.35)
    }))

  test('λ is chosen where it does best on the images kept for it', () =>
    withBench(tinyConfig(), async bench => {
      const random = new Random(9)
      const labels = randomLabels(1)
      const numbers = random.normals((TRAIN + TEST) * 16)
      const source = given(bench, 16, (i, c) => numbers[i * 16 + c] + (c % K === labels[i] ? 2 : 0))
      const exam: Exam = { ...examOf(labels), validation: { count: 200, ...nothing }, test: { count: 200, ...nothing } }
      // Under the first nothing but the most frequent class is left.
      const both = await fitFewLabels(bench, source, exam, [100, 0.01], effort)
      expect(both.fits).toBe(6)
      expect([...both.chosen]).toEqual([[0.01, 3]])
      expect(both.accuracy).toEqual((await fitFewLabels(bench, source, exam, [0.01], effort)).accuracy)
    }))
})

/** More images than the other tests need, so that chance can be told. */
const config = tinyConfig({ data: { count: 2048, heldOut: 1024 } })
const settings = (values: Record<string, unknown>) => probe.settings.parse({ labels: 64, draws: 8, test: 1024, ...values })

describe('beside scikit-learn on the same features', () => {
  const fixture = readNpz(readFileSync(new URL('../fixtures/probe/regression.npz', import.meta.url)))
  const numbersOf = (name: string) => Float64Array.from(fixture[name].data as ArrayLike<number>)
  const [x, labels] = [fixture.x.data as Float32Array, Uint32Array.from(fixture.labels.data as Int32Array)]
  const [N, C] = fixture.x.shape
  const [n, classes] = [128, 10]
  const rows = Uint32Array.from({ length: n }, (_, i) => i)

  test.each([[0, 0.01], [1, 0.001]])('a converged fit has its weights and its accuracy (λ number %i, %f)', (which, penalty) =>
    withBench(tinyConfig(), async bench => {
      const recorder = bench.recorder()
      const probes = makeProbes(recorder, { groups: 1, images: N, draws: 1, labelled: n, width: C, classes }, recorder.constant('x', x), recorder.constant('classes', labels))
      probeScale(recorder, probes, true)
      const steps = bench.recorder()
      const before = steps.tensor('before', probes.weights.length)
      for (let i = 0; i < 50; i++) probeDescent(steps, probes, before, TOLERANCE)
      const ask = bench.recorder()
      const correct = ask.tensor('correct', parts(N - n))
      probeAccuracy(ask, probes, n, N - n, correct)
      const table = await bench.lay(recorder, steps, ask)
      table.write(probes.rows, rows)
      table.write(probes.penalty, Float32Array.of(penalty))
      table.submit(recorder)
      for (let i = 0; i < 60; i++) table.submit(steps)
      table.submit(ask)
      const weights = await table.read(probes.weights, 0, classes * (C + 4))

      const { gradient } = probeLoss(x, rows, labels, scaleTwin(x, rows, C), weights, C, classes, penalty)
      const greatest = gradient.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
      expect(greatest).toBeLessThan(1.02 * TOLERANCE)
      expect(greatest).toBeGreaterThan(0)
      const [coefficients, intercepts] = [numbersOf(`coefficients${which}`), numbersOf(`intercepts${which}`)]
      const scale = coefficients.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
      for (let k = 0; k < classes; k++) {
        for (let c = 0; c < C; c++) expect(Math.abs(weights[k * (C + 4) + c] - coefficients[k * C + c])).toBeLessThan(0.02 * scale)
        expect(Math.abs(weights[k * (C + 4) + C] - intercepts[k])).toBeLessThan(0.02 * scale)
      }
      const right = (await table.read(correct, 0, parts(N - n))).reduce((sum, value) => sum + value, 0) / (N - n)
      expect(Math.abs(right - numbersOf(`accuracy${which}`)[0])).toBeLessThanOrEqual(0.005)
    }))
})

describe('on nets', () => {
  test.each([[0], [60]])('pure noise is read at chance after %i steps', steps =>
    withBench(config, async bench => {
      const [panel] = await measure(bench, settings({ t: '1' }) as never)
      const curves = panel.curves.filter(({ label, kind }) => kind === 'measured' || label === 'raw pixels')
      expect(curves.length).toBe(3)
      for (const { y } of curves) expect(Math.abs(y[0]! - 0.1)).toBeLessThan(4 * Math.sqrt((0.1 * 0.9) / 1024))
    }, { steps }))

  test('both protocols give finite numbers on a net at its start, all layers and neighbours too', () =>
    withBench(config, async bench => {
      for (const values of [{ protocol: 'few labels', penalty: 'validated' }, { protocol: 'paper', images: 256, steps: 5, noiseDraws: 2, freshNoise: true }]) {
        const panels = await measure(bench, settings({ ...values, t: '0 .001 .1', allLayers: true, neighbours: true, test: 128, draws: 2 }) as never)
        expect(panels.map(({ id }) => id)).toEqual(['accuracy', 'neighbours'])
        for (const { y, spread } of panels.flatMap(({ curves }) => curves)) for (const value of [...y, ...(spread ?? [])]) expect(Number.isFinite(value)).toBe(true)
        expect(panels[0].heat!.map(({ values: rows }) => rows.length)).toEqual([2, 2])
        expect(panels[0].summary).toMatch(/^(With 64 labels|After 5 probe steps) .*\.$/)
      }
    }))

  test('by heart the clean image is read as its pixels are, a little noise changes nothing for the labelled ones, and noise alone says nothing', () =>
    withBench(config, async bench => {
      const [{ curves, notes }] = await measure(bench, settings({ t: '0 0.001 1', byHeart: true, test: 512, draws: 2 }) as never)
      const of = (label: string) => curves.find(curve => curve.label === label)!
      const [heart, pixels] = [of('x̂₀ by heart'), of('raw pixels')]
      expect(heart.kind).toBe('theory')
      expect(heart.y[0]).toBe(pixels.y[0])
      // Held-out images are answered by the nearest training image, which is of their class more often than chance.
      expect(heart.y[1]!).toBeGreaterThan(0.1 + 3 * Math.sqrt((0.1 * 0.9) / 512))
      expect(heart.y[1]).not.toBe(pixels.y[1])
      expect(Math.abs(heart.y[2]! - 0.1)).toBeLessThan(4 * Math.sqrt((0.1 * 0.9) / 512))
      expect(notes.join(' ')).toContain('closed form')
    }))

  test('levels looked at together are read as they are one by one', () =>
    withBench(config, async bench => {
      const source = netSource(bench, [1])
      const sights = await Promise.all((['train', 'test'] as const).map(async split => {
        const { images, labels } = await bench.images(128, { split })
        return { sight: { count: 128, images, noise: new Float32Array(images.length).fill(0.5) }, labels }
      }))
      const exam: Exam = { classes: 10, labelled: 64, draws: 2, train: sights[0].sight, validation: null, test: sights[1].sight, labels: Uint32Array.from(sights.flatMap(({ labels }) => [...labels])) }
      const t = [0, 0.1, 0.5]
      const whole = await fitFewLabels(bench, source, exam, [0.01], { ...effort, t })
      const single = []
      for (const level of t) single.push(...(await fitFewLabels(bench, source, exam, [0.01], { ...effort, t: [level] })).accuracy)
      expect(whole.accuracy).toEqual(single)
    }, { steps: 20 }))

  test('test images for which there is no room together are read lot by lot as they are all at once', () =>
    withBench(config, async bench => {
      const [train, test] = [await bench.images(128, { split: 'train' }), await bench.images(150, { split: 'test' })]
      const sight = ({ images, labels }: typeof train, part: number): Sight => ({ count: labels.length, images, noise: noiseOf(config, labels.length, part) })
      const exam: Exam = { classes: 10, labelled: 64, draws: 2, train: sight(train, 0), validation: null, test: sight(test, 2), labels: Uint32Array.from([...train.labels, ...test.labels]) }
      const twice = { ...effort, t: [0, 0.3], neighbours: true }
      for (const source of [netSource(bench, [1, 2]), pixelSource(bench)]) {
        const narrow = { ...source, most: 128 + 64 } // lots of 64, 64 and 22
        for (const fit of [
          (from: Source) => fitFewLabels(bench, from, exam, [0.1, 0.01], twice),
          (from: Source) => fitAdamW(bench, from, { ...exam, labelled: 128, draws: 1 }, { ...plan, noise: (shown, part, draw) => noiseOf(config, shown.count, part, draw) }, twice),
        ]) expect(await fit(narrow)).toEqual(await fit(source))
      }
    }, { steps: 20 }))
})

test('what cannot be probed is refused in one sentence', () => {
  const dataset = (classes: string[]) => ({ label: 'Made up', classes }) as never
  const refuse = (values: Record<string, unknown>, classes = ['a', 'b']) => probe.refuse!(config, dataset(classes), settings(values))
  expect(refuse({})).toBeUndefined()
  expect(refuse({}, ['a'])).toBe('Made up has one class, and telling classes apart takes at least 2')
  expect(refuse({ labels: 4096 })).toBe('4096 labelled images are more than the 2048 training images; take fewer')
  expect(refuse({ labels: 2048, penalty: 'validated' })).toMatch(/2048 labelled images and 1024 for choosing λ are more than the 2048 training images/)
  expect(refuse({ protocol: 'paper', images: 4096 })).toMatch(/4096 labelled images are more than the 2048/)
  expect(refuse({ test: 2048 })).toMatch(/2048 test images are more than the 1024 held-out ones/)
  const large = tinyConfig({ net: { size: 32 }, data: { count: 65536, heldOut: 1024 } })
  expect(probe.refuse!(large, dataset(['a', 'b']), settings({ protocol: 'paper', images: 65536 }))).toMatch(/65,600 images and their probes take 257 MiB .* take fewer labelled images/)
  expect(refuse({ layer: 3 })).toMatch(/there is no block 3; this net has blocks 1 to 2/)
  for (const t of ['', 'none', '0.1 2', '-1']) expect(() => settings({ t }), t).toThrow(/1 to 64 noise levels from 0 to 1/)
})
