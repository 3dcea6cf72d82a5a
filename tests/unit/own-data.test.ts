/** Images from files: every format by what comes out of it, hostile files by the sentence. */
import { encode as encodePng } from 'fast-png'
import { encode as encodeJpeg } from 'jpeg-js'
import { describe, expect, test } from 'vitest'
import { decodePicture } from '../../src/cli/decode_picture.ts'
import { ConfigError, parseConfig } from '../../src/config.ts'
import { fittedTo } from '../../src/datasets/fitting.ts'
import { datasets, forgetDataset, registerDataset } from '../../src/datasets/index.ts'
import { ownDataset, previewDataset } from '../../src/datasets/own.ts'
import { resamplePlane, tapsFor } from '../../src/datasets/resample.ts'
import { checkConfig, generateData } from '../../src/lab/data.ts'
import { type Writable, writeNpz } from '../../src/lab/npz.ts'
import { gunzip } from '../../src/lab/own/archives.ts'
import { convert, suggested } from '../../src/lab/own/convert.ts'
import { readSource } from '../../src/lab/own/read.ts'
import type { Picture } from '../../src/lab/own/source.ts'
import type { OwnAsked } from '../../src/file_protocol.ts'
import { cifar, given, gzip, idx, pictures, pixel, tar, zip } from '../support/own_files.ts'

const open = (files: Record<string, Uint8Array>) => readSource(Object.entries(files).map(([path, bytes]) => given(path, bytes)), decodePicture)
const keep = async (files: Record<string, Uint8Array>, asked: Partial<OwnAsked> = {}) => {
  const opened = await open(files)
  return convert(opened.source, { ...suggested(opened), ...asked })
}
const refused = async (files: Record<string, Uint8Array>, sentence: RegExp) => {
  const error: unknown = await keep(files).catch((caught: unknown) => caught)
  expect(error).toBeInstanceOf(ConfigError)
  expect((error as Error).message).toMatch(sentence)
  expect((error as Error).message).not.toMatch(/\n/)
}
const array = (shape: number[], value: (i: number) => number, Type: { from(values: number[]): Writable['data'] } = Uint8Array): Writable =>
  ({ shape, data: Type.from(Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => value(i))) })

