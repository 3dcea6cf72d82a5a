/** Nets that predict the image or the noise: beside others, untrained, sampled, exported. Their gradients against PyTorch are in objectives.test.ts. */
import { describe, expect, test } from 'vitest'
import { ConfigError, type ObjectiveConfig } from '../../src/config.ts'
import { decodeCheckpoint, encodeCheckpoint } from '../../src/lab/checkpoint.ts'
import { checkConfig } from '../../src/lab/data.ts'
import { outgrownFolder } from '../../src/lab/outgrown/folder.ts'
import { parameterLayout, toNamed } from '../../src/model/parameters.ts'
import { exportOnnx } from '../../src/onnx/export.ts'
import { ditForward } from '../../src/reference/dit.ts'
import { differingBits, relative } from '../support/compare.ts'
import { gradientOf, lcfStep } from '../support/lcf_step.ts'
import { openModel } from '../support/onnx_session.ts'
import { randomParameters, flat } from '../support/random_net.ts'
import { sessions } from '../support/sessions.ts'
import { tinyConfig, withTrainer } from '../support/tiny_run.ts'

const { create } = sessions()
const methods = ['x-prediction', 'fm', 'noise-prediction', 'lcf', 'dispersive', 'contrastive-fm']
const three = tinyConfig({ replicas: ['fm', 'x-prediction', 'noise-prediction'].map(method => ({ method })) })

test('in one recording each has the bits of itself alone, and those that predict the velocity the bits they have without any other', async () => {
  const together = await lcfStep({}, training => Promise.all(methods.map((_, r) => training.flatGradients(r))), { methods })
  for (let r = 0; r < methods.length; r++) expect(differingBits(await gradientOf({}, { methods: [methods[r]] }), together[r]), methods[r]).toBe(0)
})

test('cost four dispatches more, another error two, and nobody else', async () => {
  const count = (method: string, objective: Partial<ObjectiveConfig> = {}) => withTrainer(tinyConfig({ objective, replicas: [{ method }] }), async trainer => trainer.dispatchesPerStep)
  const [flow, image, weighed] = [await count('fm'), await count('x-prediction'), await count('fm', { loss: 'image' })]
  expect([image - flow, weighed - flow]).toEqual([4, 2])
})

describe('untrained, when the answer is 0 everywhere', () => {
  test('the image 0 is where the sampler ends; noise 0 leaves what there is', async () => {
    await withTrainer({ ...three, evaluate: { ...three.evaluate, solverSteps: 10 } }, async trainer => {
      const { images: [stays, image, noise] } = await trainer.sample(1)
      for (const value of image) expect(Math.abs(value)).toBeLessThan(1e-5) // dx = x/t dt, which Euler follows exactly
      // dx = −x/max(1 − t, .05) dt from 1 to 0 in tenths
      const grown = Array.from({ length: 10 }, (_, i) => 1 + 0.1 / Math.max(i / 10, 0.05)).reduce((product, factor) => product * factor, 1)
      expect(relative(noise, stays.map(value => grown * value))).toBeLessThan(1e-5)
    })
  })

  test('losses by level say where the least denominator acts, and are kept with it; those of velocities say nothing', async () => {
    const session = await create(three)
    const { notes } = await session.evaluate()
    expect(notes).toHaveLength(2)
    expect(notes![0]).toMatch(/below t = 0\.05/)
    expect(decodeCheckpoint(encodeCheckpoint(await session.snapshot())).history!.losses.at(-1)!.notes).toEqual(notes)
    expect((await (await create()).evaluate()).notes).toBeUndefined()
  })

  test('held-out losses are those of the image 0 and of the noise 0', async () => {
    await withTrainer(three, async (trainer, data) => {
      const errors = await trainer.lossByT()
      const { levels } = trainer.recorded.evaluation
      const at = Array.from(levels).findIndex(t => t > 0.3)
      const t = levels[at]
      // v̂ = x_t/t, so v̂ − v* = x0/t
      const [n, d] = [trainer.recorded.evaluation.count, data.heldOut.length / three.data.heldOut]
      const squares = Array.from({ length: n }, (_, i) => data.heldOut.subarray(i * d, (i + 1) * d).reduce((sum, x) => sum + x * x, 0) / d)
      expect(relative(errors[at][1], squares.map(value => value / t ** 2))).toBeLessThan(1e-4)
    })
  })
})

test('train, sample and measure like any other', async () => {
  const session = await create(three)
  await session.advance(20)
  const { mean } = await session.evaluate()
  for (const replica of mean) for (const value of replica) expect(Number.isFinite(value)).toBe(true)
  const { images } = await session.sample()
  for (const image of images) expect(image.every(Number.isFinite)).toBe(true)
  expect((await session.measure('jacobian', { levels: 3, images: 8, probes: 1 })).panels.length).toBeGreaterThan(0)
})

test.each(['x-prediction', 'noise-prediction'])('%s leaves the lab as an ONNX file that answers with the velocity', async method => {
  const config = tinyConfig({ replicas: [{ method }] })
  const { net } = config
  const parameters = randomParameters(net, 3)
  const bytes = exportOnnx({ config, replica: 0, weights: 'ema', step: 0, version: '1', parameters: toNamed(parameterLayout(net), flat(net, parameters)) })
  const t = Float64Array.of(0.01, 0.4, 0.99)
  const x = Float64Array.from({ length: 3 * 64 }, (_, k) => Math.fround(Math.sin(k)))
  const { velocity: answer } = ditForward(net, parameters, x, t, null)
  const expected = x.map((value, k) => {
    const level = t[Math.floor(k / 64)]
    return method === 'x-prediction' ? (value - answer![k]) / Math.max(level, 0.05) : (answer![k] - value) / Math.max(1 - level, 0.05)
  })
  const model = await openModel(bytes)
  try {
    const { velocity } = await model.run(Float32Array.from(x), [3, 1, 8, 8], Float32Array.from(t))
    expect(relative(velocity.data, expected)).toBeLessThan(1e-5)
  } finally {
    await model.release()
  }
})

test('what is not for it is refused in one sentence', async () => {
  expect(() => checkConfig(tinyConfig({ objective: { loss: 'image' }, replicas: [{ method: 'contrastive-fm' }] }))).toThrow(/it is about the error of the velocity; the error of the image/)
  const session = await create(three)
  const checkpoint = await session.checkpoint()
  expect(() => outgrownFolder(checkpoint, 1, session.data, '1')).toThrow(ConfigError)
  expect(() => outgrownFolder(checkpoint, 1, session.data, '1')).toThrow(/x-prediction \(JiT\) as configured here/)
  expect(Object.keys(outgrownFolder(checkpoint, 0, session.data, '1')).length).toBeGreaterThan(0)
})
