/**
 * The float64 twins against mathematics: every backward by central differences of its forward, and the facts that hold exactly.
 * Whether the whole net is also the one that PyTorch computes is tested in fixtures.test.ts.
 */
import { describe, expect, it } from 'vitest'
import { geluBackward, geluForward, siluBackward, siluForward } from '../../src/reference/activations.ts'
import { attentionBackward, attentionForward, attentionWeights } from '../../src/reference/attention.ts'
import { ditForward } from '../../src/reference/dit.ts'
import { tokenMeanBackward, tokenMeanForward, unitLengthBackward, unitLengthForward } from '../../src/reference/features.ts'
import { gateResidualBackward, gateResidualForward } from '../../src/reference/gate_residual.ts'
import { interpolate } from '../../src/reference/interpolate.ts'
import { linearBackward, linearForward, nn, nt, tn } from '../../src/reference/matmul.ts'
import { modulateBackward, modulateForward } from '../../src/reference/modulate.ts'
import { patchify, type PatchGeometry, tokenCount, tokenWidth, unpatchify } from '../../src/reference/patchify.ts'
import { positionEmbedding } from '../../src/reference/positions.ts'
import { Random } from '../../src/reference/random.ts'
import { timeFeatures } from '../../src/reference/time_features.ts'
import { regressionWeights, velocityLossBackward, velocityLossForward } from '../../src/reference/velocity_loss.ts'
import { dot, expectGradient } from '../support/gradient.ts'
import { bothOrders, disorder, net as placeless, parametersWithout } from '../support/placeless.ts'

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

describe('the whole net', () => {
  it('answers patches in another order by its answers in that order, but for the positions', () => {
    const positions = positionEmbedding(3, 3, placeless.width)
    const answer = (taken: Float64Array) => ditForward(placeless, parametersWithout(taken, 1), bothOrders(2), Float64Array.of(0.3, 0.3), null).velocity!
    expect(disorder(answer(positions))).toBeLessThan(1e-6)
    expect(disorder(answer(positions.map(() => 0)))).toBeGreaterThan(0.1)
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
