/**
 * The float64 twins of what training is made of: contrastive term, optimizer, whole net, whole objective. The single ops are in
 * reference.test.ts, and PyTorch's word on all of it in fixtures.test.ts.
 */
import { describe, expect, it } from 'vitest'
import { configSchema, type NetConfig, type ObjectiveConfig } from '../../src/config.ts'
import { contrastiveBackward, contrastiveForward, type ContrastiveOptions } from '../../src/reference/contrastive.ts'
import { ditBackward, ditForward } from '../../src/reference/dit.ts'
import { type DitParameters, fromPyTorch, parameterCount, parameterShapes, toPyTorch } from '../../src/reference/dit_parameters.ts'
import { objective } from '../../src/reference/objective.ts'
import { clipFactor, emaDecayAt, learningRateAt, optimizerStep, startOptimizer } from '../../src/reference/optimizer.ts'
import { Random } from '../../src/reference/random.ts'
import { dot, expectGradient } from '../support/gradient.ts'

describe('contrastive term', () => {
  const [B, nA, F] = [6, 3, 5]
  const random = new Random(11)
  const z = random.normals(B * F)
  const a = random.normals(nA * F)
  const plain: ContrastiveOptions = { variant: 'algorithm1', tau: 0.5, distance: 'divided', detach: true }
  const variants = ['algorithm1', 'equation14', 'infonce'] as const
  const cases = variants.flatMap((variant) => (['divided', 'raw'] as const).map((distance) => ({ ...plain, variant, distance, tau: 1.3 })))

  it.each(cases)('is differentiated with nothing detached: $variant, $distance', (some) => {
    const options = { ...some, detach: false }
    const value = () => contrastiveForward(z, a, nA, B, F, options).loss
    const { dz, da } = contrastiveBackward(z, a, contrastiveForward(z, a, nA, B, F, options), nA, B, F, options)
    expectGradient(value, z, dz)
    expectGradient(value, a, da)
  })

  it.each(cases)('is differentiated detached, only in the low-noise rows: $variant, $distance', (options) => {
    const { dz, da } = contrastiveBackward(z, a, contrastiveForward(z, a, nA, B, F, options), nA, B, F, options)
    expect(da.every((value) => value === 0)).toBe(true)
    expect(dz.subarray(nA * F).every((value) => value === 0)).toBe(true)
    // A detached z_j is a constant copy: row i is a batch of its own in which only z_i moves.
    for (let i = 0; i < nA; i++) {
      const own = z.slice(i * F, (i + 1) * F)
      const batch = z.slice()
      batch.copyWithin(i * F, 0, F)
      const value = () => {
        batch.set(own, 0)
        return contrastiveForward(batch, a.subarray(i * F, (i + 1) * F), 1, B, F, options).loss / nA
      }
      expectGradient(value, own, dz.slice(i * F, (i + 1) * F))
    }
  })

  it('is never negative in Algorithm 1 and InfoNCE, and unbounded below in equation 14', () => {
    for (const scale of [0.1, 1, 3, 10, 1000]) {
      const [far, anchors] = [z.map((value) => scale * value), a.map((value) => scale * value)]
      expect(contrastiveForward(far, anchors, nA, B, F, plain).loss).toBeGreaterThanOrEqual(0)
      expect(contrastiveForward(far, anchors, nA, B, F, { ...plain, variant: 'infonce' }).loss).toBeGreaterThanOrEqual(0)
    }
    const far = z.map((value) => 1000 * value)
    const { loss, perRow } = contrastiveForward(far, far.slice(0, nA * F), nA, B, F, { ...plain, variant: 'equation14' })
    expect(loss).toBeLessThan(-1e5)
    expect(perRow.every(Number.isFinite)).toBe(true)
  })

  it.each([['algorithm1', Math.log(B)], ['equation14', Math.log(B - 1)], ['infonce', Math.log(B)]] as const)(
    'is the logarithm of the number of terms at full collapse: %s', (variant, expected) => {
      const equal = new Float64Array(B * F).fill(0.7)
      expect(contrastiveForward(equal, equal.slice(0, nA * F), nA, B, F, { ...plain, variant }).loss).toBeCloseTo(expected, 14)
    })

  it('is the plain positive distance when every negative is far', () => {
    const far = z.map((value, i) => 1000 * Math.floor(i / F) + value)
    const anchors = far.slice(0, nA * F).map((value, i) => value + 0.1 * a[i])
    const { loss, positiveDistance } = contrastiveForward(far, anchors, nA, B, F, plain)
    expect(loss).toBeCloseTo(positiveDistance / plain.tau, 12)
  })

  it('is 0, with zero gradients, when no sample is below T_min', () => {
    for (const variant of variants) {
      const forward = contrastiveForward(z, new Float64Array(0), 0, B, F, { ...plain, variant })
      const { dz, da } = contrastiveBackward(z, new Float64Array(0), forward, 0, B, F, { ...plain, variant })
      expect([forward.loss, forward.positiveDistance, forward.negativeDistance]).toEqual([0, 0, 0])
      expect(dz.every((value) => value === 0)).toBe(true)
      expect(da.length).toBe(0)
    }
  })

  it('refuses equation 14 with a batch of one, and has no negative distance there', () => {
    expect(() => contrastiveForward(z.slice(0, F), a, 1, 1, F, { ...plain, variant: 'equation14' })).toThrow(RangeError)
    expect(contrastiveForward(z.slice(0, F), a.slice(0, F), 1, 1, F, plain).negativeDistance).toBe(0)
  })
})

