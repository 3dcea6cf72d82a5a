/** Exact derivatives of frozen nets: tangents against central differences of the float64 twin, cotangents as their adjoints on the GPU. */
import { describe, expect, test } from 'vitest'
import { type Direction, recordTangent } from '../../src/model/dit_tangent.ts'
import { recordFrozen } from '../../src/model/frozen.ts'
import { recordInputCotangent, recordInputTangent } from '../../src/model/jacobian.ts'
import { slicesFor } from '../../src/model/training.ts'
import type { FlatParameters } from '../../src/ops/linear.ts'
import { gradientReduce } from '../../src/ops/optimizer.ts'
import { relative } from '../support/compare.ts'
import { differences } from '../support/differences.ts'
import { FrozenNet, normals } from '../support/frozen_net.ts'
import { flat, randomParameters } from '../support/random_net.ts'

const n = 3
const R = FrozenNet.replicas
const nets = {
  labelled: { channels: 1, size: 8, patch: 2, width: 16, heads: 2, blocks: 3, classes: 4 },
  unlabelled: { channels: 3, size: 6, patch: 2, width: 12, heads: 1, blocks: 2 },
  'self-conditioned, labelled': { channels: 1, size: 4, patch: 2, width: 16, heads: 2, blocks: 3, classes: 3, selfCondition: 2 },
  'one token without attention': { channels: 2, size: 4, patch: 4, width: 24, heads: 3, blocks: 3, classes: 3, attention: false },
  'one token without attention, self-conditioned': { channels: 2, size: 1, patch: 1, width: 16, heads: 1, blocks: 3, selfCondition: 1, attention: false },
  'one token, labelled': { channels: 2, size: 4, patch: 4, width: 24, heads: 3, blocks: 2, classes: 3 },
} as const

const sizes = ({ net, training }: FrozenNet) => ({ d: net.channels * net.size ** 2, C: net.width, length: training.layout.length })
const everyBlock = ({ net }: FrozenNet) => Array.from({ length: net.blocks }, (_, i) => i + 1)
const directions = ({ net }: FrozenNet) => Array.from({ length: R }, (_, r) => randomParameters(net, 70 + r))
const joined = (parts: Float32Array[]) => Float32Array.from(parts.flatMap(part => Array.from(part)))

