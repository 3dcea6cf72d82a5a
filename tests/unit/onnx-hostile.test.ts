/** Files that are no files: every one is read, or refused in one sentence. Nothing else is thrown, and nothing large is allocated. */
import { readFileSync } from 'node:fs'
import { create, fromBinary, toBinary } from '@bufbuild/protobuf'
import { describe, expect, test } from 'vitest'
import { ConfigError } from '../../src/config.ts'
import { readSafetensors, writeSafetensors } from '../../src/lab/safetensors.ts'
import { describeOnnx, exposeValues, guessInputs } from '../../src/onnx/describe.ts'
import { importOnnx } from '../../src/onnx/import.ts'
import { importNamed } from '../../src/onnx/named.ts'
import { AttributeProtoSchema, type GraphProto, GraphProtoSchema, type ModelProto, ModelProtoSchema, NodeProtoSchema, TensorProtoSchema } from '../../src/onnx/onnx_pb.ts'
import { survives } from '../support/mutate.ts'

const file = (name: string) => new Uint8Array(readFileSync(new URL(`../fixtures/onnx/${name}`, import.meta.url)))

describe('a small Netron', () => {
  test('inputs, outputs, operators, parameters, opset, producer', () => {
    const about = describeOnnx(file('labelled.onnx'))
    expect(about.inputs).toEqual([
      { name: 'latent', type: 'float32', shape: ['batch', 3, 8, 8] }, { name: 'timestep', type: 'float32', shape: ['batch'] }, { name: 'label', type: 'int64', shape: ['batch'] },
    ])
    expect(about.outputs.map(({ name, type }) => [name, type])).toEqual([['prediction', 'float32']])
    expect(about.operators.find(({ name }) => name === 'Softmax')).toEqual({ name: 'Softmax', count: 2 })
    expect(about.operators.reduce((sum, { count }) => sum + count, 0)).toBe(about.nodes)
    // Patches 3·16·12+12, time 257·12 + 13·12, labels 4·12, two blocks 18·144 + 15·12, head 2·144 + 2·12 + 12·96 + 96, positions 4·12.
    expect(about.parameters).toBe(588 + 3084 + 156 + 48 + 2 * 2772 + 1560 + 48)
    expect(about).toMatchObject({ opsets: { '': 16 }, producer: 'pytorch 1.13.0', metadata: {}, files: [] })
    expect(about.values.find(({ name }) => name === '/blocks.0/Add_6_output_0' || name === '/blocks.0/Add_5_output_0')?.shape).toEqual(['B', 4, 12])
    expect(describeOnnx(file('external.onnx')).files).toEqual(['external.onnx.data'])
  })

  test('which input is what', () => {
    expect(guessInputs(describeOnnx(file('labelled.onnx')))).toEqual({ image: 'latent', time: 'timestep', labels: 'label' })
    const input = (name: string, type: string, rank: number) => ({ name, type, shape: Array<null>(rank).fill(null) })
    expect(guessInputs({ inputs: [input('a', 'int64', 1), input('b', 'float32', 1), input('c', 'float16', 4)] })).toEqual({ image: 'c', time: 'b', labels: 'a' })
    expect(guessInputs({ inputs: [input('sample', 'float32', 4), input('timestep', 'int64', 0)] })).toEqual({ image: 'sample', time: 'timestep', labels: null })
    expect(guessInputs({ inputs: [input('mask', 'bool', 2)] })).toEqual({ image: null, time: null, labels: null })
  })

  test('values on the way become outputs, once', () => {
    const bytes = file('opset17.onnx')
    const name = '/x_embedder/Transpose_output_0'
    const exposed = describeOnnx(exposeValues(exposeValues(bytes, [name]), [name, 'prediction']))
    expect(exposed.outputs.map(output => output.name)).toEqual(['prediction', name])
    expect(() => exposeValues(bytes, ['latent'])).toThrow('the graph makes no value called latent')
  })
})

/** A model around a graph that makes y out of x. */
function model(change: (graph: GraphProto) => void): Uint8Array {
  const node = create(NodeProtoSchema, { opType: 'Relu', input: ['x'], output: ['y'] })
  const graph = create(GraphProtoSchema, { input: [{ name: 'x' }], output: [{ name: 'y' }], node: [node] })
  change(graph)
  return toBinary(ModelProtoSchema, create(ModelProtoSchema, { irVersion: 8n, graph }))
}

const tensor = (dims: bigint[], bytes: number, dataType = 1) => create(TensorProtoSchema, { name: 'w', dims, dataType, rawData: new Uint8Array(bytes) })

