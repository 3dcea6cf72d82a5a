/**
 * A short race at start-up: which register tiles make the matrix products fastest on this adapter, at this run's shapes. A tile only says
 * which outputs a thread computes; each output stays one thread's sum over K (or over a slice's rows) in the same order. So the winner
 * changes the time and not the numbers; tests/model/tune.test.ts holds the bits of a training step equal across tiles.
 */
import { z } from 'zod'
import { type Config, passOf } from '../config.ts'
import { isSoftware, lanesOf } from '../engine/device.ts'
import { KernelLibrary } from '../engine/kernel.ts'
import { align, DEFAULT_TILES, Recorder, type Tensor, type Tiles } from '../engine/recorder.ts'
import { Buffers, Recording } from '../engine/recording.ts'
import { settled } from '../engine/settled.ts'
import { slicesFor } from '../model/training.ts'
import { type Activation, linear, linearBackward, type LinearLayer } from '../ops/linear.ts'
import type { Capabilities } from '../protocol.ts'
import { recordRun } from './plan.ts'

type Tile = Tiles['forward']
type Kind = 'forward' | 'input' | 'weight'

const choices = (preset: Tile, others: readonly Tile[]) => [preset, ...others.filter(tile => String(tile) !== String(preset))]

/** The preset tile comes first: the others have to beat it. */
export const CANDIDATES: { [kind in Kind]: readonly Tile[] } = {
  forward: choices(DEFAULT_TILES.forward, [[4, 2], [4, 1], [8, 1], [8, 2], [2, 2], [2, 1]]),
  input: choices(DEFAULT_TILES.input, [[4, 2], [4, 1], [8, 1], [2, 2], [2, 1]]),
  weight: choices(DEFAULT_TILES.weight, [[1, 2], [1, 1], [2, 1], [2, 2]]),
}

const tileOf = (kind: Kind) => z.tuple([z.number(), z.number()]).refine(tile => CANDIDATES[kind].some(known => String(known) === String(tile)))
/** For what comes back from a cache. */
export const tilesSchema = z.strictObject({ forward: tileOf('forward'), input: tileOf('input'), weight: tileOf('weight') })

export interface TileCache {
  get(key: string): Promise<Tiles | undefined>
  set(key: string, tiles: Tiles): Promise<void>
}

/** Goes up with the matmul kernels or the candidates, so that old results are not used. */
const VERSION = 1
const BUDGET_MS = 100
/** One timing is made of enough repeats to last about this long: well above a browser's clock. */
const TIMING_MS = 2
/** A new tile must be this much faster than the best so far; less is noise. */
const MARGIN = 0.97
/** Floats of activations and of weights in the race: enough to fill a GPU. */
const ACTIVATIONS = 2 ** 23
const WEIGHTS = 2 ** 24

/**
 * Without a race: what suits a software adapter whose subgroups share their loads (it fetches thread by thread, so a load there costs as much as
 * ten multiplications), the preset register tiles otherwise. Measured on lavapipe (8 lanes) and SwiftShader (4).
 */
export function presetTiles(device: GPUDevice): Tiles {
  const lanes = isSoftware(device) ? lanesOf(device) : 0
  return lanes ? LANE_TILES[lanes] : DEFAULT_TILES
}

const LANE_TILES: Record<4 | 8, Tiles> = {
  8: { forward: [16, 1], input: [16, 1], weight: [8, 1], lanes: 8 },
  4: { forward: [16, 2], input: [32, 1], weight: [8, 1], lanes: 4 },
}

/** What the fastest tiles depend on. */
export function tileKey({ adapter }: Capabilities, { net, train, replicas }: Config): string {
  return [`v${VERSION}`, adapter, `R${replicas.length}`, `B${passOf(train)}`, `T${(net.size / net.patch) ** 2}`, `C${net.width}`].join(' ')
}

export interface TuneOptions {
  budgetMs?: number
  library?: KernelLibrary
}

/**
 * The cached winner, or that of a race now. Whatever goes wrong, there are the preset tiles: this never throws. Software adapters do not race,
 * for compiling all candidates takes them 2 to 7 seconds.
 */
export async function chooseTiles(device: GPUDevice, capabilities: Capabilities, config: Config, cache?: TileCache, options: TuneOptions = {}): Promise<Tiles> {
  if (capabilities.software) return presetTiles(device)
  const key = tileKey(capabilities, config)
  const known = await cache?.get(key).catch(() => undefined)
  const tiles = known ?? await race(device, config, options).catch(() => undefined)
  if (!tiles || !fits(config, tiles)) return DEFAULT_TILES
  if (!known) await cache?.set(key, tiles).catch(() => {})
  return tiles
}

/** Smaller tiles mean more workgroups, of which WebGPU allows 65535 along an axis. */
function fits(config: Config, tiles: Tiles): boolean {
  try {
    recordRun(config, tiles)
    return true
  } catch {
    return false
  }
}

