/** The smallest run worth the name: 8×8 gratings, one thin net, everything else as a visitor would get it. */
import { type Config, type ConfigInput, parseConfig } from '../../src/config.ts'
import type { RunData } from '../../src/datasets/dataset.ts'
import { generateData } from '../../src/lab/data.ts'
import { type ReplicaState, Trainer } from '../../src/lab/trainer.ts'
import { testLibrary } from './given_training.ts'
import { requestTestDevice } from './gpu.ts'

const TINY = {
  net: { size: 8, patch: 2, width: 16, blocks: 2, heads: 2 }, data: { count: 64, heldOut: 32 }, objective: { layer: 1, tMin: 0.25 },
  train: { batch: 8, steps: 30, warmup: 4, learningRate: 0.003 }, evaluate: { every: 0, samplesEvery: 0, perLevel: 8, samples: 2, solverSteps: 4, measure: false },
} satisfies ConfigInput

type Sections = { [section in keyof typeof TINY]?: ConfigInput[section] } & { replicas?: ConfigInput['replicas'] }

/** Sections are laid over the tiny ones, field by field. */
export function tinyConfig({ replicas = [{ method: 'fm' }, { method: 'lcf' }], ...sections }: Sections = {}): Config {
  const merged = Object.fromEntries(Object.entries(TINY).map(([name, fields]) => [name, { ...fields, ...sections[name as keyof typeof TINY] }]))
  return parseConfig({ ...merged, replicas })
}

export async function withTrainer<T>(config: Config, work: (trainer: Trainer, data: RunData) => Promise<T>, options: { data?: RunData; start?: ReplicaState[] } = {}): Promise<T> {
  const data = options.data ?? await generateData(config)
  const trainer = await Trainer.create(await requestTestDevice(), await testLibrary(), config, data, undefined, options.start)
  try {
    return await work(trainer, data)
  } finally {
    await trainer.device.queue.onSubmittedWorkDone()
    trainer.destroy()
  }
}
