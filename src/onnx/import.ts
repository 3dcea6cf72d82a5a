/** Weights of a diffusion transformer out of an ONNX file, ours or another framework's, by the structure of its graph. */
import type { NetConfig } from '../config.ts'
import { type Folded, foldConstants } from './fold.ts'
import { type Graph, readGraph } from './graph.ts'
import { type Match, matchDit } from './match.ts'
import { readMetadata } from './metadata.ts'
import { importNamed } from './named.ts'
import { assemble, describeSource, expectedShapes, type Imported, type ImportHints, isPositionTable, labelsOf, OTHER_POSITIONS, type TensorReport } from './report.ts'
import { shown } from './shown.ts'
import { type ExternalFiles, readTensor, sizeOf, typeName } from './tensor.ts'

export interface ImportOptions extends ImportHints {
  /** Contents of further files by name, for weights that are kept outside. */
  files?: ExternalFiles
}

/**
 * Reads a file's weights under the engine's names. A graph that is no such transformer is no error: the answer says in `differences` why.
 * @throws ConfigError with one sentence for a file that cannot be read at all, or a second file that is missing
 */
export function importOnnx(bytes: Uint8Array, { files, ...hints }: ImportOptions = {}): Imported {
  const graph = readGraph(bytes)
  const metadata = Object.fromEntries(graph.model.metadataProps.map(({ key, value }) => [key, value]))
  const source = readMetadata(metadata)
  if (source && (source.config.net.selfCondition > 0 || !source.config.net.attention)) return byName(graph, metadata, source.config.net, files)
  const folded = foldConstants(graph, files)
  const match = matchDit(graph, folded, hints)
  const tensors = listTensors(graph, folded)
  if (typeof match === 'string') return { ...describeSource(source), net: null, parameters: null, tensors, missing: [], time: null, variance: false, inputs: null, asks: [], differences: [match], notes: [] }

  const differences = [...match.differences]
  const size = readSize(graph, folded, match, differences) ?? hints.size ?? null
  label(tensors, folded, match)
  const unmatched = tensors.filter(({ status, shape }) => status === 'unmatched' && sizeOf(shape) > 1)
  if (source) for (const tensor of unmatched) Object.assign(tensor, { status: 'fixed', role: 'part of the graph' })
  else for (const { name, shape } of unmatched) differences.push(`the engine has no place for ${shown(name)} (${shape.join(', ')})`)
  const notes = [...match.notes, ...peculiarities(graph, match.net.blocks, differences, source !== null)]
  const time = source ? { scale: 1 } : match.time
  if (!time) differences.push('the noise level is not turned into cosines and sines at DiT’s frequencies, or that could not be read from the graph')
  const { misshapen, ...whole } = assemble({ ...match.net, ...labelsOf(match.net.classes, source), attention: true, selfCondition: 0, size }, match.parameters, differences)
  for (const tensor of tensors) if (tensor.role && misshapen.includes(tensor.role)) tensor.status = 'shape'
  return { ...describeSource(source), ...whole, tensors, time, variance: match.variance, inputs: match.inputs, notes }
}

/** A net of ours that is no DiT by its structure, self-conditioned or without attention: by the names that its export gave the tensors. */
function byName(graph: Graph, metadata: Record<string, string>, net: NetConfig, files?: ExternalFiles): Imported {
  const known = new Set([...Object.keys(expectedShapes(net)), 'pos_embed'])
  const stored = [...graph.tensors.values()].filter(({ name }) => known.has(name))
  const tensors = Object.fromEntries(stored.map(tensor => {
    const constant = readTensor(tensor, files)
    return [tensor.name, { shape: tensor.dims.map(Number), dtype: typeName(tensor.dataType), data: constant && Float32Array.from(constant.data) }]
  }))
  return { ...importNamed({ tensors, metadata }), inputs: { image: 'x', time: 't', labels: net.classes > 0 ? 'y' : null } }
}

/** Every tensor of floats in the file, and in Constant nodes; nothing matched as yet. */
function listTensors(graph: Graph, { constants }: Folded): TensorReport[] {
  const report = (name: string, shape: readonly number[], type: string): TensorReport => ({ name, shape, type, status: 'unmatched', role: null })
  const stored = [...graph.tensors.values()].map(({ name, dims, dataType }) => report(name, dims.map(Number), typeName(dataType)))
  const inside = graph.nodes.filter(({ op }) => op === 'Constant').map(({ outputs: [name], attributes }) => report(name, constants.get(name)?.shape ?? [], typeName(attributes.get('value')?.t?.dataType ?? 1)))
  return [...stored, ...inside].filter(({ shape, type }) => /float/.test(type) && sizeOf(shape) > 1)
}

