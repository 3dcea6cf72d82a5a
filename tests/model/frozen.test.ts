/** Frozen forward passes: of the whole net, of its first blocks, keeping activations or not, all against the float64 twin. */
import { describe, expect, test } from 'vitest'
import { recordFrozen } from '../../src/model/frozen.ts'
import { ditForward } from '../../src/reference/dit.ts'
import { tokenMeanForward } from '../../src/reference/features.ts'
import { positionEmbedding } from '../../src/reference/positions.ts'
import { relative } from '../support/compare.ts'
import { FrozenNet } from '../support/frozen_net.ts'
import { bothOrders, disorder, net as placeless, parametersWithout } from '../support/placeless.ts'
import { flat } from '../support/random_net.ts'

const n = 3
const nets = {
  labelled: { channels: 1, size: 8, patch: 2, width: 16, heads: 2, blocks: 3, classes: 4 },
  unlabelled: { channels: 3, size: 6, patch: 2, width: 12, heads: 1, blocks: 3 },
  'self-conditioned': { channels: 1, size: 4, patch: 2, width: 16, heads: 2, blocks: 3, classes: 2, selfCondition: 1 },
  'without attention': { channels: 2, size: 1, patch: 1, width: 16, heads: 1, blocks: 3, classes: 2, attention: false },
} as const

describe.each(Object.entries(nets))('%s', (_, shape) => {
  test.each([
    ['every block, kept', { layers: [1, 2, 3], keep: true }],
    ['every block in shared buffers, last asked first', { layers: [3, 1, 2], keep: false }],
    ['up to block 2', { layers: [2], velocity: false }],
    ['up to block 2, one asked twice, kept', { layers: [1, 2, 1], velocity: false, keep: true }],
    ['the velocity alone', {}],
  ])('%s', async (_, options) => {
    await FrozenNet.with(shape, async frozen => {
      const { net, training, recorder } = frozen
      const pass = recordFrozen(recorder, training, { samples: n, weights: training.optimizer.ema, ...options })
      expect([...recorder.tensors].filter(tensor => training.tensors.has(tensor))).toEqual([])
      await frozen.lay()
      const sights = frozen.show(pass)
      frozen.replay()
      const [C, T, d] = [net.width, (net.size / net.patch) ** 2, net.channels * net.size ** 2]
      const layers = 'layers' in options ? options.layers : []
      expect(pass.features.length).toBe(layers.length)
      for (const [r, { image, t, labels }] of sights.entries()) {
        const twin = ditForward(net, frozen.parameters[r], image, t, labels)
        for (const [i, layer] of layers.entries()) {
          expect(relative(await frozen.part(pass.features[i].tensor, n * C, r), tokenMeanForward(twin.blocks[layer - 1].out, n, T, C)), `features ${layer}`).toBeLessThan(5e-6)
        }
        if ('velocity' in options) expect(pass.velocity).toBe(null)
        else expect(relative(await frozen.part(pass.velocity!, n * d, r), twin.velocity!)).toBeLessThan(5e-6)
      }
    })
  })
})

test('patches in another order are answered in that order, but for the positions', async () => {
  await FrozenNet.with(placeless, async frozen => {
    const { training, recorder } = frozen
    const pass = recordFrozen(recorder, training, { samples: 2, weights: training.optimizer.ema })
    await frozen.lay()
    const positions = positionEmbedding(3, 3, placeless.width)
    // The first replica has its positions taken away, the second keeps them.
    frozen.write(training.optimizer.ema.tensor, [positions, positions.map(() => 0)].flatMap(taken => [...flat(placeless, parametersWithout(taken, 1))]))
    frozen.write(pass.image, [...bothOrders(2), ...bothOrders(2)])
    frozen.write(pass.t, [0.3, 0.3, 0.3, 0.3])
    frozen.replay()
    const each = 2 * placeless.channels * placeless.size ** 2
    expect(disorder(await frozen.part(pass.velocity!, each, 0))).toBeLessThan(5e-6)
    expect(disorder(await frozen.part(pass.velocity!, each, 1))).toBeGreaterThan(0.1)
  })
})

test('a partial forward ends with the last block asked for', async () => {
  await FrozenNet.with(nets.labelled, async frozen => {
    const { training } = frozen
    const [first, all] = [frozen.another(), frozen.another()]
    recordFrozen(first, training, { samples: n, weights: training.optimizer.ema, layers: [1], velocity: false })
    recordFrozen(all, training, { samples: n, weights: training.optimizer.ema, layers: [1] })
    const stages = (dispatches: typeof all.dispatches) => new Set(dispatches.map(({ stage }) => stage))
    expect([...stages(all.dispatches)].filter(stage => !stages(first.dispatches).has(stage))).toEqual(['block 1', 'block 2', 'head'])
  })
})

test('a block that is not there is refused in a sentence', async () => {
  await FrozenNet.with(nets.labelled, async ({ training, recorder }) => {
    const weights = training.parameters
    for (const layer of [0, 4, 1.5]) expect(() => recordFrozen(recorder, training, { samples: n, weights, layers: [layer] })).toThrow(`no block ${layer} to take features from: this net has blocks 1 to 3`)
    expect(() => recordFrozen(recorder, training, { samples: n, weights, velocity: false })).toThrow('at least one block')
  })
})
