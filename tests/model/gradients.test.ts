/** The whole model on the GPU against PyTorch: every parameter's gradient, for plain flow matching and for LCF with its toggles. */
import { describe, expect, test } from 'vitest'
import { type ObjectiveConfig, parseConfig } from '../../src/config.ts'
import { givenStep, type StepResult } from '../../src/lab/given_step.ts'
import { type FixtureName, loadConfig, loadTensors } from '../fixtures/load.ts'
import { requestTestDevice } from '../support/gpu.ts'

type Tensors = ReturnType<typeof loadTensors>

const norm = (values: ArrayLike<number>) => Math.sqrt(Array.from(values).reduce((sum, v) => sum + v * v, 0))
const distance = (a: ArrayLike<number>, b: ArrayLike<number>) => norm(Array.from(a, (v, i) => v - b[i]))

/** ‖a − b‖ / ‖b‖ */
const relative = (a: ArrayLike<number>, b: ArrayLike<number>) => distance(a, b) / Math.max(norm(b), 1e-12)

async function run(name: FixtureName, objective: Partial<ObjectiveConfig> = {}): Promise<StepResult> {
  const fixture = loadConfig(name)
  const samples = loadTensors(name, 'batch').t.data.length
  const config = parseConfig({ net: fixture.net, objective: { ...fixture.objective, ...objective }, train: { batch: samples }, replicas: [{}] })
  const weights = loadTensors(name, 'weights')
  const batch = loadTensors(name, 'batch')
  const float = (key: string) => Float32Array.from(batch[key].data)
  return givenStep(await requestTestDevice(), config,
    Object.fromEntries(Object.entries(weights).map(([key, { shape, data }]) => [key, { shape, data: Float32Array.from(data) }])),
    {
      x0: float('x0'), eps: float('eps'), t: float('t'), y: batch.y ? Array.from(batch.y.data, Number) : undefined,
      anchorEps: config.objective.noise === 'fresh' && batch.anchor_eps ? float('anchor_eps') : undefined,
    })
}

function checkGradients(result: StepResult, outputs: Tensors) {
  const names = Object.keys(outputs).filter(key => key.startsWith('g/'))
  expect(names.length).toBe(Object.keys(result.gradients).length)
  for (const key of names) {
    const ours = result.gradients[key.slice(2)]
    expect(ours.shape, key).toEqual(outputs[key].shape)
    expect(relative(ours.data, outputs[key].data), key).toBeLessThan(2e-5)
  }
}

describe.each(['fm', 'lcf', 'labelled'] as const)('%s against PyTorch', name => {
  test('velocity, losses and every gradient', async () => {
    const outputs = loadTensors(name, 'outputs')
    const result = await run(name)
    expect(relative(result.velocity, outputs.velocity.data)).toBeLessThan(2e-6)
    expect(relative(result.lossPerSample, outputs.loss_per_sample.data)).toBeLessThan(2e-6)
    expect(Math.abs(result.loss / outputs.loss.data[0] - 1)).toBeLessThan(2e-6)
    if (result.features) expect(relative(result.features, outputs.features.data)).toBeLessThan(2e-6)
    checkGradients(result, outputs)
  })
})
