/** Shapes of values, as far as the operators of transformers need it; an unnamed batch is given a size of its own so that everything is a number. */
import { type Graph, intOf, intsOf, type Node } from './graph.ts'
import { type Constant, sizeOf } from './tensor.ts'

/** Stands for a first dimension that the file leaves open. A prime, so that no other size is taken for it. */
export const ASSUMED_BATCH = 11

type Shapes = Map<string, number[]>
type Constants = ReadonlyMap<string, Constant>

/** Of the graph's inputs; inputs with other open dimensions have none. */
export function inputShapes({ inputs, tensors }: Graph): Shapes {
  const shapes: Shapes = new Map()
  for (const { name, type } of inputs) {
    const dims = type?.value.case === 'tensorType' ? type.value.value.shape?.dim : undefined
    const sizes = dims?.map(({ value }, axis) => (value.case === 'dimValue' && value.value > 0n ? Number(value.value) : axis === 0 ? ASSUMED_BATCH : Number.NaN))
    if (sizes?.every(Number.isSafeInteger)) shapes.set(name, sizes)
  }
  for (const [name, { dims }] of tensors) shapes.set(name, dims.map(Number))
  return shapes
}

const SAME = new Set(['Identity', 'Cast', 'Softmax', 'LayerNormalization', 'Sigmoid', 'Tanh', 'Erf', 'Gelu', 'Sqrt', 'Reciprocal', 'Exp', 'Neg', 'Sin', 'Cos', 'Relu', 'Abs', 'Floor', 'Log', 'HardSigmoid'])
const BROADCAST = new Set(['Add', 'Sub', 'Mul', 'Div', 'Pow', 'Where', 'Equal', 'Less', 'Greater', 'Max', 'Min'])

/** Notes the shapes of a node's outputs where they are known. */
export function inferShapes(node: Node, shapes: Shapes, constants: Constants): void {
  const inputs = node.inputs.map(name => shapes.get(name))
  const [a] = inputs
  if (!a) return
  const note = (shape: number[] | null, output = node.outputs[0]) => {
    if (shape?.every(size => Number.isSafeInteger(size) && size >= 0)) shapes.set(output, shape)
  }
  const list = (i: number, attribute: string) => (node.inputs[i] ? (constants.has(node.inputs[i]) ? Array.from(constants.get(node.inputs[i])!.data) : null) : intsOf(node, attribute))
  if (node.op === 'Split') {
    const axis = wrap(intOf(node, 'axis', 0), a)
    const sizes = list(1, 'split') ?? node.outputs.map(() => a[axis] / node.outputs.length)
    node.outputs.forEach((output, i) => note(a.map((size, other) => (other === axis ? sizes[i] : size)), output))
  } else note(shapeAfter(node, a, inputs, list))
}

const wrap = (axis: number, shape: readonly number[]) => (axis < 0 ? axis + shape.length : axis)

