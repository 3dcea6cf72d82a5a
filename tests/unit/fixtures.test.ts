/** The float64 twin of the whole net against PyTorch: outputs, losses, every gradient, and ten steps of training. */
import { describe, expect, it } from 'vitest'
import type { ObjectiveConfig } from '../../src/config.ts'
import { type DitParameters, fromPyTorch, parameterShapes, toPyTorch } from '../../src/reference/dit_parameters.ts'
import { tokenMeanForward } from '../../src/reference/features.ts'
import { ditForward } from '../../src/reference/dit.ts'
import { interpolate } from '../../src/reference/interpolate.ts'
import { objective, type ObjectiveBatch } from '../../src/reference/objective.ts'
import { learningRateAt, optimizerStep, startOptimizer } from '../../src/reference/optimizer.ts'
import { type FixtureName, type FixtureTensor, type FixtureTensors, loadConfig, loadTensors } from '../fixtures/load.ts'

/** Largest difference over the largest value; a tensor of zeros has to be met exactly. */
function expectClose(what: string, actual: ArrayLike<number>, expected: FixtureTensor, tolerance = 1e-9): void {
  expect(actual.length, what).toBe(expected.data.length)
  let worst = 0
  let largest = 0
  for (let i = 0; i < actual.length; i++) {
    // Spelt so that NaN is the worst of all.
    if (!(Math.abs(actual[i] - expected.data[i]) <= worst)) worst = Math.abs(actual[i] - expected.data[i])
    largest = Math.max(largest, Math.abs(expected.data[i]))
  }
  expect(largest > 0 ? worst / largest : worst, what).toBeLessThan(tolerance)
}

const float64 = (tensor: FixtureTensor) => Float64Array.from(tensor.data)
const values = (tensors: FixtureTensors) => Object.fromEntries(Object.entries(tensors).map(([name, { data }]) => [name, data]))

function load(fixture: FixtureName) {
  const config = loadConfig(fixture)
  const tensors = loadTensors(fixture, 'batch')
  const batch: ObjectiveBatch = {
    x0: float64(tensors.x0), eps: float64(tensors.eps), t: float64(tensors.t), labels: tensors.y ? tensors.y.data : null,
  }
  return { config, batch, anchorEps: tensors.anchor_eps, parameters: fromPyTorch(config.net, values(loadTensors(fixture, 'weights'))) }
}

/** A parameter's row: its norm, and its dot product with cos(1), cos(2), ... */
function digest(gradient: Float64Array): [number, number] {
  let squares = 0
  let dot = 0
  for (let i = 0; i < gradient.length; i++) {
    squares += gradient[i] ** 2
    dot += gradient[i] * Math.cos(i + 1)
  }
  return [Math.sqrt(squares), dot]
}

/** Each number by itself, against the norm of its own parameter's gradient. */
function expectDigest(gradients: Record<string, Float64Array>, names: string[], expected: FixtureTensor): void {
  expect(Object.keys(gradients).sort()).toEqual([...names].sort())
  names.forEach((name, row) => {
    const [norm, dot] = digest(gradients[name])
    const [expectedNorm, expectedDot] = [expected.data[2 * row], expected.data[2 * row + 1]]
    const scale = expectedNorm > 0 ? expectedNorm : 1
    expect(Math.abs(norm - expectedNorm) / scale, `norm of ${name}`).toBeLessThan(1e-9)
    expect(Math.abs(dot - expectedDot) / scale, `dot product of ${name}`).toBeLessThan(1e-9)
  })
}

function gradientNorm(gradients: DitParameters): number {
  return Math.hypot(...Object.values(gradients).map((gradient) => digest(gradient)[0]))
}

describe.each(['fm', 'lcf', 'labelled', 'self-conditioned', 'perceptron'] as const)('%s, as PyTorch computes it', (fixture) => {
  const { config, batch, parameters } = load(fixture)
  const expected = loadTensors(fixture, 'outputs')
  const actual = objective(config.net, parameters, batch, config.objective)

  it('has the same parameters', () => {
    expect(Object.keys(toPyTorch(config.net, parameters)).sort()).toEqual([...config.parameters].sort())
  })

  it('has the same velocity, features and losses', () => {
    expectClose('velocity', actual.velocity, expected.velocity)
    expectClose('features', actual.features, expected.features)
    expectClose('loss per sample', actual.lossPerSample, expected.loss_per_sample)
    expectClose('regression', [actual.lossFlowMatching], expected.loss_fm)
    expectClose('loss', [actual.loss], expected.loss)
    expectClose('gradient of the velocity', actual.dvelocity, expected.dv)
  })

  it('has the same gradients', () => {
    const gradients = toPyTorch(config.net, actual.gradients)
    expectDigest(gradients, config.parameters, expected.digest)
    for (const name of config.parameters) {
      const stored = expected[`g/${name}`]
      expectClose(name, gradients[name], stored, stored.data instanceof Float64Array ? 1e-9 : 1e-7)
    }
    expectClose('gradient norm', [gradientNorm(actual.gradients)], expected.grad_norm)
  })
})