describe('optimizer', () => {
  const settings = {
    learningRate: 0.01, schedule: 'constant' as const, warmup: 4, steps: 10, beta1: 0.9, beta2: 0.99, epsilon: 1e-8, weightDecay: 0.1, clip: 1,
    emaDecay: 0.9,
  }

  it('moves every weight by the learning rate in the first step, after decay', () => {
    const state = startOptimizer(Float64Array.of(1, -2))
    optimizerStep(state, Float64Array.of(30, -40), { ...settings, warmup: 0 })
    expect(state.parameters[0]).toBeCloseTo(1 * (1 - 0.001) - 0.01, 8)
    expect(state.parameters[1]).toBeCloseTo(-2 * (1 - 0.001) + 0.01, 8)
    expect(state.ema[0]).toBeCloseTo((2 / 11) * 1 + (9 / 11) * state.parameters[0], 14)
  })

  it('clips by the global norm', () => {
    expect(clipFactor(50, 1)).toBeCloseTo(1 / 50, 8)
    expect(clipFactor(0.5, 1)).toBe(1)
    expect(clipFactor(50, 0)).toBe(1)
    const state = startOptimizer(new Float64Array(2))
    expect(optimizerStep(state, Float64Array.of(30, 40), settings).norm).toBe(50)
    expect(state.m[0]).toBeCloseTo(0.1 * 0.6, 8)
  })

  it('skips a gradient that is not finite and counts it', () => {
    for (const bad of [Number.NaN, Infinity]) {
      const state = startOptimizer(Float64Array.of(1, 2))
      optimizerStep(state, Float64Array.of(1, 1), settings)
      const before = structuredClone(state)
      expect(optimizerStep(state, Float64Array.of(1, bad), settings).applied).toBe(false)
      expect(state).toEqual({ ...before, skipped: 1 })
    }
  })

  it('warms up linearly, then holds or follows half a cosine', () => {
    const rates = (schedule: 'constant' | 'cosine') => [1, 2, 4, 5, 8, 10, 11, 20].map((step) => learningRateAt(step, { ...settings, schedule }) / 0.01)
    expect(rates('constant')).toEqual([0.25, 0.5, 1, 1, 1, 1, 1, 1])
    const cosine = rates('cosine')
    expect(cosine.slice(0, 4)).toEqual([0.25, 0.5, 1, 1])
    expect(cosine[4]).toBeCloseTo(0.5, 14)
    expect(cosine[5]).toBeGreaterThan(0)
    expect(cosine.slice(6)).toEqual([0, 0])
  })

  it('remembers briefly at first', () => {
    expect(emaDecayAt(1, 0.999)).toBeCloseTo(2 / 11, 15)
    expect(emaDecayAt(1e6, 0.999)).toBe(0.999)
  })
})

function net(overrides: Partial<NetConfig>): NetConfig {
  return { channels: 1, size: 4, patch: 2, width: 8, blocks: 2, attention: true, heads: 2, classes: 0, labelDrop: 0, selfCondition: 0, ...overrides }
}

function randomParameters(some: NetConfig, random: Random): DitParameters {
  return Object.fromEntries(parameterShapes(some).map(({ name, rows, columns }) => [name, random.normals(rows * columns, 0.5 / Math.sqrt(some.width))]))
}