describe('formats', () => {
  test('CIFAR-10: planes as they lie there, test_batch held out', async () => {
    const { set, pool } = await keep({ 'cifar-10-binary.tar.gz': gzip(tar({ 'cifar-10-batches-bin/data_batch_1.bin': cifar(30), 'cifar-10-batches-bin/test_batch.bin': cifar(20, 30), 'cifar-10-batches-bin/batches.meta.txt': new Uint8Array([65, 10]) })) })
    expect(set).toMatchObject({ kind: 'CIFAR-10 binary', channels: 3, size: 32, train: 30, test: 20, split: 'given', label: 'cifar-10-binary' })
    expect(set.classes[3]).toBe('cat')
    expect(pool.labels[7]).toBe(7)
    expect(pool.pixels[(33 * 3 + 2) * 1024 + 17]).toBe(pixel(33, 2, 17))
  })

  test('one batch is split by a seeded draw, the same every time', async () => {
    const [one, two] = [await keep({ 'data_batch_1.bin': cifar(60) }), await keep({ 'data_batch_1.bin': cifar(60) })]
    expect(one.set).toMatchObject({ train: 44, test: 16, split: 'seeded' })
    expect(two.set.id).toBe(one.set.id)
    expect(two.pool).toEqual(one.pool)
    expect([...one.pool.pixels.filter((_, i) => i % 3072 === 0)].sort()).toEqual(Array.from({ length: 60 }, (_, i) => pixel(i, 0, 0)).sort())
  })

  test('IDX: labels find their images, t10k is held out, .gz or plain', async () => {
    const { set, pool } = await keep({
      'train-labels-idx1-ubyte.gz': gzip(idx([40], i => i % 7)), 'train-images-idx3-ubyte.gz': gzip(idx([40, 6, 5], i => i % 251)),
      't10k-images-idx3-ubyte': idx([16, 6, 5], () => 9), 't10k-labels-idx1-ubyte': idx([16], () => 6),
    }, { fit: 'crop' })
    expect(set).toMatchObject({ kind: 'IDX', channels: 1, size: 5, train: 40, test: 16, split: 'given' })
    expect(set.classes).toEqual(['0', '1', '2', '3', '4', '5', '6'])
    expect([...pool.labels.subarray(38, 42)]).toEqual([38 % 7, 39 % 7, 6, 6])
    expect(pool.pixels[25]).toBe(30) // the second image begins after 6·5 pixels, none of which is cut off above
    expect(pool.pixels[40 * 25]).toBe(9)
  })

  test.each([
    ['bytes (N,h,w)', array([40, 4, 4], i => i % 256), 1, (i: number) => i % 256],
    ['bytes (N,ch,h,w)', array([40, 3, 4, 4], i => i % 256), 3, (i: number) => i % 256],
    ['bytes (N,h,w,ch)', array([40, 4, 4, 3], i => i % 256), 3, (i: number) => (48 * Math.floor(i / 48) + 3 * (i % 16) + Math.floor((i % 48) / 16)) % 256],
    ['fractions of 0…1', array([40, 4, 4], i => (i % 6) / 5, Float32Array), 1, (i: number) => 51 * (i % 6)],
    ['fractions of −1…1', array([40, 4, 4], i => (i % 3) - 1, Float32Array), 1, (i: number) => [0, 128, 255][i % 3]],
    ['whole numbers', array([40, 4, 4], i => i % 200, Int32Array), 1, (i: number) => i % 200],
  ] as const)('.npz of %s', async (_, images, channels, expected) => {
    const { source } = await open({ 'mine.npz': writeNpz({ x: images, y: array([40], i => i % 4, Int32Array) }) })
    expect(source).toMatchObject({ channels, width: 4, height: 4, classes: ['0', '1', '2', '3'] })
    expect([...source.labels.subarray(0, 6)]).toEqual([0, 1, 2, 3, 0, 1])
    const each = channels * 16
    const { planes } = source.picture(3) as Picture
    expect([...planes]).toEqual(Array.from({ length: each }, (__, i) => expected(3 * each + i)))
  })

  test('.npz with x_train and x_test, and .npy beside its labels', async () => {
    const { set } = await keep({ 'mnist.npz': writeNpz({ x_train: array([40, 8, 8], i => i % 99), y_train: array([40], i => i % 2), x_test: array([20, 8, 8], () => 1), y_test: array([20], () => 1) }) })
    expect(set).toMatchObject({ train: 40, test: 20, split: 'given', classes: ['0', '1'] })
    const npy = (writable: Writable) => writeNpz({ a: writable }).slice() // a whole archive: its one entry stands in it unpacked
    const entry = (writable: Writable) => {
      const bytes = npy(writable)
      const start = bytes.findIndex((__, i) => bytes[i] === 0x93 && bytes[i + 1] === 0x4e)
      const header = new DataView(bytes.buffer).getUint16(start + 8, true)
      return bytes.slice(start, start + 10 + header + writable.data.byteLength)
    }
    const pair = await open({ 'images.npy': entry(array([40, 8, 8], i => i % 99)), 'labels.npy': entry(array([40], i => i % 5)) })
    expect(pair.source.classes).toHaveLength(5)
    const alone = await open({ 'images.npy': entry(array([40, 8, 8], i => i % 99)) })
    expect(alone.source).toMatchObject({ classes: ['unlabelled'], notes: [expect.stringMatching(/No labels/)] })
  })

  test.each([1, 3] as const)('a .zip of pictures with %i channel(s), by folder', async channels => {
    const { set, pool } = await keep({ 'pets.zip': zip({ ...pictures(40, channels), 'set/.DS_Store': new Uint8Array(4), '__MACOSX/set/first/._0.png': new Uint8Array(9) }) }, { size: 8, fit: 'crop' })
    expect(set).toMatchObject({ label: 'pets', channels, classes: ['first', 'second'], train: 24, test: 16, kind: 'pictures in folders' })
    const firsts = new Set(Array.from({ length: 20 }, (_, k) => pixel(2 * k, 0, 1))) // 8 of 10 columns, from the second on
    for (let i = 0; i < 40; i++) if (pool.labels[i] === 0) expect(firsts).toContain(pool.pixels[i * channels * 64])
  })

  test('a folder with train and test inside; JPEG; the class is the folder next to the picture', async () => {
    const jpeg = new Uint8Array(encodeJpeg({ width: 16, height: 12, data: new Uint8Array(16 * 12 * 4).fill(200) }, 95).data)
    const files = Object.fromEntries(Array.from({ length: 36 }, (_, i) => [`dogs/${i < 18 ? 'train' : 'test'}/${'abc'[i % 3]}/${i}.jpg`, jpeg]))
    const { set, pool } = await keep(files, { channels: 'grey' })
    expect(set).toMatchObject({ label: 'dogs', classes: ['a', 'b', 'c'], train: 18, test: 18, split: 'given', channels: 1, size: 12 })
    for (const value of pool.pixels.subarray(0, 144)) expect(Math.abs(value - 200)).toBeLessThanOrEqual(2)
  })

  test.each([
    ['1-bit grey', () => encodePng({ width: 9, height: 8, channels: 1, depth: 1, data: Uint8Array.from({ length: 16 }, (_, i) => (i % 2 === 0 ? 0b10110011 : 0b10000000)) }), [255, 0, 255, 255, 0, 0, 255, 255]],
    ['16-bit grey', () => encodePng({ width: 8, height: 8, channels: 1, depth: 16, data: Uint16Array.from({ length: 64 }, (_, i) => 257 * (i % 8)) }), [0, 1, 2, 3, 4, 5, 6, 7]],
    ['grey with alpha, on white', () => encodePng({ width: 8, height: 8, channels: 2, depth: 8, data: Uint8Array.from({ length: 128 }, (_, i) => (i % 2 === 0 ? 100 : i % 16 === 1 ? 0 : 255)) }), [255, 100, 100, 100, 100, 100, 100, 100]],
    ['a palette', () => encodePng({ width: 8, height: 8, channels: 1, depth: 8, data: Uint8Array.from({ length: 64 }, (_, i) => i % 2), palette: [[10, 20, 30], [40, 50, 60]] }), [10, 40, 10, 40, 10, 40, 10, 40]],
  ])('PNG: %s', async (_, make, first) => {
    const file = make()
    const { source } = await open(Object.fromEntries(Array.from({ length: 32 }, (__, i) => [`a/${i}.png`, file])))
    const { planes } = await source.picture(0)
    expect([...planes.subarray(0, 8)]).toEqual(first)
  })
})

