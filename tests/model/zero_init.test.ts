/** A DiT starts as the identity with output 0, so its first gradients are known: which parts have one at steps 1, 2 and 3, exactly. */
import { describe, expect, test } from 'vitest'
import { type Config, type ConfigInput, parseConfig } from '../../src/config.ts'
import { initialParameters, type NamedTensor, toNamed } from '../../src/model/parameters.ts'
import { differingBits, nonZero } from '../support/compare.ts'
import { type GivenTraining, withTraining } from '../support/given_training.ts'
import { flat, randomBatch, randomParameters } from '../support/random_net.ts'

const WIDTH = 16
const BLOCKS = 3
const SAMPLES = 8
const DIMENSIONS = 2 * 8 * 8

const images = Float32Array.from({ length: 32 * DIMENSIONS }, (_, i) => Math.sin(i * i))

const configOf = (objective: ConfigInput['objective']) => parseConfig({
  net: { channels: 2, size: 8, patch: 2, width: WIDTH, heads: 2, blocks: BLOCKS, classes: 3 }, objective: { layer: 2, tMin: 0.5, ...objective },
  data: { count: 32 }, train: { batch: SAMPLES, warmup: 0, seed: 5 }, replicas: [{}],
})

/** From the start weights, with batches drawn on the GPU. */
function fromStart<T>(objective: ConfigInput['objective'], work: (training: GivenTraining) => Promise<T>): Promise<T> {
  return withTraining(configOf(objective), { given: false, images: 32 }, training => {
    const { data, classes, layout } = training.training
    training.buffers.write(data, images)
    training.buffers.write(classes!, Uint32Array.from({ length: 32 }, (_, i) => i % 3))
    training.weigh(initialParameters(layout, 5))
    return work(training)
  })
}

const ROWS = ['shift1', 'scale1', 'gate1', 'shift2', 'scale2', 'gate2']

/** Names of what has any gradient; a block's modulation split into its six vectors. */
function reached(gradients: Record<string, NamedTensor>): string[] {
  const names = Object.entries(gradients).flatMap(([name, { data }]) => {
    const block = /^(blocks\.\d+)\.adaLN_modulation\.1\./.exec(name)
    if (!block) return nonZero(data) > 0 ? [name.replace(/\.(weight|bias)$/, '')] : []
    const each = data.length / 6
    return ROWS.filter((_, i) => nonZero(data.subarray(i * each, (i + 1) * each)) > 0).map(row => `${block[1]}.${row}`)
  })
  return [...new Set(names)].sort()
}

const blocks = (count: number, parts: string[]) => Array.from({ length: count }, (_, n) => parts.map(part => `blocks.${n}.${part}`)).flat()
const GATES = ['gate1', 'gate2']
const second = ['final_layer.adaLN_modulation.1', 'final_layer.linear', 'x_embedder.proj', ...blocks(BLOCKS, GATES)].sort()
const everything = [
  'final_layer.adaLN_modulation.1', 'final_layer.linear', 'x_embedder.proj', 't_embedder.mlp.0', 't_embedder.mlp.2', 'y_embedder.embedding_table',
  ...blocks(BLOCKS, [...ROWS, 'attn.qkv', 'attn.proj', 'mlp.fc1', 'mlp.fc2']),
].sort()

