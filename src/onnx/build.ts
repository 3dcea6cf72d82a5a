/** Puts an ONNX graph together node by node. */
import { create } from '@bufbuild/protobuf'
import {
  AttributeProto_AttributeType as AttributeType, type AttributeProto, AttributeProtoSchema, type NodeProto, NodeProtoSchema, type TensorProto, TensorProto_DataType as DataType,
  TensorProtoSchema, type ValueInfoProto, ValueInfoProtoSchema,
} from './onnx_pb.ts'

/** A number, a whole number in a bigint, or a list of whole numbers. */
type Attribute = number | bigint | readonly bigint[]

export interface NodeOptions {
  attributes?: Record<string, Attribute>
  /** For someone who reads the graph. */
  doc?: string
}

/** Letters for symbolic dimensions, numbers for the others. */
export type Shape = readonly (number | string)[]

/**
 * Values are named by what they are (`blocks.0.attn.qkv`), nodes by the value they make and their operator (`blocks.0.attn.qkv/MatMul`), so that the
 * names read like the modules of the network.
 */
export interface GraphBuilder {
  nodes: NodeProto[]
  initializers: TensorProto[]
  values: ValueInfoProto[]
  /** @returns `output`, or the outputs when several are named */
  node<Output extends string | string[]>(opType: string, input: string[], output: Output, options?: NodeOptions): Output
  /** A tensor stored in the file. @returns its name. @throws RangeError when its numbers do not fill its shape */
  tensor(name: string, shape: readonly number[], data: Float32Array | BigInt64Array): string
  /** One float32 number. @returns its name */
  number(name: string, value: number): string
  /** A list of int64: shapes, axes, sizes of splits. @returns its name */
  whole(name: string, values: readonly number[]): string
  /** Notes the shape of a value that readers may want as an output. */
  describe(name: string, shape: Shape): void
}

export function startGraph(): GraphBuilder {
  const [nodes, initializers, values]: [NodeProto[], TensorProto[], ValueInfoProto[]] = [[], [], []]
  const tensor: GraphBuilder['tensor'] = (name, shape, data) => {
    if (shape.reduce((product, size) => product * size, 1) !== data.length) throw new RangeError(`tensor ${name} has ${data.length} numbers, and its shape is (${shape.join(', ')})`)
    const dataType = data instanceof Float32Array ? DataType.FLOAT : DataType.INT64
    initializers.push(create(TensorProtoSchema, { name, dims: shape.map(BigInt), dataType, rawData: new Uint8Array(data.buffer, data.byteOffset, data.byteLength) }))
    return name
  }
  return {
    nodes, initializers, values, tensor,
    node(opType, input, output, { attributes = {}, doc } = {}) {
      const outputs: string[] = typeof output === 'string' ? [output] : output
      const attribute = Object.entries(attributes).map(([name, value]) => makeAttribute(name, value))
      nodes.push(create(NodeProtoSchema, { name: `${outputs[0]}/${opType}`, opType, input, output: outputs, attribute, ...(doc ? { docString: doc } : {}) }))
      return output
    },
    number: (name, value) => tensor(name, [], Float32Array.of(value)),
    whole: (name, list) => tensor(name, [list.length], BigInt64Array.from(list, BigInt)),
    describe: (name, shape) => { values.push(valueInfo(name, shape)) },
  }
}

export function valueInfo(name: string, shape: Shape, elemType = DataType.FLOAT): ValueInfoProto {
  const dim = shape.map(size => ({ value: typeof size === 'number' ? { case: 'dimValue' as const, value: BigInt(size) } : { case: 'dimParam' as const, value: size } }))
  return create(ValueInfoProtoSchema, { name, type: { value: { case: 'tensorType', value: { elemType, shape: { dim } } } } })
}

function makeAttribute(name: string, value: Attribute): AttributeProto {
  if (typeof value === 'number') return create(AttributeProtoSchema, { name, type: AttributeType.FLOAT, f: value })
  if (typeof value === 'bigint') return create(AttributeProtoSchema, { name, type: AttributeType.INT, i: value })
  return create(AttributeProtoSchema, { name, type: AttributeType.INTS, ints: [...value] })
}
