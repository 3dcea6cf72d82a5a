/** A run's own network, exported and evaluated by onnxruntime: its curves are the run's. And networks that say the same in other words. */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { type ConfigInput, parseConfig } from '../../src/config.ts'
import { evaluateFile } from '../../src/lab/evaluate_file.ts'
import { readModel } from '../../src/lab/open_file.ts'
import { exportWeights } from '../../src/lab/weights_file.ts'
import { parameterLayout, toNamed } from '../../src/model/parameters.ts'
import { type Ask, inLabTerms, type Network, pooled } from '../../src/onnx/ask.ts'
import { exposeValues } from '../../src/onnx/describe.ts'
import { psnrOf, solve } from '../../src/onnx/evaluate.ts'
import { exportOnnx } from '../../src/onnx/export.ts'
import type { ModelReading } from '../../src/file_protocol.ts'
import { ditForward } from '../../src/reference/dit.ts'
import { farthest } from '../support/compare.ts'
import { openModel } from '../support/onnx_session.ts'
import { flat, randomParameters } from '../support/random_net.ts'
import { sessions } from '../support/sessions.ts'
import { tinyConfig } from '../support/tiny_run.ts'

const { create } = sessions()
const silent = async () => {}

/** As the page's worker asks, but through the tests' own session. */
function networkOf(model: Awaited<ReturnType<typeof openModel>>, size: readonly number[], features: string | null): Network {
  return async (x, t, y) => {
    const found = await model.run(x, [y.length, ...size], t, model.inputs.length > 2 ? Array.from(y) : undefined)
    return { output: found.velocity, features: features === null ? null : found[features] }
  }
}

async function trained(input: ConfigInput, steps = 12) {
  const session = await create(tinyConfig(input))
  await session.advance(steps)
  return session
}

const probes = { t: '0 0.02 0.5', neighbours: true, labels: 128, draws: 2, test: 256 } as const

test.each([['unlabelled', {}, {}], ['labelled, guided, self-conditioned', { classes: 10, labelDrop: 0.25, selfCondition: 1 }, { guidance: 2, guidanceFrom: 0.2 }]])('%s: loss by level within 1e-4 of the engine’s, the same samples, the same probes', async (_, net, guided) => {
  const session = await trained({ net, data: { count: 256, heldOut: 256 }, evaluate: { perLevel: 16, samples: 4, solver: 'heun', solverSteps: 6, ...guided }, replicas: [{ method: 'fm' }, { method: 'lcf', seed: 5 }] }, 20)
  const checkpoint = await session.checkpoint()
  const engine = await session.evaluate()
  const drawn = await session.sample()
  const probe = await session.measure('probe', probes)
  const condition = await session.measure('condition', { levels: 16, pairs: 64 })
  const jacobian = await session.measure('jacobian', { levels: 8, images: 32, probes: 64 })
  for (const replica of [0, 1]) {
    const bytes = exportWeights(checkpoint, { replica, weights: 'ema', format: 'onnx', version: '1' })
    const { opened } = readModel([{ name: 'mine.onnx', bytes }])
    expect(opened.reading).toEqual({ image: 'x', time: 't', labels: checkpoint.config.net.classes > 0 ? 'y' : null, output: 'velocity', features: 'features', scale: 1, zero: 'clean', predicts: 'velocity', path: 'linear', range: 'signed' })
    const model = await openModel(bytes)
    try {
      const { net } = checkpoint.config
      const ask = inLabTerms(networkOf(model, [net.channels, net.size, net.size], 'features'), opened.reading!)
      const heard: string[] = []
      const { loss, panels, samples } = await evaluateFile(ask, { name: 'mine', reading: opened.reading!, config: checkpoint.config, labelled: 256, batch: 12, untrainedBelow: opened.untrainedBelow }, async label => { heard.push(label) })
      expect(loss.t).toEqual(engine.t)
      expect(farthest(loss.mean[0].map(Number), engine.mean[replica].map(Number))).toBeLessThan(1e-4)
      expect(farthest(loss.standardError[0].map(Number), engine.standardError[replica].map(Number))).toBeLessThan(1e-4)
      expect(loss.floor).toEqual(engine.floor)
      expect(farthest(samples!.images, drawn.images[replica])).toBeLessThan(1e-4)
      expect([...new Set(heard)]).toEqual(['loss by noise level', 'gain', 'samples', 'features', 'Jacobian'])

      // Two of 256 test images may fall on the other side of a boundary by rounding.
      expect(panels.map(({ id }) => id)).toEqual(['psnr', 'condition', 'accuracy', 'neighbours', 'gains', 'ratio', 'norm', 'share'])
      for (const id of ['accuracy', 'neighbours']) {
        const own = panels.find(panel => panel.id === id)!.curves[0]
        const theirs = probe.panels.find(panel => panel.id === id)!.curves[replica]
        theirs.x.forEach((t, i) => expect(Math.abs(own.y[own.x.indexOf(t)]! - theirs.y[i]!)).toBeLessThanOrEqual(2 / 256))
      }

      // The gain needs no derivative, so it is the engine's own; the Jacobian by differences lies within the error of the engine's cotangent probes.
      const gain = panels.find(({ id }) => id === 'condition')!.curves[0]
      const own = condition.panels[0].curves.find(curve => curve.replica === replica)!
      expect(gain.x).toEqual(own.x)
      gain.y.forEach((value, i) => expect(Math.abs(value! / own.y[i]! - 1), `gain at t ${gain.x[i]}: ${value}, engine ${own.y[i]}`).toBeLessThan(2e-3))
      for (const id of ['gains', 'norm', 'share']) {
        for (const label of id === 'gains' ? ['class', 'other'] : ['']) {
          const { x, y, spread } = panels.find(panel => panel.id === id)!.curves.find(curve => curve.label === [label, 'mine'].filter(Boolean).join(', '))!
          const exact = jacobian.panels.find(panel => panel.id === id)!.curves.find(curve => curve.replica === replica && curve.label === label)!
          x.forEach((t, i) => expect(Math.abs(y[i]! - exact.y[i]!), `${id} ${label} at t ${t}: ${y[i]}, engine ${exact.y[i]} ± ${exact.spread![i]}`).toBeLessThan(Math.min(3 * Math.hypot(spread![i]!, exact.spread![i]!), 0.25 * exact.y[i]!)))
        }
      }
    } finally {
      await model.release()
    }
  }
}, 600_000)

