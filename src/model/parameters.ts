/**
 * Where each parameter lies in the flat tensor of a replica, how it starts, and the way to and from facebookresearch/DiT's names.
 *
 * Weights are kept as (in+1, out), the bias being the last row. Patch vectors are padded to a multiple of 4; padded weights start at zero,
 * see zero inputs or zero gradients, and stay zero. The modulation layers of all blocks and of the head share their input, so they are one
 * wide layer: 6 C columns a block (3 C without attention), then 2 C for the head. In a self-conditioned net blocks after the bottleneck are told more than those up to
 * it, so there are two such layers; the early one ends with 2 C for the self-condition.
 */
import type { NetConfig } from '../config.ts'
import { PhiloxStream, STREAM_INIT } from '../engine/philox.ts'
import { align } from '../engine/recorder.ts'
import { TIME_FEATURES, type LabelTable } from '../ops/condition.ts'
import type { LinearLayer } from '../ops/linear.ts'
import { paddedPatch } from '../ops/patchify.ts'

/** How a layer starts: Xavier-uniform, zero (adaLN and head), or normal with standard deviation .02 (time and label embedding). */
type Init = 'xavier' | 'zero' | 'normal'

/** One of DiT's own tensors inside a layer of ours: rows and columns [first, first+count) of it. */
interface Part {
  name: string
  inputs: number
  firstColumn: number
  columns: number
  init: Init
}

/** What these layers are called that DiT has not. They start at zero and take no random numbers, so that all else starts as without them. */
const SELF_CONDITION = 'self_condition'

interface PlacedLayer extends LinearLayer {
  parts: Part[]
}

export interface ParameterLayout {
  net: NetConfig
  /** Elements of one replica, padding included. */
  length: number
  /** Trainable numbers of one replica, padding left out. */
  count: number
  layers: Record<string, PlacedLayer>
  labels: LabelTable | null
}

/** Modulation vectors of a block: shift, scale and gate of its attention, if it has one, and of its MLP. */
export const blockVectors = ({ attention }: Pick<NetConfig, 'attention'>): number => (attention ? 6 : 3)

/** Rows of the label table: one for each class and, where labels are dropped, one more for none (as LabelEmbedder of facebookresearch/DiT has it). */
export const labelRows = ({ classes, labelDrop }: Pick<NetConfig, 'classes' | 'labelDrop'>): number => classes + (labelDrop > 0 ? 1 : 0)

/**
 * What a net with classes is told of images when it is not to be told their class: none, where it has a row for that, else the first class for all alike.
 * So no feature holds the answer that a probe looks for.
 */
export const untoldLabel = ({ classes, labelDrop }: Pick<NetConfig, 'classes' | 'labelDrop'>): number => (labelDrop > 0 ? classes : 0)

export function parameterLayout(net: NetConfig): ParameterLayout {
  const C = net.width
  const patch = net.patch * net.patch * net.channels
  const padded = paddedPatch(net)
  const layers: Record<string, PlacedLayer> = {}
  let length = 0
  let count = 0
  const place = (key: string, inputs: number, outputs: number, parts: Part[]) => {
    layers[key] = { offset: length, inputs, outputs, parts }
    length = align(length + (inputs + 1) * outputs)
    for (const part of parts) count += (part.inputs + 1) * part.columns
  }
  const single = (name: string, inputs: number, outputs: number, init: Init, realInputs = inputs, realOutputs = outputs) =>
    place(name, inputs, outputs, [{ name, inputs: realInputs, firstColumn: 0, columns: realOutputs, init }])

  single('x_embedder.proj', padded, C, 'xavier', patch)
  single('t_embedder.mlp.0', TIME_FEATURES, C, 'normal')
  single('t_embedder.mlp.2', C, C, 'normal')
  let labels: LabelTable | null = null
  if (net.classes > 0) {
    const rows = labelRows(net)
    labels = { offset: length, rows, width: C }
    length = align(length + rows * C)
    count += rows * C
  }
  const modulation = (key: string, readers: [name: string, vectors: number][]) => {
    let firstColumn = 0
    const parts = readers.map(([name, vectors]): Part => {
      const part: Part = { name: `${name}.adaLN_modulation.1`, inputs: C, firstColumn, columns: vectors * C, init: 'zero' }
      firstColumn += part.columns
      return part
    })
    place(key, C, firstColumn, parts)
  }
  const readers = [...Array.from({ length: net.blocks }, (_, n): [string, number] => [`blocks.${n}`, blockVectors(net)]), ['final_layer', 2] satisfies [string, number]]
  if (net.selfCondition > 0) {
    modulation('modulation', [...readers.slice(0, net.selfCondition), [SELF_CONDITION, 2]])
    modulation('late modulation', readers.slice(net.selfCondition))
  } else modulation('modulation', readers)
  for (let n = 0; n < net.blocks; n++) {
    if (net.attention) {
      single(`blocks.${n}.attn.qkv`, C, 3 * C, 'xavier')
      single(`blocks.${n}.attn.proj`, C, C, 'xavier')
    }
    single(`blocks.${n}.mlp.fc1`, C, 4 * C, 'xavier')
    single(`blocks.${n}.mlp.fc2`, 4 * C, C, 'xavier')
  }
  single('final_layer.linear', C, padded, 'zero', C, patch)
  if (net.selfCondition > 0) single(`${SELF_CONDITION}.linear`, C, C, 'zero')
  return { net, length, count, layers, labels }
}

