/**
 * What frozen nets make of the same images at several noise levels, kept on the GPU: the token means after chosen blocks, of EMA weights. And the
 * noised pixels themselves, for what needs no net. One noise draw belongs to an image and is the same at every level.
 */
import { STREAM_EVALUATION } from '../engine/philox.ts'
import type { Path } from '../flow/paths.ts'
import { commonPath, LINEAR } from '../flow/place.ts'
import type { Recorder, Tensor } from '../engine/recorder.ts'
import type { Dataset } from '../datasets/dataset.ts'
import type { Config } from '../config.ts'
import { mixed } from './best_field.ts'
import type { Bench, Table } from './diagnostic.ts'
import { atOnceOf, LARGEST_BINDING, normalNoise, recordLook, writeAll } from './look.ts'


/** Images with the noise that belongs to them. */
export interface Sight {
  count: number
  /** (count,ch,h,w) */
  images: Float32Array
  noise: Float32Array
}

/** Features (levels,G,N,width) in `features`, and how to fill them. */
export interface Sweep {
  /** G, groups at each level: (layers,R) in this order for nets, 1 for pixels */
  groups: number
  width: number
  /** To be laid; empty where the GPU has nothing to do. */
  recorders: Recorder[]
  features: Tensor
  /** Rows at … at + count − 1 of every group, seen at levels `t`; `between` is awaited after each piece of work. */
  fill(table: Table, sight: Sight, at: number, t: readonly number[], between: () => Promise<void>): Promise<void>
}

/** Where features come from, before it is said how many. */
export interface Source {
  groups: number
  width: number
  /** Images whose features fit into one buffer at one noise level. */
  most: number
  record(levels: number, images: number): Sweep
  /** Pieces that `fill` waits for. */
  pieces(levels: number, images: number): number
}

const mostOf = (groups: number, width: number) => Math.floor(LARGEST_BINDING / 4 / (groups * width))

/**
 * Token means after `layers` of every replica: groups (layers,R). Nets with classes are not told that of an image, so that no feature holds the
 * answer.
 */
export function netSource(bench: Bench, layers: readonly number[]): Source {
  const { training: { replicas: R, batch: { dimensions: d } }, config: { net } } = bench
  const groups = layers.length * R
  const C = net.width
  return {
    groups, width: C, most: mostOf(groups, C),
    pieces: (levels, images) => levels * Math.ceil(images / atOnceOf(bench, images)),
    record(levels, images) {
      const samples = atOnceOf(bench, images)
      const look = recordLook(bench, { samples, images: samples, layers, velocity: false })
      const features = look.recorder.tensor('features', levels * groups * images * C)
      return {
        groups, width: C, recorders: [look.recorder], features,
        async fill(table, { count, images: pixels, noise }, at, t, between) {
          writeAll(table, R, look.batch.row, Uint32Array.from({ length: samples }, (_, i) => i))
          for (let from = 0; from < count; from += samples) {
            const n = Math.min(samples, count - from)
            table.write(look.images, pixels.subarray(from * d, (from + n) * d))
            for (let r = 0; r < R; r++) table.write(look.batch.eps, noise.subarray(from * d, (from + n) * d), r * samples * d)
            for (const [l, level] of t.entries()) {
              table.write(look.batch.t, new Float32Array(R * samples).fill(level))
              table.submit(look.recorder)
              for (const [i, { tensor }] of look.frozen.features.entries()) {
                for (let r = 0; r < R; r++) table.copy(tensor, r * samples * C, features, (((l * layers.length + i) * R + r) * images + at + from) * C, n * C)
              }
              await between()
            }
          }
        },
      }
    },
  }
}

/** What is made of x_t (n,d) without a net: answers (n,d). `between` is awaited after each piece of work. */
export interface Answerer {
  recorders: Recorder[]
  answer(table: Table, x: Float32Array, t: number, between: () => Promise<void>): Promise<Float32Array>
}

