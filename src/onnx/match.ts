/** Recognises a diffusion transformer in a graph by how its layers follow each other, and names its parameters as DiT does. */
import type { NamedTensor } from '../model/parameters.ts'
import { readPatchEmbedding, readTime, readUnpatchify } from './ends.ts'
import type { Folded } from './fold.ts'
import type { Graph } from './graph.ts'
import { calledLayer, findLayers, type Layer, moves, traceFlow } from './layers.ts'
import { readModulation, type Use } from './modulation.ts'
import type { ImportedTime, ImportHints, InputNames } from './report.ts'

export interface Match {
  parameters: Map<string, NamedTensor>
  /** Role of each tensor of the file that was given one. */
  roles: Map<string, string>
  /** Tensors that hold what the engine computes itself. */
  fixed: Map<string, string>
  net: { channels: number; patch: number; width: number; blocks: number; heads: number | null; classes: number }
  time: ImportedTime | null
  variance: boolean
  inputs: InputNames
  differences: string[]
  notes: string[]
  /** Ahead of the first block: the patch embedding's output, and the layer that reads block 0's input. */
  positionsBetween: [from: Layer, to: Layer]
}

/** One block of the trunk: what makes q, k and v (one layer or three), then the others. */
interface Block {
  qkv: Layer[]
  proj: Layer
  fc1: Layer
  fc2: Layer
}

const MOST_INPUTS = 32
const MOST_LAYERS = 2000

/** Ends the matching with what the file has instead. */
class Mismatch extends Error {}

/** A sentence when the graph is no such transformer. */
export function matchDit(graph: Graph, folded: Folded, hints: ImportHints = {}): Match | string {
  try {
    return match(graph, folded, hints)
  } catch (error) {
    if (error instanceof Mismatch) return error.message
    throw error
  }
}

