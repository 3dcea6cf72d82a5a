/** PyTorch's exports of DiTs, read into the engine's parameters: what the float64 twin makes of them is what PyTorch made. */
import { readFileSync } from 'node:fs'
import { fromBinary, toBinary } from '@bufbuild/protobuf'
import { describe, expect, test } from 'vitest'
import { parseConfig } from '../../src/config.ts'
import { readSafetensors, writeSafetensors } from '../../src/lab/safetensors.ts'
import { exportOnnx } from '../../src/onnx/export.ts'
import { importOnnx } from '../../src/onnx/import.ts'
import { writeMetadata } from '../../src/onnx/metadata.ts'
import { importNamed } from '../../src/onnx/named.ts'
import { type ModelProto, ModelProtoSchema } from '../../src/onnx/onnx_pb.ts'
import type { Imported } from '../../src/onnx/report.ts'
import { ditForward } from '../../src/reference/dit.ts'
import { fromPyTorch } from '../../src/reference/dit_parameters.ts'
import { readNpz } from '../../src/lab/npz.ts'
import { farthest } from '../support/compare.ts'
import { named, randomParameters } from '../support/random_net.ts'

const file = (name: string) => readFileSync(new URL(`../fixtures/onnx/${name}`, import.meta.url))

/** Largest distance of the twin's velocity from PyTorch's. */
function distance({ net, parameters }: Imported, fixture: string): number {
  const { x, t, y, output } = readNpz(file(`${fixture}.npz`))
  const values = Object.fromEntries(Object.entries(parameters!).map(([name, { data }]) => [name, data]))
  const { velocity } = ditForward(net!, fromPyTorch(net!, values), Float64Array.from(x.data as Float32Array), Float64Array.from(t.data as Float32Array), y ? Array.from(y.data as Int32Array) : null)
  return farthest(velocity!, output.data as Float32Array)
}

// PyTorch rounds the angle 1000 t · f, up to 781 here, to float32; the twin and the engine do not.
const plain = { channels: 1, size: 8, patch: 2, width: 8, blocks: 2, heads: 2, classes: 0, labelDrop: 0, selfCondition: 0, attention: true }
const labelled = { channels: 3, size: 8, patch: 4, width: 12, blocks: 2, heads: 1, classes: 4, labelDrop: 0, selfCondition: 0, attention: true }
const independent = { channels: 3, size: 6, patch: 2, width: 12, blocks: 2, heads: 3, classes: 0, labelDrop: 0, selfCondition: 0, attention: true }

test.each([
  ['opset17', 'plain', plain, 5e-5], // weights transposed and anonymous, LayerNormalization with ones and zeros
  ['opset13_nameless', 'plain', plain, 5e-5], // LayerNorm in parts, a batch of 3, no name left
  ['unfolded', 'plain', plain, 5e-5], // weights transposed by nodes of the graph
  ['lists', 'plain', plain, 5e-5], // numbers in float_data
  ['float16', 'plain', plain, 5e-5], // weights exact in 16 bits
  ['labelled', 'labelled', labelled, 5e-5], // classes, and a variance that is left out
  ['bfloat16', 'labelled', labelled, 0.1], // weights rounded to 8 bits
  ['independent', 'independent', independent, 5e-5], // other names, orders and operators everywhere
] as const)('%s', (name, fixture, net, tolerance) => {
  const imported = importOnnx(file(`${name}.onnx`))
  expect(imported.differences).toEqual([])
  expect(imported.net).toEqual(net)
  expect(imported.missing).toEqual([])
  expect(Object.values(imported.inputs!)).toEqual(name === 'opset13_nameless' ? ['v0', 'v1', null] : ['latent', 'timestep', net.classes > 0 ? 'label' : null])
  expect(imported.time).toEqual({ scale: name === 'independent' ? 1 : 1000 })
  expect(imported.notes.join()).toMatch(name === 'labelled' || name === 'bfloat16' ? /^the network answers with 6 channels for images with 3/ : /^$/)
  expect(new Set(imported.tensors.map(({ status }) => status))).toEqual(new Set(['matched', 'fixed']))
  expect(distance(imported, fixture)).toBeLessThan(tolerance)
})

/** Changes a file through its protobuf. */
function changed(bytes: Uint8Array, change: (model: ModelProto) => void): Uint8Array {
  const model = fromBinary(ModelProtoSchema, bytes)
  change(model)
  return toBinary(ModelProtoSchema, model)
}

