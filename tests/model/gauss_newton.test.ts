/** Products with the Gauss-Newton matrix: against the float64 twin, entry by entry, and as what they must be: symmetric and never negative. */
import { describe, expect, test } from 'vitest'
import { recordGaussNewton } from '../../src/model/gauss_newton.ts'
import { ditBackward, ditForward } from '../../src/reference/dit.ts'
import { norm, relative } from '../support/compare.ts'
import { differences } from '../support/differences.ts'
import { FrozenNet, normals } from '../support/frozen_net.ts'
import { flat, randomParameters, twinParameters } from '../support/random_net.ts'

const n = 3
const R = FrozenNet.replicas
const nets = {
  labelled: { channels: 1, size: 4, patch: 2, width: 8, heads: 2, blocks: 2, classes: 3 },
  'unlabelled, rows enough for slices': { channels: 2, size: 16, patch: 1, width: 8, heads: 1, blocks: 1 },
} as const

const dot = (a: ArrayLike<number>, b: ArrayLike<number>) => Array.from(a).reduce((sum, value, i) => sum + value * b[i], 0)
const joined = (parts: Float32Array[]) => Float32Array.from(parts.flatMap(part => Array.from(part)))

async function withProducts(shape: (typeof nets)[keyof typeof nets], work: (tools: {
  frozen: FrozenNet
  sights: ReturnType<FrozenNet['show']>
  /** G p of each replica */
  product: (p: Float32Array[]) => Promise<Float32Array[]>
}) => Promise<void>): Promise<void> {
  await FrozenNet.with(shape, async frozen => {
    const { training, recorder } = frozen
    const { length } = training.layout
    const forward = frozen.another()
    const made = recordGaussNewton(recorder, training, { samples: n, weights: training.optimizer.ema, forward })
    await frozen.lay(forward)
    const sights = frozen.show(made.frozen)
    frozen.replay(forward) // once, for all products
    await work({
      frozen, sights, product: async p => {
        frozen.write(made.direction.tensor, joined(p))
        frozen.replay()
        return Promise.all(Array.from({ length: R }, (_, r) => frozen.part(made.product, length, r)))
      },
    })
  })
}

describe.each(Object.entries(nets))('%s', (_, shape) => {
  test('is what the twin makes of it', async () => {
    await withProducts(shape, async ({ frozen: { net, parameters }, sights, product }) => {
      const d = net.channels * net.size ** 2
      const p = Array.from({ length: R }, (_, r) => randomParameters(net, 80 + r))
      const products = await product(p.map(values => flat(net, values)))
      sights.forEach((sight, r) => {
        const { velocity } = differences(net, parameters[r], sight, null, p[r])
        const forward = ditForward(net, parameters[r], sight.image, sight.t, sight.labels)
        const { gradients } = ditBackward(net, parameters[r], forward, velocity.map(value => (2 * value) / (n * d)))
        expect(relative(products[r], flat(net, gradients)), `replica ${r}`).toBeLessThan(2e-5)
      })
    })
  })

  test('is symmetric and never negative', async () => {
    await withProducts(shape, async ({ frozen: { net }, product }) => {
      const [p, q] = [0, 1].map(which => Array.from({ length: R }, (_, r) => flat(net, randomParameters(net, 90 + 10 * which + r))))
      const [gp, gq] = [await product(p), await product(q)]
      for (let r = 0; r < R; r++) {
        const [left, right] = [dot(q[r], gp[r]), dot(p[r], gq[r])]
        expect(Math.abs(left - right) / Math.sqrt(dot(p[r], gp[r]) * dot(q[r], gq[r]))).toBeLessThan(1e-5)
        expect(dot(p[r], gp[r])).toBeGreaterThan(0)
      }
    })
  })
})

test('its entries are products of columns of the Jacobian, one weight of every layer', async () => {
  await withProducts(nets.labelled, async ({ frozen: { net, training, parameters }, sights, product }) => {
    const { layout: { layers, labels, length } } = training
    const d = net.channels * net.size ** 2
    // The first weight, and the last bias where it is no padding.
    const chosen = [...Object.values(layers).flatMap(({ offset, inputs, outputs }) => [offset + 1, offset + inputs * outputs]), labels!.offset + 3]
    const unit = (at: number) => new Float32Array(length).fill(1, at, at + 1)
    const columns = sights.map((sight, r) => chosen.map(at => differences(net, parameters[r], sight, null, twinParameters(net, unit(at))).velocity))
    for (const [i, at] of chosen.entries()) {
      const products = await product(Array.from({ length: R }, () => unit(at)))
      products.forEach((values, r) => {
        const found = chosen.map(j => values[j])
        const expected = chosen.map((_, j) => (2 / (n * d)) * dot(columns[r][j], columns[r][i]))
        expect(norm(expected)).toBeGreaterThan(0)
        expect(relative(found, expected), `weight ${at}, replica ${r}`).toBeLessThan(1e-5)
      })
    }
  })
})

test('padding stays zero, whatever the direction says there', async () => {
  await withProducts(nets['unlabelled, rows enough for slices'], async ({ frozen: { net, training }, product }) => {
    const { length } = training.layout
    const p = Array.from({ length: R }, (_, r) => Float32Array.from(normals(length, 30 + r)))
    const without = (values: Float32Array) => flat(net, twinParameters(net, values))
    expect(p[0]).not.toEqual(without(p[0]))
    const [products, same] = [await product(p), await product(p.map(without))]
    products.forEach((values, r) => {
      expect(norm(values)).toBeGreaterThan(0)
      expect(relative(values, without(values))).toBe(0)
      expect(relative(values, same[r])).toBe(0)
    })
  })
})
