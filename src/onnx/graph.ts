/** An ONNX file as a graph that can be walked, checked before anything is made of it. */
import { fromBinary } from '@bufbuild/protobuf'
import { ConfigError } from '../config.ts'
import { type AttributeProto, type ModelProto, ModelProtoSchema, type NodeProto, type TensorProto, type ValueInfoProto } from './onnx_pb.ts'
import { shown } from './shown.ts'
import { checkTensor } from './tensor.ts'

/** Protobuf itself goes no further. */
const MOST_BYTES = 2 ** 31
/** More than any network has; each costs memory beyond its bytes. */
const MOST_NODES = 200_000

export interface Node {
  /** Place in the file, where makers stand before users. */
  index: number
  op: string
  name: string
  inputs: string[]
  outputs: string[]
  attributes: Map<string, AttributeProto>
}

export interface Graph {
  model: ModelProto
  nodes: Node[]
  /** What is given at run time, without tensors of the file. */
  inputs: ValueInfoProto[]
  outputs: ValueInfoProto[]
  tensors: Map<string, TensorProto>
  /** The node that makes a value, and those that use it. */
  maker(value: string): Node | undefined
  users(value: string): readonly Node[]
}

/** @throws ConfigError with one sentence: no protobuf, cut short, no graph, values used before they are made, tensors that claim more than they hold */
export function readGraph(bytes: Uint8Array): Graph {
  if (bytes.length === 0) throw new ConfigError('the file is empty')
  if (bytes.length > MOST_BYTES) throw new ConfigError('the file is larger than 2 GiB, which no ONNX file can be')
  const model = parse(bytes)
  const { graph } = model
  if (!graph || graph.node.length === 0 || graph.output.length === 0) throw new ConfigError('this is not an ONNX model: it has no graph with nodes and outputs')
  if (graph.node.length > MOST_NODES) throw new ConfigError(`the graph has ${graph.node.length} nodes; up to ${MOST_NODES} are read`)
  if (graph.sparseInitializer.length > 0) throw new ConfigError('the graph has sparse tensors, which are not read')
  const tensors = new Map<string, TensorProto>()
  for (const tensor of graph.initializer) {
    if (tensors.has(tensor.name)) throw new ConfigError(`two tensors are called ${shown(tensor.name)}`)
    checkTensor(tensor)
    tensors.set(tensor.name, tensor)
  }
  const inputs = graph.input.filter(({ name }) => !tensors.has(name))
  const nodes = graph.node.map(readNode)
  const makers = linkMakers(nodes, [...inputs.map(({ name }) => name), ...tensors.keys()])
  const missing = graph.output.find(({ name }) => !makers.has(name))
  if (missing) throw new ConfigError(`the output ${shown(missing.name)} is made by no node`)
  const users = new Map<string, Node[]>()
  for (const node of nodes) {
    for (const value of new Set(node.inputs)) {
      const known = users.get(value)
      if (known) known.push(node)
      else users.set(value, [node])
    }
  }
  return { model, nodes, inputs, outputs: graph.output, tensors, maker: value => makers.get(value) ?? undefined, users: value => users.get(value) ?? [] }
}

function parse(bytes: Uint8Array): ModelProto {
  try {
    return fromBinary(ModelProtoSchema, bytes, { readUnknownFields: false })
  } catch {
    throw new ConfigError('this is not a whole ONNX file: its bytes are no protobuf message of a model, or are cut short')
  }
}

const readNode = ({ opType, domain, name, input, output, attribute }: NodeProto, index: number): Node => ({
  index, op: domain === '' || domain === 'ai.onnx' ? opType : `${domain}.${opType}`, name, inputs: input, outputs: output.filter(value => value !== ''),
  attributes: new Map(attribute.map(one => [one.name, one])),
})

/** ONNX asks for makers before users, so a value that comes later is a cycle or a mistake; either way the graph cannot run. */
function linkMakers(nodes: Node[], given: string[]): Map<string, Node | null> {
  const makers = new Map<string, Node | null>(given.map(name => [name, null]))
  for (const node of nodes) {
    const called = `node ${shown(node.name || node.op)}`
    const unknown = node.inputs.find(value => value !== '' && !makers.has(value))
    if (unknown !== undefined) throw new ConfigError(`${called} uses ${shown(unknown)}, which nothing before it makes: the graph has a cycle or a gap`)
    for (const value of node.outputs) {
      if (makers.has(value)) throw new ConfigError(`${called} makes ${shown(value)}, which is there already`)
      makers.set(value, node)
    }
  }
  return makers
}

/** A whole-number attribute. */
export const intOf = (node: Node, name: string, otherwise: number) => (node.attributes.has(name) ? Number(node.attributes.get(name)!.i) : otherwise)

export const intsOf = (node: Node, name: string): number[] | null => node.attributes.get(name)?.ints.map(Number) ?? null
