/** Dispatches whose size the GPU decides: a batch and as many anchors as the replica with most of them has. */
import { DEFAULT_TILES } from '../../engine/recorder.ts'
import { AnchorArguments, type Extent } from '../../ops/extent.ts'
import { tokenMean } from '../../ops/features.ts'
import { linear } from '../../ops/linear.ts'
import { tokenMeanForward } from '../../reference/features.ts'
import { linearForward } from '../../reference/matmul.ts'
import { blank, filled, layOutAs, type OpCase, part, TOLERANCE } from '../case.ts'
import { state } from '../structs.ts'
import { layerIn } from './linear.ts'

/** A sample fills whole workgroups in both ops, so what is covered ends exactly with the last anchor and the rest stays zero. `lost`: the last replica's step before was not finite, so that all is covered. */
function anchorCase(anchors: number[], seed: number, lost = false): OpCase {
  const [batch, capacity, rows, inputs, width] = [3, 6, 32, 4, 256]
  const replicas = anchors.length
  const covered = lost ? capacity : batch + Math.max(...anchors)
  return {
    op: 'anchor arguments, then token mean and linear', shape: `R ${replicas}, B ${batch}, anchors ${anchors.join(' ')}${lost ? ', after a lost step' : ''}`, seed, tolerance: TOLERANCE,
    tiles: { ...DEFAULT_TILES, forward: [4, 2] },
    record(recorder, random) {
      const sizes = new AnchorArguments(recorder, replicas, batch)
      const extent: Extent = { replicas, samples: capacity, anchors: sizes }
      sizes.record(recorder, state(recorder, anchors.map((count, r) => ({ anchors: count, step: 1, finite: lost && r === replicas - 1 ? 0 : 1 }))))
      const x = filled(recorder, random, 'x', { replicas, capacity, rows, width: inputs })
      const { layer, parameters, weights } = layerIn(recorder, random, replicas, inputs, width)
      const y = blank(recorder, 'y', { replicas, capacity, rows, width })
      linear(recorder, extent, parameters, layer, x, y)
      const wide = filled(recorder, random, 'tokens', { replicas, capacity, rows: 4, width })
      const z = blank(recorder, 'z', { replicas, capacity, width })
      tokenMean(recorder, extent, wide, z)
      // Asked for after recording, an entry only says where it stands: linear came first, along y with 256 / 4 / (8·2) groups along x.
      const alongY = sizes.entry(4, rows, 32, 1)
      return [
        {
          name: 'arguments', tensor: alongY.arguments, at: [0, 1, 2, 3, 4, 5].map(i => alongY.offset + i),
          expected: () => Uint32Array.of(4, covered, replicas, covered, 1, replicas),
        },
        { name: 'y', tensor: y.tensor, expected: layOutAs(y, replicas, r => linearForward(part(x, r, covered), weights(r), covered * rows, inputs, width)) },
        { name: 'z', tensor: z.tensor, expected: layOutAs(z, replicas, r => tokenMeanForward(part(wide, r, covered), covered, 4, width)) },
      ]
    },
  }
}

export const extentCases: OpCase[] = [anchorCase([1, 2], 1301), anchorCase([0, 0, 0], 1302), anchorCase([3], 1303), anchorCase([1, 0], 1304, true)]
