/** The best denoiser of a finite set: several tiles of images, the last one ragged; levels where one image counts, some, and all. */
import { empiricalVelocity } from '../../flow/empirical.ts'
import { posteriorMean } from '../../ops/posterior.ts'
import { filled, given, type OpCase } from '../case.ts'

export const posteriorCases: readonly OpCase[] = [{
  op: 'posterior mean', shape: 'n 6, d 27, 600 images', seed: 1801, tolerance: 1e-5, // exponentials of differences of distances
  record(recorder, random) {
    const [count, dimensions] = [600, 27]
    const levels = [1, 0.001, 0.05, 0.4, 0.7, 0.99]
    const points = filled(recorder, random, 'points', { replicas: 1, capacity: count, width: dimensions })
    const t = given(recorder, 't', { replicas: 1, capacity: levels.length, width: 1 }, Float64Array.from(levels))
    // The last image, one of the first tile, and so on.
    const x = given(recorder, 'x', { replicas: 1, capacity: levels.length, width: dimensions }, Float64Array.from({ length: levels.length * dimensions }, (_, i) => {
      const at = Math.floor(i / dimensions)
      return (1 - levels[at]) * points.values[((count - 1 - 170 * at + count) % count) * dimensions + i % dimensions] + levels[at] * random.normal()
    }))
    const mean = recorder.tensor('mean', levels.length * dimensions)
    posteriorMean(recorder, levels.length, { tensor: points.tensor, count, dimensions }, t.tensor, x.tensor, mean)
    const expected = () => {
      const out = new Float64Array(mean.length)
      for (const [at] of levels.entries()) {
        const own = x.values.subarray(at * dimensions, (at + 1) * dimensions)
        const velocity = new Float64Array(dimensions)
        empiricalVelocity({ points: points.values, dimensions }, own, t.values[at], velocity)
        out.set(own.map((value, i) => value - t.values[at] * velocity[i]), at * dimensions)
      }
      return out
    }
    return [{ name: 'mean', tensor: mean, expected }]
  },
}]