describe('weights in a second file', () => {
  const bytes = file('external.onnx')
  const data = new Uint8Array(file('external.onnx.data'))

  test('are read from it, whatever it is called by now', () => {
    const inside = importOnnx(file('labelled.onnx'))
    for (const name of ['external.onnx.data', 'renamed']) expect(importOnnx(bytes, { files: { [name]: data } }).parameters).toEqual(inside.parameters)
  })

  test.each([
    [{}, 'are in a second file, “external.onnx.data”: give it as well'],
    [{ 'external.onnx.data': data.subarray(0, 9000) }, /is said to lie at bytes \d+ to \d+ of the second file, which has 9000: it is another file or cut short/],
    [{ a: data, b: data }, 'give it as well'],
  ])('one sentence when it is not there or too short %#', (files, sentence) => {
    expect(() => importOnnx(bytes, { files })).toThrow(sentence)
  })
})

describe('our own files', () => {
  const config = parseConfig({ net: { channels: 1, size: 12, patch: 2, width: 16, blocks: 2, heads: 2, classes: 3 }, objective: { layer: 1 }, replicas: [{ method: 'fm' }, { method: 'lcf', seed: 5, label: 'mine' }] })
  const parameters = named(config.net, randomParameters(config.net, 3))
  const source = { config, replica: 1, weights: 'raw', step: 40, version: '9' } as const
  const bytes = exportOnnx({ ...source, parameters })

  test('come back with every bit, and with the replica they were', () => {
    const imported = importOnnx(bytes)
    expect(imported).toMatchObject({ net: config.net, step: 40, time: { scale: 1 }, differences: [], notes: [], missing: [], asks: [] })
    expect(imported.config).toEqual({ ...config, replicas: [config.replicas[1]] })
    expect(imported.parameters).toEqual(parameters)
  })

  test('names of tensors say nothing: the graph does', () => {
    const blank = changed(bytes, model => {
      const short = new Map(model.graph!.initializer.map(({ name }, i) => [name, `n${i}`]))
      for (const tensor of model.graph!.initializer) tensor.name = short.get(tensor.name)!
      for (const node of model.graph!.node) Object.assign(node, { name: '', input: node.input.map(name => short.get(name) ?? name) })
    })
    expect(importOnnx(blank).parameters).toEqual(parameters)
  })

  test('as safetensors too, where the header names the run', () => {
    const stored = readSafetensors(writeSafetensors(parameters, writeMetadata(source)))
    const imported = importNamed(stored)
    expect(imported).toMatchObject({ net: config.net, step: 40, time: { scale: 1 }, differences: [], notes: [] })
    expect(imported.config!.replicas).toEqual([config.replicas[1]])
    expect(imported.parameters).toEqual(parameters)
  })

  test('a damaged note about the run is said', () => {
    const change = (key: string, value: string) => () => importOnnx(changed(bytes, model => { model.metadataProps.find(entry => entry.key === key)!.value = value }))
    expect(change('config', '{')).toThrow('the file says that this lab wrote it, but the config inside is not JSON')
    expect(change('config', '{"net":{"width":7}}')).toThrow(/^net\.width/)
    expect(change('replica', '2')).toThrow('its replica is 2, and its config has 2')
    expect(change('step', '-1')).toThrow('its step is “-1”; a whole number from 0 is expected')
  })
})

