/** Every format that comes in from outside, small and whole, and what must hold of whatever is read from a damaged one. */
import { readFileSync } from 'node:fs'
import { expect } from 'vitest'
import { unzipSync, zipSync } from 'fflate'
import { decodePicture } from '../../src/cli/decode_picture.ts'
import { parseConfig } from '../../src/config.ts'
import { encodeCheckpoint } from '../../src/lab/checkpoint.ts'
import { type Writable, writeNpz } from '../../src/lab/npz.ts'
import { readModel } from '../../src/lab/open_file.ts'
import { convert, suggested } from '../../src/lab/own/convert.ts'
import { readSource } from '../../src/lab/own/read.ts'
import { encodeRunFile } from '../../src/lab/run_file.ts'
import { readSafetensors } from '../../src/lab/safetensors.ts'
import { exportWeights } from '../../src/lab/weights_file.ts'
import { packState } from '../../src/model/knobs.ts'
import { describeOnnx } from '../../src/onnx/describe.ts'
import { importOnnx } from '../../src/onnx/import.ts'
import { importNamed } from '../../src/onnx/named.ts'
import type { Imported } from '../../src/onnx/report.ts'
import { mutation } from './mutate.ts'
import { cifar, given, gzip, idx, pictures, tar, zip } from './own_files.ts'
import { flat, randomParameters } from './random_net.ts'

export interface Format {
  name: string
  whole: Uint8Array
  /** Damaged file `i` of a seed. */
  damaged(seed: number, i: number): Uint8Array
  /** @throws ConfigError */
  read(bytes: Uint8Array): unknown
}

const fixture = (name: string) => new Uint8Array(readFileSync(new URL(`../fixtures/onnx/${name}`, import.meta.url)))

/** Damage to the bytes themselves. */
const plain = (whole: Uint8Array) => ({ whole, damaged: (seed: number, i: number) => mutation(whole, seed, i) })

/** Damage to an entry, packed anew with a checksum that fits, so that it reaches what reads the entry. */
function inside(entries: Record<string, Uint8Array>) {
  const names = Object.keys(entries)
  return { whole: zipSync(entries, { level: 0 }), damaged: (seed: number, i: number) => zipSync({ ...entries, [names[i % names.length]]: mutation(entries[names[i % names.length]], seed, i) }, { level: 0 }) }
}

/** The least net there is, since every one of its files is read thousands of times. */
const config = parseConfig({ net: { size: 8, patch: 4, width: 8, blocks: 1, heads: 2 }, objective: { layer: 1 }, data: { count: 64, heldOut: 32 }, evaluate: { perLevel: 8, samples: 2 }, replicas: [{ method: 'lcf' }] })
const weights = flat(config.net, randomParameters(config.net, 1))
const run = { config, step: 7, replicas: config.replicas.map(() => ({ parameters: weights, ema: weights, first: weights, second: weights, state: packState({ step: 7 }) })) }
const checkpoint = new Uint8Array(encodeCheckpoint(run))

/** An array by itself, as it stands in an archive that packs nothing. */
function npyOf(tensor: Writable): Uint8Array {
  const bytes = writeNpz({ a: tensor })
  const start = bytes.findIndex((_, i) => bytes[i] === 0x93 && bytes[i + 1] === 0x4e)
  const header = new DataView(bytes.buffer).getUint16(start + 8, true)
  return bytes.slice(start, start + 10 + header + tensor.data.byteLength)
}

const finite = ({ parameters }: Imported) => {
  if (parameters) for (const { data } of Object.values(parameters)) expect(data.every(Number.isFinite)).toBe(true)
}

function model(name: string) {
  return (bytes: Uint8Array) => {
    const { checkpoint: begin, opened } = readModel([{ name, bytes }])
    if (opened.weights && !opened.weights.whole) return
    for (const { parameters } of begin('gratings').replicas) expect(parameters.every(Number.isFinite)).toBe(true)
  }
}

const images = (path: string) => async (bytes: Uint8Array) => {
  const opened = await readSource([given(path, bytes)], decodePicture)
  const { pool, set } = await convert(opened.source, suggested(opened))
  expect(pool.pixels).toHaveLength((set.train + set.test) * set.channels * set.size ** 2)
  for (const label of pool.labels) expect(label).toBeLessThan(set.classes.length)
}

const array = (shape: number[], value: (i: number) => number): Writable => ({ shape, data: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => value(i)) })
const arrays = { x: array([40, 1, 6, 6], i => i / 1440), labels: { shape: [40], data: Int32Array.from({ length: 40 }, (_, i) => i % 3) } }

export const FORMATS: Format[] = [
  { name: 'ONNX', ...plain(fixture('opset13_nameless.onnx')), read(bytes) { describeOnnx(bytes); finite(importOnnx(bytes)) } },
  { name: 'ONNX of ours', ...plain(exportWeights(run, { replica: 0, weights: 'raw', format: 'onnx', version: '1' })), read: model('a.onnx') },
  { name: 'safetensors', ...plain(fixture('plain.safetensors')), read(bytes) { finite(importNamed(readSafetensors(bytes))) } },
  { name: 'run .zip', ...plain(encodeRunFile(run, ['LCF'], '1')), read: model('a.run.zip') },
  { name: 'run .zip, inside', ...inside({ 'checkpoint.npz': checkpoint, 'config.json': new TextEncoder().encode('{}') }), read: model('a.run.zip') },
  { name: 'checkpoint.npz, inside', ...inside(unzipSync(checkpoint)), read: model('checkpoint.npz') },
  { name: 'npz', ...plain(writeNpz(arrays)), read: images('a.npz') },
  { name: 'npz, inside', ...inside({ 'x.npy': npyOf(arrays.x), 'labels.npy': npyOf(arrays.labels) }), read: images('a.npz') },
  { name: 'IDX', ...plain(idx([40, 6, 6], i => i % 256)), read: images('x-images-idx3-ubyte') },
  { name: 'IDX .gz', ...plain(gzip(idx([40, 6, 6], i => i % 256))), read: images('x-images-idx3-ubyte.gz') },
  { name: 'CIFAR-10 .bin', ...plain(cifar(33)), read: images('data_batch_1.bin') },
  { name: 'CIFAR-10 .tar', ...plain(tar({ 'x/data_batch_1.bin': cifar(33) })), read: images('data.tar') },
  { name: 'CIFAR-10 .tar.gz', ...plain(gzip(tar({ 'x/data_batch_1.bin': cifar(33) }))), read: images('data.tar.gz') },
  { name: 'pictures .zip', ...plain(zip(pictures(34, 3))), read: images('a.zip') },
  { name: 'pictures .zip, inside', ...inside(pictures(34, 3)), read: images('a.zip') },
]
