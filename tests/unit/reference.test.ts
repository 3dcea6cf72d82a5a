/**
 * The float64 twins against mathematics: every backward by central differences of its forward, and the facts that hold exactly.
 * Whether the whole net is also the one that PyTorch computes is tested in fixtures.test.ts.
 */
import { describe, expect, it } from 'vitest'
import { configSchema, type NetConfig, type ObjectiveConfig } from '../../src/config.ts'
import { geluBackward, geluForward, siluBackward, siluForward } from '../../src/reference/activations.ts'
import { attentionBackward, attentionForward, attentionWeights } from '../../src/reference/attention.ts'
import { contrastiveBackward, contrastiveForward, type ContrastiveOptions } from '../../src/reference/contrastive.ts'
import { ditBackward, ditForward } from '../../src/reference/dit.ts'
import { type DitParameters, fromPyTorch, parameterCount, parameterShapes, toPyTorch } from '../../src/reference/dit_parameters.ts'
import { tokenMeanBackward, tokenMeanForward, unitLengthBackward, unitLengthForward } from '../../src/reference/features.ts'
import { gateResidualBackward, gateResidualForward } from '../../src/reference/gate_residual.ts'
import { interpolate } from '../../src/reference/interpolate.ts'
import { linearBackward, linearForward, nn, nt, tn } from '../../src/reference/matmul.ts'
import { modulateBackward, modulateForward } from '../../src/reference/modulate.ts'
import { objective } from '../../src/reference/objective.ts'
import { clipFactor, emaDecayAt, learningRateAt, optimizerStep, startOptimizer } from '../../src/reference/optimizer.ts'
import { patchify, type PatchGeometry, tokenCount, tokenWidth, unpatchify } from '../../src/reference/patchify.ts'
import { positionEmbedding } from '../../src/reference/positions.ts'
import { Random } from '../../src/reference/random.ts'
import { timeFeatures } from '../../src/reference/time_features.ts'
import { regressionWeights, velocityLossBackward, velocityLossForward } from '../../src/reference/velocity_loss.ts'

function dot(x: Float64Array, y: Float64Array): number {
  let sum = 0
  for (let i = 0; i < x.length; i++) sum += x[i] * y[i]
  return sum
}

/**
 * Holds `gradient` against central differences of `value` in the elements of x, which is changed and put back.
 * Errors are relative to the largest slope, so that elements whose slope is nearly 0 do not divide noise by noise.
 */
function expectGradient(value: () => number, x: Float64Array, gradient: Float64Array, elements = x.length): void {
  expect(gradient.length).toBe(x.length)
  const step = 1e-5
  let largest = 0
  let worst = 0
  const stride = Math.max(1, Math.floor(x.length / elements))
  for (let i = 0; i < x.length; i += stride) {
    const kept = x[i]
    x[i] = kept + step
    const above = value()
    x[i] = kept - step
    const below = value()
    x[i] = kept
    const slope = (above - below) / (2 * step)
    largest = Math.max(largest, Math.abs(slope))
    worst = Math.max(worst, Math.abs(slope - gradient[i]))
  }
  expect(largest).toBeGreaterThan(0)
  expect(worst / largest).toBeLessThan(1e-6)
}

describe('matmul', () => {
  it('multiplies by hand', () => {
    const x = Float64Array.of(1, 2, 3, 4, 5, 6) // (2,3)
    const w = Float64Array.of(1, 0, 2, 1, 0, 3) // (3,2)
    expect([...nn(x, w, 2, 3, 2)]).toEqual([5, 11, 14, 23])
  })

  it('has adjoint layouts: <x w, dy> = <x, dy wᵀ> = <w, xᵀ dy>', () => {
    const random = new Random(1)
    const [M, K, N] = [3, 5, 4]
    const [x, w, dy] = [random.normals(M * K), random.normals(K * N), random.normals(M * N)]
    const value = dot(nn(x, w, M, K, N), dy)
    expect(dot(x, nt(dy, w, M, K, N))).toBeCloseTo(value, 12)
    expect(dot(w, tn(x, dy, M, K, N))).toBeCloseTo(value, 12)
  })

  it('differentiates a linear layer, bias row included', () => {
    const random = new Random(2)
    const [M, K, N] = [4, 3, 5]
    const [x, wb, dy] = [random.normals(M * K), random.normals((K + 1) * N), random.normals(M * N)]
    const value = () => dot(linearForward(x, wb, M, K, N), dy)
    const { dx, dwb } = linearBackward(x, wb, dy, M, K, N)
    expectGradient(value, x, dx)
    expectGradient(value, wb, dwb)
  })
})

describe('activations', () => {
  it('are differentiated', () => {
    const random = new Random(3)
    const [x, dy] = [random.normals(40, 2), random.normals(40)]
    expectGradient(() => dot(geluForward(x), dy), x, geluBackward(x, dy))
    expectGradient(() => dot(siluForward(x), dy), x, siluBackward(x, dy))
  })

  it('have their known values', () => {
    expect(geluForward(Float64Array.of(0, 1, -20, 20)).map((y) => Math.round(y * 1e6) / 1e6)).toEqual(Float64Array.of(0, 0.841192, -0, 20))
    expect(siluForward(Float64Array.of(0, 1))[1]).toBeCloseTo(1 / (1 + Math.exp(-1)), 15)
  })
})

