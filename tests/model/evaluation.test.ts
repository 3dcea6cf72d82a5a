/** Loss by noise level: the same images and noise at every level, running means of the weights, and statistics that can be redone by hand. */
import { expect, test } from 'vitest'
import { PhiloxStream, STREAM_EVALUATION } from '../../src/engine/philox.ts'
import { generateData } from '../../src/lab/data.ts'
import { Session } from '../../src/lab/session.ts'
import { noiseLevels } from '../../src/model/evaluation.ts'
import { startState } from '../../src/model/knobs.ts'
import { ditForward } from '../../src/reference/dit.ts'
import { relative } from '../support/compare.ts'
import { testLibrary } from '../support/given_training.ts'
import { requestTestDevice } from '../support/gpu.ts'
import { flat, randomParameters } from '../support/random_net.ts'
import { tinyConfig, withTrainer } from '../support/tiny_run.ts'

const COUNT = 8
const EACH = 64

const config = tinyConfig({ net: { patch: 4, blocks: 1, classes: 10 }, data: { seed: 3 }, objective: { layer: 1 }, evaluate: { perLevel: COUNT }, replicas: [{ method: 'fm' }, { method: 'lcf' }] })

function noise(): Float32Array {
  const values = new Float32Array(COUNT * EACH)
  new PhiloxStream(config.data.seed, STREAM_EVALUATION).fillNormal(values)
  return values
}

/** Mean square of each of COUNT rows. */
const meanSquares = (values: ArrayLike<number>) => Array.from({ length: COUNT }, (_, i) => {
  let sum = 0
  for (let k = i * EACH; k < (i + 1) * EACH; k++) sum += values[k] ** 2 / EACH
  return sum
})

test('levels go from .001 to .999 in even steps of log t', () => {
  const levels = noiseLevels(24)
  expect(levels.length).toBe(24)
  expect(levels[0]).toBeCloseTo(0.001, 9)
  expect(levels[23]).toBeCloseTo(0.999, 6)
  for (let i = 1; i < 24; i++) expect(levels[i] / levels[i - 1]).toBeCloseTo(999 ** (1 / 23), 4)
})

test('an untrained net has the same loss at every level: mean (ε − x0)², near 1 + E[x0²]', async () => {
  await withTrainer(config, async (trainer, data) => {
    const eps = noise()
    const expected = meanSquares(eps.map((value, i) => value - data.heldOut[i]))
    const errors = await trainer.lossByT()
    expect(errors.length).toBe(24)
    for (const level of errors) for (const values of level) expect(relative(values, expected)).toBeLessThan(1e-6)
    const energy = data.heldOut.subarray(0, COUNT * EACH).reduce((sum, v) => sum + v * v, 0) / (COUNT * EACH)
    expect(Math.abs(expected.reduce((a, b) => a + b) / COUNT - (1 + energy))).toBeLessThan(4 * Math.sqrt((2 + 4 * energy) / (COUNT * EACH)))
  })
})

test('every level, replica and image is what the float64 twin finds with the running mean of the weights and the label', async () => {
  const data = await generateData(config)
  const parameters = config.replicas.map((_, r) => randomParameters(config.net, 60 + r))
  const start = parameters.map(values => {
    const ema = flat(config.net, values)
    const zero = () => new Float32Array(ema.length)
    return { parameters: zero(), first: zero(), second: zero(), ema, state: startState() }
  })
  await withTrainer(config, async trainer => {
    const errors = await trainer.lossByT()
    const eps = noise()
    const levels = noiseLevels(24)
    for (const level of [0, 9, 17, 23]) {
      const t = levels[level]
      const xt = Float64Array.from(eps, (value, i) => (1 - t) * data.heldOut[i] + t * value)
      parameters.forEach((weights, r) => {
        const { velocity } = ditForward(config.net, weights, xt, new Float64Array(COUNT).fill(t), data.heldOutLabels)
        const expected = meanSquares(velocity!.map((v, i) => v - (eps[i] - data.heldOut[i])))
        expect(relative(errors[level][r], expected), `level ${level}, replica ${r}`).toBeLessThan(1e-5)
      })
    }
  }, { data, start })
})

test('the report has the mean, the standard error of the mean, the count and the floor; bands average their levels', async () => {
  const session = await Session.create(await requestTestDevice(), await testLibrary(), 'evaluation', config)
  try {
    const report = await session.evaluate()
    const errors = meanSquares(noise().map((value, i) => value - session.data.heldOut[i]))
    const mean = errors.reduce((a, b) => a + b) / COUNT
    const variance = errors.reduce((sum, v) => sum + (v - mean) ** 2, 0) / (COUNT - 1)
    expect(report).toMatchObject({ step: 0, count: COUNT })
    expect(report.t).toEqual(Array.from(noiseLevels(24)))
    for (const replica of [0, 1]) {
      for (const value of report.mean[replica]) expect(value! / mean).toBeCloseTo(1, 5)
      for (const value of report.standardError[replica]) expect(value! / Math.sqrt(variance / COUNT)).toBeCloseTo(1, 4)
    }
    expect(report.floor).toEqual(session.data.dataset.floor ? report.t.map(t => session.data.dataset.floor!(t, 8)) : null)
    const { bands, lossByT } = session.tick()
    expect(lossByT).toBe(report)
    expect(bands.map(band => band.step)).toEqual([[0], [0], [0], [0]])
    for (const band of bands) for (const values of band.value) expect(values[0]! / mean).toBeCloseTo(1, 5)
    // Every level belongs to exactly one band.
    for (const t of report.t) expect(bands.filter(band => t >= band.from && t < band.to).length).toBe(1)
  } finally {
    await session.destroy()
  }
})
