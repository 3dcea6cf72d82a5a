/** Y = X W + b with each epilogue, and ragged rows and columns under several register tiles. */
import { DEFAULT_TILES, align, type Recorder } from '../../engine/recorder.ts'
import { type Epilogue, type FlatParameters, linear, type LinearLayer } from '../../ops/linear.ts'
import { gelu, silu } from '../../reference/activations.ts'
import { gateResidualForward } from '../../reference/gate_residual.ts'
import { linearForward } from '../../reference/matmul.ts'
import type { Random } from '../../reference/random.ts'
import { blank, columns, filled, given, layOutAs, type OpCase, type Output, part, TOLERANCE } from '../case.ts'

/** A layer that stands somewhere inside a replica's parameters, as layers do. */
export function layerIn(recorder: Recorder, random: Random, replicas: number, inputs: number, outputs: number) {
  const offset = 64
  const size = (inputs + 1) * outputs
  const length = offset + align(size) + 64
  const all = given(recorder, 'parameters', { replicas, capacity: 1, width: length }, random.normals(replicas * length, 1 / Math.sqrt(inputs)))
  const layer: LinearLayer = { offset, inputs, outputs }
  const parameters: FlatParameters = { tensor: all.tensor, replicas, length }
  return { layer, parameters, weights: (replica: number) => all.values.subarray(replica * length + offset, replica * length + offset + size) }
}

interface Shape {
  replicas: number
  samples: number
  capacity: number
  rows: number
  inputs: number
  outputs: number
  forward?: readonly [number, number]
  lanes?: number
  /** Spread of the inputs. */
  scale?: number
}

type Kind = Epilogue['kind']

function linearCase(kind: Kind, shape: Shape, seed: number): OpCase {
  const { replicas, samples, capacity, rows, inputs: K, outputs: N, forward = DEFAULT_TILES.forward, lanes, scale } = shape
  return {
    op: `linear ${kind}`, shape: `R ${replicas}, M ${samples * rows}, K ${K}, N ${N}, tile ${forward.join('×')}${lanes ? `, ${lanes} lanes` : ''}`, seed, tolerance: TOLERANCE,
    tiles: { ...DEFAULT_TILES, forward, lanes },
    record(recorder, random) {
      const { layer, parameters, weights } = layerIn(recorder, random, replicas, K, N)
      const x = filled(recorder, random, 'x', { replicas, capacity, rows, width: K }, { scale })
      const y = blank(recorder, 'y', { replicas, capacity: capacity + 1, rows, width: N })
      const product = (r: number) => linearForward(part(x, r, samples), weights(r), samples * rows, K, N)
      const { epilogue, outputs } = withEpilogue(kind, recorder, random, shape, y, product)
      linear(recorder, { replicas, samples }, parameters, layer, x, y, epilogue)
      return outputs
    },
  }
}

function withEpilogue(
  kind: Kind, recorder: Recorder, random: Random, { replicas, samples, rows, outputs: N }: Shape, y: ReturnType<typeof blank>, product: (replica: number) => Float64Array,
): { epilogue: Epilogue; outputs: Output[] } {
  const output = (name: string, tensor: Output['tensor'], each: (replica: number) => Float64Array): Output =>
    ({ name, tensor, expected: layOutAs(y, replicas, each) })
  if (kind === 'bias') return { epilogue: { kind }, outputs: [output('y', y.tensor, product)] }
  if (kind === 'position') {
    const positions = filled(recorder, random, 'positions', { replicas: 1, capacity: rows, width: N })
    const expected = (r: number) => product(r).map((value, i) => value + positions.values[i % (rows * N)])
    return { epilogue: { kind, positions: positions.tensor, tokens: rows }, outputs: [output('y', y.tensor, expected)] }
  }
  const kept = blank(recorder, 'kept', { ...y, replicas }).tensor
  if (kind === 'gate') {
    // Residual and modulation have capacities of their own, as where the batch has anchors and the head has not.
    const residual = filled(recorder, random, 'residual', { replicas, capacity: samples + 2, rows, width: N })
    const ada = filled(recorder, random, 'modulation', { replicas, capacity: samples + 4, width: 3 * N })
    const expected = (r: number) => gateResidualForward(part(residual, r, samples), columns(part(ada, r, samples), 3 * N, N, N), product(r), samples, rows, N)
    return {
      epilogue: { kind, branch: kept, residual, ada, gate: N, tokens: rows },
      outputs: [output('y', y.tensor, expected), output('branch', kept, product)],
    }
  }
  const activation = kind === 'gelu' ? gelu : silu
  return { epilogue: { kind, pre: kept }, outputs: [output('y', y.tensor, r => product(r).map(activation)), output('pre', kept, product)] }
}

const small: Shape = { replicas: 2, samples: 5, capacity: 7, rows: 3, inputs: 8, outputs: 12 }
const ragged: Shape = { replicas: 3, samples: 11, capacity: 11, rows: 3, inputs: 20, outputs: 76 }

export const linearCases: OpCase[] = [
  linearCase('bias', small, 101),
  linearCase('bias', { replicas: 1, samples: 9, capacity: 9, rows: 16, inputs: 256, outputs: 40 }, 102),
  linearCase('bias', { ...ragged, forward: [1, 1] }, 103),
  linearCase('bias', { ...ragged, forward: [2, 4] }, 104),
  linearCase('bias', { ...ragged, forward: [8, 1] }, 105),
  linearCase('bias', { ...ragged, forward: [4, 4] }, 106),
  linearCase('position', { ...small, rows: 9, inputs: 4 }, 107),
  linearCase('gelu', { ...ragged, scale: 4 }, 108),
  linearCase('silu', { ...small, scale: 12 }, 109),
  linearCase('gate', { ...ragged, capacity: 13 }, 110),
  linearCase('bias', { ...small, forward: [4, 1], lanes: 4 }, 111),
  linearCase('gelu', { ...ragged, forward: [8, 2], lanes: 4, scale: 4 }, 112),
  linearCase('gate', { ...ragged, forward: [8, 1], lanes: 8, capacity: 13 }, 113),
  linearCase('position', { ...small, rows: 9, inputs: 4, forward: [16, 1], lanes: 8 }, 114),
]
