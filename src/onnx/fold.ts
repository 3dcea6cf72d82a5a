/**
 * What the file's own tensors become before any input is there: transposed weights, shapes put together, tables of frequencies. Exporters differ in
 * how much of this they do themselves.
 */
import { type Graph, intOf, intsOf, type Node } from './graph.ts'
import { inferShapes, inputShapes } from './shapes.ts'
import { type Constant, type ExternalFiles, readTensor, sizeOf } from './tensor.ts'

/** Numbers made beyond those in the file, as a multiple of them: a network needs each weight once or twice. */
const MOST_GROWTH = 4
const SPARE = 2 ** 20
/** A weight is put together of three at most. */
const MOST_SOURCES = 16

export interface Folded {
  constants: Map<string, Constant>
  /** Of every value where it is known. */
  shapes: Map<string, number[]>
}

/** Constant values of the graph by name, and shapes. @throws ConfigError for tensors that cannot be read */
export function foldConstants(graph: Graph, files?: ExternalFiles): Folded {
  const constants = new Map<string, Constant>()
  const shapes = inputShapes(graph)
  let budget = SPARE
  for (const [name, tensor] of graph.tensors) {
    const constant = readTensor(tensor, files)
    if (!constant) continue
    constants.set(name, constant)
    budget += MOST_GROWTH * constant.data.length
  }
  for (const node of graph.nodes) {
    const constant = node.op === 'Constant' ? constantOf(node, files) : foldNode(node, constants, shapes, budget)
    if (constant) {
      constants.set(node.outputs[0], constant)
      shapes.set(node.outputs[0], constant.shape)
      budget -= constant.data.length
    } else inferShapes(node, shapes, constants)
  }
  return { constants, shapes }
}

function foldNode(node: Node, constants: Folded['constants'], shapes: Folded['shapes'], budget: number): Constant | null {
  if (node.inputs.length === 0 || node.outputs.length !== 1) return null
  const whole = shapes.get(node.inputs[0])
  if (node.op === 'Shape' && whole) return { shape: [whole.length], data: Float64Array.from(whole), sources: [] }
  const inputs = node.inputs.map(name => constants.get(name))
  if (inputs.some((input, i) => !input && node.inputs[i] !== '')) return null
  const result = evaluate(node, inputs, budget)
  if (!result || result.data.length > budget || sizeOf(result.shape) !== result.data.length) return null
  return { ...result, sources: [...new Set(inputs.flatMap(input => input?.sources ?? []))].slice(0, MOST_SOURCES) }
}

function constantOf({ attributes, outputs }: Node, files?: ExternalFiles): Constant | null {
  const one = (values: ArrayLike<number>, shape: number[], whole: boolean): Constant => ({ shape, data: whole ? Float64Array.from(values) : Float32Array.from(values), sources: [] })
  const value = attributes.get('value')?.t
  if (value) {
    const constant = readTensor(value, files)
    // A tensor of the file all the same; some exporters keep weights here.
    return constant && { ...constant, sources: constant.data.length > 1 ? [outputs[0]] : [] }
  }
  const get = (name: string) => attributes.get(name)
  if (get('value_float')) return one([get('value_float')!.f], [], false)
  if (get('value_int')) return one([Number(get('value_int')!.i)], [], true)
  if (get('value_floats')) return one(get('value_floats')!.floats, [get('value_floats')!.floats.length], false)
  if (get('value_ints')) return one(get('value_ints')!.ints.map(Number), [get('value_ints')!.ints.length], true)
  return null
}

type Result = Pick<Constant, 'shape' | 'data'> | null

const binary: Record<string, (a: number, b: number) => number> = { Add: (a, b) => a + b, Sub: (a, b) => a - b, Mul: (a, b) => a * b, Div: (a, b) => a / b, Pow: (a, b) => a ** b }
const unary: Record<string, (a: number) => number> = { Exp: Math.exp, Neg: a => -a, Sqrt: Math.sqrt, Log: Math.log, Reciprocal: a => 1 / a, Sin: Math.sin, Cos: Math.cos, Floor: Math.floor }

