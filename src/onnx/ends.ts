/** Both ends of the transformer: how images become tokens and tokens images, and how the noise level becomes numbers. */
import type { Folded } from './fold.ts'
import { type Graph, intsOf } from './graph.ts'
import { type Layer, moved, unmoved } from './layers.ts'
import { permutationOf } from './shapes.ts'
import { sizeOf } from './tensor.ts'

export interface PatchEmbedding {
  channels: number
  patch: number
  /** (C, ch·P·P), a patch standing as (ch,py,px) */
  weight: Float32Array
}

/** Null when the layer does not take the image apart into squares. */
export function readPatchEmbedding(graph: Graph, { shapes }: Folded, layer: Layer): PatchEmbedding | null {
  if (layer.kind === 'convolution') {
    const [, channels, height, width] = layer.shape
    const plain = (name: string, value: number) => intsOf(layer.node, name)?.every(size => size === value) ?? true
    return height === width && plain('strides', height) && plain('pads', 0) && plain('dilations', 1) && (intsOf(layer.node, 'strides') || height === 1)
      ? { channels, patch: height, weight: layer.weight } : null
  }
  // A linear layer on (b, h, w, three of c, py, px), made by moving the axes of (b, c, h, py, w, px).
  const image = unmoved(graph, layer.input)
  let at = layer.input
  for (let maker = graph.maker(at); maker && at !== image; maker = graph.maker(at)) {
    const perm = permutationOf(maker)
    const shape = shapes.get(maker.inputs[0])
    if (perm?.length === 6 && shape && perm[0] === 0 && perm[1] === 2 && perm[2] === 4 && shape[3] === shape[5] && shape[1] * shape[3] * shape[5] === layer.inputs) {
      return { channels: shape[1], patch: shape[3], weight: reorder(layer.weight, layer.outputs, perm.slice(3), [1, 3, 5], shape) }
    }
    at = maker.inputs[0]
  }
  return null
}

/** Columns of (rows, …) from one order of axes to another; `sizes` by axis. */
function reorder(weight: Float32Array, rows: number, from: number[], to: number[], sizes: number[]): Float32Array {
  const places = orderOf(from, to, sizes)
  return Float32Array.from({ length: weight.length }, (_, i) => weight[Math.floor(i / places.length) * (weight.length / rows) + places[i % places.length]])
}

/** For each place in the order `to`, its place in the order `from`. */
function orderOf(from: number[], to: number[], sizes: number[]): number[] {
  const count = sizeOf(to.map(axis => sizes[axis]))
  return Array.from({ length: count }, (_, i) => {
    const index = new Map<number, number>()
    let rest = i
    for (const axis of to.toReversed()) {
      index.set(axis, rest % sizes[axis])
      rest = Math.floor(rest / sizes[axis])
    }
    return from.reduce((place, axis) => place * sizes[axis] + index.get(axis)!, 0)
  })
}

/** For each number of a token in the engine's order (py,px,channel), its row in the file's last layer; null when that cannot be told. */
export function readUnpatchify(graph: Graph, { shapes }: Folded, layer: Layer): { rows: number[]; channels: number; patch: number } | null {
  for (const { value, node } of moved(graph, layer.output)) {
    const perm = node && permutationOf(node)
    const shape = node && shapes.get(node.inputs[0])
    if (!perm || !shape || !shapes.has(value) || perm.length !== 6 || perm[0] !== 0 || perm[2] !== 1 || perm[4] !== 2) continue
    const [channel, py, px] = [perm[1], perm[3], perm[5]]
    if (shape[py] !== shape[px] || sizeOf(shape.slice(3)) !== layer.outputs) continue
    return { rows: orderOf([3, 4, 5], [py, px, channel], shape), channels: shape[channel], patch: shape[py] }
  }
  return null
}

export interface TimeReading {
  /** What the file's own time input is at pure noise, if 10000^0 turns it into the first angle as in DiT: 1 or 1000. */
  scale: number
  /** Whether sines come first; DiT has cosines first. */
  sinesFirst: boolean
  /** Tensors of the file that are the frequencies. */
  sources: readonly string[]
}

/** From the first layer of the time embedding back to the input. Null when this is no sinusoid of frequencies 10000^(−k/half). */
export function readTime(graph: Graph, { constants }: Folded, layer: Layer): TimeReading | null {
  const joined = graph.maker(unmoved(graph, layer.input))
  const makers = joined?.op === 'Concat' ? joined.inputs.map(name => graph.maker(unmoved(graph, name))) : []
  const order = makers.map(maker => maker?.op).join()
  if (order !== 'Cos,Sin' && order !== 'Sin,Cos') return null
  const angle = makers[0]!.inputs[0]
  if (angle !== makers[1]!.inputs[0]) return null
  let [at, factor] = [unmoved(graph, angle), 1]
  let frequencies: ArrayLike<number> | null = null
  const sources: string[] = []
  for (let maker = graph.maker(at); maker; maker = graph.maker(at)) {
    const side = maker.inputs.findIndex(name => constants.has(name))
    const constant = constants.get(maker.inputs[side] ?? '')
    const divides = maker.op === 'Div' && side === 1
    if ((maker.op !== 'Mul' && !divides) || !constant) return null
    if (constant.data.length === 1) factor *= divides ? 1 / constant.data[0] : constant.data[0]
    else if (frequencies || divides) return null
    else frequencies = constant.data
    sources.push(...constant.sources)
    at = unmoved(graph, maker.inputs[1 - side])
  }
  const half = layer.inputs / 2
  if (!frequencies || frequencies.length !== half || !Array.from(frequencies).every((f, k) => Math.abs(f / frequencies[0] - 10000 ** (-k / half)) < 1e-4 * 10000 ** (-k / half))) return null
  return { scale: 1000 / (frequencies[0] * factor), sinesFirst: order === 'Sin,Cos', sources }
}
