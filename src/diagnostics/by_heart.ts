/** The training set as a model: its best denoiser, which knows every image by heart, asked on the GPU as a network is. */
import { commonPath, LINEAR, linearLevel, placeOn } from '../flow/place.ts'
import type { Recorder } from '../engine/recorder.ts'
import { posteriorMean } from '../ops/posterior.ts'
import type { Bench, Table } from './diagnostic.ts'
import type { Source } from './sweep.ts'

/** Images asked about in one go, so that none keeps the GPU for long. */
const AT_ONCE = 128

export interface ByHeart {
  recorder: Recorder
  /** E[x₀|x_t] (n,d) of every x (n,d) on the replicas' path, or on the linear one where theirs differ; x itself at t = 0. `between` is awaited after each piece of work. */
  denoise(table: Table, x: ArrayLike<number>, t: number, between?: () => Promise<void>): Promise<Float32Array>
}

/** @param count of images that will be asked about together, at most */
export function recordByHeart(bench: Bench, count: number): ByHeart {
  const { training: { data, batch: { dimensions: d } }, config } = bench
  const path = commonPath(config) ?? LINEAR
  const rows = Math.min(AT_ONCE, count)
  const recorder = bench.recorder().at('by heart')
  const [t, x, mean] = [recorder.tensor('by heart t', rows), recorder.tensor('by heart x', rows * d), recorder.tensor('by heart mean', rows * d)]
  posteriorMean(recorder, rows, { tensor: data, count: data.length / d, dimensions: d }, t, x, mean)
  return {
    recorder,
    async denoise(table, all, level, between) {
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
    },
  }
}

/** What it says of noised images, rows filled up with zeros to a multiple of four. */
export function byHeartSource(bench: Bench): Source {
  const path = commonPath(bench.config) ?? LINEAR
  const d = bench.training.batch.dimensions
  const width = Math.ceil(d / 4) * 4
  return {
    groups: 1, width,
    pieces: (levels, images) => levels * Math.ceil(images / AT_ONCE),
    record(levels, images) {
      const { recorder, denoise } = recordByHeart(bench, images)
      const features = recorder.tensor('answers by heart', levels * images * width)
      return {
        groups: 1, width, recorders: [recorder], features,
        async fill(table, { count, images: pixels, noise }, at, t, between) {
          const rows = new Float32Array(count * width)
          for (const [l, level] of t.entries()) {
            const { alpha, beta } = placeOn(path, level)
            const answer = await denoise(table, Float32Array.from({ length: count * d }, (_, k) => alpha * pixels[k] + beta * noise[k]), level, between)
            for (let i = 0; i < count; i++) rows.set(answer.subarray(i * d, (i + 1) * d), i * width)
            table.write(features, rows, (l * images + at) * width)
          }
        },
      }
    },
  }
}
