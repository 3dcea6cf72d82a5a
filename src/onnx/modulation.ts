/** Which of the vectors that a modulation layer puts side by side is shift, scale or gate of what: read from what is done with each. */
import type { Folded } from './fold.ts'
import { type Graph, intOf, type Node } from './graph.ts'
import { type Flow, type Layer, moved, unmoved } from './layers.ts'
import { sizeOf } from './tensor.ts'

type Kind = 'shift' | 'scale' | 'gate'

/** In DiT's order: what is done, and the first layer that feels it, as its place in the flow. */
export type Use = readonly [Kind, number]

/**
 * The place in the file's layer of each wanted vector. Null when the uses cannot all be told, or are not those wanted.
 * @param branches outputs of the layers that gates act on
 */
export function readModulation(graph: Graph, folded: Folded, flow: Flow, layer: Layer, wanted: readonly Use[], branches: ReadonlySet<string>): number[] | null {
  const width = layer.outputs / wanted.length
  const places = new Map<string, number>()
  for (const { offset, size, value } of cut(graph, folded, layer.output)) {
    if (size !== width || offset % width !== 0) continue
    for (const { value: same } of moved(graph, value)) {
      for (const user of graph.users(same)) {
        const kind = kindOf(graph, folded, user, same, branches)
        if (kind) places.set(`${kind} ${flow.firstMark(user.outputs[0])}`, offset / width)
      }
    }
  }
  const found = wanted.map(([kind, first]) => places.get(`${kind} ${first}`) ?? -1)
  return new Set(found).size === wanted.length && !found.includes(-1) ? found : null
}

/** Pieces of a row of numbers: what Split, Slice and Gather take out of it. */
function cut(graph: Graph, { constants, shapes }: Folded, whole: string): { offset: number; size: number; value: string }[] {
  return moved(graph, whole).flatMap(({ value }) => graph.users(value).flatMap(node => {
    const shape = shapes.get(value)
    if (!shape || node.inputs[0] !== value) return []
    const axis = axisOf(node, constants, shape.length)
    const inner = sizeOf(shape.slice(axis + 1))
    const piece = (start: number, output: string) => {
      const taken = shapes.get(output)
      return taken ? [{ offset: start * inner, size: sizeOf(taken) / sizeOf(shape.slice(0, axis)), value: output }] : []
    }
    if (node.op === 'Split') {
      let start = 0
      return node.outputs.flatMap(output => {
        const pieces = piece(start, output)
        start += shapes.get(output)?.[axis] ?? Number.NaN
        return pieces
      })
    }
    const start = node.op === 'Slice' || node.op === 'Gather' ? constants.get(node.inputs[1])?.data : undefined
    return start?.length === 1 ? piece(start[0] < 0 ? start[0] + shape[axis] : start[0], node.outputs[0]) : []
  }))
}

function axisOf(node: Node, constants: Folded['constants'], rank: number): number {
  const axis = node.op === 'Slice' ? (constants.get(node.inputs[3] ?? '')?.data[0] ?? 0) : intOf(node, 'axis', 0)
  return axis < 0 ? axis + rank : axis
}

function kindOf(graph: Graph, { constants }: Folded, { op, inputs }: Node, value: string, branches: ReadonlySet<string>): Kind | null {
  const other = inputs.find(name => name !== value)
  if (other === undefined) return null
  const constant = constants.get(other)
  if (op === 'Add') return constant ? (constant.data.every(number => number === 1) ? 'scale' : null) : 'shift'
  return op === 'Mul' && branches.has(unmoved(graph, other)) ? 'gate' : null
}