describe.each(Object.entries(nets))('%s', (_, shape) => {
  test.each([['the image', true, false], ['the weights', false, true], ['both', true, true]])('tangents along %s are slopes of the twin', async (_, ofImage, ofWeights) => {
    await FrozenNet.with(shape, async frozen => {
      const { net, training, recorder } = frozen
      const { d, C, length } = sizes(frozen)
      const layers = everyBlock(frozen)
      const pass = recordFrozen(recorder, training, { samples: n, weights: training.optimizer.ema, keep: true })
      const image = recorder.tensor('u', R * n * d)
      const weights: FlatParameters = { tensor: recorder.tensor('p', R * length), replicas: R, length }
      const direction: Direction = { image: ofImage ? image : null, weights: ofWeights ? weights : null }
      const tangent = recordTangent(recorder, training.dit, pass, direction, { layers })
      await frozen.lay()
      const sights = frozen.show(pass)
      const u = normals(R * n * d, 5)
      const p = directions(frozen)
      frozen.write(image, u)
      frozen.write(weights.tensor, joined(p.map(values => flat(net, values))))
      frozen.replay()
      for (const [r, sight] of sights.entries()) {
        const twin = differences(net, frozen.parameters[r], sight, ofImage ? u.slice(r * n * d, (r + 1) * n * d) : null, ofWeights ? p[r] : null)
        expect(relative(await frozen.part(tangent.velocity!, n * d, r), twin.velocity), `velocity, replica ${r}`).toBeLessThan(1e-5)
        for (const [i] of layers.entries()) expect(relative(await frozen.part(tangent.features[i].tensor, n * C, r), twin.features[i]), `features ${i + 1}, replica ${r}`).toBeLessThan(1e-5)
      }
    })
  })

  /** ⟨u, J v⟩ and ⟨Jᵀ u, v⟩ of replica r, whose parts of (R,each) tensors are given. */
  const expectAdjoint = (u: ArrayLike<number>, jv: ArrayLike<number>, jtu: ArrayLike<number>, v: ArrayLike<number>, what: string) => {
    const dot = (a: ArrayLike<number>, b: ArrayLike<number>) => Array.from(a).reduce((sum, value, i) => sum + value * b[i], 0)
    const [left, right] = [dot(u, jv), dot(jtu, v)]
    expect(Math.abs(left), what).toBeGreaterThan(1e-3)
    expect(Math.abs(left - right) / Math.abs(left), what).toBeLessThan(1e-4)
  }
  const cut = (values: Float64Array, each: number, r: number) => values.slice(r * each, (r + 1) * each)

  test('cotangents to the image are the adjoint: of the velocity, of features, of both', async () => {
    await FrozenNet.with(shape, async frozen => {
      const { net, training, recorder } = frozen
      const { d, C } = sizes(frozen)
      const layers = everyBlock(frozen)
      const pass = recordFrozen(recorder, training, { samples: n, weights: training.optimizer.ema, keep: true })
      const tangent = recordInputTangent(recorder, training, pass, { layers })
      const ofVelocity = recordInputCotangent(recorder, training, pass, { velocity: true })
      const ofFeatures = layers.map(layer => recordInputCotangent(recorder, training, pass, { layer }))
      const ofBoth = layers.map(layer => recordInputCotangent(recorder, training, pass, { velocity: ofVelocity.dvelocity!, layer, dfeatures: ofFeatures[layer - 1].dfeatures! }))
      await frozen.lay()
      frozen.show(pass)
      const [v, u] = [normals(R * n * d, 6), normals(R * n * d, 7)]
      const z = layers.map(layer => normals(R * n * C, 10 + layer))
      frozen.write(tangent.direction, v)
      frozen.write(ofVelocity.dvelocity!, u)
      ofFeatures.forEach(({ dfeatures }, i) => frozen.write(dfeatures!.tensor, z[i]))
      frozen.replay()
      frozen.replay() // what the first replay left in the buffers must not come in
      for (let r = 0; r < R; r++) {
        const part = (values: Parameters<FrozenNet['part']>[0], each: number) => frozen.part(values, each, r)
        const along = cut(v, n * d, r)
        const jtu = await part(ofVelocity.dimage, n * d)
        expectAdjoint(cut(u, n * d, r), await part(tangent.velocity!, n * d), jtu, along, 'velocity')
        for (const [i] of layers.entries()) {
          const jtz = await part(ofFeatures[i].dimage, n * d)
          expectAdjoint(cut(z[i], n * C, r), await part(tangent.features[i].tensor, n * C), jtz, along, `features ${i + 1} of ${net.blocks}`)
          expect(relative(await part(ofBoth[i].dimage, n * d), jtu.map((value, at) => value + jtz[at])), 'both').toBeLessThan(1e-5)
        }
      }
    })
  })

  test('weight gradients are the adjoint of tangents along the weights, for velocity and features', async () => {
    await FrozenNet.with(shape, async frozen => {
      const { net, training, recorder } = frozen
      const { d, C, length } = sizes(frozen)
      const layer = net.blocks
      const pass = recordFrozen(recorder, training, { samples: n, weights: training.optimizer.ema, keep: true })
      const direction: FlatParameters = { tensor: recorder.tensor('p', R * length), replicas: R, length }
      const tangent = recordTangent(recorder, training.dit, pass, { image: null, weights: direction }, { layers: [layer] })
      const dvelocity = recorder.tensor('d velocity', R * n * d)
      const dz = { tensor: recorder.tensor('d features', R * n * C), capacity: n, rows: 1, width: C }
      const slices = slicesFor(n * training.dit.tokens, R * length)
      const planes = recorder.tensor('planes', slices * R * length)
      const gradients = recorder.tensor('gradients', R * length)
      const extent = { replicas: R, samples: n }
      if (!('velocity' in pass.trace)) throw new Error('no head')
      training.dit.backward(recorder, pass.weights, { planes, slices }, { ...pass, capacity: n }, pass.trace, extent, dvelocity, { layer, pooled: true, dz, extent })
      gradientReduce(recorder, direction, { planes, slices }, { gradients, partials: recorder.tensor('norm', R * 64) })
      await frozen.lay()
      frozen.show(pass)
      const [u, z] = [normals(R * n * d, 8), normals(R * n * C, 9)]
      const p = directions(frozen).map(values => flat(net, values))
      frozen.write(direction.tensor, joined(p))
      for (const [what, du, dfeatures] of [['velocity', u, z.map(() => 0)], ['features', u.map(() => 0), z]] as const) {
        frozen.write(dvelocity, du)
        frozen.write(dz.tensor, dfeatures)
        frozen.replay()
        for (let r = 0; r < R; r++) {
          const [left, jv] = what === 'velocity' ? [cut(u, n * d, r), await frozen.part(tangent.velocity!, n * d, r)] : [cut(z, n * C, r), await frozen.part(tangent.features[0].tensor, n * C, r)]
          expectAdjoint(left, jv, await frozen.part(gradients, length, r), p[r], what)
        }
      }
    })
  })
})