describe('PyTorch’s names in safetensors', () => {
  test('float32, with the heads in its notes', () => {
    const imported = importNamed(readSafetensors(file('plain.safetensors')))
    expect(imported).toMatchObject({ net: plain, differences: [], missing: [], asks: [] })
    expect(imported.parameters).toEqual(importOnnx(file('opset17.onnx')).parameters)
    expect(imported.tensors.find(({ name }) => name === 'pos_embed')).toMatchObject({ status: 'fixed', role: 'positions' })
    expect(distance(imported, 'plain')).toBeLessThan(5e-5)
  })

  test('float16 behind a prefix, the heads asked for', () => {
    const stored = readSafetensors(file('float16.safetensors'))
    expect(importNamed(stored)).toMatchObject({ net: null, parameters: null, asks: ['heads'], differences: ['the number of attention heads is not in the file'] })
    const imported = importNamed(stored, { heads: 2 })
    expect(imported.parameters).toEqual(importOnnx(file('float16.onnx')).parameters)
    expect(imported.tensors.every(({ status }) => status === 'matched' || status === 'fixed')).toBe(true)
  })

  test('bfloat16 with a variance: the very weights of the ONNX file', () => {
    const imported = importNamed(readSafetensors(file('bfloat16.safetensors')), { heads: 1 })
    expect(imported.net).toEqual(labelled)
    expect(imported.parameters).toEqual(importOnnx(file('bfloat16.onnx')).parameters)
  })

  test('what is missing, misshapen, broken or too much is listed', () => {
    const { tensors, metadata } = readSafetensors(file('plain.safetensors'))
    const { 'blocks.1.mlp.fc1.bias': _, ...rest } = tensors
    expect(importNamed({ tensors: rest, metadata })).toMatchObject({ parameters: null, missing: [{ name: 'blocks.1.mlp.fc1.bias', shape: [32] }], differences: ['blocks.1.mlp.fc1.bias (32) is missing'] })
    const narrow = importNamed({ tensors: { ...tensors, 'blocks.0.attn.proj.weight': { dtype: 'F32', shape: [8, 4], data: new Float32Array(32) } }, metadata })
    expect(narrow.differences).toEqual(['blocks.0.attn.proj.weight has shape (8, 4); the engine’s has (8, 8)'])
    expect(narrow.tensors.filter(({ status }) => status !== 'matched').map(({ name, status }) => [name, status])).toEqual([['pos_embed', 'fixed'], ['blocks.0.attn.proj.weight', 'shape']])
    const broken = importNamed({ tensors: { ...tensors, 'blocks.0.attn.proj.bias': { dtype: 'F32', shape: [8], data: new Float32Array(8).fill(Number.NaN, 3, 4) } }, metadata })
    expect(broken).toMatchObject({ parameters: null, differences: ['blocks.0.attn.proj.bias holds NaN at place 3; only finite numbers can be loaded'] })
    const more = importNamed({ tensors: { ...tensors, 'blocks.0.attn.q_norm.weight': { dtype: 'F32', shape: [8], data: new Float32Array(8) } }, metadata })
    expect(more.differences).toEqual(['the engine has no place for blocks.0.attn.q_norm.weight (8)'])
    const moved = importNamed({ tensors: { ...tensors, pos_embed: { ...tensors.pos_embed, data: tensors.pos_embed.data!.map(value => value + 0.1) } }, metadata })
    expect(moved.differences).toEqual(['the table of positions is not the fixed one of sines and cosines that the engine has'])
    expect(importNamed({ tensors: {}, metadata: {} }).differences).toEqual(['no tensor is called x_embedder.proj.weight, so these are not the weights of a DiT by its names'])
  })
})

describe('graphs that are not quite a DiT', () => {
  const find = (model: ModelProto, name: string) => model.graph!.node.find(node => node.name === name)!

  test('the layer at fault is named', () => {
    const without = changed(file('labelled.onnx'), model => {
      // The MLP's second layer is skipped: its input goes on where its output went.
      const [product, sum] = ['MatMul', 'Add'].map(op => find(model, `/blocks.0/mlp/fc2/${op}`))
      for (const node of model.graph!.node) node.input = node.input.map(name => (name === sum.output[0] ? product.input[0] : name))
      model.graph!.node = model.graph!.node.filter(node => node !== product && node !== sum)
    })
    expect(importOnnx(without)).toMatchObject({ net: null, parameters: null, differences: ['blocks.1/attn/qkv goes from 12 to 36 numbers, where blocks.0.mlp.fc2 goes from 48 to 12'] })
  })

  test('the exact GELU, other positions, other frequencies and tensors without a place are differences', () => {
    const replace = (name: string, value: (x: number) => number) => (model: ModelProto) => {
      const tensor = model.graph!.initializer.find(one => one.name === name)!
      tensor.rawData = new Uint8Array(new Float32Array(new Uint8Array(tensor.rawData).buffer).map(value).buffer)
    }
    const opset17 = file('opset17.onnx')
    expect(importOnnx(changed(opset17, replace('pos_embed', x => 2 * x))).differences).toEqual(expect.arrayContaining(['the table of positions is not the fixed one of sines and cosines that the engine has']))
    const { differences, tensors } = importOnnx(changed(opset17, replace('blocks.0.norm1.weight', () => 2)))
    expect(differences).toEqual(['the engine has no place for blocks.0.norm1.weight (8)'])
    expect(tensors.find(({ name }) => name === 'blocks.0.norm1.weight')).toMatchObject({ status: 'unmatched', role: null })
    expect(importOnnx(changed(opset17, model => { find(model, '/blocks.0/mlp/act/Tanh').opType = 'Erf' })).differences).toEqual(['its GELU is the exact one and the engine’s the tanh form; they lie up to 5e-4 apart'])
    expect(importOnnx(changed(opset17, model => { find(model, '/t_embedder/Cos').opType = 'Tanh' })).differences).toEqual(
      ['the engine has no place for /t_embedder/Constant_1_output_0 (1, 128)', 'the noise level is not turned into cosines and sines at DiT’s frequencies, or that could not be read from the graph'])
  })
})
