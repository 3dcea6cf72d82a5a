/** The whole model on the GPU: against PyTorch, and for many architectures against the float64 twin. */
import { describe, expect, test } from 'vitest'
import { type Config, parseConfig } from '../../src/config.ts'
import { lowFirst } from '../../src/lab/given_step.ts'
import { resolveReplica } from '../../src/model/replica.ts'
import { toPyTorch } from '../../src/reference/dit_parameters.ts'
import { objective } from '../../src/reference/objective.ts'
import { loadTensors } from '../fixtures/load.ts'
import { differingBits, norm, relative } from '../support/compare.ts'
import { fixtureStep } from '../support/fixture_step.ts'
import { type GivenTraining, withTraining } from '../support/given_training.ts'
import { flat, randomBatch, randomParameters, twinBatch } from '../support/random_net.ts'

describe.each(['fm', 'lcf', 'labelled', 'self-conditioned', 'perceptron'] as const)('%s against PyTorch', name => {
  test('velocity, losses and every gradient', async () => {
    const outputs = loadTensors(name, 'outputs')
    const result = await fixtureStep(name)
    expect(relative(result.velocity, outputs.velocity.data)).toBeLessThan(2e-6)
    expect(relative(result.lossPerSample, outputs.loss_per_sample.data)).toBeLessThan(2e-6)
    expect(Math.abs(result.loss / outputs.loss.data[0] - 1)).toBeLessThan(2e-6)
    expect(relative(result.features, outputs.features.data)).toBeLessThan(2e-6)
    const names = Object.keys(outputs).filter(key => key.startsWith('g/'))
    expect(names.length).toBe(Object.keys(result.gradients).length)
    for (const key of names) {
      const ours = result.gradients[key.slice(2)]
      expect(ours.shape, key).toEqual(outputs[key].shape)
      expect(relative(ours.data, outputs[key].data), key).toBeLessThan(2e-5)
    }
  })
})

const LCF = { method: 'lcf', lambda: 0.5 }

/** Every patch side, channels that fill a vec4 and that do not, token counts 1 to 256, few and wide heads; FM beside LCF, or two of LCF. */
const architectures = [
  { net: { channels: 1, size: 7, patch: 1, width: 8, heads: 1, blocks: 1 }, objective: { layer: 1 }, batch: 3 },
  { net: { channels: 2, size: 10, patch: 2, width: 24, heads: 3, blocks: 2 }, objective: { layer: 1, normalise: false, distance: 'divided' }, batch: 3 },
  { net: { channels: 3, size: 12, patch: 4, width: 32, heads: 2, blocks: 3, classes: 4 }, objective: { layer: 2, feature: 'flattened' }, batch: 3 },
  { net: { channels: 4, size: 8, patch: 8, width: 48, heads: 4, blocks: 2 }, objective: { layer: 2, variant: 'infonce', detach: false }, batch: 3 },
  { net: { channels: 1, size: 8, patch: 8, width: 16, heads: 4, blocks: 3, classes: 2 }, objective: { layer: 3 }, batch: 2 },
  { net: { channels: 3, size: 5, patch: 1, width: 40, heads: 2, blocks: 2 }, objective: { layer: 1, detach: false, normalise: false, feature: 'flattened', distance: 'divided' }, batch: 5 },
  { net: { channels: 1, size: 16, patch: 4, width: 12, heads: 1, blocks: 3, classes: 10 }, objective: { layer: 1, variant: 'equation14', normalise: false, reduction: 'sum' }, batch: 4 },
  { net: { channels: 2, size: 6, patch: 2, width: 48, heads: 12, blocks: 1, classes: 3 }, objective: { layer: 1, method: 'fm' }, batch: 1, methods: ['fm', 'fm'] },
  { net: { channels: 1, size: 8, patch: 4, width: 16, heads: 2, blocks: 2, classes: 2, labelDrop: 0.5 }, objective: { layer: 1, nullSkip: true }, batch: 6, methods: ['contrastive-fm', 'lcf'] },
  // Self-conditioned before the features' block, at it, and with anchors that get gradients too.
  { net: { channels: 2, size: 8, patch: 4, width: 16, heads: 2, blocks: 3, classes: 2, selfCondition: 1 }, objective: { layer: 2 }, batch: 4, methods: ['self-conditioned', 'lcf'] },
  { net: { channels: 1, size: 6, patch: 2, width: 12, heads: 1, blocks: 3, selfCondition: 2 }, objective: { layer: 2, detach: false }, batch: 3, methods: ['lcf', 'self-conditioned'] },
  { net: { channels: 1, size: 6, patch: 2, width: 12, heads: 1, blocks: 3, selfCondition: 1 }, objective: { layer: 3, detach: false }, batch: 3, methods: ['lcf', 'lcf'] },
  // Perceptrons, with features, with anchors that get gradients too, self-conditioned.
  { net: { channels: 2, size: 1, patch: 1, width: 16, heads: 1, blocks: 3, classes: 2, attention: false }, objective: { layer: 2 }, batch: 5 },
  { net: { channels: 1, size: 8, patch: 8, width: 24, heads: 1, blocks: 2, attention: false }, objective: { layer: 2, detach: false }, batch: 4, methods: ['lcf', 'lcf'] },
  { net: { channels: 2, size: 2, patch: 2, width: 16, heads: 1, blocks: 3, selfCondition: 2, attention: false }, objective: { layer: 3 }, batch: 4, methods: ['self-conditioned', 'lcf'] },
  // Rows enough for three slices of the weight gradients. Attached, anchors lie in these slices too, so that plain flow matching beside
  // such a replica adds up in another order than alone: there the other replica is LCF as well.
  { net: { channels: 1, size: 16, patch: 1, width: 8, heads: 2, blocks: 2 }, objective: { layer: 1 }, batch: 3 },
  { net: { channels: 1, size: 16, patch: 1, width: 8, heads: 2, blocks: 2 }, objective: { layer: 2, detach: false }, batch: 3, methods: ['lcf', 'lcf'] },
] as const