describe('resampling', () => {
  test('a shrunk plane keeps its mean, a constant stays one, and a whole number of pixels is averaged', () => {
    const plane = Float32Array.from({ length: 24 * 24 }, (_, i) => Math.sin(i) + (i % 24))
    const out = new Float32Array(64)
    const taps = tapsFor(24, 0, 24, 8)
    resamplePlane(plane, 24, taps, taps, out)
    const mean = (values: Float32Array) => values.reduce((a, b) => a + b, 0) / values.length
    expect(Math.abs(mean(out) - mean(plane))).toBeLessThan(0.02 * mean(plane))
    resamplePlane(new Float32Array(24 * 24).fill(7), 24, taps, taps, out)
    for (const value of out) expect(value).toBeCloseTo(7, 4)
  })

  test('a ramp stays a ramp when it grows, and a middle is cut where it lies', () => {
    const x = tapsFor(4, 0, 4, 8)
    const out = new Float32Array(8)
    resamplePlane([0, 1, 2, 3], 4, x, tapsFor(1, 0, 1, 1), out)
    expect([...out]).toEqual([0, 0.25, 0.75, 1.25, 1.75, 2.25, 2.75, 3])
    resamplePlane([0, 1, 2, 3, 4, 5], 6, tapsFor(6, 1, 4, 4), tapsFor(1, 0, 1, 1), out)
    expect([...out.subarray(0, 4)]).toEqual([1, 2, 3, 4])
  })

  test('larger pictures come to the side asked for; crop keeps their own pixels and resize all of the square', async () => {
    const half = Object.fromEntries(Array.from({ length: 32 }, (_, i) => [`a/${i}.png`, encodePng({ width: 16, height: 16, channels: 1, depth: 8, data: Uint8Array.from({ length: 256 }, (__, p) => (p % 16 < 4 ? 255 : 0)) })]))
    const resized = await keep(half, { size: 8, fit: 'resize' })
    expect([...resized.pool.pixels.subarray(0, 3)].map(value => value > 128)).toEqual([true, true, false])
    const cropped = await keep(half, { size: 8, fit: 'crop' })
    expect([...cropped.pool.pixels]).toEqual(new Array(32 * 64).fill(0))
  })
})

