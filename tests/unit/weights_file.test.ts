/** Files of weights as runs: what the page and the terminal share. */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { parseConfig } from '../../src/config.ts'
import { datasets } from '../../src/datasets/index.ts'
import { decodeCheckpoint, encodeCheckpoint } from '../../src/lab/checkpoint.ts'
import { checkpointOf, exportWeights, readWeightsFile } from '../../src/lab/weights_file.ts'
import { startState } from '../../src/model/knobs.ts'
import { fromNamed, parameterLayout } from '../../src/model/parameters.ts'
import { importNamed } from '../../src/onnx/named.ts'
import { flat, randomParameters } from '../support/random_net.ts'

const fixture = (name: string) => new Uint8Array(readFileSync(new URL(`../fixtures/onnx/${name}`, import.meta.url)))

const config = parseConfig({ net: { size: 8, patch: 2, width: 16, blocks: 2, heads: 2 }, objective: { layer: 1 }, replicas: [{ method: 'lcf', tMin: 0.2 }] })
const [parameters, ema] = [1, 2].map(seed => flat(config.net, randomParameters(config.net, seed)))
const run = { config, step: 0, replicas: [{ parameters, ema, first: parameters, second: parameters, state: startState() }] }
const choice = { replica: 0, weights: 'ema', format: 'onnx', version: '1' } as const

test.each(['onnx', 'safetensors'] as const)('%s: out, in, and on as a checkpoint', format => {
  for (const weights of ['ema', 'raw'] as const) {
    const imported = readWeightsFile(exportWeights(run, { ...choice, format, weights }))
    const checkpoint = decodeCheckpoint(encodeCheckpoint(checkpointOf(imported)))
    expect(checkpoint.config).toEqual(config)
    expect(checkpoint.replicas).toHaveLength(1)
    expect(checkpoint.replicas[0].ema).toEqual(weights === 'ema' ? ema : parameters)
    expect(checkpoint.replicas[0].parameters).toEqual(checkpoint.replicas[0].ema)
  }
  expect(() => exportWeights(run, { ...choice, format, replica: 1 })).toThrow('there is no replica 1; there are 1, counted from 0')
})

test.each(['onnx', 'safetensors'] as const)('%s: a row for no label goes out and in, of ours by its notes, of others by what the data set has', format => {
  const K = datasets.gratings.classes.length
  const told = parseConfig({ ...config, net: { ...config.net, classes: K, labelDrop: 0.25 } })
  const weights = flat(told.net, randomParameters(told.net, 3))
  const bytes = exportWeights({ config: told, step: 0, replicas: [{ parameters: weights, ema: weights, first: weights, second: weights, state: startState() }] }, { ...choice, format })
  const imported = readWeightsFile(bytes)
  expect(imported.parameters!['y_embedder.embedding_table.weight'].shape).toEqual([K + 1, 16])
  expect(checkpointOf(imported).config).toEqual(told)
  expect(checkpointOf(imported).replicas[0].ema).toEqual(weights)
  const theirs = { ...imported, config: null, net: { ...told.net, classes: K + 1, labelDrop: 0 } }
  expect(checkpointOf(theirs).config).toMatchObject({ net: { classes: K, labelDrop: 0.1 }, data: { dataset: 'gratings' } })
  expect(checkpointOf(theirs).replicas[0].ema).toEqual(weights)
})

test.each(['onnx', 'safetensors'] as const)('%s: a net without attention goes out and in by our notes', format => {
  const bare = parseConfig({ ...config, net: { ...config.net, channels: 2, size: 1, patch: 1, attention: false, selfCondition: 1 }, data: { dataset: 'moons' } })
  const weights = flat(bare.net, randomParameters(bare.net, 4))
  const imported = readWeightsFile(exportWeights({ config: bare, step: 5, replicas: [{ parameters: weights, ema: weights, first: weights, second: weights, state: startState() }] }, { ...choice, format }))
  expect(imported).toMatchObject({ config: bare, net: bare.net, step: 5, asks: [], missing: [], differences: [] })
  expect(fromNamed(parameterLayout(bare.net), imported.parameters!)).toEqual(weights)
})

test.each(['onnx', 'safetensors'] as const)('%s: a self-conditioned net goes out and in by our notes, and without them it is said what has no place', format => {
  const told = parseConfig({ ...config, net: { ...config.net, classes: 3, selfCondition: 1 }, data: { dataset: 'mixture' } })
  const weights = flat(told.net, randomParameters(told.net, 4))
  const imported = readWeightsFile(exportWeights({ config: told, step: 5, replicas: [{ parameters: weights, ema: weights, first: weights, second: weights, state: startState() }] }, { ...choice, format }))
  expect(imported.differences).toEqual([])
  expect(imported).toMatchObject({ config: told, net: told.net, step: 5, asks: [], missing: [] })
  expect(fromNamed(parameterLayout(told.net), imported.parameters!)).toEqual(weights)
  const tensors = Object.fromEntries(Object.entries(imported.parameters!).map(([name, tensor]) => [name, { ...tensor, dtype: 'F32' }]))
  expect(importNamed({ tensors, metadata: { heads: '2', size: '8' } }).differences).toContain('the engine has no place for self_condition.linear.weight (16, 16)')
})

describe('weights of others', () => {
  test('get a config that fits them, or the one asked for', () => {
    const imported = readWeightsFile(fixture('opset17.onnx'))
    expect(imported.config).toBe(null)
    expect(checkpointOf(imported).config).toMatchObject({ net: imported.net!, data: { dataset: 'gratings' }, objective: { layer: 2 }, replicas: [{ method: 'fm' }] })
    const asked = checkpointOf(imported, { data: { count: 64 }, train: { batch: 8 }, objective: { layer: 1 }, replicas: [{ method: 'fm' }, { method: 'lcf' }] })
    expect(asked.config).toMatchObject({ data: { dataset: 'gratings', count: 64 }, train: { batch: 8 }, objective: { layer: 1 } })
    expect(asked.replicas).toHaveLength(2)
    expect(asked.replicas[1].parameters).not.toBe(asked.replicas[0].parameters)
  })

  test('are refused when no data set has such images, or they are not whole', () => {
    expect(() => checkpointOf(readWeightsFile(fixture('labelled.onnx')))).toThrow('the weights are for images of 3 channels at 8 pixels and 4 classes, and there is no data set here like that')
    expect(() => checkpointOf(readWeightsFile(fixture('opset17.onnx')), { data: { dataset: 'shapes' } })).toThrow(/^net\./)
    expect(() => checkpointOf(readWeightsFile(fixture('float16.safetensors')))).toThrow('the weights cannot be loaded: the number of attention heads is not in the file')
  })
})