function label(tensors: TensorReport[], { constants }: Folded, { roles, fixed }: Match): void {
  for (const tensor of tensors) {
    const values = constants.get(tensor.name)?.data
    const constant = values?.every(value => value === values[0]) && (values[0] === 0 || values[0] === 1) ? `${values[0] === 0 ? 'zeros' : 'ones'}, as without it` : undefined
    const built = fixed.get(tensor.name) ?? (roles.has(tensor.name) ? undefined : constant)
    if (roles.has(tensor.name)) Object.assign(tensor, { status: 'matched', role: roles.get(tensor.name)! })
    else if (built) Object.assign(tensor, { status: 'fixed', role: built })
  }
}

/** The image side, from the table of positions or else the input; checks the table. */
function readSize(graph: Graph, { constants, shapes }: Folded, { net, positionsBetween: [from, to], fixed }: Match, differences: string[]): number | null {
  const table = graph.nodes
    .filter(({ op, index }) => op === 'Add' && index > from.node.index && index < to.node.index)
    .flatMap(({ inputs }) => inputs.flatMap(name => constants.get(name) ?? []))
    .find(({ shape, data }) => shape.at(-1) === net.width && data.length > net.width && Number.isInteger(Math.sqrt(data.length / net.width)))
  const image = graph.inputs.map(({ name }) => shapes.get(name)).find(shape => shape?.length === 4)
  const side = table ? Math.sqrt(table.data.length / net.width) : (image?.[2] ?? Number.NaN) / net.patch
  if (!table) differences.push('no table of positions is added to the tokens, and the engine adds one')
  else {
    if (!isPositionTable(table.data, side, net.width)) differences.push(OTHER_POSITIONS)
    else for (const name of table.sources) fixed.set(name, 'positions')
  }
  if (image && image[2] !== image[3]) differences.push(`images are ${image[2]} × ${image[3]}; the engine’s are square`)
  return Number.isInteger(side) ? side * net.patch : null
}

const EXPECTED = new Set([
  'Abs', 'Add', 'Cast', 'Concat', 'Constant', 'Conv', 'Cos', 'Div', 'Einsum', 'Exp', 'Expand', 'Flatten', 'Floor', 'Gather', 'Gelu', 'Gemm', 'Identity', 'LayerNormalization', 'MatMul', 'Mul', 'Neg', 'Pow', 'Range',
  'Reciprocal', 'ReduceMean', 'ReduceSum', 'Reshape', 'Shape', 'Sigmoid', 'Sin', 'Slice', 'Softmax', 'Split', 'Sqrt', 'Squeeze', 'Sub', 'Tanh', 'Transpose', 'Unsqueeze', 'Erf', 'ConstantOfShape', 'Dropout', 'Swish',
])

/** What the structure of the layers does not show. Files of ours have further operators, which make the velocity of their answers. */
function peculiarities({ nodes }: Graph, blocks: number, differences: string[], ours: boolean): string[] {
  const text = (bytes: Uint8Array | undefined) => new TextDecoder().decode(bytes)
  if (nodes.some(({ op, attributes }) => op === 'Erf' || (op === 'Gelu' && text(attributes.get('approximate')?.s) !== 'tanh'))) differences.push('its GELU is the exact one and the engine’s the tanh form; they lie up to 5e-4 apart')
  const softmaxes = nodes.filter(({ op }) => op === 'Softmax').length
  if (softmaxes !== blocks) differences.push(`the graph has ${softmaxes} softmaxes for ${blocks} blocks of attention`)
  const epsilon = nodes.filter(({ op }) => op === 'LayerNormalization').map(({ attributes }) => attributes.get('epsilon')?.f ?? 1e-5).find(value => Math.abs(value - 1e-6) > 1e-7)
  const other = ours ? [] : [...new Set(nodes.map(({ op }) => op).filter(op => !EXPECTED.has(op)))]
  return [
    ...(epsilon === undefined ? [] : [`its LayerNorm has ε = ${Number(epsilon.toPrecision(3))}, the engine’s 1e-6`]),
    ...(other.length > 0 ? [`operators that such a network needs not: ${shown(other.join(', '))}; what they do was not looked at`] : []),
  ]
}