describe('DiT', () => {
  it.each([
    [net({ channels: 3, size: 32, width: 384, blocks: 12, heads: 6 }), 32_471_436], // the paper's CIFAR-10 net
    [net({ size: 8, width: 64, blocks: 4, heads: 4, classes: 10 }), 328_900],
    [net({ size: 8, width: 96, blocks: 6, heads: 4, classes: 10 }), 1_058_404],
    [net({ channels: 3, size: 16, patch: 4, width: 96, blocks: 6, heads: 4, classes: 10 }), 1_066_896],
    [net({ size: 28, patch: 4, width: 128, blocks: 6, heads: 4, classes: 10 }), 1_868_944],
  ])('has the counted number of parameters: %o', (some, expected) => {
    expect(parameterCount(some)).toBe(expected)
  })

  it('converts to the layout of PyTorch and back', () => {
    const some = net({ classes: 3 })
    const parameters = randomParameters(some, new Random(12))
    expect(fromPyTorch(some, toPyTorch(some, parameters))).toEqual(parameters)
    const weight = toPyTorch(some, parameters)['blocks.0.mlp.fc1.weight'] // (4C,C)
    expect(weight[3 * 8 + 5]).toBe(parameters['blocks.0.mlp.fc1'][5 * 32 + 3])
  })

  it.each([
    ['self-conditioned after block 0', {}], ['self-conditioned after block 1', { selfCondition: 1 }], ['self-conditioned after block 2', { selfCondition: 2 }],
    ['without attention', { attention: false, patch: 4 }], ['without attention, self-conditioned after block 1', { attention: false, patch: 4, selfCondition: 1 }],
  ] as const)('is differentiated, with a second gradient coming in after block 2; %s', (_, overrides) => {
    const some = net({ channels: 2, classes: 3, labelDrop: 0.5, blocks: 3, ...overrides })
    const random = new Random(13)
    const parameters = randomParameters(some, random)
    const [B, T, C, layer] = [2, (some.size / some.patch) ** 2, some.width, 2]
    const [xt, t, labels] = [random.normals(B * 32), random.uniforms(B), [2, 3]] // the second without a label
    const [dvelocity, dtokens] = [random.normals(B * 32), random.normals(B * T * C)]
    const value = () => {
      const { velocity, blocks } = ditForward(some, parameters, xt, t, labels)
      return dot(velocity!, dvelocity) + dot(blocks[layer - 1].out, dtokens)
    }
    const forward = ditForward(some, parameters, xt, t, labels)
    const { gradients, dxt } = ditBackward(some, parameters, forward, dvelocity, { layer, dtokens })
    expectGradient(value, xt, dxt)
    for (const { name } of parameterShapes(some)) expectGradient(value, parameters[name], gradients[name], 40)
  })

  it('is the identity in every block and predicts 0 when the zero-initialised layers are 0', () => {
    const some = net({})
    const random = new Random(14)
    const parameters = randomParameters(some, random)
    for (const { name } of parameterShapes(some)) if (name.includes('adaLN') || name === 'final_layer.linear') parameters[name].fill(0)
    const { velocity, blocks } = ditForward(some, parameters, random.normals(32), random.uniforms(2), null)
    expect(velocity!.every((value) => value === 0)).toBe(true)
    expect(blocks[1].out).toEqual(blocks[0].x)
  })

  it('stops after a block on request, with the same tokens', () => {
    const some = net({})
    const random = new Random(15)
    const parameters = randomParameters(some, random)
    const [xt, t] = [random.normals(32), random.uniforms(2)]
    const short = ditForward(some, parameters, xt, t, null, 1)
    expect(short.velocity).toBe(null)
    expect(short.blocks[0].out).toEqual(ditForward(some, parameters, xt, t, null).blocks[0].out)
  })
})

describe('objective', () => {
  const some = net({ blocks: 3 })
  const random = new Random(16)
  const parameters = randomParameters(some, random)
  const batch = { x0: random.normals(5 * 16), eps: random.normals(5 * 16), t: Float64Array.of(0.01, 0.07, 0.3, 0.6, 0.9), labels: null }
  const base: ObjectiveConfig = {
    ...configSchema.parse({}).objective, tMin: 0.1, lambda: 0.7, tau: 0.5, layer: 2, normalise: false, distance: 'divided', detach: false,
  }
  const cases: Partial<ObjectiveConfig>[] = [{}, { feature: 'flattened' }, { normalise: true }, { variant: 'infonce', reduction: 'sum' }]

  it.each(cases)('is differentiated through samples and anchors: %o', (overrides) => {
    const options = { ...base, ...overrides }
    const { gradients } = objective(some, parameters, batch, options)
    const value = () => objective(some, parameters, batch, options).loss
    for (const { name } of parameterShapes(some)) expectGradient(value, parameters[name], gradients[name], 4)
  })

  it('is plain flow matching at T_min = 0, to the last bit', () => {
    const plain = objective(some, parameters, batch, { ...base, method: 'fm' })
    const nothing = objective(some, parameters, batch, { ...base, tMin: 0 })
    expect(nothing.gradients).toEqual(plain.gradients)
    expect(nothing.loss).toBe(plain.loss)
    expect(plain.nA).toBe(0)
  })

  it('gives blocks after the layer, and the head, no gradient from the contrastive term', () => {
    // All samples below T_min: there is no regression term left.
    const low = { ...batch, t: Float64Array.of(0.01, 0.02, 0.03, 0.04, 0.05) }
    const { gradients, lossFlowMatching, lossContrastive } = objective(some, parameters, low, base)
    expect(lossFlowMatching).toBe(0)
    expect(lossContrastive).toBeGreaterThan(0)
    for (const { name } of parameterShapes(some)) {
      const untouched = name.startsWith('blocks.2') || name.startsWith('final_layer')
      expect(gradients[name].every((value) => value === 0), name).toBe(untouched)
    }
  })

  it('refuses a batch whose low-noise samples are not first', () => {
    expect(() => objective(some, parameters, { ...batch, t: batch.t.slice().reverse() }, base)).toThrow(RangeError)
  })
})
