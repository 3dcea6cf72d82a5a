/** PyTorch's files in the engine, beside onnxruntime on the same file and input. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { parseConfig } from '../../src/config.ts'
import { readNpz } from '../../src/lab/npz.ts'
import { readWeightsFile } from '../../src/lab/weights_file.ts'
import { fromNamed, parameterLayout } from '../../src/model/parameters.ts'
import { describeOnnx, exposeValues } from '../../src/onnx/describe.ts'
import { farthest } from '../support/compare.ts'
import { withTraining } from '../support/given_training.ts'
import { openModel } from '../support/onnx_session.ts'

const file = (name: string) => new Uint8Array(readFileSync(new URL(`../fixtures/onnx/${name}`, import.meta.url)))

test.each([['opset17', 'plain'], ['opset13_nameless', 'plain'], ['labelled', 'labelled'], ['independent', 'independent']])('%s', async (name, fixture) => {
  const bytes = file(`${name}.onnx`)
  const { net, parameters, time } = readWeightsFile(bytes)
  const batch = readNpz(file(`${fixture}.npz`))
  const [x, t, output] = ['x', 't', 'output'].map(key => batch[key].data as Float32Array)
  const y = batch.y ? Array.from(batch.y.data as Int32Array) : undefined
  const config = parseConfig({ net: net!, objective: { layer: 1 }, train: { batch: t.length }, replicas: [{ method: 'fm' }] })
  const velocity = await withTraining(config, {}, async training => {
    training.weigh(fromNamed(parameterLayout(net!), parameters!))
    training.give({ x0: x, eps: x, t, y }) // x itself at every noise level
    training.run()
    return training.velocity()
  })
  expect(farthest(velocity, output)).toBeLessThan(1e-4)

  // The value that the image is first turned into comes along as one more output.
  const { outputs: [answer], values } = describeOnnx(bytes)
  const tokens = values.find(({ shape }) => shape.length === 3 && shape[2] === net!.width)!
  const model = await openModel(exposeValues(bytes, [tokens.name]))
  try {
    const results = await model.run(x, batch.x.shape, t.map(level => level * time!.scale), y)
    expect(results[tokens.name].shape).toEqual([t.length, ...tokens.shape.slice(1)])
    const whole = results[answer.name]
    const [each, own] = [whole.data.length / t.length, output.length / t.length]
    const image = Float32Array.from(output, (_, i) => whole.data[Math.floor(i / own) * each + (i % own)]) // without the variance
    expect(farthest(velocity, image)).toBeLessThan(1e-4)
  } finally {
    await model.release()
  }
})
