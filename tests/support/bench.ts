/** A bench of a tiny run at its start, or after some steps. */
import type { Config } from '../../src/config.ts'
import type { Bench } from '../../src/diagnostics/diagnostic.ts'
import { atBench } from '../../src/lab/bench.ts'
import { testLibrary } from './given_training.ts'
import { withTrainer } from './tiny_run.ts'

export function withBench<T>(config: Config, work: (bench: Bench) => Promise<T>, { steps = 0 } = {}): Promise<T> {
  return withTrainer(config, async (trainer, data) => {
    if (steps > 0) trainer.submitSteps(steps, true)
    return atBench({
      device: trainer.device, library: await testLibrary(), buffers: trainer.buffers, config, step: steps, training: trainer.recorded.training,
      labels: config.replicas.map((_, r) => `replica ${r}`), data, earlier: [], kept: new Map(), signal: new AbortController().signal, progress: () => {}, breathe: async () => {},
    }, work)
  })
}