/** Null for what is not folded, or what would take more than `most` numbers. */
function evaluate(node: Node, inputs: (Constant | undefined)[], most: number): Result {
  const [a, b] = inputs
  if (!a) return null
  const ints = (i: number, name: string): number[] | null => (inputs[i] ? Array.from(inputs[i].data) : intsOf(node, name))
  const same = (data: Constant['data'], shape = a.shape): Result => ({ shape, data })
  if (a.data.length > most) return null
  if (node.op in unary) return same(a.data.map(unary[node.op]))
  if (node.op in binary) return b ? broadcast(a, b, node.op, most) : null
  switch (node.op) {
    case 'Identity': return same(a.data)
    case 'Cast': return same([1, 10, 11, 16].includes(intOf(node, 'to', 0)) ? Float32Array.from(a.data) : Float64Array.from(a.data, Math.trunc))
    case 'Reshape': return b ? reshape(a, Array.from(b.data)) : null
    case 'Flatten': return reshape(a, [sizeOf(a.shape.slice(0, intOf(node, 'axis', 1))), -1])
    case 'Squeeze': return squeeze(a, ints(1, 'axes'))
    case 'Unsqueeze': return unsqueeze(a, ints(1, 'axes'))
    case 'Transpose': return transpose(a, intsOf(node, 'perm') ?? a.shape.map((_, axis) => a.shape.length - 1 - axis))
    case 'Range': return range(inputs, most)
    case 'Concat': return concat(inputs as Constant[], intOf(node, 'axis', 0), most)
    case 'Gather': return b ? gather(a, b, intOf(node, 'axis', 0), most) : null
    case 'Slice': return slice(a, ints(1, 'starts'), ints(2, 'ends'), ints(3, 'axes'), inputs[4] ? Array.from(inputs[4].data) : null)
    default: return null
  }
}

function broadcast(a: Constant, b: Constant, op: string, most: number): Result {
  const rank = Math.max(a.shape.length, b.shape.length)
  const padded = (shape: number[]) => [...Array<number>(rank - shape.length).fill(1), ...shape]
  const [left, right] = [padded(a.shape), padded(b.shape)]
  if (left.some((size, axis) => size !== right[axis] && size !== 1 && right[axis] !== 1)) return null
  const shape = left.map((size, axis) => (size === 1 ? right[axis] : size))
  const length = sizeOf(shape)
  if (length > most) return null
  const data = a.data instanceof Float64Array && b.data instanceof Float64Array ? new Float64Array(length) : new Float32Array(length)
  const steps = (sizes: number[]) => sizes.map((size, axis) => (size === 1 ? 0 : sizeOf(sizes.slice(axis + 1))))
  const [stepsA, stepsB, strides] = [steps(left), steps(right), steps(shape).map(step => step || 1)]
  const whole = data instanceof Float64Array && op === 'Div'
  for (let i = 0; i < length; i++) {
    let [ia, ib] = [0, 0]
    for (let axis = 0; axis < rank; axis++) {
      const place = Math.floor(i / strides[axis]) % shape[axis]
      ia += place * stepsA[axis]
      ib += place * stepsB[axis]
    }
    const value = binary[op](a.data[ia], b.data[ib])
    data[i] = whole ? Math.trunc(value) : value
  }
  return { shape, data }
}

function reshape({ shape, data }: Constant, asked: number[]): Result {
  const sizes = asked.map((size, axis) => (size === 0 ? shape[axis] : size))
  const rest = sizeOf(sizes.filter(size => size !== -1))
  const whole = sizes.map(size => (size === -1 ? data.length / rest : size))
  return sizeOf(whole) === data.length && whole.every(Number.isInteger) ? { shape: whole, data } : null
}

const squeeze = ({ shape, data }: Constant, axes: number[] | null): Result =>
  ({ shape: shape.filter((size, axis) => (axes ? !axes.includes(axis) && !axes.includes(axis - shape.length) : size !== 1)), data })

function unsqueeze({ shape, data }: Constant, axes: number[] | null): Result {
  if (!axes) return null
  const rank = shape.length + axes.length
  const added = axes.map(axis => (axis < 0 ? axis + rank : axis))
  const rest = [...shape]
  return { shape: Array.from({ length: rank }, (_, axis) => (added.includes(axis) ? 1 : rest.shift()!)), data }
}

