/** Both gradients of Y = X W + b: slices, ragged edges under several tiles, and through the activation that made X. */
import { DEFAULT_TILES, type Tiles } from '../../engine/recorder.ts'
import { linearBackward } from '../../ops/linear.ts'
import { geluDerivative, siluDerivative } from '../../reference/activations.ts'
import { linearBackward as twin } from '../../reference/matmul.ts'
import { blank, filled, layOutAs, type OpCase, type Output, part, TOLERANCE } from '../case.ts'
import { layerIn } from './linear.ts'

interface Shape {
  replicas: number
  samples: number
  capacity: number
  rows: number
  inputs: number
  outputs: number
  slices: number
  dx: 'none' | 'plain' | 'gelu' | 'silu'
  tiles?: Partial<Tiles>
}

function linearBackwardCase(shape: Shape, seed: number): OpCase {
  const { replicas, samples, capacity, rows, inputs: K, outputs: N, slices, dx: wanted } = shape
  const tiles = { ...DEFAULT_TILES, ...shape.tiles }
  const M = samples * rows
  return {
    op: `linear backward, dx ${wanted}`, shape: `R ${replicas}, M ${M}, K ${K}, N ${N}, slices ${slices}, tiles ${tiles.input.join('×')} ${tiles.weight.join('×')}${tiles.lanes ? `, ${tiles.lanes} lanes` : ''}`,
    seed, tolerance: TOLERANCE, tiles,
    record(recorder, random) {
      const { layer, parameters, weights } = layerIn(recorder, random, replicas, K, N)
      const x = filled(recorder, random, 'x', { replicas, capacity, rows, width: K })
      const pre = filled(recorder, random, 'pre', { replicas, capacity, rows, width: K }, { scale: 3 })
      const dy = filled(recorder, random, 'dy', { replicas, capacity: capacity + 2, rows, width: N })
      const planes = recorder.tensor('planes', slices * replicas * parameters.length)
      const dx = wanted === 'none' ? null : blank(recorder, 'dx', { ...x, replicas })
      const through = wanted === 'gelu' || wanted === 'silu' ? { kind: wanted, pre: pre.tensor } : undefined
      linearBackward(recorder, { replicas, samples }, parameters, layer, { planes, slices }, x, dy, dx, through)

      const planesExpected = () => {
        const expected = new Float64Array(slices * replicas * parameters.length)
        const length = Math.ceil(M / slices)
        for (let s = 0; s < slices; s++) {
          const from = Math.min(s * length, M)
          const count = Math.min(length, M - from)
          for (let r = 0; r < replicas; r++) {
            const { dwb } = twin(part(x, r, samples).subarray(from * K), weights(r), part(dy, r, samples).subarray(from * N), count, K, N)
            expected.set(dwb, (s * replicas + r) * parameters.length + layer.offset)
          }
        }
        return expected
      }
      const outputs: Output[] = [{ name: 'dw', tensor: planes, expected: planesExpected }]
      if (dx) {
        const derivative = { none: null, plain: null, gelu: geluDerivative, silu: siluDerivative }[wanted]
        outputs.push({
          name: 'dx', tensor: dx.tensor, expected: layOutAs(dx, replicas, r => {
            const plain = twin(part(x, r, samples), weights(r), part(dy, r, samples), M, K, N).dx
            return derivative ? plain.map((value, i) => value * derivative(part(pre, r, samples)[i])) : plain
          }),
        })
      }
      return outputs
    },
  }
}

const small: Shape = { replicas: 3, samples: 5, capacity: 6, rows: 3, inputs: 8, outputs: 12, slices: 1, dx: 'plain' }
const ragged: Shape = { replicas: 2, samples: 11, capacity: 11, rows: 3, inputs: 36, outputs: 76, slices: 5, dx: 'plain' }

export const linearBackwardCases: OpCase[] = [
  linearBackwardCase(small, 201),
  linearBackwardCase({ ...small, slices: 5, dx: 'none' }, 202),
  linearBackwardCase({ ...small, samples: 1, slices: 5, dx: 'silu' }, 203),
  linearBackwardCase({ ...ragged, replicas: 3, dx: 'gelu' }, 204),
  linearBackwardCase({ ...ragged, tiles: { input: [1, 1], weight: [1, 1] } }, 205),
  linearBackwardCase({ ...ragged, tiles: { input: [2, 4], weight: [2, 2] } }, 206),
  linearBackwardCase({ ...ragged, replicas: 1, slices: 1, dx: 'none', tiles: { weight: [2, 1] } }, 207),
  linearBackwardCase({ ...ragged, dx: 'gelu', tiles: { input: [8, 2], weight: [4, 2], lanes: 4 } }, 208),
  linearBackwardCase({ ...small, slices: 5, dx: 'none', tiles: { input: [4, 1], weight: [8, 1], lanes: 4 } }, 209),
  linearBackwardCase({ ...ragged, replicas: 3, tiles: { input: [8, 1], weight: [8, 1], lanes: 8 } }, 210),
  linearBackwardCase({ ...small, samples: 1, slices: 5, dx: 'silu', tiles: { input: [16, 1], weight: [8, 2], lanes: 8 } }, 211),
]