describe('modulate', () => {
  const random = new Random(4)
  const [B, T, C] = [2, 3, 8]
  const [x, shift, scale, dy] = [random.normals(B * T * C), random.normals(B * C), random.normals(B * C), random.normals(B * T * C)]

  it('normalises each token to mean 0 and variance 1', () => {
    const { y } = modulateForward(x, new Float64Array(B * C), new Float64Array(B * C), B, T, C)
    for (let row = 0; row < B * T; row++) {
      const token = y.subarray(row * C, (row + 1) * C)
      expect(dot(token, new Float64Array(C).fill(1))).toBeCloseTo(0, 12)
      expect(dot(token, token) / C).toBeCloseTo(1, 4)
    }
  })

  it('is differentiated', () => {
    const value = () => dot(modulateForward(x, shift, scale, B, T, C).y, dy)
    const { mean, rstd } = modulateForward(x, shift, scale, B, T, C)
    const { dx, dshift, dscale } = modulateBackward(x, scale, mean, rstd, dy, B, T, C)
    expectGradient(value, x, dx)
    expectGradient(value, shift, dshift)
    expectGradient(value, scale, dscale)
  })
})

describe('gate and residual', () => {
  it('is differentiated', () => {
    const random = new Random(5)
    const [B, T, C] = [2, 3, 4]
    const [x, gate, branch, dout] = [random.normals(B * T * C), random.normals(B * C), random.normals(B * T * C), random.normals(B * T * C)]
    const value = () => dot(gateResidualForward(x, gate, branch, B, T, C), dout)
    const { dx, dgate, dbranch } = gateResidualBackward(gate, branch, dout, B, T, C)
    expectGradient(value, x, dx)
    expectGradient(value, gate, dgate)
    expectGradient(value, branch, dbranch)
  })
})

describe('attention', () => {
  const random = new Random(6)
  const [B, T, H, D] = [2, 5, 2, 3]
  const qkv = random.normals(B * T * 3 * H * D)
  const dout = random.normals(B * T * H * D)

  it('has weights that sum to 1 in every row', () => {
    const { lse } = attentionForward(qkv, B, T, H, D)
    const weights = attentionWeights(qkv, lse, B, T, H, D)
    for (let row = 0; row < B * H * T; row++) {
      expect(weights.subarray(row * T, (row + 1) * T).reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 14)
    }
  })

  it('returns the mean value when all keys are equal', () => {
    const equal = qkv.slice()
    for (let row = 0; row < B * T; row++) equal.fill(0.3, row * 3 * H * D + H * D, row * 3 * H * D + 2 * H * D)
    const { out } = attentionForward(equal, B, T, H, D)
    let mean = 0
    for (let t = 0; t < T; t++) mean += equal[t * 3 * H * D + 2 * H * D] / T
    for (let t = 0; t < T; t++) expect(out[t * H * D]).toBeCloseTo(mean, 14)
  })

  it('survives scores far beyond the range of exp', () => {
    const { out, lse } = attentionForward(qkv.map((value) => 100 * value), B, T, H, D)
    expect([...out, ...lse].every(Number.isFinite)).toBe(true)
  })

  it('is differentiated', () => {
    const { out, lse } = attentionForward(qkv, B, T, H, D)
    expectGradient(() => dot(attentionForward(qkv, B, T, H, D).out, dout), qkv, attentionBackward(qkv, out, lse, dout, B, T, H, D))
  })
})

describe('patches', () => {
  const geometry: PatchGeometry = { batch: 2, channels: 3, height: 4, width: 6, patch: 2, order: 'cpp' }

  it('are ordered (c,py,px) for the embedding and (py,px,c) for the output, tokens row by row', () => {
    // Each pixel holds its own address: 100 c + 10 y + x.
    const image = new Float64Array(3 * 4 * 6)
    for (let c = 0; c < 3; c++) for (let y = 0; y < 4; y++) for (let x = 0; x < 6; x++) image[(c * 4 + y) * 6 + x] = 100 * c + 10 * y + x
    const one = { ...geometry, batch: 1 }
    const secondToken = (order: 'cpp' | 'ppc') => [...patchify(image, { ...one, order }).subarray(12, 24)]
    expect(secondToken('cpp')).toEqual([2, 3, 12, 13, 102, 103, 112, 113, 202, 203, 212, 213])
    expect(secondToken('ppc')).toEqual([2, 102, 202, 3, 103, 203, 12, 112, 212, 13, 113, 213])
    expect(patchify(image, one)[3 * 12]).toBe(20) // token 3 starts the second row of patches
  })

  it.each([['cpp', false], ['ppc', false], ['cpp', true], ['ppc', true]] as const)('go there and back, adjoint to each other: %s, padded %s', (order, padded) => {
    const random = new Random(7)
    const shape = { ...geometry, channels: 1, patch: 1, order, padded }
    for (const some of [shape, { ...geometry, order, padded }]) {
      const image = random.normals(some.batch * some.channels * 24)
      const tokens = random.normals(some.batch * tokenCount(some) * tokenWidth(some))
      expect(unpatchify(patchify(image, some), some)).toEqual(image)
      expect(dot(patchify(image, some), tokens)).toBeCloseTo(dot(image, unpatchify(tokens, some)), 12)
    }
    expect(tokenWidth(shape)).toBe(padded ? 4 : 1)
  })
})