describe('local contrastive flow, as PyTorch computes it', () => {
  const { config, batch, anchorEps, parameters } = load('lcf')

  it('has the same contrastive term', () => {
    const expected = loadTensors('lcf', 'outputs')
    const actual = objective(config.net, parameters, batch, config.objective)
    expect(actual.nA).toBe(3)
    expectClose('anchors', actual.anchors, expected.anchor_features)
    expectClose('loss', [actual.lossContrastive], expected.loss_contrastive)
    expectClose('loss per row', actual.contrast.perRow, expected.contrastive_per_row)
    expectClose('positive distance', [actual.contrast.positiveDistance], expected.positive_distance)
    expectClose('negative distance', [actual.contrast.negativeDistance], expected.negative_distance)
    expectClose('dz', actual.dz, expected.dz)
    expectClose('da', actual.da, expected.da)
  })

  const expected = loadTensors('lcf', 'variants')
  it.each(Object.entries(config.variants))('has the same values and gradients: %s', (variant, changes) => {
    const options: ObjectiveConfig = { ...config.objective, ...changes }
    const anchors = options.noise === 'fresh' ? { anchorEps: float64(anchorEps) } : {}
    const actual = objective(config.net, parameters, { ...batch, ...anchors }, options)
    expectClose('features', actual.features, expected[`${variant}/features`])
    expectClose('anchors', actual.anchors, expected[`${variant}/anchor_features`])
    expectClose('loss per row', actual.contrast.perRow, expected[`${variant}/contrastive_per_row`])
    expectClose('contrastive loss', [actual.lossContrastive], expected[`${variant}/loss_contrastive`])
    expectClose('regression', [actual.lossFlowMatching], expected[`${variant}/loss_fm`])
    expectClose('loss', [actual.loss], expected[`${variant}/loss`])
    expectClose('dz', actual.dz, expected[`${variant}/dz`])
    expectClose('da', actual.da, expected[`${variant}/da`])
    expectClose('gradient norm', [gradientNorm(actual.gradients)], expected[`${variant}/grad_norm`])
    expectDigest(toPyTorch(config.net, actual.gradients), config.parameters, expected[`${variant}/digest`])
  })
})

describe('features of plain flow matching', () => {
  it('are the token mean after the configured block', () => {
    const { config, batch, parameters } = load('fm')
    const { xt } = interpolate(batch.x0, batch.eps, batch.t, 4, 64)
    const { blocks } = ditForward(config.net, parameters, xt, batch.t, null, config.objective.layer)
    expectClose('features', tokenMeanForward(blocks[config.objective.layer - 1].out, 4, 16, 32), loadTensors('fm', 'outputs').features)
  })
})

describe('ten steps of training, as PyTorch takes them', () => {
  it('have the same losses, norms, final parameters and running means', () => {
    const { config, batch, parameters } = load('curve')
    const expected = loadTensors('curve', 'outputs')
    const shapes = parameterShapes(config.net)

    const flatten = (tensors: DitParameters) => Float64Array.from(shapes.flatMap(({ name }) => [...tensors[name]]))
    const unflatten = (flat: Float64Array): DitParameters => {
      let offset = 0
      return Object.fromEntries(shapes.map(({ name, rows, columns }) => [name, flat.slice(offset, (offset += rows * columns))]))
    }

    const state = startOptimizer(flatten(parameters))
    const losses: number[] = []
    const norms: number[] = []
    const rates: number[] = []
    const [steps, B] = [config.train.steps, 4]
    const row = (tensor: Float64Array, step: number) => tensor.slice((step * tensor.length) / steps, ((step + 1) * tensor.length) / steps)
    for (let step = 0; step < steps; step++) {
      const now = { x0: row(batch.x0, step), eps: row(batch.eps, step), t: row(batch.t, step), labels: null }
      expect(now.t.length).toBe(B)
      const { loss, gradients } = objective(config.net, unflatten(state.parameters), now, config.objective)
      losses.push(loss)
      norms.push(optimizerStep(state, flatten(gradients), config.train).norm)
      rates.push(learningRateAt(step + 1, config.train))
    }

    expectClose('losses', losses, expected.loss)
    expectClose('gradient norms', norms, expected.grad_norm)
    expectClose('learning rates', rates, expected.learning_rate)
    const final = toPyTorch(config.net, unflatten(state.parameters))
    const ema = toPyTorch(config.net, unflatten(state.ema))
    for (const name of config.parameters) {
      expectClose(`final ${name}`, final[name], expected[`final/${name}`])
      expectClose(`running mean of ${name}`, ema[name], expected[`ema/${name}`])
    }
    expect(norms.some((norm) => norm > config.train.clip) && norms.some((norm) => norm < config.train.clip)).toBe(true)
  })
})