describe('as a data set', () => {
  const own = async (count = 80) => {
    const { set, pool } = await keep({ 'data_batch_1.bin': cifar(count) })
    const dataset = ownDataset(set, async () => pool)
    await dataset.load!()
    return { set, pool, dataset }
  }

  test('gives its images in [−1,1], each once, in an order of the seed, train and test apart', async () => {
    const { pool, dataset, set } = await own()
    const { images, labels, latents } = dataset.generate(set.train, { seed: 5, split: 'train' })
    expect(images.reduce((least, value) => Math.min(least, value))).toBe(-1)
    expect(images.reduce((most, value) => Math.max(most, value))).toBe(1)
    expect([...latents]).toEqual([...labels])
    const firsts = (values: ArrayLike<number>) => Array.from({ length: values.length / 3072 }, (_, i) => values[i * 3072]).sort((a, b) => a - b)
    expect(firsts(images.map(value => Math.round((value + 1) * 127.5)))).toEqual(firsts(pool.pixels.subarray(0, set.train * 3072)))
    expect(dataset.generate(set.train, { seed: 6, split: 'train' }).labels).not.toEqual(labels)
    const piece = dataset.generate(5, { seed: 5, split: 'train', start: 10 })
    expect(piece.images).toEqual(images.slice(10 * 3072, 15 * 3072))
  })

  test('can be had smaller, and says when more is asked for than there is', async () => {
    const { dataset } = await own()
    expect(dataset.sizes).toContain(12)
    expect(dataset.generate(2, { seed: 0, split: 'test', size: 12 }).images).toHaveLength(2 * 3 * 144)
    expect(() => dataset.generate(17, { seed: 0, split: 'test' })).toThrow(/16 held-out images, and 17 are asked for/)
    expect(() => dataset.generate(2, { seed: 0, split: 'test', size: 31 })).toThrow(/no size 31/)
  })

  test('the page’s preview is what a run of seed 0 shows as real images', async () => {
    const { set, dataset } = await own()
    const few = previewDataset(set).generate(5, { seed: 0, split: 'test', size: 12 })
    expect(few).toEqual(dataset.generate(5, { seed: 0, split: 'test', size: 12 }))
  })

  test('a run is fitted to it, checked against it and given its images', async () => {
    const { set, dataset } = await own()
    registerDataset(dataset)
    const before = parseConfig({ net: { classes: 10 }, train: { batch: 256, microBatches: 4 }, replicas: [{}, { batch: 128 }, { batch: 32 }] })
    expect(() => checkConfig({ ...before, data: { ...before.data, dataset: set.id } })).toThrow(/net.channels/)
    const config = fittedTo(before, dataset)
    checkConfig(parseConfig(config))
    expect(config.data).toMatchObject({ count: 64, heldOut: 16 })
    expect([config.train.batch, config.train.microBatches, ...config.replicas.map(({ batch }) => batch)]).toEqual([64, 4, undefined, 64, 32])
    expect(() => checkConfig({ ...config, data: { ...config.data, count: 65 } })).toThrow('data.count: data_batch_1 has 64 training images, not 65')
    const data = await generateData(config)
    expect(data.train).toHaveLength(64 * 3 * 144)
    expect(new Set(data.trainLabels).size).toBe(10)
    forgetDataset(set.id)
    expect(datasets[set.id]).toBeUndefined()
    expect(() => checkConfig(config)).toThrow(/not here; bring its file in again/)
    expect(fittedTo(config, datasets.gratings).net.channels).toBe(1)
  })
})