describe('at the start weights', () => {
  test('the output is exactly 0 and the loss of a sample is the mean of its (ε − x0)²: 1 + E[x0²] in expectation', async () => {
    await fromStart({ method: 'fm' }, async training => {
      training.run()
      const { batch, loss, trace } = training.training
      expect(nonZero(await training.read(trace.velocity))).toBe(0)
      const noise = await training.read(batch.eps)
      const rows = await training.readWords(batch.row)
      const losses = await training.read(loss)
      let expectation = 0
      for (let b = 0; b < SAMPLES; b++) {
        let sum = 0
        for (let i = 0; i < DIMENSIONS; i++) sum += (noise[b * DIMENSIONS + i] - images[rows[b] * DIMENSIONS + i]) ** 2 / DIMENSIONS
        expect(Math.abs(losses[b] / sum - 1)).toBeLessThan(1e-5)
        for (let i = 0; i < DIMENSIONS; i++) expectation += (1 + images[rows[b] * DIMENSIONS + i] ** 2) / (SAMPLES * DIMENSIONS)
      }
      const { flow } = await training.metrics(0)
      expect(Math.abs(flow / (losses.reduce((sum, v) => sum + v, 0) / SAMPLES) - 1)).toBeLessThan(1e-6)
      // Variance of (ε − x)² is 2 + 4x² for one pixel: four standard errors of the mean.
      expect(Math.abs(flow - expectation)).toBeLessThan(4 * Math.sqrt((2 + 4 * (expectation - 1)) / (SAMPLES * DIMENSIONS)))
    })
  })

  test('under flow matching the gradient reaches the head, then the embedding and the gates, then everything', async () => {
    await fromStart({ method: 'fm' }, async training => {
      training.run()
      expect(reached(await training.gradients())).toEqual(['final_layer.linear'])
      training.run()
      expect(reached(await training.gradients())).toEqual(second)
      training.run()
      expect(reached(await training.gradients())).toEqual(everything)
    })
  })

  test.each([1, 2, 3])('under LCF at layer %i the embedding and the gates up to there have a gradient at once', async layer => {
    await fromStart({ method: 'lcf', layer }, async training => {
      training.run()
      expect((await training.state()).anchors).toBeGreaterThan(0)
      expect(reached(await training.gradients())).toEqual(['final_layer.linear', 'x_embedder.proj', ...blocks(layer, GATES)].sort())
    })
  })

  test('self-conditioning stays out where its method does, and elsewhere learns as soon as the vectors that it acts on do', async () => {
    const { net, ...rest } = configOf({ method: 'fm' })
    const config = parseConfig({ ...rest, net: { ...net, selfCondition: 1 }, replicas: [{ method: 'fm' }, { method: 'self-conditioned' }] })
    await withTraining(config, { given: false, images: 32 }, async training => {
      const { data, classes, layout } = training.training
      training.buffers.write(data, images)
      training.buffers.write(classes!, Uint32Array.from({ length: 32 }, (_, i) => i % 3))
      for (const r of [0, 1]) training.weigh(initialParameters(layout, 5), r)
      const own = ['self_condition.linear', 'self_condition.adaLN_modulation.1']
      // At step 3 both replicas are still the same; W moves there, and its norm’s vectors have a gradient after that.
      for (const learns of [[], [], [own[0]], own]) {
        training.run()
        expect(reached(await training.gradients(0)).filter(name => own.includes(name))).toEqual([])
        expect(reached(await training.gradients(1)).filter(name => own.includes(name))).toEqual([...learns].sort())
      }
      const weights = toNamed(layout, await training.weights(0))
      for (const name of own) expect(nonZero(weights[`${name}.weight`].data) + nonZero(weights[`${name}.bias`].data), name).toBe(0)
    })
  })

  test('with W at 0 a self-conditioned net answers as one without, to the bit', async () => {
    const plain = parseConfig({ net: { channels: 1, size: 8, patch: 2, width: WIDTH, heads: 2, blocks: BLOCKS, classes: 2 }, objective: { layer: 1 }, train: { batch: 4 }, replicas: [{ method: 'fm' }] })
    const conditioned = parseConfig({ ...plain, net: { ...plain.net, selfCondition: 2 } })
    const given = randomBatch(plain.net, 3, 4)
    const parameters = randomParameters(conditioned.net, 4)
    const velocityOf = (config: Config) => withTraining(config, { gradientsOnly: true }, training => {
      training.weigh(flat(config.net, parameters))
      training.give(given)
      training.run()
      return training.velocity()
    })
    const told = await velocityOf(conditioned)
    parameters['self_condition.linear'].fill(0)
    const [without, untold] = [await velocityOf(plain), await velocityOf(conditioned)]
    expect(differingBits(untold, without)).toBe(0)
    expect(differingBits(told, without)).toBeGreaterThan(0)
  })

  test('padding of the patch vectors has no gradient and no weight', async () => {
    const config = parseConfig({ ...configOf({ method: 'fm' }), net: { channels: 1, size: 4, patch: 1, width: WIDTH, heads: 2, blocks: 1 }, objective: { method: 'fm', layer: 1 } })
    await withTraining(config, { given: false, images: 32 }, async training => {
      const { layout, data } = training.training
      training.buffers.write(data, images.subarray(0, 32 * 16))
      training.weigh(initialParameters(layout, 5))
      for (let step = 0; step < 4; step++) training.run()
      const { offset, inputs, outputs } = layout.layers['x_embedder.proj']
      for (const values of [await training.weights(), await training.flatGradients()]) {
        const rows = (from: number, to: number) => nonZero(values.subarray(offset + from * outputs, offset + to * outputs))
        expect(rows(0, 1)).toBe(outputs)
        expect(rows(1, inputs)).toBe(0)
        const head = layout.layers['final_layer.linear']
        const padded = values.subarray(head.offset, head.offset + (head.inputs + 1) * head.outputs).filter((_, i) => i % head.outputs > 0)
        expect(nonZero(padded)).toBe(0)
      }
    })
  })
})
