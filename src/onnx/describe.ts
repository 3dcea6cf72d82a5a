/** What an ONNX file has to say, without running it: a small Netron. */
import { create, toBinary } from '@bufbuild/protobuf'
import { ConfigError } from '../config.ts'
import type { ModelAbout, ModelValue } from '../file_protocol.ts'
import { foldConstants } from './fold.ts'
import { type Graph, readGraph } from './graph.ts'
import { ModelProtoSchema, type ValueInfoProto, ValueInfoProtoSchema } from './onnx_pb.ts'
import { ASSUMED_BATCH } from './shapes.ts'
import { shown } from './shown.ts'
import { locationOf, sizeOf, typeName } from './tensor.ts'

/** @throws ConfigError with one sentence when the file is no whole ONNX model */
export function describeOnnx(bytes: Uint8Array): ModelAbout {
  const graph = readGraph(bytes)
  const { model, nodes, tensors } = graph
  const counts = new Map<string, number>()
  for (const { op } of nodes) counts.set(op, (counts.get(op) ?? 0) + 1)
  const floats = [...tensors.values()].filter(({ dataType }) => /float/.test(typeName(dataType)))
  return {
    inputs: graph.inputs.map(describeValue), outputs: graph.outputs.map(describeValue), nodes: nodes.length,
    operators: [...counts].map(([name, count]) => ({ name, count })).sort((a, b) => b.count - a.count || (a.name < b.name ? -1 : 1)),
    parameters: floats.reduce((sum, { dims }) => sum + sizeOf(dims.map(Number)), 0),
    opsets: Object.fromEntries(model.opsetImport.map(({ domain, version }) => [domain === 'ai.onnx' ? '' : domain, Number(version)])),
    producer: [model.producerName, model.producerVersion].filter(text => text !== '').join(' '),
    metadata: Object.fromEntries(model.metadataProps.map(({ key, value }) => [key, value])),
    files: [...new Set([...tensors.values()].flatMap(tensor => locationOf(tensor) ?? []))],
    values: listValues(graph),
  }
}

function describeValue({ name, type }: ValueInfoProto): ModelValue {
  if (type?.value.case !== 'tensorType') return { name, type: type?.value.case ?? 'unknown', shape: null }
  const { elemType, shape } = type.value.value
  return { name, type: typeName(elemType), shape: shape ? shape.dim.map(({ value }) => (value.case === 'dimValue' ? Number(value.value) : (value.value ?? null))) : null }
}

/** By types and shapes, then names: what most likely takes the images, the noise level and the labels. Any may be wrong; whoever gives the file can say. */
export function guessInputs({ inputs }: Pick<ModelAbout, 'inputs'>): { image: string | null; time: string | null; labels: string | null } {
  const image = inputs.find(({ type, shape }) => /float/.test(type) && shape?.length === 4)
  const short = inputs.filter(input => input !== image && (input.shape === null || input.shape.length <= 1))
  const labels = short.find(({ name, type }) => /^int/.test(type) && /^y$|label|class/i.test(name))
  const rest = short.filter(input => input !== labels)
  const time = rest.find(({ name }) => /^t$|time|sigma|noise|level/i.test(name)) ?? rest.find(({ type }) => /float/.test(type)) ?? rest[0]
  const further = labels ?? rest.find(input => input !== time && /^int/.test(input.type))
  return { image: image?.name ?? null, time: time?.name ?? null, labels: further?.name ?? null }
}

/** Leaves the list empty when weights in a second file keep shapes from being worked out. */
function listValues(graph: Graph): ModelAbout['values'] {
  try {
    const { constants, shapes } = foldConstants(graph)
    return graph.nodes.flatMap(({ op, outputs }) => outputs.flatMap(name => {
      const shape = shapes.get(name)
      return shape && shape.length >= 2 && !constants.has(name) ? [{ name, operator: op, shape: shape.map((size, axis) => (axis === 0 && size === ASSUMED_BATCH ? 'B' : size)) }] : []
    }))
  } catch (error) {
    if (error instanceof ConfigError) return []
    throw error
  }
}

/** The same model with values on the way as further outputs. @throws ConfigError for names that no node makes */
export function exposeValues(bytes: Uint8Array, names: readonly string[]): Uint8Array<ArrayBuffer> {
  const { model, maker, outputs } = readGraph(bytes)
  const unknown = names.find(name => !maker(name))
  if (unknown !== undefined) throw new ConfigError(`the graph makes no value called ${shown(unknown)}`)
  const added = names.filter(name => !outputs.some(output => output.name === name)).map(name => create(ValueInfoProtoSchema, { name }))
  return toBinary(ModelProtoSchema, { ...model, graph: { ...model.graph!, output: [...outputs, ...added] } }) as Uint8Array<ArrayBuffer>
}
