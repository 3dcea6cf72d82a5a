/** The layers with weights in a graph, whatever operators and names an exporter gave them, and how values flow between them. */
import type { Folded } from './fold.ts'
import { type Graph, intOf, type Node } from './graph.ts'
import { permutationOf } from './shapes.ts'
import { shown } from './shown.ts'
import type { Constant } from './tensor.ts'

export interface Layer {
  kind: 'linear' | 'convolution' | 'table'
  /** The node that multiplies, or looks up. */
  node: Node
  input: string
  /** After the bias. */
  output: string
  inputs: number
  outputs: number
  /** (outputs, inputs); a convolution's kernel flattened; a table's rows */
  weight: Float32Array
  /** As the file has it. */
  shape: number[]
  bias: Float32Array | null
  /** Tensors of the file that the weight and the bias are made of. */
  sources: readonly string[]
  biasSources: readonly string[]
}

/** What to call it in a sentence: its scope as the exporter noted it, or its place. */
export const calledLayer = ({ node }: Layer) => (node.name ? shown(node.name.replace(/^\/|\/[^/]*$/g, '')) : `number ${node.index} (${shown(node.op)})`)

/** Ops that move numbers without changing them. */
const MOVES = new Set(['Identity', 'Cast', 'Reshape', 'Flatten', 'Squeeze', 'Unsqueeze', 'Transpose', 'Expand', 'Dropout'])
export const moves = (node: Node) => MOVES.has(node.op) || (node.op === 'Einsum' && permutationOf(node) !== null)

const isFloat = (constant: Constant | undefined): constant is Constant => constant?.data instanceof Float32Array

export function findLayers(graph: Graph, { constants }: Folded): Layer[] {
  return graph.nodes.flatMap((node): Layer[] => {
    const weight = constants.get(node.inputs[node.op === 'Gather' ? 0 : 1])
    const input = node.inputs[node.op === 'Gather' ? 1 : 0]
    if (!isFloat(weight) || constants.has(input)) return []
    const base = { node, input, shape: weight.shape }
    if (node.op === 'Gather' && weight.shape.length === 2 && intOf(node, 'axis', 0) === 0) {
      return [{ ...base, kind: 'table', output: node.outputs[0], inputs: weight.shape[0], outputs: weight.shape[1], weight: weight.data as Float32Array, bias: null, sources: weight.sources, biasSources: [] }]
    }
    const matrix = matrixOf(node, weight)
    if (!matrix) return []
    const bias = biasOf(graph, constants, node, matrix.outputs)
    const kind: Layer['kind'] = node.op === 'Conv' ? 'convolution' : 'linear'
    return [{ ...base, ...matrix, kind, output: bias?.output ?? node.outputs[0], bias: bias?.data ?? null, sources: weight.sources, biasSources: bias?.sources ?? [] }]
  })
}

function matrixOf(node: Node, { shape, data }: Constant): Pick<Layer, 'inputs' | 'outputs' | 'weight'> | null {
  const weight = data as Float32Array
  if (node.op === 'Conv' && shape.length === 4) return { inputs: weight.length / shape[0], outputs: shape[0], weight }
  if (shape.length !== 2) return null
  const [rows, columns] = shape
  const straight = node.op === 'MatMul' || (node.op === 'Gemm' && intOf(node, 'transA', 0) === 0 && intOf(node, 'transB', 0) === 0)
  if (straight) return { inputs: rows, outputs: columns, weight: scaled(transposed(weight, rows, columns), factorOf(node, 'alpha')) }
  if (node.op === 'Gemm' && intOf(node, 'transA', 0) === 0) return { inputs: columns, outputs: rows, weight: scaled(weight, factorOf(node, 'alpha')) }
  return null
}

const factorOf = (node: Node, name: string) => node.attributes.get(name)?.f ?? 1
const scaled = (values: Float32Array, factor: number) => (factor === 1 ? values : values.map(value => value * factor))

function transposed(values: Float32Array, rows: number, columns: number): Float32Array {
  const result = new Float32Array(values.length)
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) result[j * rows + i] = values[i * columns + j]
  return result
}

/** Inside Gemm and Conv, or added right behind. */
function biasOf(graph: Graph, constants: Folded['constants'], node: Node, outputs: number): { data: Float32Array; output: string; sources: readonly string[] } | null {
  const inside = constants.get(node.inputs[2])
  const fits = (constant: Constant | undefined): constant is Constant => isFloat(constant) && constant.data.length === outputs && (constant.shape.at(-1) === outputs || node.op === 'Conv')
  if (node.op !== 'MatMul' && fits(inside)) return { data: scaled(inside.data as Float32Array, factorOf(node, 'beta')), output: node.outputs[0], sources: inside.sources }
  const [user, ...others] = graph.users(node.outputs[0])
  if (!user || others.length > 0 || user.op !== 'Add') return null
  const added = constants.get(user.inputs.find(name => name !== node.outputs[0]) ?? '')
  return fits(added) ? { data: added.data as Float32Array, output: user.outputs[0], sources: added.sources } : null
}

export interface Flow {
  /** Inputs of the graph that a value depends on by more than their shapes. */
  inputsOf(value: string): ReadonlySet<string>
  /** The first of `marks` that a value flows into, as its place in the list; Infinity for none. */
  firstMark(value: string): number
}

/** @param marks layers in the order of the file */
export function traceFlow({ nodes, inputs }: Graph, marks: readonly Layer[]): Flow {
  const none: ReadonlySet<string> = new Set()
  const depends = new Map<string, ReadonlySet<string>>(inputs.map(({ name }) => [name, new Set([name])]))
  for (const node of nodes) {
    if (node.op === 'Shape') continue
    const sets = [...new Set(node.inputs.map(name => depends.get(name) ?? none))].filter(set => set.size > 0)
    const union = sets.length < 2 ? (sets[0] ?? none) : new Set(sets.flatMap(set => [...set]))
    for (const output of node.outputs) depends.set(output, union)
  }
  const places = new Map(marks.map(({ node }, i) => [node, i]))
  const first = new Map<string, number>()
  for (const node of nodes.toReversed()) {
    if (node.op === 'Shape') continue
    const place = places.get(node) ?? Math.min(Infinity, ...node.outputs.map(output => first.get(output) ?? Infinity))
    for (const input of node.inputs) first.set(input, Math.min(place, first.get(input) ?? Infinity))
  }
  return { inputsOf: value => depends.get(value) ?? none, firstMark: value => first.get(value) ?? Infinity }
}

/** A value and what it becomes by being moved only, nearest first, each with the node that moved it. */
export function moved(graph: Graph, value: string): { value: string; node: Node | null }[] {
  const found: { value: string; node: Node | null }[] = [{ value, node: null }]
  for (let i = 0; i < found.length; i++) {
    for (const node of graph.users(found[i].value)) {
      if (moves(node) && node.inputs[0] === found[i].value) found.push({ value: node.outputs[0], node })
    }
  }
  return found
}

/** Back to where a value was last changed and not only moved. */
export function unmoved(graph: Graph, value: string): string {
  let at = value
  for (let maker = graph.maker(at); maker && moves(maker); maker = graph.maker(at)) at = maker.inputs[0]
  return at
}