describe('hostile files', () => {
  const good = { x: array([40, 4, 4], i => i % 256), y: array([40], i => i % 4, Int32Array) }

  test.each([
    ['cut short', { 'a.bin': cifar(40).subarray(0, 1000) }, /1,000 bytes, which is no whole number of CIFAR-10 records/],
    ['CIFAR-100', { 'a.bin': new Uint8Array(3074 * 40) }, /CIFAR-100/],
    ['a label of 10', { 'a.bin': cifar(40).map((byte, i) => (i === 3073 * 4 ? 10 : byte)) }, /record 5 has the label 10/],
    ['empty', { 'a.bin': new Uint8Array(0) }, /empty/],
    ['too few', { 'a.bin': cifar(31) }, /31 images; at least 32/],
    ['Python', { 'a.tar': tar({ 'cifar/data_batch_1': new Uint8Array(9) }) }, /Python version/],
    ['no gzip', { 'a.tar.gz': new Uint8Array(99) }, /not a gzip file/],
    ['half a gzip', { 'a.bin.gz': gzip(cifar(40)).slice(0, -40) }, /cut short/],
    ['a tar that claims more', { 'a.tar': (() => { const bytes = tar({ 'a.bin': cifar(40) }); bytes.set(new TextEncoder().encode('77777777777'), 124); return bytes })() }, /checksum/],
    ['a tar cut short', { 'a.tar': tar({ 'a.bin': cifar(40) }).slice(0, 5000) }, /cut short/],
    ['no tar', { 'a.tar': new Uint8Array(2000).fill(65) }, /not a tar archive/],
    ['IDX cut short', { 'a-idx3-ubyte': idx([40, 6, 6], () => 0).subarray(0, 500) }, /promises 1,440/],
    ['IDX of 2³² images', { 'a-idx3-ubyte': new Uint8Array([0, 0, 8, 3, 255, 255, 255, 255, 0, 0, 0, 0, 0, 0, 0, 0]) }, /4,294,967,295 images/],
    ['IDX of floats', { 'a-idx3-ubyte': new Uint8Array([0, 0, 13, 3, 0, 0, 0, 1]) }, /0x0d/],
    ['IDX labels alone', { 'a-labels-idx1-ubyte': idx([40], () => 0) }, /labels and no images/],
    ['labels that are too many', { 'a-images-idx3-ubyte': idx([40, 4, 4], () => 0), 'a-labels-idx1-ubyte': idx([41], () => 0) }, /41 labels.*40 images/],
    ['NaN', { 'a.npz': writeNpz({ ...good, x: array([40, 4, 4], i => (i === 77 ? Number.NaN : 0.5), Float32Array) }) }, /holds NaN at place 77/],
    ['values of no known range', { 'a.npz': writeNpz({ ...good, x: array([40, 4, 4], i => i - 300, Float32Array) }) }, /values from -300 to 339/],
    ['a label below 0', { 'a.npz': writeNpz({ ...good, y: array([40], () => -1, Int32Array) }) }, /label -1 at place 0/],
    ['a label beyond a byte', { 'a.npz': writeNpz({ ...good, y: array([40], () => 256, Int32Array) }) }, /label 256/],
    ['no images', { 'a.npz': writeNpz({ y: good.y }) }, /y is \(40\)/],
    ['five channels', { 'a.npz': writeNpz({ ...good, x: array([40, 5, 4, 4], () => 0) }) }, /\(40, 5, 4, 4\)/],
    ['two arrays of images', { 'a.npz': writeNpz({ ...good, z: good.x }) }, /both hold images/],
    ['a side of 1', { 'a.npz': writeNpz({ ...good, x: array([40, 1, 40], () => 0) }) }, /40×1 pixels/],
    ['no zip', { 'a.zip': new Uint8Array(99) }, /not a zip archive/],
    ['half a zip', { 'a.zip': zip(pictures(40, 1)).subarray(0, 900) }, /cut short/],
    ['several formats', { 'a.zip': zip({ ...pictures(40, 1), 'x.bin': cifar(1) }) }, /several formats/],
    ['nothing known', { 'notes.txt': new Uint8Array(9) }, /of no format that is known/],
    ['an empty zip', { 'a.zip': zip({}) }, /holds no files/],
    ['no picture', { 'a.zip': zip({ 'a/0.png': new Uint8Array(90) }) }, /neither a PNG nor a JPEG/],
  ])('%s', (_, files, sentence) => refused(files, sentence))

  test('bombs: gzip, gzip in gzip, a zip that lies, a picture of a million sides', async () => {
    await refused({ 'a.bin.gz': gzip(new Uint8Array(1)).map((byte, i, { length }) => (i >= length - 4 ? 0xff : byte)) }, /cut short/)
    expect(() => gunzip(gzip(new Uint8Array(2 ** 22)), 2 ** 20)).toThrow(/more than 1,048,576 bytes/)
    await refused({ 'a.gz.gz.gz.gz': gzip(gzip(gzip(gzip(new Uint8Array(9))))) }, /archive in an archive/)
    const lying = zip({ 'a/0.png': new Uint8Array(100) })
    const directory = new DataView(lying.buffer)
    for (let at = 0; at < lying.length - 4; at++) if (directory.getUint32(at, true) === 0x02014b50) directory.setUint32(at + 24, 2 ** 31, true)
    await refused({ 'a.zip': lying }, /unpacks to 2,147,483,648 bytes/)
    const large = pictures(1, 1)['set/first/0.png'].slice()
    new DataView(large.buffer).setUint32(16, 1_000_000)
    await refused({ 'a/0.png': large }, /1,000,000×8 pixels/)
  })

  test('a PNG whose pixels unpack to far more than its header says', () => {
    const wide = encodePng({ width: 2500, height: 2500, channels: 4, depth: 8, data: new Uint8Array(2500 * 2500 * 4) })
    new DataView(wide.buffer, wide.byteOffset).setUint32(16, 8)
    new DataView(wide.buffer, wide.byteOffset).setUint32(20, 8)
    expect(() => decodePicture(wide, 'png')).toThrow(/more pixels than its header/)
  }, 30_000)

  test('names that climb or repeat', async () => {
    const { set } = await keep({ 'a.zip': zip(Object.fromEntries(Object.entries(pictures(40, 1)).map(([path, bytes]) => [`../../../${path.replace('first', '__proto__').replace('second', 'constructor')}`, bytes]))) })
    expect(set.classes).toEqual(['__proto__', 'constructor'])
    const twice = zip({ 'a/aaaa.png': new Uint8Array(50), 'a/bbbb.png': new Uint8Array(50) })
    for (let at = 0; at < twice.length - 4; at++) if (String.fromCharCode(...twice.subarray(at, at + 4)) === 'bbbb') twice.set(new TextEncoder().encode('aaaa'), at)
    await refused({ 'a.zip': twice }, /two entries of the name a\/aaaa.png/)
  })
})
