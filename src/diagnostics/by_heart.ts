/** The training set as a model: its best denoiser, which knows every image by heart, asked on the GPU as a network is. */
import type { Path } from '../flow/paths.ts'
import { linearLevel, placeOn } from '../flow/place.ts'
import type { Recorder } from '../engine/recorder.ts'
import { posteriorMean } from '../ops/posterior.ts'
import type { Bench, Table } from './diagnostic.ts'
import { answerSource, type Source } from './sweep.ts'

/** Images asked about in one go, so that none keeps the GPU for long. */
const AT_ONCE = 128

export interface ByHeart {
  recorder: Recorder
  /** E[x₀|x_t] (n,d) of every x (n,d) on this path; x itself at t = 0. `between` is awaited after each piece of work. */
  denoise(table: Table, x: ArrayLike<number>, t: number, path: Path, between?: () => Promise<void>): Promise<Float32Array>
}

/** @param count of images that will be asked about together, at most */
export function recordByHeart(bench: Bench, count: number): ByHeart {
  const { training: { data, batch: { dimensions: d } } } = bench
  const rows = Math.min(AT_ONCE, count)
  const recorder = bench.recorder().at('by heart')
  const [t, x, mean] = [recorder.tensor('by heart t', rows), recorder.tensor('by heart x', rows * d), recorder.tensor('by heart mean', rows * d)]
  posteriorMean(recorder, rows, { tensor: data, count: data.length / d, dimensions: d }, t, x, mean)
  return {
    recorder,
    async denoise(table, all, level, path, between) {
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

/** What it says of noised images. */
export const byHeartSource = (bench: Bench): Source => answerSource(bench, images => Math.ceil(images / AT_ONCE), (images, path) => {
  const { recorder, denoise } = recordByHeart(bench, images)
  return { recorders: [recorder], answer: (table, x, t, between) => denoise(table, x, t, path, between) }
})