/** Two replicas of one architecture: their own weights, T_min, λ and τ. */
function configOf({ net, objective, batch, ...rest }: (typeof architectures)[number], number: number): Config {
  const methods = 'methods' in rest ? rest.methods : number % 2 === 0 ? ['fm', 'lcf'] : ['lcf', 'lcf']
  return parseConfig({
    net, objective: { ...LCF, ...objective }, train: { batch },
    replicas: methods.map((method, r) => ({ method, tMin: [0.25, 0.5][r], lambda: [0.75, 0.5][r], tau: [2, 0.5][r] })),
  })
}

const seedOf = (number: number, r: number) => 100 * number + r
const givenOf = (config: Config, number: number, r: number) =>
  randomBatch(config.net, seedOf(number, r), config.train.batch, resolveReplica(config, config.replicas[r]).objective.tMin, Math.ceil(config.train.batch / 3))

function load(training: GivenTraining, config: Config, number: number, from: number, to = from): void {
  training.weigh(flat(config.net, randomParameters(config.net, seedOf(number, from))), to)
  training.give(givenOf(config, number, from), to)
}

/** Each tensor against the norm of its own, or of a thousandth of the whole gradient where its own is smaller: there rounding rules. */
function checkTwin(config: Config, number: number, r: number, got: Record<string, { data: Float32Array }>, velocity: Float32Array): void {
  const { objective: options, method } = resolveReplica(config, config.replicas[r])
  const given = givenOf(config, number, r)
  const { order } = lowFirst(given.t, method.knobs(options).tMin)
  const twin = objective(config.net, randomParameters(config.net, seedOf(number, r)), twinBatch(given, order, options.nullSkip ? config.net.classes : undefined), options)
  expect(relative(velocity, twin.velocity), 'velocity').toBeLessThan(1e-5)
  const expected = toPyTorch(config.net, twin.gradients)
  expect(Object.keys(got).sort()).toEqual(Object.keys(expected).sort())
  const whole = Math.hypot(...Object.values(expected).map(norm))
  for (const [name, values] of Object.entries(expected)) {
    const error = norm(values.map((v, i) => v - got[name].data[i])) / Math.max(norm(values), 1e-3 * whole)
    expect(error, `${name} of replica ${r}`).toBeLessThan(3e-5)
  }
}

const titled = architectures.map((architecture, number) => {
  const { net: { size, channels, patch, width, heads, blocks }, objective: { layer } } = architecture
  return { number, architecture, title: `${size}²×${channels} by ${patch}, width ${width}, ${heads} heads, layer ${layer} of ${blocks}` }
})

describe.each(titled)('$title', ({ architecture, number }) => {
  const config = configOf(architecture, number)

  test('two replicas have the gradients of the float64 twin, and the bits of each alone', async () => {
    const R = config.replicas.length
    const together = await withTraining(config, { gradientsOnly: true }, async training => {
      for (let r = 0; r < R; r++) load(training, config, number, r)
      training.run()
      for (let r = 0; r < R; r++) checkTwin(config, number, r, await training.gradients(r), await training.velocity(r))
      return Promise.all(Array.from({ length: R }, (_, r) => training.flatGradients(r)))
    })
    for (let r = 0; r < R; r++) {
      const alone = { ...config, replicas: [config.replicas[r]] }
      await withTraining(alone, { gradientsOnly: true }, async training => {
        load(training, config, number, r, 0)
        training.run()
        expect(differingBits(await training.flatGradients(), together[r]), `replica ${r} alone`).toBe(0)
      })
    }
  })
})