const parts = (layout: ParameterLayout) => Object.values(layout.layers).flatMap(layer => layer.parts.map(part => ({ layer, part })))

/** Start weights of one replica, from its seed alone (Philox, so every machine starts alike). */
export function initialParameters(layout: ParameterLayout, seed: number): Float32Array {
  const flat = new Float32Array(layout.length)
  const started = parts(layout).filter(({ part }) => !part.name.startsWith(`${SELF_CONDITION}.`))
  started.forEach(({ layer, part }, index) => {
    if (part.init === 'zero') return
    const random = new PhiloxStream(seed, STREAM_INIT, index)
    const bound = Math.sqrt(6 / (part.inputs + part.columns))
    for (let i = 0; i < part.inputs; i++) {
      for (let o = 0; o < part.columns; o++) {
        flat[layer.offset + i * layer.outputs + part.firstColumn + o] = part.init === 'xavier' ? random.uniform(-bound, bound) : 0.02 * random.normal()
      }
    }
  })
  if (layout.labels) {
    const random = new PhiloxStream(seed, STREAM_INIT, started.length)
    for (let i = 0; i < layout.labels.rows * layout.labels.width; i++) flat[layout.labels.offset + i] = 0.02 * random.normal()
  }
  return flat
}

export interface NamedTensor {
  shape: number[]
  data: Float32Array
}

/** Flat weights or gradients of one replica → tensors by DiT's names, in PyTorch's layouts (out, in). */
export function toNamed(layout: ParameterLayout, flat: Float32Array): Record<string, NamedTensor> {
  const named: Record<string, NamedTensor> = {}
  for (const { layer, part } of parts(layout)) {
    const weight = new Float32Array(part.columns * part.inputs)
    const at = layer.offset + part.firstColumn
    for (let o = 0; o < part.columns; o++) for (let i = 0; i < part.inputs; i++) weight[o * part.inputs + i] = flat[at + i * layer.outputs + o]
    named[`${part.name}.weight`] = { shape: weightShape(layout, part), data: weight }
    named[`${part.name}.bias`] = { shape: [part.columns], data: flat.slice(at + layer.inputs * layer.outputs, at + layer.inputs * layer.outputs + part.columns) }
  }
  if (layout.labels) {
    const { offset, rows, width } = layout.labels
    named['y_embedder.embedding_table.weight'] = { shape: [rows, width], data: flat.slice(offset, offset + rows * width) }
  }
  return named
}

/** @throws RangeError in one sentence: the tensor that is missing or has another shape, and the shape that was expected */
export function fromNamed(layout: ParameterLayout, named: Record<string, NamedTensor>): Float32Array {
  const flat = new Float32Array(layout.length)
  const take = (name: string, shape: number[]) => {
    const tensor = named[name]
    if (!tensor) throw new RangeError(`tensor ${name} is missing; a tensor of shape (${shape.join(', ')}) is expected`)
    if (tensor.shape.join() !== shape.join()) throw new RangeError(`tensor ${name} has shape (${tensor.shape.join(', ')}); (${shape.join(', ')}) is expected`)
    return tensor.data
  }
  for (const { layer, part } of parts(layout)) {
    const weight = take(`${part.name}.weight`, weightShape(layout, part))
    const at = layer.offset + part.firstColumn
    for (let o = 0; o < part.columns; o++) for (let i = 0; i < part.inputs; i++) flat[at + i * layer.outputs + o] = weight[o * part.inputs + i]
    flat.set(take(`${part.name}.bias`, [part.columns]), at + layer.inputs * layer.outputs)
  }
  if (layout.labels) flat.set(take('y_embedder.embedding_table.weight', [layout.labels.rows, layout.labels.width]), layout.labels.offset)
  return flat
}

function weightShape({ net }: ParameterLayout, part: Part): number[] {
  return part.name === 'x_embedder.proj' ? [net.width, net.channels, net.patch, net.patch] : [part.columns, part.inputs]
}