/** Forward first, then both gradients, which share a kernel: the input's tile with the preset weight tile, then the weight's. */
async function race(device: GPUDevice, config: Config, { budgetMs = BUDGET_MS, library = new KernelLibrary(device) }: TuneOptions): Promise<Tiles> {
  const course = makeCourse(config)
  const buffers = await Buffers.allocate(device, course.tensors)
  try {
    const run = (kind: Kind, so: Tiles, share: number) =>
      fastest(device, buffers, library, CANDIDATES[kind].map(tile => course[kind === 'forward' ? 'forward' : 'backward']({ ...so, [kind]: tile })), share * budgetMs)
    let tiles = DEFAULT_TILES
    for (const [kind, share] of [['forward', 0.35], ['input', 0.4], ['weight', 0.25]] as const) {
      const winner = await run(kind, tiles, share)
      tiles = { ...tiles, [kind]: CANDIDATES[kind][winner] }
    }
    return tiles
  } finally {
    buffers.destroy()
  }
}

interface Course {
  tensors: Set<Tensor>
  forward: (tiles: Tiles) => Recorder
  backward: (tiles: Tiles) => Recorder
}

/** The three shapes that take nearly all of a step's time: C→3C, C→4C and 4C→C over the tokens of a batch. */
function makeCourse({ net, train, replicas }: Config): Course {
  const C = net.width
  const T = (net.size / net.patch) ** 2
  const R = Math.min(replicas.length, Math.max(1, Math.floor(WEIGHTS / (12 * C * C))))
  const samples = Math.max(1, Math.min(passOf(train), Math.floor(ACTIVATIONS / (13 * C * T * R))))
  let length = 0
  const layer = (inputs: number, outputs: number): LinearLayer => {
    const placed = { offset: length, inputs, outputs }
    length = align(length + (inputs + 1) * outputs)
    return placed
  }
  const [qkv, fc1, fc2] = [layer(C, 3 * C), layer(C, 4 * C), layer(4 * C, C)]

  const tensors = new Set<Tensor>()
  const setup = new Recorder(tensors)
  const activation = (name: string, width: number): Activation => ({ tensor: setup.tensor(name, R * samples * T * width), capacity: samples, rows: T, width })
  const [x, y, triple, wide, other] = [activation('x', C), activation('y', C), activation('3C', 3 * C), activation('4C', 4 * C), activation('other 4C', 4 * C)]
  const slices = slicesFor(samples * T, R * length)
  const weights = { tensor: setup.tensor('weights', R * length), replicas: R, length }
  const gradients = { planes: setup.tensor('planes', slices * R * length), slices }
  const extent = { replicas: R, samples }
  return {
    tensors,
    forward(tiles) {
      const recorder = new Recorder(tensors, tiles)
      linear(recorder, extent, weights, qkv, x, triple)
      linear(recorder, extent, weights, fc1, x, wide)
      linear(recorder, extent, weights, fc2, wide, y)
      return recorder
    },
    backward(tiles) {
      const recorder = new Recorder(tensors, tiles)
      linearBackward(recorder, extent, weights, fc2, gradients, wide, y, other)
      linearBackward(recorder, extent, weights, fc1, gradients, x, other, y)
      linearBackward(recorder, extent, weights, qkv, gradients, x, triple, y)
      return recorder
    },
  }
}

/** Place of the fastest; the first is measured whatever the budget, the others while it lasts. */
async function fastest(device: GPUDevice, buffers: Buffers, library: KernelLibrary, recorders: Recorder[], budgetMs: number): Promise<number> {
  // All at once, so that the driver compiles in parallel; a tile it cannot compile stays out of the race.
  const realised = await Promise.allSettled(recorders.map(recorder => Recording.realise(recorder, buffers, library)))
  const time = async (recording: Recording, repeats: number) => {
    const encoder = device.createCommandEncoder()
    for (let i = 0; i < repeats; i++) recording.encode(encoder)
    const from = performance.now()
    device.queue.submit([encoder.finish()])
    await settled(device, device.queue.onSubmittedWorkDone())
    return (performance.now() - from) / repeats
  }
  try {
    const until = performance.now() + budgetMs
    let repeats = 1
    let best = Infinity
    let winner = 0
    for (const [place, result] of realised.entries()) {
      if (result.status === 'rejected') continue
      if (best < Infinity && performance.now() >= until) break
      const first = await time(result.value, 1) // some drivers finish compiling only here
      if (best === Infinity) repeats = Math.max(1, Math.min(64, Math.round(TIMING_MS / Math.max(first, 0.02))))
      let each = await time(result.value, repeats)
      if (each < best) each = Math.min(each, await time(result.value, repeats)) // a close race deserves a second look
      if (each >= best * MARGIN) continue
      best = each
      winner = place
    }
    return winner
  } finally {
    for (const result of realised) if (result.status === 'fulfilled') result.value.destroy()
  }
}
