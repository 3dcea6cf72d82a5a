/**
 * A net whose tokens do not know where they stand, although the forward pass adds positions to them as ever: all channels but the first mark a patch's
 * place by a one, and the embedding takes away with each mark the position that belongs to it.
 */
import { type NetConfig, netSchema } from '../../src/config.ts'
import type { DitParameters } from '../../src/reference/dit_parameters.ts'
import { patchify, type PatchGeometry, unpatchify } from '../../src/reference/patchify.ts'
import { Random } from '../../src/reference/random.ts'
import { relative } from './compare.ts'
import { randomParameters } from './random_net.ts'

export const net: NetConfig = netSchema.parse({ channels: 4, size: 6, patch: 2, width: 24, heads: 2, blocks: 2, selfCondition: 1 })

/** Pixels of a patch in one channel, numbers of a patch in all. */
const [PIXELS, PATCH] = [4, 16]
const ORDER = [4, 0, 7, 1, 8, 2, 6, 3, 5]
const T = ORDER.length
const two: PatchGeometry = { batch: 2, channels: net.channels, height: net.size, width: net.size, patch: net.patch, order: 'cpp' }

/** Random weights, of which those of the marks take away `positions` (T,C). */
export function parametersWithout(positions: Float64Array, seed: number): DitParameters {
  const parameters = randomParameters(net, seed)
  parameters['x_embedder.proj'].set(positions.map(value => -Math.fround(value)), PIXELS * net.width)
  return parameters
}

/** (2,ch,h,w): the second image has the patches of the first in another order. */
export function bothOrders(seed: number): Float64Array {
  const shown = new Random(seed).normals(T * PIXELS).map(Math.fround)
  const patches = new Float64Array(2 * T * PATCH)
  ;[ORDER.map((_, i) => i), ORDER].flat().forEach((from, row) => {
    patches.set(shown.subarray(from * PIXELS, (from + 1) * PIXELS), row * PATCH)
    patches[row * PATCH + PIXELS + (row % T)] = 1
  })
  return unpatchify(patches, two)
}

/** How far the answer to the second image is from the patches of that to the first in this other order. */
export function disorder(velocity: ArrayLike<number>): number {
  const patches = patchify(Float64Array.from(velocity), two)
  return relative(patches.subarray(T * PATCH), ORDER.flatMap(from => Array.from(patches.subarray(from * PATCH, (from + 1) * PATCH))))
}