test('any value on the way serves as features: tokens after block 1 are the mean that the file answers with', async () => {
  const session = await trained({ objective: { layer: 1 }, data: { count: 64, heldOut: 64 } })
  const bytes = exposeValues(exportWeights(await session.checkpoint(), { replica: 0, weights: 'ema', format: 'onnx', version: '1' }), ['blocks.0'])
  const model = await openModel(bytes)
  const { net } = session.currentConfig
  const x = Float32Array.from({ length: 3 * net.channels * net.size ** 2 }, (_, i) => Math.sin(i))
  const found = await model.run(x, [3, net.channels, net.size, net.size], new Float32Array(3).fill(0.2))
  await model.release()
  expect(farthest(pooled(found['blocks.0'], 3), found.features.data)).toBeLessThan(1e-5)
})

test.each(['x-prediction', 'noise-prediction'])('%s along the cosine: asked along the linear path, the file answers with the net’s own image or noise', async method => {
  const config = tinyConfig({ replicas: [{ method, path: 'cosine' }] })
  const parameters = randomParameters(config.net, 5)
  const bytes = exportOnnx({ config, replica: 0, weights: 'ema', step: 0, version: '1', parameters: toNamed(parameterLayout(config.net), flat(config.net, parameters)) })
  const { reading } = readModel([{ name: 'mine.onnx', bytes }]).opened
  const model = await openModel(bytes)
  try {
    const ask = inLabTerms(networkOf(model, [1, 8, 8], null), reading!)
    const x = Float32Array.from({ length: 64 }, (_, i) => Math.sin(3 * i))
    for (const t of [0.1, 0.5, 0.9]) {
      const { velocity } = await ask(x, t, [0])
      // Where the cosine has as much noise for as much image, the image is larger by 1/hypot(1 − t, t), for its α² + β² is 1.
      const seen = Float64Array.from(x, value => value / Math.hypot(1 - t, t))
      const { velocity: answer } = ditForward(config.net, parameters, seen, Float64Array.of((2 / Math.PI) * Math.atan2(t, 1 - t)), null)
      expect(farthest(velocity.map((v, i) => (method === 'x-prediction' ? x[i] - t * v : x[i] + (1 - t) * v)), answer!), `t = ${t}`).toBeLessThan(1e-5)
    }
  } finally {
    await model.release()
  }
})

