/** A replica that learns from the first images of the run's batch: the weights of a run with so many, by every method, also in micro-batches. */
import { expect, test } from 'vitest'
import { type Config, ConfigError, parseConfig } from '../../src/config.ts'
import { checkConfig } from '../../src/lab/data.ts'
import type { MetricsRow } from '../../src/lab/trainer.ts'
import { methods } from '../../src/methods/index.ts'
import { relative } from '../support/compare.ts'
import { tinyConfig, withTrainer } from '../support/tiny_run.ts'

const STEPS = 4

async function trained(config: Config): Promise<{ weights: Float32Array[]; rows: MetricsRow[][] }> {
  return withTrainer(config, async trainer => {
    trainer.submitSteps(STEPS, false)
    return { weights: (await trainer.replicaStates()).map(({ parameters }) => parameters), rows: await trainer.metrics(0, STEPS) }
  })
}

const SETTINGS: { name: string; more: Parameters<typeof tinyConfig>[0] }[] = [
  { name: 'as they are', more: {} },
  { name: 'levels in strata, anchors and other images with a gradient', more: { objective: { stratified: true, detach: false, variant: 'infonce' } } },
  { name: 'labels told and left out, images of another class pushed from', more: { net: { classes: 4, labelDrop: 0.3 }, objective: { negatives: 'other-class', nullSkip: true, feature: 'flattened' } } },
]

/** ε as large as the gradients, for Adam scales up what is rounding alone. */
const train = { batch: 24, warmup: 0, epsilon: 1e-2 }

test.each(SETTINGS)('a batch of 8 beside one of 24 is a batch of 8: $name', async ({ more }) => {
  const replicas = Object.keys(methods).filter(id => id !== 'self-conditioned').map(method => ({ method, tMin: 0.4 }))
  const config = tinyConfig({ ...more, objective: { lambda: 0.5, ...more?.objective }, train, replicas })
  const alone = await trained({ ...config, train: { ...config.train, batch: 8 } })
  for (const microBatches of [1, 4]) {
    const known = replicas.flatMap(({ method }, r) => (microBatches > 1 && method === 'contrastive-fm' ? [] : [r])) // ΔFM takes its other images from the part
    const own = await trained({ ...config, train: { ...config.train, microBatches }, replicas: config.replicas.map(replica => ({ ...replica, batch: 8 })) })
    const whole = await trained({ ...config, train: { ...config.train, microBatches } })
    for (const r of known) {
      expect(relative(own.weights[r], alone.weights[r]), config.replicas[r].method).toBeLessThan(1e-6)
      expect(relative(whole.weights[r], alone.weights[r]), config.replicas[r].method).toBeGreaterThan(1e-3)
      own.rows.forEach((row, step) => {
        const numbers = ({ flow, contrastive, gradientNorm, positive, negative }: MetricsRow) => [flow, contrastive, gradientNorm, positive, negative]
        const counts = ({ anchors, low, empty, skipped }: MetricsRow) => [anchors, low, empty, skipped]
        expect(relative(numbers(row[r]), numbers(alone.rows[step][r])), config.replicas[r].method).toBeLessThan(2e-6)
        expect(counts(row[r])).toEqual(counts(alone.rows[step][r]))
      })
    }
  }
})

test('a batch that is no part of the run’s is refused', () => {
  const refused = (batch: number, more: object = {}) => () => parseConfig({ train: { batch: 32, ...more }, replicas: [{}, { batch }] })
  expect(refused(33)).toThrow(new ConfigError('replicas.1.batch: a replica’s batch is a part of the run’s, which has 32 images, so it cannot be 33; take a larger train.batch'))
  expect(refused(6, { microBatches: 4 })).toThrow(new ConfigError('replicas.1.batch: a batch of 6 cannot be cut into the run’s 4 equal parts; take a number that they divide'))
  expect(refused(2, { microBatches: 2 })).not.toThrow()
  expect(() => checkConfig(tinyConfig({ train: { batch: 8 }, replicas: [{ method: 'lcf', batch: 1 }] }))).toThrow('replicas.0.batch: LCF compares images of one batch, so it needs at least 2')
  expect(() => checkConfig(tinyConfig({ train: { batch: 8, microBatches: 2 }, replicas: [{ method: 'contrastive-fm', batch: 2 }] }))).toThrow('train.microBatches: Contrastive FM (ΔFM) compares images of one micro-batch, so it needs at least 2')
})
