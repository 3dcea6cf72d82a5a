/** Models that onnxruntime or the lab cannot run: one sentence each. */
import { create, toBinary } from '@bufbuild/protobuf'
import { expect, test } from 'vitest'
import { evaluateFile } from '../../src/lab/evaluate_file.ts'
import { readModel } from '../../src/lab/open_file.ts'
import { inLabTerms } from '../../src/onnx/ask.ts'
import { startGraph, valueInfo } from '../../src/onnx/build.ts'
import { ModelProtoSchema } from '../../src/onnx/onnx_pb.ts'
import { openNetwork } from '../../src/onnx/runtime.ts'
import { tinyConfig } from '../support/tiny_run.ts'

const config = tinyConfig()
const image = ['B', 1, 8, 8]

/** A model of one node, or of whatever is built instead. */
function model(build: (graph: ReturnType<typeof startGraph>) => void, inputs = [valueInfo('x', image), valueInfo('t', ['B'])]): Uint8Array {
  const graph = startGraph()
  build(graph)
  return toBinary(ModelProtoSchema, create(ModelProtoSchema, { irVersion: 8n, opsetImport: [{ domain: '', version: 20n }], graph: { name: 'g', node: graph.nodes, initializer: graph.initializers, input: inputs, output: [valueInfo('y', ['B', 'c', 'p', 'q'])] } }))
}

async function evaluated(bytes: Uint8Array) {
  const { opened } = readModel([{ name: 'a.onnx', bytes }])
  const { network } = await openNetwork(bytes, [], opened.reading!, [1, 8, 8], false)
  return evaluateFile(inLabTerms(network, opened.reading!), { name: 'a', reading: opened.reading!, config, labelled: 0, untrainedBelow: 0, batch: 8 }, async () => {})
}

test.each<[string, Uint8Array, RegExp]>([
  ['an operator that onnxruntime has not', model(graph => { graph.node('Frobnicate', ['x'], 'y') }), /^onnxruntime cannot run this model: .*Frobnicate/],
  ['answers that are no numbers', model(graph => { graph.node('Div', ['x', graph.number('zero', Number.NaN)], 'y') }), /^the answers are not finite numbers at any noise level$/],
  ['an answer of another shape', model(graph => { graph.node('ReduceSum', ['x', graph.whole('axes', [2, 3])], 'y', { attributes: { keepdims: 1n } }) }), /^the answer has the shape \(8, 1, 1, 1\), which is not that of the images$/],
  ['weights that do not fit the images', model(graph => { graph.node('Mul', ['x', graph.tensor('w', [7], new Float32Array(7))], 'y') }), /^onnxruntime cannot run this model: /],
  ['an input that nobody can give', model(graph => { graph.node('Add', ['x', 'mask'], 'y') }, [valueInfo('x', image), valueInfo('t', ['B']), valueInfo('mask', image)]), /^the model also takes mask \(float32\), which the lab has nothing to give for$/],
])('%s', async (_, bytes, sentence) => {
  const error = await evaluated(bytes).catch((caught: unknown) => caught)
  expect(error).toMatchObject({ name: 'ConfigError', message: expect.stringMatching(sentence) })
  expect((error as Error).message).not.toMatch(/\n/)
})

test('what can be run is', async () => {
  const { loss, panels } = await evaluated(model(graph => { graph.node('Mul', ['x', graph.number('two', 2)], 'y') }))
  expect(loss.mean[0].every(value => value! > 0)).toBe(true)
  const { x, y } = panels.find(({ id }) => id === 'condition')!.curves[0]
  expect(x).toHaveLength(16)
  for (const gain of y) expect(gain).toBeCloseTo(2, 5)
})
