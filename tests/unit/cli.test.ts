/** What the terminal makes of its arguments and files before any GPU is asked: settings, near names, step inputs, folders. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { settingsBy } from '../../src/cli/commands/evaluate.ts'
import { CommandError } from '../../src/cli/failure.ts'
import { prepareFile, prepareFolder, readJson, writeTogether } from '../../src/cli/files.ts'
import { samplesPng } from '../../src/lab/samples_png.ts'
import { differences, evaluatedAs, fileConfig, nearTo, parseCount, parseSetting, presetConfig, settingNames, withSettings } from '../../src/cli/settings.ts'
import { batchOf, stepConfig, weightsOf } from '../../src/cli/step_input.ts'
import { fileTileCache } from '../../src/cli/tile_file.ts'
import { parseConfig } from '../../src/config.ts'
import { type NpzTensor, readNpz } from '../../src/lab/npz.ts'
import { positionEmbedding } from '../../src/model/positions.ts'

const folder = mkdtempSync(join(tmpdir(), 'lab-cli-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('settings of diagnostics are checked before a GPU is asked', () => {
  expect(settingsBy(['condition.levels=8', 'condition.pairs=16'])).toEqual({ condition: { levels: 8, pairs: 16 } })
  expect(settingsBy(['probe.t=0.5', 'probe.labels=64'])).toEqual({ probe: { t: '0.5', labels: 64 } }) // one level is a text, as several are
  expect(() => settingsBy(['condition.level=8'])).toThrow('--set condition.level: there is no such setting; near it: levels')
  expect(() => settingsBy(['nothing.levels=8'])).toThrow('there is no diagnostic "nothing"')
  expect(() => settingsBy(['condition.levels=two'])).toThrow(/condition\.levels: /)
  expect(() => settingsBy(['condition'])).toThrow('name.setting=value is expected')
})

describe('--set', () => {
  test('values are JSON, or else text', () => {
    expect(parseSetting('train.batch=32')).toEqual({ key: 'train.batch', value: 32 })
    expect(parseSetting('objective.detach=false').value).toBe(false)
    expect(parseSetting('data.dataset=shapes').value).toBe('shapes')
    expect(parseSetting('replicas=[{"method":"fm"}]').value).toEqual([{ method: 'fm' }])
  })

  test('later ones win, the rest stays, and the input is not touched', () => {
    const input = { train: { batch: 8, seed: 1 } }
    expect(withSettings(input, ['train.batch=2', 'train.batch=4', 'net.width=16'])).toEqual({ train: { batch: 4, seed: 1 }, net: { width: 16 } })
    expect(input).toEqual({ train: { batch: 8, seed: 1 } })
  })

  test('unknown keys come with near ones', () => {
    expect(() => parseSetting('train.batchs=3')).toThrow('--set train.batchs: there is no such setting; near it: train.batch')
    expect(() => parseSetting('train.batchsize=3')).toThrow('near it: train.batch')
    expect(() => parseSetting('batch=3')).toThrow('train.batch')
    expect(() => parseSetting('objective.lamda=3')).toThrow('objective.lambda')
    expect(() => parseSetting('qqqqq.zzzzz=3')).toThrow('the sections are net, data, objective, train, evaluate, and replicas, measures')
    expect(() => parseSetting('train.batch')).toThrow('section.key=value is expected')
    expect(nearTo('__proto__', settingNames)).toEqual([])
  })

  test('a stored run takes those of evaluate, and a correction where ΔFM pushed something away', () => {
    const config = parseConfig({})
    expect(evaluatedAs(config, ['evaluate.solver=sde', 'evaluate.belowTMin=through']).evaluate).toEqual({ ...config.evaluate, solver: 'sde', belowTMin: 'through' })
    expect(() => evaluatedAs(config, ['train.steps=9'])).toThrow('--set train.steps=9: a stored run takes settings of evaluate')
    expect(() => evaluatedAs(config, ['evaluate.correction=true'])).toThrow('no replica of this run was trained by ΔFM')
    expect(evaluatedAs(parseConfig({ replicas: [{ method: 'fm' }, { method: 'contrastive-fm' }] }), ['evaluate.correction=true']).evaluate.correction).toBe(true)
  })

  test('bounds are the schema’s', () => {
    expect(() => parseConfig(withSettings({}, ['train.batch=nine']))).toThrow(/^train\.batch: /)
    expect(() => parseConfig(withSettings({}, ['train=3']))).toThrow(CommandError)
  })
})

test('presets, counts and differences', () => {
  expect(presetConfig('pair')).toEqual({})
  expect(() => presetConfig('grating')).toThrow('there is no preset “grating”; near it: gratings')
  expect(() => parseCount('--steps', '1e3.5')).toThrow('--steps 1e3.5: a whole number from 1 is expected')
  expect(() => parseCount('--steps', '-4')).toThrow(CommandError)
  expect(differences(parseConfig({}), parseConfig({ train: { batch: 3 }, replicas: [{}] }))).toEqual(['train.batch', 'replicas'])
})

describe('files', () => {
  test('a folder is made; what cannot be written is said beforehand', () => {
    const path = join(folder, 'a/b')
    expect(prepareFolder(path)).toBe(path)
    expect(readdirSync(path)).toEqual([])
    writeFileSync(join(folder, 'file'), '')
    expect(() => prepareFolder(join(folder, 'file'))).toThrow(/cannot be written: a file is in its place/)
    expect(() => prepareFolder(join(folder, 'file/below'))).toThrow(/cannot be written: a file is in its place/)
    if (existsSync('/proc/self')) expect(() => prepareFolder('/proc/none')).toThrow(/cannot be written: no folder can be made there/)
    expect(() => prepareFile(folder)).toThrow(/cannot be written: it is a folder/)
  })

  test('files of one result appear together or not at all', () => {
    writeTogether(folder, { 'one.txt': 'one', 'two.txt': 'two' })
    expect(readFileSync(join(folder, 'two.txt'), 'utf8')).toBe('two')
    expect(() => writeTogether(folder, { 'three.txt': 'three', 'no/such/folder.txt': '' })).toThrow(CommandError)
    expect(existsSync(join(folder, 'three.txt'))).toBe(false)
    expect(readdirSync(folder).filter(name => name.endsWith('.part'))).toEqual([])
  })

  test('a config from JSON, or from the record of a run', () => {
    const file = join(folder, 'config.json')
    writeFileSync(file, '{"train":{"batch":8}}')
    expect(fileConfig(file)).toEqual({ train: { batch: 8 } })
    writeFileSync(file, '{"format":"low-noise-lab run","config":{"train":{"batch":9}}}')
    expect(fileConfig(file)).toEqual({ train: { batch: 9 } })
    writeFileSync(file, '[1]')
    expect(() => fileConfig(file)).toThrow(/a config is an object of sections/)
    writeFileSync(file, '{"a":')
    expect(() => readJson(file)).toThrow(/config\.json: this is not JSON/)
    expect(() => readJson(join(folder, 'none.json'))).toThrow(/none\.json cannot be read: there is no such file/)
  })

  test('tiles are cached in a file; a broken file is no cache', async () => {
    const cache = fileTileCache(join(folder, 'cache'))
    const tiles = { forward: [4, 1], input: [4, 2], weight: [1, 1] } as const
    expect(await cache.get('key')).toBeUndefined()
    await cache.set('key', tiles)
    expect(await cache.get('key')).toEqual(tiles)
    expect(await cache.get('constructor')).toBeUndefined()
    writeFileSync(join(folder, 'cache/tiles.json'), '{"key":{"forward":[99,1],"input":[4,2],"weight":[1,1]}}')
    expect(await cache.get('key')).toBeUndefined()
    writeFileSync(join(folder, 'cache/tiles.json'), '{"key"')
    expect(await cache.get('key')).toBeUndefined()
  })
})

test('samples.png: a row of real images, and each replica’s rows below', () => {
  const grid = (count: number) => ({ step: 1, channels: 1, size: 4, images: [new Float32Array(count * 16), new Float32Array(count * 16)], real: new Float32Array(count * 16), count })
  const size = (png: Uint8Array) => [16, 20].map(at => new DataView(png.buffer, png.byteOffset).getUint32(at))
  expect(size(samplesPng(grid(8)))).toEqual([8 * 50 - 2, 3 * 50 - 2])
  expect(size(samplesPng(grid(40)))).toEqual([16 * 50 - 2, 5 * 50 - 2])
})

describe('what `lab step` is given', () => {
  const fixture = (name: string, file: string) => readNpz(readFileSync(new URL(`../fixtures/${name}/${file}.npz`, import.meta.url)))
  const net = { channels: 3, size: 6, patch: 2, width: 24, blocks: 2, heads: 2, classes: 5 }
  const asked = stepConfig({ net, objective: { method: 'fm', layer: 1 } }, 'C')
  const batch = fixture('labelled', 'batch')
  const weights = fixture('labelled', 'weights')
  const put = (tensors: Record<string, NpzTensor>, name: string, at: number, value: number) => {
    const data = Float32Array.from(tensors[name].data as Float32Array)
    data[at] = value
    return { ...tensors, [name]: { ...tensors[name], dtype: 'f4' as const, data } }
  }
  const without = (tensors: Record<string, NpzTensor>, name: string) => Object.fromEntries(Object.entries(tensors).filter(([key]) => key !== name))

  test('Algorithm 1 on pooled features, distances divided by the width, unless the config says otherwise', () => {
    const { objective } = stepConfig({ net, objective: { method: 'lcf' } }, 'C').config
    expect(objective).toMatchObject({ variant: 'algorithm1', feature: 'pooled', normalise: false, distance: 'divided', detach: true, noise: 'same', reduction: 'mean', layer: 2 })
    expect(stepConfig({ net, objective: { method: 'lcf', normalise: true, distance: 'raw' } }, 'C').config.objective).toMatchObject({ normalise: true, distance: 'raw' })
  })

  test.each([
    [[], /^C: an object with net and objective/], [{ net }, /^C: objective is missing/], [{ net, objective: {}, weights: 1 }, /no section “weights”/],
    [{ net: { ...net, widht: 3 }, objective: {} }, /net\.widht is not known; near it: width/], [{ net: { size: 6 }, objective: {} }, /net\.channels is missing/],
    [{ net, objective: { method: 'toString' } }, /objective\.method is "toString"; one of fm/], [{ net, objective: { tMin: 0.1 } }, /objective\.method is missing/],
    [{ net, objective: { method: 'fm', layer: 3 } }, /^C: objective\.layer: layer 3 does not exist/], [{ net: { ...net, width: '24' }, objective: { method: 'fm' } }, /^C: net\.width: /],
    [{ net, objective: { method: 'lcf', tau: 0 } }, /^C: objective\.tau: /],
  ])('config %#', (value, sentence) => {
    expect(() => stepConfig(value, 'C')).toThrow(sentence)
    expect(() => stepConfig(value, 'C')).toThrow(CommandError)
  })

  test('weights: right ones pass, with or without DiT’s position table', () => {
    const T = (net.size / net.patch) ** 2
    const table = { shape: [1, T, net.width], dtype: 'f4' as const, data: Float32Array.from(positionEmbedding(net.size / net.patch, net.width)) }
    expect(Object.keys(weightsOf({ ...weights, pos_embed: table }, asked.net, 'W')).length).toBe(Object.keys(weights).length)
    expect(() => weightsOf(put({ ...weights, pos_embed: table }, 'pos_embed', 3, 9), asked.net, 'W')).toThrow(/pos_embed is not DiT's fixed/)
  })

  const first = 'blocks.0.attn.qkv.weight'
  test.each([
    [without(weights, first), /^W: tensor blocks\.0\.attn\.qkv\.weight is missing; shape \(72, 24\) is expected/],
    [{ ...weights, 'blocks.0.attn.qkv.wieght': weights[first] }, /tensor blocks\.0\.attn\.qkv\.wieght is not known; near it: blocks\.0\.attn\.qkv\.weight/],
    [{ ...weights, [first]: { ...weights[first], shape: [24, 72] } }, /has shape \(24, 72\); \(72, 24\) is expected/],
    [{ ...weights, [first]: { ...weights[first], dtype: 'bool' as const } }, /is of type bool; float32 is expected/],
    [put(weights, first, 7, Number.NaN), /holds NaN at place 7; finite float32 numbers are expected/],
    [put(weights, first, 7, Number.POSITIVE_INFINITY), /holds Infinity at place 7/],
    [{ ...weights, [first]: { ...weights[first], dtype: 'f8' as const, data: new Float64Array(72 * 24).fill(1e300) } }, /holds 1e\+300 at place 0/],
  ])('weights %#', (tensors, sentence) => {
    expect(() => weightsOf(tensors, asked.net, 'W')).toThrow(sentence)
  })

  test.each([
    [without(batch, 'x0'), /^B: tensor x0 is missing/], [without(batch, 'y'), /tensor y is missing; shape \(4\) is expected/], [without(batch, 't'), /tensor t is missing/],
    [{ ...batch, z: batch.t }, /tensor z is not known/], [{ ...batch, eps: { ...batch.eps, shape: [4, 3, 36] } }, /eps has shape \(4, 3, 36\); \(4, 3, 6, 6\) is expected/],
    [{ ...batch, x0: { ...batch.x0, shape: [] } }, /x0 has shape \(\)/], [{ ...batch, x0: { ...batch.x0, shape: [0, 3, 6, 6], data: new Float32Array() } }, /at least one image/],
    [put(batch, 't', 2, 1.5), /tensor t holds 1\.5 at place 2; noise levels from 0 to 1/], [put(batch, 't', 0, -0.1), /tensor t holds -0\.1/], [put(batch, 't', 1, Number.NaN), /tensor t holds NaN/],
    [put(batch, 'x0', 5, Number.NaN), /tensor x0 holds NaN at place 5/], [put(batch, 'y', 0, 2), /tensor y is of type f4; whole numbers/],
    [{ ...batch, y: { ...batch.y, data: Int32Array.of(0, 1, 5, 2) } }, /tensor y holds 5 at place 2; classes from 0 to 4/], [{ ...batch, y: { ...batch.y, data: Int32Array.of(0, -1, 5, 2) } }, /tensor y holds -1 at place 1/],
  ])('batch %#', (tensors, sentence) => {
    expect(() => batchOf(tensors, asked, 'B')).toThrow(sentence)
    expect(() => batchOf(tensors, asked, 'B')).toThrow(CommandError)
  })

  test('batch: labels in int64, images in float64, and a net without classes that is given labels', () => {
    const wide = { ...batch, y: { ...batch.y, dtype: 'i8' as const, data: BigInt64Array.from(batch.y.data as Int32Array, BigInt) }, x0: { ...batch.x0, dtype: 'f8' as const, data: Float64Array.from(batch.x0.data as Float32Array) } }
    const { given, config } = batchOf(wide, asked, 'B')
    expect(Array.from(given.y!)).toEqual(Array.from(batch.y.data as Int32Array))
    expect(given.x0).toEqual(batch.x0.data)
    expect(config.train.batch).toBe(4)
    const plain = stepConfig({ net: { ...net, classes: 0 }, objective: { method: 'fm' } }, 'C')
    expect(() => batchOf(batch, plain, 'B')).toThrow(/tensor y is there, and the net has no classes/)
  })

  test('fresh anchor noise: of every sample, or of those below T_min', () => {
    const asked = stepConfig({ net: { channels: 1, size: 8, patch: 2, width: 32, blocks: 3, heads: 4 }, objective: { method: 'lcf', tMin: 0.1, noise: 'fresh', layer: 2 } }, 'C')
    const lcf = fixture('lcf', 'batch')
    const { given } = batchOf(lcf, asked, 'B')
    const low = [...(lcf.t.data as Float32Array)].findIndex(t => t < 0.1)
    expect(given.anchorEps!.subarray(low * 64, (low + 1) * 64)).toEqual((lcf.anchor_eps.data as Float32Array).subarray(0, 64))
    expect(() => batchOf(without(lcf, 'anchor_eps'), asked, 'B')).toThrow(/tensor anchor_eps is missing; shape \(3, 1, 8, 8\)/)
  })

  test('one image: equation 14 has nothing to compare it with', () => {
    const one = Object.fromEntries(['x0', 'eps', 't', 'y'].map(name => [name, { ...batch[name], shape: [1, ...batch[name].shape.slice(1)], data: batch[name].data.slice(0, batch[name].data.length / 4) }])) as typeof batch
    expect(batchOf(one, stepConfig({ net, objective: { method: 'lcf' } }, 'C'), 'B').config.train.batch).toBe(1)
    expect(() => batchOf(one, stepConfig({ net, objective: { method: 'lcf', variant: 'equation14' } }, 'C'), 'B')).toThrow(/needs at least 2/)
  })
})
