/** Tangents of the float64 twins by central differences of their forwards, along directions that move every input at once and alone. */
import { describe, expect, it } from 'vitest'
import { attentionBackward, attentionForward, attentionTangent } from '../../src/reference/attention.ts'
import { gateResidualForward, gateResidualTangent } from '../../src/reference/gate_residual.ts'
import { linearForward, linearTangent } from '../../src/reference/matmul.ts'
import { modulateForward, modulateTangent } from '../../src/reference/modulate.ts'
import { Random } from '../../src/reference/random.ts'
import { dot, expectTangent } from '../support/gradient.ts'

const along = (x: Float64Array, direction: Float64Array, step: number) => x.map((value, i) => value + step * direction[i])

describe('linear', () => {
  const random = new Random(21)
  const [M, K, N] = [4, 3, 5]
  const [x, wb, dx, dwb] = [random.normals(M * K), random.normals((K + 1) * N), random.normals(M * K), random.normals((K + 1) * N)]

  it.each([['both', dx, dwb], ['the input', dx, null], ['the weights', null, dwb]] as const)('moves with %s', (_, xTangent, wbTangent) => {
    const value = (step: number) => linearForward(xTangent ? along(x, xTangent, step) : x, wbTangent ? along(wb, wbTangent, step) : wb, M, K, N)
    expectTangent(value, linearTangent(x, wb, xTangent, wbTangent, M, K, N))
  })
})

describe('modulate', () => {
  const random = new Random(22)
  const [B, T, C] = [2, 3, 8]
  const [x, dx] = [random.normals(B * T * C), random.normals(B * T * C)]
  const [shift, scale, dshift, dscale] = Array.from({ length: 4 }, () => random.normals(B * C))
  const { mean, rstd } = modulateForward(x, shift, scale, B, T, C)

  it('moves with tokens, shift and scale', () => {
    const value = (step: number) => modulateForward(along(x, dx, step), along(shift, dshift, step), along(scale, dscale, step), B, T, C).y
    expectTangent(value, modulateTangent(x, scale, mean, rstd, dx, dshift, dscale, B, T, C))
  })

  it('does not see a token grow by a constant', () => {
    const rest = new Float64Array(B * C)
    for (const value of modulateTangent(x, scale, mean, rstd, new Float64Array(B * T * C).fill(3), rest, rest, B, T, C)) expect(Math.abs(value)).toBeLessThan(1e-12)
  })
})

it('gate and residual', () => {
  const random = new Random(23)
  const [B, T, C] = [2, 3, 4]
  const [x, branch, dx, dbranch] = Array.from({ length: 4 }, () => random.normals(B * T * C))
  const [gate, dgate] = [random.normals(B * C), random.normals(B * C)]
  const value = (step: number) => gateResidualForward(along(x, dx, step), along(gate, dgate, step), along(branch, dbranch, step), B, T, C)
  expectTangent(value, gateResidualTangent(gate, branch, dx, dgate, dbranch, B, T, C))
})

describe('attention', () => {
  const random = new Random(24)
  const [B, T, H, D] = [2, 5, 2, 3]
  const [qkv, direction] = [random.normals(B * T * 3 * H * D), random.normals(B * T * 3 * H * D)]
  const { out, lse } = attentionForward(qkv, B, T, H, D)
  const tangent = attentionTangent(qkv, lse, direction, B, T, H, D)

  it.each([['queries', 0], ['keys', 1], ['values', 2]])('moves with %s', (_, which) => {
    const part = direction.map((value, i) => (Math.floor(i / (H * D)) % 3 === which ? value : 0))
    expectTangent((step) => attentionForward(along(qkv, part, step), B, T, H, D).out, attentionTangent(qkv, lse, part, B, T, H, D))
  })

  it('is the adjoint of the backward', () => {
    const dout = random.normals(B * T * H * D)
    const product = dot(tangent, dout)
    expect(Math.abs(product)).toBeGreaterThan(0.1)
    expect(dot(direction, attentionBackward(qkv, out, lse, dout, B, T, H, D))).toBeCloseTo(product, 12)
  })
})