test('features alone: neither direction touches the blocks after theirs or the head', async () => {
  await FrozenNet.with(nets.labelled, async frozen => {
    const { training, recorder } = frozen
    const pass = recordFrozen(recorder, training, { samples: n, weights: training.optimizer.ema, layers: [2], velocity: false, keep: true })
    const [there, back] = [frozen.another(), frozen.another()]
    const tangent = recordInputTangent(there, training, pass, { velocity: false, layers: [2] })
    recordInputCotangent(back, training, pass, { layer: 2, dfeatures: tangent.features[0] })
    expect(tangent.velocity).toBe(null)
    expect(new Set([...there.dispatches, ...back.dispatches].map(({ stage }) => stage)))
      .toEqual(new Set(['embed tangent', 'block 0 tangent', 'block 1 tangent', 'feature backward', 'block 1 backward', 'block 0 backward', 'embed backward']))
    const kernels = new Set(back.dispatches.map(({ kernel }) => kernel))
    for (const kernel of ['modulate_columns', 'label_embedding_backward', 'gradient_reduce']) expect(kernels.has(kernel), kernel).toBe(false)
  })
})

test('what a frozen pass does not hold is refused in a sentence', async () => {
  await FrozenNet.with(nets.labelled, async ({ training, recorder }) => {
    const weights = training.parameters
    const shared = recordFrozen(recorder, training, { samples: n, weights, layers: [1] })
    const short = recordFrozen(recorder, training, { samples: n, weights, layers: [1], velocity: false, keep: true })
    expect(() => recordInputTangent(recorder, training, shared)).toThrow('keeps its activations')
    expect(() => recordInputCotangent(recorder, training, shared, { velocity: true })).toThrow('keeps its activations')
    expect(() => recordInputTangent(recorder, training, short)).toThrow('holds blocks 1 to 1')
    expect(() => recordInputTangent(recorder, training, short, { velocity: false, layers: [2] })).toThrow('holds blocks 1 to 1')
    expect(() => recordInputCotangent(recorder, training, short, { velocity: true })).toThrow('needs a forward pass with the velocity')
    expect(() => recordInputCotangent(recorder, training, short, { layer: 2 })).toThrow('after block 2 are not among them')
    expect(() => recordInputCotangent(recorder, training, short, {})).toThrow('neither was given')
    expect(() => recordTangent(recorder, training.dit, short, { image: null, weights: null })).toThrow('something that moves')
  })
})

test('of a net that predicts the image or the noise: the way past the net, and through it what it would be for the velocity', async () => {
  const shape = nets.unlabelled
  const products = (methods: [string, string]) => FrozenNet.with(shape, async frozen => {
    const { training, recorder } = frozen
    const { d } = sizes(frozen)
    const pass = recordFrozen(recorder, training, { samples: n, weights: training.optimizer.ema, keep: true })
    const tangent = recordInputTangent(recorder, training, pass)
    const cotangent = recordInputCotangent(recorder, training, pass, { velocity: true })
    const weights: FlatParameters = { tensor: recorder.tensor('p', R * training.layout.length), replicas: R, length: training.layout.length }
    const alongWeights = recordTangent(recorder, training.dit, pass, { image: null, weights }, { name: 'weights ' })
    await frozen.lay()
    const sights = frozen.show(pass)
    frozen.write(tangent.direction, normals(R * n * d, 6))
    frozen.write(cotangent.dvelocity!, normals(R * n * d, 7))
    frozen.write(weights.tensor, joined(directions(frozen).map(values => flat(frozen.net, values))))
    frozen.replay()
    frozen.replay()
    const read = (tensor: Parameters<FrozenNet['part']>[0]) => frozen.read(tensor, R * n * d)
    return { d, sights, velocity: await read(pass.velocity!), jv: await read(tangent.velocity!), jtu: await read(cotangent.dimage), jw: await read(alongWeights.velocity!) }
  }, methods)
  const [plain, read] = [await products(['fm', 'fm']), await products(['x-prediction', 'noise-prediction'])]
  const { d, sights } = plain
  // Replica 0 divides by max(t, .05) and replica 1 by max(1 − t, .05); the outputs are the same.
  const held = (k: number) => [(t: number) => Math.max(t, 0.05), (t: number) => -Math.max(1 - t, 0.05)][Math.floor(k / (n * d))](sights[Math.floor(k / (n * d))].t[Math.floor(k / d) % n])
  const expected = (past: ArrayLike<number> | null, through: Float32Array) => Float64Array.from(through, (value, k) => ((past ? past[k] : 0) - value) / held(k))
  expect(relative(read.velocity, expected(sights.flatMap(({ image }) => Array.from(image)), plain.velocity))).toBeLessThan(1e-5)
  expect(relative(read.jv, expected(normals(R * n * d, 6), plain.jv))).toBeLessThan(1e-5)
  expect(relative(read.jw, expected(null, plain.jw))).toBeLessThan(1e-5)
  // Jᵀ u is linear in u for each image, so the factor of its level comes out of it.
  expect(relative(read.jtu, expected(normals(R * n * d, 7), plain.jtu))).toBeLessThan(1e-5)
})