function shapeAfter(node: Node, a: number[], inputs: (number[] | undefined)[], list: (i: number, attribute: string) => number[] | null): number[] | null {
  const b = inputs[1]
  if (SAME.has(node.op)) return a
  if (BROADCAST.has(node.op)) return inputs.every(Boolean) ? (inputs as number[][]).reduce(broadcast) : null
  switch (node.op) {
    case 'MatMul': return b && a.length > 1 && b.length > 1 ? [...broadcast(a.slice(0, -2), b.slice(0, -2)), a.at(-2)!, b.at(-1)!] : null
    case 'Gemm': return b ? [a[intOf(node, 'transA', 0) ? 1 : 0], b[intOf(node, 'transB', 0) ? 0 : 1]] : null
    case 'Conv': return b ? convolved(node, a, b) : null
    case 'Transpose': return (intsOf(node, 'perm') ?? a.map((_, axis) => a.length - 1 - axis)).map(axis => a[axis])
    case 'Reshape': return reshaped(a, list(1, 'shape'))
    case 'Flatten': return [sizeOf(a.slice(0, intOf(node, 'axis', 1))), sizeOf(a.slice(intOf(node, 'axis', 1)))]
    case 'Einsum': return permutationOf(node)?.map(axis => a[axis]) ?? null
    case 'Gather': return b ? [...a.slice(0, wrap(intOf(node, 'axis', 0), a)), ...b, ...a.slice(wrap(intOf(node, 'axis', 0), a) + 1)] : null
    case 'Concat': {
      const axis = wrap(intOf(node, 'axis', 0), a)
      return inputs.every(Boolean) ? a.map((size, other) => (other === axis ? (inputs as number[][]).reduce((sum, shape) => sum + shape[axis], 0) : size)) : null
    }
    case 'Unsqueeze': {
      const axes = list(1, 'axes')?.map(axis => (axis < 0 ? axis + a.length + list(1, 'axes')!.length : axis))
      const rest = [...a]
      return axes ? Array.from({ length: a.length + axes.length }, (_, axis) => (axes.includes(axis) ? 1 : rest.shift()!)) : null
    }
    case 'Squeeze': {
      const axes = list(1, 'axes')?.map(axis => wrap(axis, a))
      return a.filter((size, axis) => (axes ? !axes.includes(axis) : size !== 1))
    }
    case 'ReduceMean': case 'ReduceSum': {
      const axes = list(1, 'axes')?.map(axis => wrap(axis, a)) ?? intsOf(node, 'axes')?.map(axis => wrap(axis, a)) ?? a.map((_, axis) => axis)
      return intOf(node, 'keepdims', 1) ? a.map((size, axis) => (axes.includes(axis) ? 1 : size)) : a.filter((_, axis) => !axes.includes(axis))
    }
    case 'Slice': return sliced(a, list(1, 'starts'), list(2, 'ends'), node.inputs[3] ? list(3, 'axes') : intsOf(node, 'axes'), node.inputs[4] ? list(4, 'steps') : null)
    default: return null
  }
}

function broadcast(a: number[], b: number[]): number[] {
  const rank = Math.max(a.length, b.length)
  const size = (shape: number[], axis: number) => shape[axis - rank + shape.length] ?? 1
  return Array.from({ length: rank }, (_, axis) => (size(a, axis) === 1 ? size(b, axis) : size(a, axis)))
}

function convolved(node: Node, [batch, , ...sides]: number[], [outputs, , ...kernel]: number[]): number[] {
  const [strides, pads] = [intsOf(node, 'strides'), intsOf(node, 'pads')]
  return [batch, outputs, ...sides.map((side, i) => Math.floor((side + (pads?.[i] ?? 0) + (pads?.[i + sides.length] ?? 0) - kernel[i]) / (strides?.[i] ?? 1)) + 1)]
}

function reshaped(a: number[], asked: number[] | null): number[] | null {
  if (!asked) return null
  const sizes = asked.map((size, axis) => (size === 0 ? a[axis] : size))
  const rest = sizeOf(sizes.filter(size => size !== -1))
  return sizes.map(size => (size === -1 ? sizeOf(a) / rest : size))
}

function sliced(a: number[], starts: number[] | null, ends: number[] | null, axes: number[] | null, steps: number[] | null): number[] | null {
  if (!starts || !ends || steps?.some(step => step !== 1)) return null
  const shape = [...a]
  starts.forEach((start, i) => {
    const axis = wrap(axes ? axes[i] : i, a)
    const bound = (place: number) => Math.max(0, Math.min(a[axis], place < 0 ? place + a[axis] : place))
    shape[axis] = Math.max(0, bound(ends[i]) - bound(start))
  })
  return shape
}

/** Which axis of its one input each axis of the output is, for transpositions and for `abc->bca`; null for other nodes. */
export function permutationOf(node: Node): number[] | null {
  if (node.op === 'Transpose') return intsOf(node, 'perm')
  if (node.op !== 'Einsum' || node.inputs.length !== 1) return null
  const [from, to] = new TextDecoder().decode(node.attributes.get('equation')?.s).replaceAll(' ', '').split('->')
  if (!to || from.length !== to.length) return null
  const perm = [...to].map(letter => from.indexOf(letter))
  return new Set(perm).size === perm.length && !perm.includes(-1) ? perm : null
}