function transpose({ shape, data }: Constant, perm: number[]): Result {
  if (perm.length !== shape.length || shape.some((_, axis) => !perm.includes(axis))) return null
  const strides = shape.map((_, axis) => sizeOf(shape.slice(axis + 1)))
  const sizes = perm.map(axis => shape[axis])
  const result = data instanceof Float32Array ? new Float32Array(data.length) : new Float64Array(data.length)
  const place = perm.map(() => 0)
  let from = 0
  for (let to = 0; to < data.length; to++) {
    result[to] = data[from]
    for (let axis = perm.length - 1; axis >= 0; axis--) {
      from += strides[perm[axis]]
      if (++place[axis] < sizes[axis]) break
      from -= strides[perm[axis]] * sizes[axis]
      place[axis] = 0
    }
  }
  return { shape: sizes, data: result }
}

function range(inputs: (Constant | undefined)[], most: number): Result {
  const [start, limit, delta] = inputs.map(input => input?.data[0] ?? Number.NaN)
  const length = Math.ceil((limit - start) / delta)
  if (!(length >= 0 && length <= most)) return null
  const values = Array.from({ length }, (_, i) => start + i * delta)
  return { shape: [length], data: inputs.every(input => input?.data instanceof Float64Array) ? Float64Array.from(values) : Float32Array.from(values) }
}

/** Blocks of numbers that lie together along and behind an axis. */
const inner = (shape: number[], axis: number) => sizeOf(shape.slice(axis))

function concat(parts: Constant[], axis: number, most: number): Result {
  const [{ shape: first }] = parts
  const at = axis < 0 ? axis + first.length : axis
  if (parts.some(({ shape }) => shape.length !== first.length || shape.some((size, other) => other !== at && size !== first[other]))) return null
  const shape = first.map((size, other) => (other === at ? parts.reduce((sum, part) => sum + part.shape[at], 0) : size))
  if (sizeOf(shape) > most || at < 0 || at >= first.length) return null
  const data = parts.every(part => part.data instanceof Float32Array) ? new Float32Array(sizeOf(shape)) : new Float64Array(sizeOf(shape))
  let to = 0
  for (let outer = 0; outer < sizeOf(first.slice(0, at)); outer++) {
    for (const part of parts) {
      const run = inner(part.shape, at)
      data.set(part.data.subarray(outer * run, (outer + 1) * run), to)
      to += run
    }
  }
  return { shape, data }
}

function gather(table: Constant, indices: Constant, axis: number, most: number): Result {
  const at = axis < 0 ? axis + table.shape.length : axis
  if (!(at >= 0 && at < table.shape.length)) return null
  const shape = [...table.shape.slice(0, at), ...indices.shape, ...table.shape.slice(at + 1)]
  const run = inner(table.shape, at + 1)
  const places = Array.from(indices.data, index => (index < 0 ? index + table.shape[at] : index))
  if (sizeOf(shape) > most || places.some(place => !(place >= 0 && place < table.shape[at]))) return null
  const data = table.data instanceof Float32Array ? new Float32Array(sizeOf(shape)) : new Float64Array(sizeOf(shape))
  let to = 0
  for (let outer = 0; outer < sizeOf(table.shape.slice(0, at)); outer++) {
    for (const place of places) {
      const from = (outer * table.shape[at] + place) * run
      data.set(table.data.subarray(from, from + run), to)
      to += run
    }
  }
  return { shape, data }
}

function slice(a: Constant, starts: number[] | null, ends: number[] | null, axes: number[] | null, steps: number[] | null): Result {
  if (!starts || !ends || steps?.some(step => step !== 1)) return null
  let result: Constant = a
  for (const [i, start] of starts.entries()) {
    const axis = axes ? axes[i] : i
    const at = axis < 0 ? axis + a.shape.length : axis
    const size = result.shape[at]
    if (size === undefined) return null
    const bound = (place: number) => Math.max(0, Math.min(size, place < 0 ? place + size : place))
    const [from, to] = [bound(start), bound(ends[i])]
    const places = Float64Array.from({ length: Math.max(0, to - from) }, (_, k) => from + k)
    const part = gather(result, { shape: [places.length], data: places, sources: [] }, at, Infinity)
    if (!part) return null
    result = { ...part, sources: a.sources }
  }
  return result
}
