/**
 * α, β, α′, β′ of a curved path at each t of a batch, from the very polynomials that the GPU reads (flow/path_table.ts, shaders/lib/path.wgsl): the file
 * agrees with the engine to a rounding, runtimes' own Sin, Exp and Pow play no part, and no path needs a graph of its own.
 */
import { PIECES, pathTable } from '../flow/path_table.ts'
import type { Path } from '../flow/paths.ts'
import { LEAST_LEVEL } from '../flow/place.ts'
import type { GraphBuilder } from './build.ts'
import { TensorProto_DataType as DataType } from './onnx_pb.ts'

/** Names of columns (B,1,1,1). */
export interface PlaceNames {
  alpha: string
  beta: string
  dalpha: string
  dbeta: string
  /** αβ′ − α′β */
  wronskian: string
}

/** `t` (B) → where each of its levels lies on the path */
export function placeAt(graph: GraphBuilder, path: Path): PlaceNames {
  const at = (name: string) => `path.${name}`
  const op = (opType: string, inputs: string[], name: string) => graph.node(opType, inputs, at(name))
  const rows = pathTable(path).subarray(4)
  const each = rows.length / PIECES.length
  const table = Float32Array.from(PIECES.flatMap(({ from, width }, i) => [from, 2 / width, ...rows.subarray(i * each, (i + 1) * each)]))
  const terms = Array.from({ length: each / 4 }, (_, k) => at(`term.${k}`))

  const held = op('Max', ['t', graph.number(at('least'), LEAST_LEVEL)], 'held')
  const t = op('Reshape', [held, graph.whole(at('column'), [-1, 1, 1, 1])], 't')
  const begins = graph.tensor(at('begins'), [PIECES.length - 1], Float32Array.from(PIECES.slice(1), ({ from }) => from))
  const begun = graph.node('GreaterOrEqual', [t, begins], at('begun'), { doc: 'The path is a polynomial on each of many pieces; as many of them as begin after the first and not after t are the number of the one that t lies in.' })
  const counted = graph.node('Cast', [begun], at('counted'), { attributes: { to: BigInt(DataType.INT32) } })
  const piece = graph.node('ReduceSum', [counted, graph.whole(at('axes'), [1, 2, 3])], at('piece'), { attributes: { keepdims: 0n } })
  const row = graph.node('Gather', [graph.tensor(at('pieces'), [PIECES.length, 2 + each, 1, 1], table), piece], at('row'), { attributes: { axis: 0n } })
  const [from, scale] = graph.node('Split', [row, graph.whole(at('sizes'), [1, 1, ...terms.map(() => 4)])], [at('from'), at('scale'), ...terms], { attributes: { axis: 1n } })
  const u = op('Sub', [op('Mul', [op('Sub', [t, from], 'since'), scale], 'scaled'), 'one'], 'u')
  let value = terms[terms.length - 1] // (B,4,1,1)
  for (let k = terms.length - 2; k >= 0; k--) value = op('Add', [op('Mul', [value, u], `product.${k}`), terms[k]], `value.${k}`)
  const [alpha, beta, dalpha, dbeta] = graph.node('Split', [value, graph.whole(at('values'), [1, 1, 1, 1])], ['alpha', 'beta', 'dalpha', 'dbeta'].map(at), { attributes: { axis: 1n } })
  return { alpha, beta, dalpha, dbeta, wronskian: op('Sub', [op('Mul', [alpha, dbeta], 'wronskian.first'), op('Mul', [dalpha, beta], 'wronskian.second')], 'wronskian') }
}