function match(graph: Graph, folded: Folded, hints: ImportHints): Match {
  if (graph.inputs.length > MOST_INPUTS) throw new Mismatch(`the graph has ${graph.inputs.length} inputs; images, noise level and labels are expected`)
  const layers = findLayers(graph, folded)
  if (layers.length === 0) throw new Mismatch('no layer with float weights was found: they may be quantised')
  if (layers.length > MOST_LAYERS) throw new Mismatch(`the graph has ${layers.length} layers; up to ${MOST_LAYERS} are looked at`)
  const image = graph.inputs.find(({ name }) => layers.some(layer => layer.kind === 'convolution' && layer.input === name))?.name ?? graph.inputs.find(({ name }) => folded.shapes.get(name)?.length === 4)?.name
  if (image === undefined) throw new Mismatch('no input takes images: one of shape (B,ch,h,w) is expected')
  const dependence = traceFlow(graph, [])
  const trunk = layers.filter(({ kind, input }) => kind !== 'table' && dependence.inputsOf(input).has(image))
  const flow = traceFlow(graph, trunk)
  const [first, ...rest] = trunk
  if (!first) throw new Mismatch('no layer reads the images')
  const embedding = readPatchEmbedding(graph, folded, first)
  if (!embedding) throw new Mismatch(`the first layer, ${calledLayer(first)}, does not cut the image into square patches as a DiT does`)
  const C = first.outputs
  const { blocks, final } = readTrunk(rest, C)
  if (blocks.length === 0) throw new Mismatch('there are no transformer blocks between the first and the last layer')

  const parameters = new Map<string, NamedTensor>()
  const roles = new Map<string, string>()
  const differences: string[] = []
  const notes: string[] = []
  const note = (name: string, { sources, biasSources }: Layer) => {
    for (const source of sources) roles.set(source, `${name}.weight`)
    for (const source of biasSources) roles.set(source, `${name}.bias`)
  }
  const put = (name: string, layer: Layer, weight = layer.weight, shape = [layer.outputs, layer.inputs], bias = layer.bias) => {
    parameters.set(`${name}.weight`, { shape, data: weight })
    if (layer.kind !== 'table') parameters.set(`${name}.bias`, { shape: [shape[0]], data: bias ?? new Float32Array(shape[0]) })
    note(name, layer)
  }

  put('x_embedder.proj', first, embedding.weight, [C, embedding.channels, embedding.patch, embedding.patch])
  const heads = new Set<number>()
  blocks.forEach(({ qkv, proj, fc1, fc2 }, n) => {
    const joined = joinQkv(graph, qkv, C)
    const { count, order } = readHeads(graph, folded, joined.layers[0], C)
    if (count) heads.add(count)
    put(`blocks.${n}.attn.qkv`, qkv[0], takeRows(joined.weight, order, C), [3 * C, C], takeRows(joined.bias, order, 1))
    for (const layer of qkv) note(`blocks.${n}.attn.qkv`, layer)
    put(`blocks.${n}.attn.proj`, proj)
    put(`blocks.${n}.mlp.fc1`, fc1)
    put(`blocks.${n}.mlp.fc2`, fc2)
  })
  if (heads.size === 0 && hints.heads) heads.add(hints.heads)
  if (heads.size > 1) throw new Mismatch(`blocks have different numbers of attention heads: ${[...heads].join(', ')}`)

  const conditioning = layers.filter(layer => layer.kind === 'linear' && !trunk.includes(layer))
  const onward = traceFlow(graph, conditioning)
  const modulations = new Map(conditioning.filter(({ output }) => onward.firstMark(output) === Infinity).map(layer => [flow.firstMark(layer.output), layer]))
  const branches = new Set(blocks.flatMap(({ proj, fc2 }) => [proj.output, fc2.output]))
  const modulation = (name: string, at: number, wanted: Use[]) => {
    const layer = modulations.get(at)
    if (!layer || layer.outputs !== wanted.length * C || layer.inputs !== C) throw new Mismatch(layer ? `${calledLayer(layer)} goes from ${layer.inputs} to ${layer.outputs} numbers, where ${name} goes from ${C} to ${wanted.length * C}` : `nothing was found in the place of ${name}`)
    const places = readModulation(graph, folded, flow, layer, wanted, branches)
    if (!places) notes.push(`what the ${wanted.length} vectors of ${calledLayer(layer)} do could not be read; DiT’s order ${wanted.map(([kind]) => kind).join(', ')} was assumed`)
    const rows = (places ?? wanted.map((_, i) => i)).flatMap(place => Array.from({ length: C }, (_, i) => place * C + i))
    put(name, layer, takeRows(layer.weight, rows, C), [layer.outputs, C], layer.bias && takeRows(layer.bias, rows, 1))
  }
  blocks.forEach(({ qkv, fc1 }, n) => {
    const [here, middle, next] = [trunk.indexOf(qkv[0]), trunk.indexOf(fc1), trunk.indexOf(blocks[n + 1]?.qkv[0] ?? final)]
    modulation(`blocks.${n}.adaLN_modulation.1`, here, [['shift', here], ['scale', here], ['gate', middle], ['shift', middle], ['scale', middle], ['gate', next]])
  })
  const last = trunk.indexOf(final)
  modulation('final_layer.adaLN_modulation.1', last, [['shift', last], ['scale', last]])

  const others = conditioning.filter(layer => ![...modulations.values()].includes(layer))
  if (others.length !== 2) throw new Mismatch(`the time embedding has ${others.length} layers; DiT’s has 2`)
  const [mlp0, mlp2] = others
  const time = readTime(graph, folded, mlp0)
  const half = mlp0.inputs / 2
  const columns = time?.sinesFirst ? Array.from({ length: 2 * half }, (_, i) => (i + half) % (2 * half)) : null
  put('t_embedder.mlp.0', mlp0, columns ? mlp0.weight.map((_, i) => mlp0.weight[i - (i % (2 * half)) + columns[i % (2 * half)]]) : mlp0.weight)
  put('t_embedder.mlp.2', mlp2)
  const fixed = new Map((time?.sources ?? []).map(source => [source, 'frequencies of the time embedding']))

  const table = layers.find(({ kind, node }) => kind === 'table' && flow.firstMark(node.outputs[0]) < Infinity)
  if (table) put('y_embedder.embedding_table', table, table.weight, table.shape)
  const channels = putFinal(graph, folded, final, embedding, put, notes)
  if (channels !== embedding.channels) notes.push(`the network answers with ${channels} channels for images with ${embedding.channels} (DiT also predicts a variance); the first ${embedding.channels} were taken`)
  const only = (value: string | undefined) => (value === undefined ? null : ([...dependence.inputsOf(value)][0] ?? null))
  return {
    variance: channels === 2 * embedding.channels,
    inputs: { image, time: only(mlp0.input), labels: only(table?.input) },
    parameters, roles, fixed, differences, notes, time: time && { scale: Number(time.scale.toPrecision(6)) },
    net: { channels: embedding.channels, patch: embedding.patch, width: C, blocks: blocks.length, heads: [...heads][0] ?? null, classes: table?.inputs ?? 0 },
    positionsBetween: [first, blocks[0].qkv[0]],
  }
}

function readTrunk(layers: Layer[], C: number): { blocks: Block[]; final: Layer } {
  const queue = [...layers]
  const take = (role: string, inputs: number, outputs: number | null): Layer => {
    const layer = queue.shift()
    if (!layer) throw new Mismatch(`the graph ends where ${role} should follow`)
    if (layer.inputs !== inputs || (outputs !== null && layer.outputs !== outputs)) {
      throw new Mismatch(`${calledLayer(layer)} goes from ${layer.inputs} to ${layer.outputs} numbers, where ${role} goes from ${inputs} to ${outputs ?? 'any number'}`)
    }
    return layer
  }
  const blocks: Block[] = []
  while (queue.length > 1) {
    const name = `blocks.${blocks.length}`
    const apart = queue[0].outputs === C && queue.slice(0, 3).every(({ input, inputs, outputs }) => input === queue[0].input && inputs === C && outputs === C)
    const qkv = apart ? [1, 2, 3].map(() => take(`${name}.attn.qkv`, C, C)) : [take(`${name}.attn.qkv`, C, 3 * C)]
    const proj = take(`${name}.attn.proj`, C, C)
    const fc1 = take(`${name}.mlp.fc1`, C, null)
    blocks.push({ qkv, proj, fc1, fc2: take(`${name}.mlp.fc2`, fc1.outputs, C) })
  }
  return { blocks, final: take('final_layer.linear', C, null) }
}

