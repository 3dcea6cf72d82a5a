/** Images to tokens and back, for every patch size and channel count that a net can have; both are copies, so they must be exact. */
import { paddedPatch, patchify, unpatchify } from '../../ops/patchify.ts'
import { type PatchOrder, patchify as patchifyTwin, unpatchify as unpatchifyTwin } from '../../reference/patchify.ts'
import { blank, filled, layOutAs, type OpCase, type Output, part } from '../case.ts'

const CHANNELS = [1, 2, 3, 5]
const ORDERS: PatchOrder[] = ['cpp', 'ppc']

function patchCase(patch: number, seed: number): OpCase {
  const [replicas, samples, capacity, size] = [2, 2, 3, 8]
  return {
    op: 'patchify and unpatchify', shape: `R ${replicas}, B ${samples}, P ${patch}, ${size}×${size}, channels ${CHANNELS.join(' ')}, both orders`, seed, tolerance: 0,
    record(recorder, random) {
      const outputs: Output[] = []
      for (const channels of CHANNELS) {
        for (const order of ORDERS) {
          const geometry = { channels, size, patch }
          const twinGeometry = { batch: samples, channels, height: size, width: size, patch, order, padded: true }
          const pixels = { replicas, capacity, width: channels * size * size }
          const tokenSize = { replicas, capacity: capacity + 1, rows: (size / patch) ** 2, width: paddedPatch(geometry) }
          const label = `${channels} channels, ${order}`

          const image = filled(recorder, random, 'image', pixels)
          const tokensOut = blank(recorder, 'tokens', tokenSize)
          patchify(recorder, { replicas, samples }, geometry, order, image.tensor, capacity, tokensOut)
          outputs.push({ name: `tokens, ${label}`, tensor: tokensOut.tensor, expected: layOutAs(tokensOut, replicas, r => patchifyTwin(part(image, r, samples), twinGeometry)) })

          const tokens = filled(recorder, random, 'tokens', tokenSize)
          const imageOut = blank(recorder, 'image', pixels)
          unpatchify(recorder, { replicas, samples }, geometry, order, tokens, imageOut.tensor, capacity)
          outputs.push({ name: `image, ${label}`, tensor: imageOut.tensor, expected: layOutAs(imageOut, replicas, r => unpatchifyTwin(part(tokens, r, samples), twinGeometry)) })
        }
      }
      return outputs
    },
  }
}

export const patchifyCases: OpCase[] = [1, 2, 4, 8].map((patch, i) => patchCase(patch, 501 + i))
