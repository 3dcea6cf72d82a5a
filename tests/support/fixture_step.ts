/** One step of a PyTorch fixture on the test device. */
import { type ObjectiveConfig, parseConfig } from '../../src/config.ts'
import { type GivenBatch, givenStep, type StepResult } from '../../src/lab/given_step.ts'
import type { NamedTensor } from '../../src/model/parameters.ts'
import { type FixtureName, loadConfig, loadTensors } from '../fixtures/load.ts'
import { requestTestDevice } from './gpu.ts'

/** Weights of a fixture as float32. */
export function fixtureWeights(name: FixtureName): Record<string, NamedTensor> {
  return Object.fromEntries(Object.entries(loadTensors(name, 'weights')).map(([key, { shape, data }]) => [key, { shape, data: Float32Array.from(data) }]))
}

export async function fixtureStep(name: FixtureName, objective: Partial<ObjectiveConfig> = {}, more: Pick<GivenBatch, 'negative'> = {}): Promise<StepResult> {
  const fixture = loadConfig(name)
  const batch = loadTensors(name, 'batch')
  const config = parseConfig({ net: fixture.net, objective: { ...fixture.objective, ...objective }, train: { batch: batch.t.data.length }, replicas: [{}] })
  const float = (key: string) => Float32Array.from(batch[key].data)
  return givenStep(await requestTestDevice(), config, fixtureWeights(name), {
    ...more, x0: float('x0'), eps: float('eps'), t: float('t'), y: batch.y ? Array.from(batch.y.data, Number) : undefined,
    anchorEps: config.objective.noise === 'fresh' && batch.anchor_eps ? float('anchor_eps') : undefined,
  })
}