/** Three layers as one, in the order q, k, v. */
function joinQkv(graph: Graph, layers: Layer[], C: number): { layers: Layer[]; weight: Float32Array; bias: Float32Array } {
  const bias = (layer: Layer) => layer.bias ?? new Float32Array(layer.outputs)
  if (layers.length === 1) return { layers, weight: layers[0].weight, bias: bias(layers[0]) }
  const roles = layers.map(layer => roleInAttention(graph, layer))
  const ordered = (['q', 'k', 'v'] as const).map(role => layers[roles.indexOf(role)])
  if (ordered.includes(undefined as unknown as Layer)) throw new Mismatch(`which of ${layers.map(calledLayer).join(', ')} are queries, keys and values could not be read from the graph`)
  const weight = new Float32Array(3 * C * C)
  const biases = new Float32Array(3 * C)
  ordered.forEach((layer, i) => {
    weight.set(layer.weight, i * C * C)
    biases.set(bias(layer), i * C)
  })
  return { layers: ordered, weight, bias: biases }
}

/** By the product it enters: first or second factor of the scores, or what the softmax weighs. */
function roleInAttention(graph: Graph, layer: Layer): 'q' | 'k' | 'v' | null {
  const values = new Set([layer.output])
  for (const value of values) {
    for (const node of graph.users(value)) {
      if (node.op === 'MatMul') {
        if (node.inputs[0] === value) return 'q'
        return graph.maker(node.inputs[0])?.op === 'Softmax' ? 'v' : 'k'
      }
      if (moves(node) || node.op === 'Mul' || node.op === 'Div') node.outputs.forEach(output => values.add(output))
    }
  }
  return null
}

/** The number of heads from how rows are reshaped, and the row of (3,H,D) for each row of the file. */
function readHeads(graph: Graph, { shapes }: Folded, layer: Layer, C: number): { count: number | null; order: number[] } {
  const straight = Array.from({ length: 3 * C }, (_, i) => i)
  const values = new Set([layer.output])
  for (const value of values) {
    for (const node of graph.users(value)) {
      const shape = shapes.get(node.outputs[0])
      const [H, D] = shape?.slice(-2) ?? []
      if (node.op === 'Reshape' && shape && shape.length >= 4 && H * D === C) return { count: H, order: straight }
      const interleaved = shape && shape.length === 5 && shape[3] === 3 && shape[2] * D * 3 === 3 * C
      // (H,3,D): the row of q, k or v number j, head h, place d.
      if (node.op === 'Reshape' && interleaved) return { count: shape[2], order: straight.map(i => (Math.floor((i % C) / D) * 3 + Math.floor(i / C)) * D + (i % D)) }
      if (moves(node) || node.op === 'Split' || node.op === 'Slice' || node.op === 'Gather') node.outputs.forEach(output => values.add(output))
    }
  }
  return { count: null, order: straight }
}

const takeRows = (values: Float32Array, rows: readonly number[], width: number) => {
  const result = new Float32Array(rows.length * width)
  rows.forEach((row, i) => result.set(values.subarray(row * width, (row + 1) * width), i * width))
  return result
}

type Put = (name: string, layer: Layer, weight?: Float32Array, shape?: number[], bias?: Float32Array | null) => void

/** @returns channels of the file's own answer */
function putFinal(graph: Graph, folded: Folded, final: Layer, { channels, patch }: { channels: number; patch: number }, put: Put, notes: string[]): number {
  const square = patch * patch
  const answer = final.outputs / square
  const read = readUnpatchify(graph, folded, final)
  if (!Number.isInteger(answer) || answer < channels || (read && (read.channels !== answer || read.patch !== patch))) {
    throw new Mismatch(`${calledLayer(final)} answers with ${final.outputs} numbers a patch, where ${patch} × ${patch} pixels of ${channels} channels are expected`)
  }
  if (!read && square > 1) notes.push('how patches are put together could not be read from the graph; DiT’s order (row, column, channel) was assumed')
  const all = read?.rows ?? Array.from({ length: final.outputs }, (_, i) => i)
  const rows = all.filter((_, i) => i % answer < channels)
  put('final_layer.linear', final, takeRows(final.weight, rows, final.inputs), [rows.length, final.inputs], final.bias && takeRows(final.bias, rows, 1))
  return answer
}