describe('ONNX', () => {
  const labelled = file('labelled.onnx')

  test.each<[string, Uint8Array, RegExp]>([
    ['nothing', new Uint8Array(), /^the file is empty$/],
    ['text', new TextEncoder().encode('not a model at all, only words'), /^this is not a/],
    ['a zip archive', new Uint8Array([0x50, 0x4b, 3, 4, ...new Uint8Array(40)]), /^this is not a/],
    ['half a file', labelled.subarray(0, labelled.length / 2), /^this is not a whole ONNX file/],
    ['a length of 2 GB', new Uint8Array([0x3a, 0xff, 0xff, 0xff, 0xff, 7]), /^this is not a whole ONNX file/],
    ['a message without a graph', toBinary(ModelProtoSchema, create(ModelProtoSchema, { producerName: 'x' })), /^this is not an ONNX model: it has no graph/],
    ['a cycle', model(graph => { graph.node = [['b', 'a'], ['a', 'b'], ['a', 'y']].map(([input, output]) => create(NodeProtoSchema, { name: output, opType: 'Relu', input: [input], output: [output] })) }), /^node a uses b, which nothing before it makes: the graph has a cycle or a gap$/],
    ['a value made twice', model(graph => { graph.node.push(create(NodeProtoSchema, { opType: 'Relu', input: ['x'], output: ['y'] })) }), /^node Relu makes y, which is there already$/],
    ['an output from nowhere', model(graph => { graph.output[0].name = 'z' }), /^the output z is made by no node$/],
    ['2 GB in a kilobyte', model(graph => { graph.initializer = [tensor([500_000_000n], 1000)] }), /^tensor w claims 500000000 numbers by its shape \(500000000\) and the file holds 250$/],
    ['a negative size', model(graph => { graph.initializer = [tensor([-1n, -250n], 1000)] }), /^tensor w has the shape \(-1, -250\), which no tensor can have$/],
    ['sizes beyond counting', model(graph => { graph.initializer = [tensor([2n ** 62n, 2n ** 62n], 4)] }), /^tensor w has the shape .*, which no tensor can have$/],
    ['two tensors of one name', model(graph => { graph.initializer = [tensor([1n], 4), tensor([1n], 4)] }), /^two tensors are called w$/],
    ['graphs inside graphs', model(graph => { for (let i = 0; i < 200; i++) { const inner = create(GraphProtoSchema, { node: graph.node }); graph.node = [create(NodeProtoSchema, { opType: 'If', input: ['x'], output: ['y'], attribute: [create(AttributeProtoSchema, { name: 'then_branch', g: inner })] })] } }), /^this is not a whole ONNX file/],
  ])('%s', (_, bytes, sentence) => {
    for (const read of [describeOnnx, importOnnx]) {
      expect(() => read(bytes)).toThrow(ConfigError)
      expect(() => read(bytes)).toThrow(sentence)
    }
  })

  test('constants that grow without end are not worked out', () => {
    const bytes = model(graph => {
      graph.initializer = [tensor([256n], 1024)]
      graph.node = Array.from({ length: 60 }, (_, i) => create(NodeProtoSchema, { opType: 'Concat', input: [`${i || 'w'}`, `${i || 'w'}`], output: [`${i + 1}`], attribute: [create(AttributeProtoSchema, { name: 'axis', i: 0n })] }))
      graph.output[0].name = '60'
    })
    expect(importOnnx(bytes)).toMatchObject({ net: null, parameters: null })
    expect(describeOnnx(bytes).nodes).toBe(60)
  })

  test('a graph of another kind is no error: it is described, and said to be no DiT', () => {
    expect(importOnnx(model(() => {}))).toMatchObject({ net: null, parameters: null, differences: ['no layer with float weights was found: they may be quantised'] })
  })

  test('a node that does nothing any more: read or refused, and never broken numbers', async () => {
    const parsed: ModelProto = fromBinary(ModelProtoSchema, file('independent.onnx'))
    const nodes = parsed.graph!.node
    for (const dead of nodes) {
      const graph = { ...parsed.graph!, node: nodes.map(node => (node === dead ? { ...node, opType: 'Identity', attribute: [], output: node.output.slice(0, 1) } : node)) }
      await survives(() => {
        const { parameters, differences } = importOnnx(toBinary(ModelProtoSchema, { ...parsed, graph }))
        if (parameters) expect(Object.values(parameters).every(({ data }) => data.every(Number.isFinite))).toBe(true)
        if (['MatMul', 'Conv', 'Gemm', 'Softmax', 'Cos', 'Sin'].includes(dead.opType)) expect(differences, dead.name).not.toEqual([])
      })
    }
  }, 120_000)
})