/** Answers as features, rows filled up with zeros to a multiple of four; on the linear path where those of the replicas differ. @param pieces of work at a level */
export function answerSource(bench: Bench, pieces: (images: number) => number, answererFor: (images: number, path: Path) => Answerer): Source {
  const path = commonPath(bench.config) ?? LINEAR
  const d = bench.training.batch.dimensions
  const width = Math.ceil(d / 4) * 4
  return {
    groups: 1, width, most: mostOf(1, width),
    pieces: (levels, images) => levels * pieces(images),
    record(levels, images) {
      const { recorders, answer } = answererFor(images, path)
      const features = bench.recorder().tensor('answers', levels * images * width)
      return {
        groups: 1, width, recorders, features,
        async fill(table, { count, images: pixels, noise }, at, t, between) {
          const rows = new Float32Array(count * width)
          for (const [l, level] of t.entries()) {
            const answers = await answer(table, mixed(pixels, noise, path, level), level, between)
            for (let i = 0; i < count; i++) rows.set(answers.subarray(i * d, (i + 1) * d), i * width)
            table.write(features, rows, (l * images + at) * width)
          }
        },
      }
    },
  }
}

/** x_t itself. */
export const pixelSource = (bench: Bench): Source => answerSource(bench, () => 1, () => ({
  recorders: [],
  async answer(_, x, __, between) {
    await between()
    return x
  },
}))

/** Noise of a part of the images; `draw` numbers other noise for the same ones. */
export function noiseOf(config: Config, count: number, part: number, draw = 0): Float32Array {
  return normalNoise(count * config.net.channels * config.net.size ** 2, config.data.seed, STREAM_EVALUATION, 16 + 8 * draw + part)
}

export const DEFAULT_LEVELS = '0 0.001 0.002 0.005 0.01 0.02 0.03 0.05 0.1 0.2 0.3 0.5 0.8'

const NUMBER = /^(\d+\.?\d*|\.\d+)(e-?\d+)?$/i

/** Numbers out of a text, ascending, each once; undefined when it is not a list of 1 to 64 numbers from 0 to the greatest. */
export function numbersOf(text: string, greatest: number): number[] | undefined {
  const words = text.split(/[\s,;]+/).filter(word => word !== '')
  const values = words.map(word => (NUMBER.test(word) ? Number(word) : NaN))
  if (values.length === 0 || values.length > 64 || !values.every(value => value >= 0 && value <= greatest)) return undefined
  return [...new Set(values)].sort((a, b) => a - b)
}

/** Noise levels out of a text. */
export const levelsOf = (text: string): number[] | undefined => numbersOf(text, 1)

/** For a schema: what `levelsOf` cannot read. */
export const LEVELS_WANTED = 'takes 1 to 64 noise levels from 0 to 1, such as 0.001 0.03 0.1'

/** Why features cannot be looked at in groups of two classes and more, or not after this block; undefined when they can. */
export function refuseSweep({ net, data, replicas }: Config, dataset: Dataset, { layer, test, images }: { layer: number; test: number; images: number }): string | undefined {
  if (layer > net.blocks) return `there is no block ${layer}; this net has blocks 1 to ${net.blocks}, and 0 takes the run’s own`
  if (test > data.heldOut) return `${test} test images are more than the ${data.heldOut} held-out ones; take at most as many`
  if (dataset.classes.length < 2) return `${dataset.label} has ${dataset.classes.length === 1 ? 'one class' : 'no classes'}, and telling classes apart takes at least 2`
  const bytes = images * replicas.length * net.width * 4
  if (bytes > LARGEST_BINDING) return `features of ${images} images and ${replicas.length} replicas take ${Math.ceil(bytes / 2 ** 20)} MiB at one noise level, and 128 is the most; take fewer images`
  return undefined
}

/** How many noise levels go together so that no buffer becomes large, as even pieces of `t`. `elements` per level, of the largest buffer. */
export function levelsTogether(t: readonly number[], elements: number): number[][] {
  const most = Math.max(1, Math.floor(LARGEST_BINDING / 2 / (4 * elements)))
  const pieces = Math.ceil(t.length / most)
  const each = Math.ceil(t.length / pieces)
  return Array.from({ length: pieces }, (_, i) => t.slice(i * each, (i + 1) * each)).filter(piece => piece.length > 0)
}
