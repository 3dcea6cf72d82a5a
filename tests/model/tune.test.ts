/** The race among register tiles: it ends in time, is cached, survives a broken cache, and leaves the numbers alone. */
import { expect, test } from 'vitest'
import { parseConfig } from '../../src/config.ts'
import { isSoftware, lanesOf } from '../../src/engine/device.ts'
import { KernelLibrary } from '../../src/engine/kernel.ts'
import { align, DEFAULT_TILES, Recorder, type Tiles } from '../../src/engine/recorder.ts'
import { generateData } from '../../src/lab/data.ts'
import { recordRun } from '../../src/lab/plan.ts'
import { Trainer } from '../../src/lab/trainer.ts'
import { CANDIDATES, chooseTiles, presetTiles, tileKey, tilesSchema } from '../../src/lab/tune.ts'
import { linear, linearBackward } from '../../src/ops/linear.ts'
import type { Capabilities } from '../../src/protocol.ts'
import { Random } from '../../src/reference/random.ts'
import { execute } from '../../src/selftest/execute.ts'
import { requestTestDevice } from '../support/gpu.ts'

const config = parseConfig({ net: { width: 16, blocks: 2, heads: 2, size: 8 }, objective: { layer: 1 }, train: { batch: 9 } })

const capabilities: Capabilities = {
  adapter: 'test', software: false, features: [],
  limits: { maxBufferSize: 2 ** 28, maxStorageBufferBindingSize: 2 ** 27, maxComputeWorkgroupStorageSize: 16384, maxComputeInvocationsPerWorkgroup: 256 },
}

/** Y, dX and dW of one layer on random numbers, at a shape that no tile divides. */
function recordLayer(tiles: Tiles, kind: 'forward' | 'backward') {
  const recorder = new Recorder(new Set(), tiles)
  const [R, samples, T, inputs, outputs, slices] = [2, 5, 7, 20, 28, 2]
  const random = new Random(5)
  const numbers = (count: number) => Float32Array.from(random.normals(count))
  const layer = { offset: 0, inputs, outputs }
  const length = align((inputs + 1) * outputs)
  const weights = { tensor: recorder.constant('weights', numbers(R * length)), replicas: R, length }
  const activation = (name: string, width: number, values?: Float32Array) =>
    ({ tensor: values ? recorder.constant(name, values) : recorder.tensor(name, R * samples * T * width), capacity: samples, rows: T, width })
  const x = activation('x', inputs, numbers(R * samples * T * inputs))
  const extent = { replicas: R, samples }
  if (kind === 'forward') {
    const y = activation('y', outputs)
    linear(recorder, extent, weights, layer, x, y)
    return { recorder, outputs: [y.tensor] }
  }
  const dx = activation('dx', inputs)
  const planes = recorder.tensor('planes', slices * R * length)
  linearBackward(recorder, extent, weights, layer, { planes, slices }, x, activation('dy', outputs, numbers(R * samples * T * outputs)), dx)
  return { recorder, outputs: [dx.tensor, planes] }
}

/** Tiles whose subgroups share loads, as wide as this adapter has them. */
const shared = (device: GPUDevice): Tiles[] => [4, 8].filter(lanes => lanes <= lanesOf(device)).map(lanes => ({ forward: [2 * lanes, 2], input: [lanes, 2], weight: [lanes, 2], lanes }))

test.each(['forward', 'backward'] as const)('every tile gives the same bits: %s', async kind => {
  const device = await requestTestDevice()
  const library = new KernelLibrary(device)
  const run = async (tiles: Tiles) => {
    const { recorder, outputs } = recordLayer(tiles, kind)
    return (await execute(device, library, recorder, outputs))[0]
  }
  const expected = await run(DEFAULT_TILES)
  expect(expected.every(words => words.some(word => word !== 0))).toBe(true)
  // Input and weight tiles share a kernel: each candidate once, two at a time, for compiling takes the time here.
  const { forward, input, weight } = CANDIDATES
  const count = kind === 'forward' ? forward.length : Math.max(input.length, weight.length)
  for (let i = 1; i < count; i++) {
    const tiles: Tiles = { forward: forward[i % forward.length], input: input[i % input.length], weight: weight[i % weight.length] }
    expect(await run(tiles), JSON.stringify(tiles)).toEqual(expected)
  }
  for (const tiles of shared(device)) expect(await run(tiles), JSON.stringify(tiles)).toEqual(expected)
})

test.each([{ method: 'fm' }, { method: 'lcf', tMin: 0.5 }] as const)('subgroups that share loads train to the same bits: $method', async replica => {
  const device = await requestTestDevice()
  const library = new KernelLibrary(device)
  const own = parseConfig({ net: { width: 16, blocks: 2, heads: 2, size: 12, patch: 4 }, objective: { layer: 1 }, train: { batch: 9 }, data: { count: 64, heldOut: 16 }, replicas: [replica] })
  const data = await generateData(own)
  const trained = async (tiles: Tiles) => {
    const trainer = await Trainer.create(device, library, own, data, recordRun(own, tiles))
    trainer.submitSteps(3, false)
    const [{ parameters }] = await trainer.replicaStates()
    trainer.destroy()
    return new Uint32Array(parameters.buffer)
  }
  const expected = await trained(DEFAULT_TILES)
  for (const tiles of shared(device).slice(-1)) expect(await trained(tiles), JSON.stringify(tiles)).toEqual(expected)
})

test('the winner is cached under the adapter and the shapes; a broken cache is no cache', async () => {
  const device = await requestTestDevice()
  const known = new Map<string, Tiles>()
  const cache = { get: async (key: string) => known.get(key), set: async (key: string, tiles: Tiles) => void known.set(key, tiles) }
  const library = new KernelLibrary(device)
  const tiles = await chooseTiles(device, capabilities, config, cache, { budgetMs: 20, library })
  expect(tilesSchema.safeParse(tiles).success).toBe(true)
  expect([...known]).toEqual([[tileKey(capabilities, config), tiles]])

  const other: Tiles = { forward: [2, 1], input: [2, 1], weight: [1, 2] }
  known.set(tileKey(capabilities, config), other)
  expect(await chooseTiles(device, capabilities, config, cache)).toEqual(other)

  const broken = { get: () => Promise.reject(new Error('no storage')), set: () => Promise.reject(new Error('no storage')) }
  expect(tilesSchema.safeParse(await chooseTiles(device, capabilities, config, broken, { budgetMs: 1, library })).success).toBe(true)
})

test('software adapters do not race: compiling the tiles takes them seconds; their subgroups share loads', async () => {
  const device = await requestTestDevice()
  const tiles = await chooseTiles(device, { ...capabilities, software: true }, config)
  expect(tiles).toBe(presetTiles(device))
  expect(tiles.lanes ?? 0).toBe(isSoftware(device) ? lanesOf(device) : 0)
})

test('tiles from a cache are those of the kernels or nothing', () => {
  expect(tilesSchema.safeParse(DEFAULT_TILES).success).toBe(true)
  for (const wrong of [null, {}, { ...DEFAULT_TILES, forward: [1000, 1] }, { ...DEFAULT_TILES, input: 'x' }, { ...DEFAULT_TILES, more: [1, 1] }]) {
    expect(tilesSchema.safeParse(wrong).success).toBe(false)
  }
})