describe('safetensors', () => {
  const whole = writeSafetensors({ a: { shape: [2, 3], data: Float32Array.from([1, 2, 3, 4, 5, 6]) }, b: { shape: [], data: Float32Array.of(7) } }, { note: 'x' })
  /** A file with this header and so many bytes behind it. */
  const made = (header: unknown, bytes: number) => {
    const text = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header))
    const result = new Uint8Array(8 + text.length + bytes)
    new DataView(result.buffer).setBigUint64(0, BigInt(text.length), true)
    result.set(text, 8)
    return result
  }

  test('what was written is read', () => {
    expect(readSafetensors(whole)).toEqual({ metadata: { note: 'x' }, tensors: { a: { dtype: 'F32', shape: [2, 3], data: Float32Array.from([1, 2, 3, 4, 5, 6]) }, b: { dtype: 'F32', shape: [], data: Float32Array.of(7) } } })
    expect(whole.length % 8).toBe(4)
    expect(() => writeSafetensors({ a: { shape: [3], data: new Float32Array(2) } })).toThrow(RangeError)
  })

  test('16 and 64 bits', () => {
    const entry = (dtype: string, shape: number[], begin: number, end: number) => ({ dtype, shape, data_offsets: [begin, end] })
    const bytes = made({ half: entry('F16', [4], 0, 8), brain: entry('BF16', [2], 8, 12), double: entry('F64', [1], 12, 20), whole: entry('I64', [1], 20, 28) }, 28)
    const view = new DataView(bytes.buffer, bytes.length - 28)
    ;[0x3c00, 0xc400, 0x0001, 0xfc00].forEach((half, i) => view.setUint16(2 * i, half, true))
    ;[0x3f80, 0xc020].forEach((half, i) => view.setUint16(8 + 2 * i, half, true))
    view.setFloat64(12, -0.75, true)
    const { tensors } = readSafetensors(bytes)
    expect([...tensors.half.data!]).toEqual([1, -4, 2 ** -24, -Infinity])
    expect([...tensors.brain.data!]).toEqual([1, -2.5])
    expect([...tensors.double.data!]).toEqual([-0.75])
    expect(tensors.whole.data).toBe(null)
  })

  const a = (change: object) => ({ a: { dtype: 'F32', shape: [2], data_offsets: [0, 8], ...change } })
  test.each<[string, Uint8Array, RegExp]>([
    ['nothing', new Uint8Array(3), /^this is not a safetensors file: it has 3 bytes/],
    ['an endless header', new Uint8Array([255, 255, 255, 255, 255, 255, 255, 255, 0x7b, 0x7d]), /promise a header of 18446744073709551615 bytes, and 2 bytes follow$/],
    ['half a file', whole.subarray(0, whole.length - 5), /^the tensors take 28 bytes and the file holds 23/],
    ['more than the tensors', made(a({}), 12), /^the tensors take 8 bytes and the file holds 12/],
    ['no JSON', made('{"a":', 0), /^the header of the safetensors file is not JSON/],
    ['a list', made('[1, 2]', 0), /^this is not a whole safetensors file/],
    ['no entry', made({ a: 3 }, 0), /^tensor a is of type none; one of F64/],
    ['another type', made(a({ dtype: 'Q4' }), 8), /^tensor a is of type "Q4"; one of F64/],
    ['a negative size', made(a({ shape: [-2] }), 8), /^tensor a has a shape that is no list of up to 8 whole numbers/],
    ['a shape of text', made(a({ shape: '2' }), 8), /^tensor a has a shape/],
    ['too many sizes', made(a({ shape: [1, 1, 1, 1, 1, 1, 1, 1, 2] }), 8), /^tensor a has a shape/],
    ['2 GB in 8 bytes', made(a({ shape: [500_000_000] }), 8), /^tensor a holds 8 bytes, and its shape \(500000000\) of F32 takes 2000000000$/],
    ['places that run backwards', made(a({ data_offsets: [8, 0] }), 8), /^tensor a has data_offsets that are not two places/],
    ['a hole', made(a({ data_offsets: [4, 12] }), 12), /^tensor a begins at byte 4 of the data, and the one before it ends at 0/],
    ['an overlap', made({ ...a({}), b: { dtype: 'F32', shape: [2], data_offsets: [4, 12] } }, 12), /^tensor b begins at byte 4 of the data, and the one before it ends at 8/],
    ['a name twice', made('{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}', 8), /^tensor a begins at byte 4/],
    ['notes that are no texts', made({ __metadata__: { a: 1 } }, 0), /^__metadata__ in the header/],
  ])('%s', (_, bytes, sentence) => {
    expect(() => readSafetensors(bytes)).toThrow(ConfigError)
    expect(() => readSafetensors(bytes)).toThrow(sentence)
  })

  test('names that mean something to JavaScript are names', () => {
    const { tensors } = readSafetensors(made('{"__proto__":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"constructor":{"dtype":"F32","shape":[0],"data_offsets":[4,4]}}', 4))
    expect(Object.keys(tensors)).toEqual(['__proto__', 'constructor'])
    expect(importNamed({ tensors, metadata: {} }).parameters).toBe(null)
  })
})