describe('time features', () => {
  it('are cos then sin of 1000 t, from frequency 1 down to almost 1/10000', () => {
    const features = timeFeatures(Float64Array.of(0, 0.25))
    expect([...features.subarray(0, 256)]).toEqual([...new Array(128).fill(1), ...new Array(128).fill(0)])
    expect(features[256]).toBeCloseTo(Math.cos(250), 14)
    expect(features[256 + 128]).toBeCloseTo(Math.sin(250), 14)
    expect(features[256 + 64]).toBeCloseTo(Math.cos(2.5), 14)
    expect(features[511]).toBeCloseTo(Math.sin(250 * 10000 ** (-127 / 128)), 14)
  })
})

describe('positions', () => {
  it('encode the column in the first half and the row in the second, each sin then cos', () => {
    const C = 8
    const table = positionEmbedding(3, 4, C)
    const at = (row: number, column: number) => [...table.subarray((row * 4 + column) * C, (row * 4 + column + 1) * C)]
    expect(at(0, 0)).toEqual([0, 0, 1, 1, 0, 0, 1, 1])
    expect(at(2, 3)).toEqual([Math.sin(3), Math.sin(0.03), Math.cos(3), Math.cos(0.03), Math.sin(2), Math.sin(0.02), Math.cos(2), Math.cos(0.02)])
  })
})

describe('interpolation', () => {
  it('goes from data to noise along its target', () => {
    const random = new Random(8)
    const [x0, eps] = [random.normals(6), random.normals(6)]
    const { xt, target } = interpolate(x0, eps, Float64Array.of(0, 1, 0.25), 3, 2)
    expect([...xt.subarray(0, 4)]).toEqual([x0[0], x0[1], eps[2], eps[3]])
    // x0 = x_t − t v* and eps = x_t + (1−t) v*
    expect(xt[4] - 0.25 * target[4]).toBeCloseTo(x0[4], 14)
    expect(xt[4] + 0.75 * target[4]).toBeCloseTo(eps[4], 14)
  })
})

describe('velocity loss', () => {
  it.each(['mean', 'sum'] as const)('is differentiated: %s', (reduction) => {
    const random = new Random(9)
    const [v, target, weights] = [random.normals(15), random.normals(15), random.uniforms(3)]
    const value = () => velocityLossForward(v, target, weights, 3, 5, reduction).loss
    expectGradient(value, v, velocityLossBackward(v, target, weights, 3, 5, reduction))
  })

  it('averages over the samples at or above T_min only', () => {
    expect([...regressionWeights(Float64Array.of(0.05, 0.1, 0.5, 0.01, 0.9), 0.1)]).toEqual([0, 1 / 3, 1 / 3, 0, 1 / 3])
    expect([...regressionWeights(Float64Array.of(0, 0.5), 0)]).toEqual([0.5, 0.5])
    expect([...regressionWeights(Float64Array.of(0, 0.05), 0.1)]).toEqual([0, 0])
  })
})

describe('features', () => {
  it('are differentiated', () => {
    const random = new Random(10)
    const [B, T, C] = [2, 3, 4]
    const [tokens, dmean] = [random.normals(B * T * C), random.normals(B * C)]
    expectGradient(() => dot(tokenMeanForward(tokens, B, T, C), dmean), tokens, tokenMeanBackward(dmean, B, T, C))
    const [z, dunit] = [random.normals(B * C), random.normals(B * C)]
    const { unit, length } = unitLengthForward(z, B, C)
    expect(dot(unit.subarray(0, C), unit.subarray(0, C))).toBeCloseTo(1, 14)
    expectGradient(() => dot(unitLengthForward(z, B, C).unit, dunit), z, unitLengthBackward(unit, length, dunit, B, C))
  })

  it('leave a zero feature zero', () => {
    expect([...unitLengthForward(new Float64Array(3), 1, 3).unit]).toEqual([0, 0, 0])
  })
})

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
  return { channels: 1, size: 4, patch: 2, width: 8, blocks: 2, heads: 2, classes: 0, ...overrides }
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

  it('is differentiated, with a second gradient coming in after a block', () => {
    const some = net({ channels: 2, classes: 3, blocks: 3 })
    const random = new Random(13)
    const parameters = randomParameters(some, random)
    const [B, T, C, layer] = [2, 4, some.width, 2]
    const [xt, t, labels] = [random.normals(B * 32), random.uniforms(B), [2, 0]]
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
