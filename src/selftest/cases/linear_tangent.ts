/** Tangents of Y = X W + b along X, along the weights, and along both, through each epilogue. */
import { DEFAULT_TILES } from '../../engine/recorder.ts'
import { linear, linearTangent, type TangentEpilogue } from '../../ops/linear.ts'
import { scale } from '../../ops/scale.ts'
import { geluDerivative, siluDerivative } from '../../reference/activations.ts'
import { gateResidualTangent } from '../../reference/gate_residual.ts'
import { linearTangent as twin } from '../../reference/matmul.ts'
import { blank, columns, filled, given, layOut, layOutAs, type OpCase, part, TOLERANCE } from '../case.ts'
import { layerIn } from './linear.ts'

interface Shape {
  replicas: number
  samples: number
  capacity: number
  rows: number
  inputs: number
  outputs: number
  forward?: readonly [number, number]
  lanes?: number
}

/** What has a tangent. */
type Along = 'input' | 'weights' | 'both'

function linearTangentCase(kind: TangentEpilogue['kind'], along: Along, shape: Shape, seed: number): OpCase {
  const { replicas, samples, capacity, rows, inputs: K, outputs: N, forward = DEFAULT_TILES.forward, lanes } = shape
  const M = samples * rows
  return {
    op: `linear tangent ${kind}, along ${along}`, shape: `R ${replicas}, M ${M}, K ${K}, N ${N}, tile ${forward.join('×')}${lanes ? `, ${lanes} lanes` : ''}`, seed, tolerance: TOLERANCE,
    tiles: { ...DEFAULT_TILES, forward, lanes },
    record(recorder, random) {
      const extent = { replicas, samples }
      const { layer, parameters, weights } = layerIn(recorder, random, replicas, K, N)
      const direction = layerIn(recorder, random, replicas, K, N)
      const x = filled(recorder, random, 'x', { replicas, capacity, rows, width: K })
      const xTangent = filled(recorder, random, 'x tangent', { replicas, capacity: capacity + 2, rows, width: K })
      const like = { replicas, capacity: capacity + 1, rows, width: N }
      const y = blank(recorder, 'y tangent', like)
      const pre = filled(recorder, random, 'pre', like, { scale: 2 })
      const [residual, branch] = [filled(recorder, random, 'residual tangent', like), filled(recorder, random, 'branch', like)]
      const ada = filled(recorder, random, 'modulation', { replicas, capacity: samples + 4, width: 3 * N })
      const adaTangent = filled(recorder, random, 'modulation tangent', { replicas, capacity: samples + 4, width: 3 * N })

      const epilogue: TangentEpilogue = kind === 'plain' ? { kind }
        : kind === 'gate' ? { kind, residual, branch, ada, adaTangent: along === 'input' ? null : adaTangent, gate: N, tokens: rows }
          : { kind, pre: pre.tensor }
      if (along === 'weights') {
        linearTangent(recorder, extent, direction.parameters, layer, x, y, epilogue, { bias: true })
      } else {
        const addend = along === 'both' ? blank(recorder, 'addend', like) : null
        if (addend) linear(recorder, extent, direction.parameters, layer, x, addend)
        linearTangent(recorder, extent, parameters, layer, xTangent, y, epilogue, { addend })
      }

      const expected = (r: number) => {
        const sum = twin(part(x, r, samples), weights(r), along === 'weights' ? null : part(xTangent, r, samples), along === 'input' ? null : direction.weights(r), M, K, N)
        if (kind === 'plain') return sum
        if (kind === 'gate') {
          const gate = (all: typeof ada) => columns(part(all, r, samples), 3 * N, N, N)
          const moved = gate(adaTangent).map(value => (along === 'input' ? 0 : value))
          return gateResidualTangent(gate(ada), part(branch, r, samples), part(residual, r, samples), moved, sum, samples, rows, N)
        }
        const derivative = kind === 'gelu' ? geluDerivative : siluDerivative
        return sum.map((value, i) => value * derivative(part(pre, r, samples)[i]))
      }
      return [{ name: 'y tangent', tensor: y.tensor, expected: layOutAs(y, replicas, expected) }]
    },
  }
}

const scaleCase: OpCase = {
  op: 'scale', shape: 'R 2, 77 numbers', seed: 227, tolerance: TOLERANCE,
  record(recorder, random) {
    const [replicas, length, factor] = [2, 77, -0.375]
    const x = given(recorder, 'x', { replicas, capacity: length, width: 1 }, random.normals(replicas * length))
    const y = recorder.tensor('y', replicas * length)
    scale(recorder, replicas, length, factor, x.tensor, y)
    return [{ name: 'y', tensor: y, expected: () => layOut(replicas, length, r => part(x, r, length).map(value => factor * value)) }]
  },
}

const small: Shape = { replicas: 2, samples: 5, capacity: 7, rows: 3, inputs: 8, outputs: 12 }
const ragged: Shape = { replicas: 3, samples: 11, capacity: 11, rows: 3, inputs: 20, outputs: 76 }

export const linearTangentCases: OpCase[] = [
  linearTangentCase('plain', 'input', small, 221),
  linearTangentCase('plain', 'weights', { ...small, rows: 1 }, 222),
  linearTangentCase('gelu', 'both', { ...ragged, forward: [2, 4] }, 223),
  linearTangentCase('silu', 'weights', { ...small, rows: 1, inputs: 256 }, 224),
  linearTangentCase('gate', 'input', small, 225),
  linearTangentCase('gate', 'both', { ...ragged, forward: [1, 1] }, 226),
  linearTangentCase('gate', 'both', { ...ragged, forward: [8, 1], lanes: 4 }, 228),
  scaleCase,
]
