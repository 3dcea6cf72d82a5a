import { expect, test } from 'vitest'
import { recordByHeart } from '../../src/diagnostics/by_heart.ts'
import type { Bench } from '../../src/diagnostics/diagnostic.ts'
import { diagnosticOf, parseSettings } from '../../src/diagnostics/index.ts'
import { works } from '../../src/diagnostics/work.ts'
import { eulerWays, firstNoise, gridFor } from '../../src/diagnostics/euler_ways.ts'
import { pointWeights } from '../../src/flow/empirical.ts'
import { linearLevel, pathsOf, placeOn } from '../../src/flow/place.ts'
import { drawSamples, recordersOf, recordSampler } from '../../src/model/sampler.ts'
import { withBench } from '../support/bench.ts'
import { relative } from '../support/compare.ts'
import { sessions } from '../support/sessions.ts'
import { tinyConfig } from '../support/tiny_run.ts'

const { create } = sessions()

async function sameAsSampler(bench: Bench, n: number): Promise<void> {
  const walk = await eulerWays(bench, n)
  const samples = await walk(firstNoise(bench, n), gridFor(bench.config, 6), async () => {})
  const sampler = recordSampler(bench.config, bench.training, { count: n, settings: { ...bench.config.evaluate, solver: 'euler', solverSteps: 6 }, recorder: () => bench.recorder() })
  const { images } = await drawSamples(await bench.lay(...recordersOf(sampler)), sampler, bench.config, { seed: bench.config.data.seed, data: bench.data })
  images.forEach((own, r) => expect(relative(samples.slice(r * own.length, (r + 1) * own.length), Float64Array.from(own))).toBeLessThan(1e-5))
}

test.each(['linear', 'cosine', 'vp', 've'] as const)('these ways are the sampler’s, on the %s path', async path => {
  await withBench(tinyConfig({ net: { classes: 3 }, objective: { path }, replicas: [{ method: 'fm' }, { method: 'fm', seed: 1 }], train: { learningRate: 0.01 } }), bench => sameAsSampler(bench, 5), { steps: 10 })
})

test('these ways are the sampler’s, each replica along its own path', async () => {
  await withBench(tinyConfig({ replicas: (['ve', 'linear', 'vp'] as const).map(path => ({ method: 'lcf', path })), train: { learningRate: 0.01 } }), bench => sameAsSampler(bench, 5), { steps: 10 })
})

test('by heart all the way ends on a training image; a net that stands still stays the farther, the earlier it takes over', async () => {
  const session = await create(tinyConfig({ replicas: [{ method: 'fm' }] }))
  const { panels: [panel] } = await session.measure('hybrid', { images: 8, steps: 10, t: '0.1 0.4 0.7 1' })
  const [net, heart] = panel.curves
  expect(net.x.map(t => Number(t.toFixed(2)))).toEqual([0.1, 0.4, 0.7, 1])
  expect(heart.y[0]).toBeLessThan(1e-3)
  // It stops at x_t = x_k + t (ε − x_k) or so: distances grow as t, while the way is straight.
  expect(net.y[0]! / net.y[1]!).toBeGreaterThan(0.2)
  expect(net.y[0]! / net.y[1]!).toBeLessThan(0.35)
  for (let i = 1; i < 4; i++) expect(net.y[i]!).toBeGreaterThan(net.y[i - 1]!)
  expect(panel.pictures![0].captions).toEqual(['by heart', 'from t = 0.1', 'from t = 0.4', 'from t = 0.7', 'from t = 1'])
})

test.each(['cosine', 'vp', 've'] as const)('by heart it ends on a training image along the %s path, too', async path => {
  const session = await create(tinyConfig({ replicas: [{ method: 'fm' }], objective: { path } }))
  const { panels: [{ curves: [net, heart] }] } = await session.measure('hybrid', { images: 4, steps: 30, t: '0.5 1' })
  expect(heart.y[0]).toBeLessThan(1e-2)
  expect(net.y[1]!).toBeGreaterThan(0.5)
})

test.each(['linear', 'cosine', 've'] as const)('asked on the GPU, the training set denoises as the closed form says, on the %s path', path => withBench(tinyConfig({ replicas: [{ method: 'fm' }], objective: { path } }), async bench => {
  const [n, d, t] = [5, 64, 0.4]
  const [along] = pathsOf(bench.config)
  const place = placeOn(along, t)
  const x = Float64Array.from(firstNoise(bench, n), (noise, i) => place.alpha * bench.data.heldOut[i] + place.beta * noise)
  const { recorder, denoise } = recordByHeart(bench, 2) // in three pieces
  const table = await bench.lay(recorder)
  const expected = new Float64Array(n * d)
  const points = { points: bench.data.train, dimensions: d }
  for (let i = 0; i < n; i++) pointWeights(points, x.subarray(i * d, (i + 1) * d).map(value => value / (place.alpha + place.beta)), linearLevel(place)).forEach((weight, k) => { for (let j = 0; j < d; j++) expected[i * d + j] += weight * points.points[k * d + j] })
  expect(relative(Float64Array.from(await denoise(table, x, t, along)), expected)).toBeLessThan(1e-5)
}))

test('searches for the nearest training images wait in between, where the measurement can be cancelled', () => withBench(tinyConfig({ replicas: [{ method: 'fm' }] }), async bench => {
  const seen: number[] = []
  await works.hybrid.measure({ ...bench, progress: async done => void seen.push(done) }, parseSettings(diagnosticOf('hybrid'), { images: 8, steps: 8, t: '0.5 1' }) as never)
  // Of the way by heart, of each of the two from there, of held-out images.
  expect(seen.filter((done, i) => done === seen[i - 1])).toHaveLength(4)
  expect(seen.at(-1)).toBe(8 + (4 + 1) + (8 + 1))
}))

test('a training set too large for the closed form is refused in one sentence', async () => {
  const session = await create()
  expect(() => session.measure('hybrid', { images: 64 })).toThrow(/64 images are more than the 32 held-out ones/)
  const { refuse, settings } = (await import('../../src/diagnostics/index.ts')).diagnostics.hybrid
  expect(refuse!(tinyConfig({ data: { count: 262144 }, net: { size: 24 } }), session.data.dataset, settings.parse({}))).toMatch(/closed form over 262144 training images takes too long.*too large for it/)
})
