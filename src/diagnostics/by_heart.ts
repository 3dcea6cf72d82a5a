/** The training set as a model: its best denoiser, which knows every image by heart, asked on the GPU as a network is. */
import type { Config } from '../config.ts'
import { STREAM_SAMPLE } from '../engine/philox.ts'
import type { Recorder } from '../engine/recorder.ts'
import { arrayCarrier } from '../flow/array_carrier.ts'
import type { Path } from '../flow/paths.ts'
import { commonPath, fromImage, LINEAR, linearLevel, placeOn } from '../flow/place.ts'
import { follow } from '../flow/solver.ts'
import { posteriorMean } from '../ops/posterior.ts'
import type { Bench, Table } from './diagnostic.ts'
import { normalNoise } from './look.ts'
import { dimensionsOf } from './semantic.ts'
import { answerSource, type Source } from './sweep.ts'

/** Images asked about in one go, so that none keeps the GPU for long. */
const AT_ONCE = 128

export interface ByHeart {
  recorder: Recorder
  /** E[x₀|x_t] (n,d) of every x (n,d) on this path; x itself at t = 0. `between` is awaited after each piece of work. */
  denoise(table: Table, x: ArrayLike<number>, t: number, path: Path, between?: () => Promise<void>): Promise<Float32Array>
  /** The velocity that this amounts to, t > 0 (n,d) */
  velocity(table: Table, x: ArrayLike<number>, t: number, path: Path, between?: () => Promise<void>): Promise<Float64Array>
}

/** @param count of images that will be asked about together, at most */
export function recordByHeart(bench: Bench, count: number): ByHeart {
  const { training: { data, batch: { dimensions: d } } } = bench
  const rows = Math.min(AT_ONCE, count)
  const recorder = bench.recorder().at('by heart')
  const [t, x, mean] = [recorder.tensor('by heart t', rows), recorder.tensor('by heart x', rows * d), recorder.tensor('by heart mean', rows * d)]
  posteriorMean(recorder, rows, { tensor: data, count: data.length / d, dimensions: d }, t, x, mean)
  const denoise: ByHeart['denoise'] = async (table, all, level, path, between) => {
    if (level === 0) return Float32Array.from(all)
    const place = placeOn(path, level)
    const answer = new Float32Array(all.length)
    // What is best for x_t is what is best for x_t/(α + β), which lies on the linear path.
    table.write(t, new Float32Array(rows).fill(linearLevel(place)))
    for (let from = 0; from < all.length; from += rows * d) {
      const n = Math.min(rows * d, all.length - from)
      table.write(x, Float32Array.from({ length: n }, (_, i) => all[from + i] / (place.alpha + place.beta)))
      table.submit(recorder)
      answer.set(await table.read(mean, 0, n), from)
      await between?.()
    }
    return answer
  }
  return {
    recorder,
    denoise,
    async velocity(table, all, level, path, between) {
      const image = await denoise(table, all, level, path, between)
      const { keep, along } = fromImage(placeOn(path, level))
      return Float64Array.from(all, (value, k) => keep * value + along * image[k])
    },
  }
}

/** Pieces of work that so many images are asked about in. */
export const heartPieces = (images: number): number => Math.ceil(images / AT_ONCE)

/** Floating point operations on the way of so many images. */
export const heartFlops = (config: Config, images: number, steps: number): number => 6 * images * steps * config.data.count * dimensionsOf(config)

/** What its own samples go along: the path of all replicas, or the linear one where theirs differ. Any ends on the same images. */
export const heartPath = (config: Config): Path => commonPath(config) ?? LINEAR

/** Its own samples (count,d), from the noise of the nets' samples by as many steps of Euler's. `between` is awaited after each piece of each step. */
export async function drawByHeart(bench: Bench, count: number, between: () => Promise<void>): Promise<Float64Array> {
  const { config } = bench
  const path = heartPath(config)
  const { recorder, velocity } = recordByHeart(bench, count)
  const table = await bench.lay(recorder)
  const { beta } = placeOn(path, 1)
  const noise = Float64Array.from(normalNoise(count * dimensionsOf(config), config.data.seed, STREAM_SAMPLE), value => beta * value)
  const carrier = arrayCarrier(noise, (x, t) => velocity(table, x, t, path, between), () => [])
  await follow(carrier, { ...config.evaluate, solver: 'euler' }, [0], [path])
  return carrier.x
}

/** What it says of noised images. */
export const byHeartSource = (bench: Bench): Source => answerSource(bench, heartPieces, (images, path) => {
  const { recorder, denoise } = recordByHeart(bench, images)
  return { recorders: [recorder], answer: (table, x, t, between) => denoise(table, x, t, path, between) }
})