describe('in other words', () => {
  const reading: ModelReading = { image: 'x', time: 't', labels: null, output: 'y', features: null, scale: 1, zero: 'clean', predicts: 'velocity', path: 'linear', range: 'signed' }
  /** The exact field of data that are all μ: x̂0 = μ, v = (x − μ)/t. */
  const [mu, n] = [0.25, 5]
  const x = Float32Array.from({ length: n }, (_, i) => i / 3 - 0.6)
  const truth = (t: number) => x.map(value => (value - mu) / t)
  const others: [string, Partial<ModelReading>, (t: number, value: number) => number][] = [
    ['velocity, 0 to 1000', { scale: 1000 }, (time, value) => (value - mu) / (time / 1000)],
    ['velocity of a time that starts at noise', { zero: 'noise' }, (time, value) => -(value - mu) / (1 - time)],
    ['the image', { predicts: 'image' }, () => mu],
    ['the noise', { predicts: 'noise' }, (time, value) => value + ((1 - time) * (value - mu)) / time],
    ['the noise, time from noise in 999 steps', { predicts: 'noise', zero: 'noise', scale: 999 }, (time, value) => { const t = 1 - time / 999; return value + ((1 - t) * (value - mu)) / t }],
  ]

  test.each(others)('%s', async (_, change, answer) => {
    const network: Network = async (images, time) => ({ output: { shape: [n, 1, 1, 1], data: images.map((value, i) => answer(time[i], value)) }, features: null })
    const ask = inLabTerms(network, { ...reading, ...change })
    for (const t of [0.05, 0.4, 0.9]) expect(farthest((await ask(x, t, [0, 0, 0, 0, 0])).velocity, truth(t))).toBeLessThan(1e-4)
  })

  test('a variance behind the mean is left out; another shape is refused', async () => {
    const doubled: Network = async images => ({ output: { shape: [n, 2, 1, 1], data: Float32Array.from({ length: 2 * n }, (_, i) => (i % 2 === 0 ? images[i / 2] : 99)) }, features: null })
    expect((await inLabTerms(doubled, reading)(x, 0.5, [0, 0, 0, 0, 0])).velocity).toEqual(x)
    const other: Network = async () => ({ output: { shape: [n, 3], data: new Float32Array(3 * n) }, features: null })
    await expect(inLabTerms(other, reading)(x, 0.5, [0, 0, 0, 0, 0])).rejects.toThrow('the answer has the shape (5, 3), which is not that of the images')
    expect(() => pooled({ shape: [1, 4], data: new Float32Array(4) }, n)).toThrow('the features have the shape (1, 4)')
  })

  test('Heun is exact on a velocity linear in t, Euler is not; both end where the data are', async () => {
    const ask: Ask = async (images, t) => ({ velocity: images.map(() => 2 * t), features: null }) // x(0) = x(1) − 1
    const by = (field: Ask, solver: 'euler' | 'heun') =>
      solve(field, { noise: x, labels: [0], untrainedBelow: 0, fresh: () => [] }, { ...parseConfig({}).evaluate, solver, solverSteps: 4 }, silent)
    const [euler, heun] = [await by(ask, 'euler'), await by(ask, 'heun')]
    expect(farthest(euler, x.map(value => value - 1.25))).toBeLessThan(1e-6) // 2 · ¼ (1 + ¾ + ½ + ¼)
    expect(farthest(heun, x.map(value => value - 1.0625))).toBeLessThan(1e-6) // Euler only from ¼ on: 1 − 1/16 + ⅛
    const points: Ask = async (images, t) => ({ velocity: images.map(value => (value - mu) / t), features: null })
    expect(farthest(await by(points, 'euler'), x.map(() => mu))).toBeLessThan(1e-6)
  })

  test('PSNR: the error of x̂0 is t times that of the velocity', () => {
    expect(psnrOf(1, 0.1, 2)).toBeCloseTo(20 * Math.log10(2 / 0.1), 10)
  })
})

test('the examples on the page are runs of the lab, small, and better than their start', async () => {
  for (const [name, method] of [['gratings-fm', 'fm'], ['gratings-lcf', 'lcf']]) {
    const bytes = new Uint8Array(readFileSync(new URL(`../../public/examples/${name}.onnx`, import.meta.url)))
    expect(bytes.length).toBeLessThan(400_000)
    const { opened, checkpoint } = readModel([{ name: `${name}.onnx`, bytes }])
    expect(opened).toMatchObject({ kind: 'onnx', step: 6000, weights: { whole: true, differences: [] }, config: { data: { dataset: 'gratings' }, replicas: [{ method }] } })
    expect(checkpoint().replicas).toHaveLength(1)
    const model = await openModel(bytes)
    const config = { ...opened.config!, evaluate: { ...opened.config!.evaluate, levels: 3, perLevel: 8, samples: 2 } }
    const { loss } = await evaluateFile(inLabTerms(networkOf(model, [1, 12, 12], null), { ...opened.reading!, features: null }), { name, reading: opened.reading!, config, labelled: 0, batch: 8, untrainedBelow: 0 }, silent)
    await model.release()
    expect(loss.mean[0][2]).toBeLessThan(0.4) // at t = .999; 1.3 for an answer of 0
  }
})
