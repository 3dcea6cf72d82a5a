/** What `lab inspect` tells of every format. */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { readingWith } from '../../src/cli/evaluate_model.ts'
import { decodePicture } from '../../src/cli/decode_picture.ts'
import { parseConfig } from '../../src/config.ts'
import { encodeCheckpoint } from '../../src/lab/checkpoint.ts'
import { inspectFiles } from '../../src/lab/inspect_file.ts'
import { writeNpz } from '../../src/lab/npz.ts'
import { fittingFor, readModel } from '../../src/lab/open_file.ts'
import { encodeRunFile } from '../../src/lab/run_file.ts'
import { startState } from '../../src/model/knobs.ts'
import { flat, randomParameters } from '../support/random_net.ts'
import { cifar, given, gzip, idx, pictures, tar, zip } from '../support/own_files.ts'

const inspect = (path: string, bytes: Uint8Array) => inspectFiles([given(path, bytes)], decodePicture)
const fixture = (name: string) => new Uint8Array(readFileSync(new URL(`../fixtures/onnx/${name}`, import.meta.url)))

describe('every format says what it is', () => {
  const config = parseConfig({ net: { size: 8, patch: 2, width: 16, blocks: 2, heads: 2 }, objective: { layer: 1 }, replicas: [{ method: 'fm' }, { method: 'lcf' }] })
  const weights = flat(config.net, randomParameters(config.net, 1))
  const run = { config, step: 0, replicas: config.replicas.map(() => ({ parameters: weights, ema: weights, first: weights, second: weights, state: startState() })) }

  test('a run, as .zip and as checkpoint', async () => {
    for (const [path, bytes] of [['a.run.zip', encodeRunFile(run, ['FM', 'LCF'], '1')], ['checkpoint.npz', new Uint8Array(encodeCheckpoint(run))]] as const) {
      expect(await inspect(path, bytes)).toMatchObject({ kind: 'run', step: 0, replicas: 2, losses: 0, measurements: [], config: { net: { width: 16 } } })
    }
  })

  test('models', async () => {
    expect(await inspect('a.onnx', fixture('labelled.onnx'))).toMatchObject({ kind: 'onnx', about: { nodes: expect.any(Number), inputs: [{ name: 'latent' }, { name: 'timestep' }, { name: 'label' }] } })
    const holds = await inspect('a.safetensors', fixture('float16.safetensors'))
    expect(holds).toMatchObject({ kind: 'safetensors', step: null, notes: expect.arrayContaining(['the number of attention heads is not in the file']) })
  })

  test('arrays and images', async () => {
    const x = { shape: [40, 4, 4], data: new Float32Array(640) }
    expect(await inspect('a.npz', writeNpz({ x }))).toEqual({ kind: 'arrays', arrays: [{ name: 'x', shape: [40, 4, 4], type: 'f4' }] })
    const classes = Array.from({ length: 10 }, (_, i) => expect.objectContaining({ count: i < 4 ? 4 : 3 }))
    for (const [path, bytes] of [['data_batch_1.bin', cifar(34)], ['c.tar.gz', gzip(tar({ 'c/data_batch_1.bin': cifar(34) }))]] as const) {
      expect(await inspect(path, bytes)).toMatchObject({ kind: 'images', format: 'CIFAR-10 binary', count: 34, width: 32, channels: 3, heldOut: null, classes })
    }
    expect(await inspect('a-images-idx3-ubyte', idx([40, 6, 5], () => 1))).toMatchObject({ kind: 'images', format: 'IDX', count: 40, width: 5, height: 6 })
    expect(await inspect('pets.zip', zip(pictures(34, 3)))).toMatchObject({ kind: 'images', format: 'pictures in folders', classes: [{ name: 'first', count: 17 }, { name: 'second', count: 17 }] })
  })

  test('what is none of these', async () => {
    await expect(inspect('notes.txt', new TextEncoder().encode('only words, and no model at all'))).rejects.toThrow(/^this is not a whole ONNX file: .* are read\)$/)
    await expect(inspect('a.zip', zip({ 'readme.txt': new Uint8Array(3) }))).rejects.toThrow(/is of no format that is known/)
  })
})

describe('how a model is asked, in the terminal', () => {
  const { opened } = readModel([{ name: 'labelled.onnx', bytes: fixture('labelled.onnx') }])

  test('--ask changes what was guessed; what a reading has not is refused', () => {
    expect(readingWith(opened.reading!, ['predicts=v', 'scale=1000', 'labels=', 'zero=noise'])).toMatchObject({ predicts: 'v', scale: 1000, labels: null, zero: 'noise', path: 'ddpm' })
    expect(() => readingWith(opened.reading!, ['predict=v'])).toThrow('--ask predict=v: key=value is expected, with one of image, time, labels')
    expect(() => readingWith(opened.reading!, ['predicts=w'])).toThrow('--ask predicts=w: ')
    expect(() => readingWith(opened.reading!, ['scale=many'])).toThrow('--ask scale=many: ')
  })

  test('a data set whose images do not fit is refused with both shapes', () => {
    expect(() => fittingFor(opened, 'gratings')).toThrow(/^the model takes images of the shape \(batch, 3, 8, 8\), and Gratings has none like that$/)
    expect(() => fittingFor(opened, 'nothing')).toThrow(/^there is no data set “nothing”; there are .*gratings/)
    expect(() => fittingFor({ ...opened, reading: null }, undefined)).toThrow('nothing in this model takes images')
    const grey = readModel([{ name: 'opset17.onnx', bytes: fixture('opset17.onnx') }]).opened
    expect(fittingFor(grey, 'gratings')).toMatchObject({ data: { dataset: 'gratings' }, net: { channels: 1 } })
  })
})
