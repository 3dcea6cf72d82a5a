/** Points on their way over the plane: from states of any dimension to the two that are shown, at levels that all views share. */
import type { Bench } from './diagnostic.ts'
import { arrayCarrier } from '../flow/array_carrier.ts'
import { empiricalVelocity } from '../flow/empirical.ts'
import type { Path } from '../flow/paths.ts'
import { linearLevel, placeOn } from '../flow/place.ts'
import { follow, type SolverSettings } from '../flow/solver.ts'

/** States of n points at times from 1 down to 0. */
export interface Way {
  t: readonly number[]
  /** (n,d) at each time */
  states: readonly ArrayLike<number>[]
}

/** Middles of side × side squares, row by row from the lower left, (side²,2). */
export function middles(side: number, extent: number): Float32Array {
  const at = (i: number) => (2 * (i + 0.5) / side - 1) * extent
  return Float32Array.from({ length: 2 * side * side }, (_, k) => at(k % 2 === 0 ? (k >> 1) % side : Math.floor((k >> 1) / side)))
}

/** Images and noises (n,d) mixed for a level of a path. */
export function mixed(images: ArrayLike<number>, noise: Float32Array, path: Path, t: number): Float32Array {
  const { alpha, beta } = placeOn(path, t)
  return noise.map((eps, i) => alpha * images[i] + beta * eps)
}

/** Where the points stand at each of these levels, (levels,n,d), straight between times. */
export function atLevels({ t, states }: Way, levels: readonly number[]): Float32Array {
  const length = states[0].length
  const out = new Float32Array(levels.length * length)
  levels.forEach((level, l) => {
    const next = Math.max(1, t.findIndex(time => time <= level))
    const share = Math.min(1, Math.max(0, (t[next - 1] - level) / (t[next - 1] - t[next])))
    for (let i = 0; i < length; i++) out[l * length + i] = (1 - share) * states[next - 1][i] + share * states[next][i]
  })
  return out
}

/** Classes of the data points nearest to each, for points that were drawn without a label. */
export function nearestClasses(points: ArrayLike<number>, data: ArrayLike<number>, classes: ArrayLike<number>): number[] {
  return Array.from({ length: points.length / 2 }, (_, i) => {
    let [best, least] = [0, Infinity]
    for (let k = 0; k < data.length / 2; k++) {
      const squares = (points[2 * i] - data[2 * k]) ** 2 + (points[2 * i + 1] - data[2 * k + 1]) ** 2
      if (squares < least) [best, least] = [k, squares]
    }
    return classes[best]
  })
}

/** x (n,d), t → v (n,d) */
export type Field = (x: ArrayLike<number>, t: number) => Float32Array

/** Where data lie on a line a velocity has no value at t = 0. */
export const LEAST_LEVEL = 1e-3

/** Images behind the closed form of a finite set, so that it takes seconds. */
const MOST_IMAGES = 2048

/** The best velocity there is on this path: of what the data are drawn from, where that is known, else of so many training images. */
export function bestField({ data: { dataset, train } }: Pick<Bench, 'data'>, d: number, path: Path): { field: Field; words: string } {
  const images = Math.min(MOST_IMAGES, Math.floor(train.length / d))
  const points = { points: train.subarray(0, images * d), dimensions: d }
  const linear: (x: Float32Array, t: number, out: Float32Array) => void = dataset.field
    ? (x, t, out) => dataset.field!(x, t, out)
    : (x, t, out) => empiricalVelocity(points, x, t, out)
  return {
    words: dataset.field ? 'best velocity' : `best velocity for ${images.toLocaleString('en')} training points`,
    field(x, t) {
      const place = placeOn(path, Math.max(t, LEAST_LEVEL))
      const { alpha, beta, dalpha, dbeta } = place
      const level = linearLevel(place)
      const [point, velocity, out] = [new Float32Array(d), new Float32Array(d), new Float32Array(x.length)]
      for (let at = 0; at < out.length; at += d) {
        for (let i = 0; i < d; i++) point[i] = x[at + i] / (alpha + beta)
        linear(point, level, velocity)
        for (let i = 0; i < d; i++) {
          const image = point[i] - level * velocity[i]
          out[at + i] = dalpha * image + (dbeta / beta) * (x[at + i] - alpha * image)
        }
      }
      return out
    },
  }
}

/** Follows a field in closed form from this noise (n,d). */
export async function wayAlong(field: Field, noise: Float32Array, settings: SolverSettings, path: Path, between: () => Promise<void>): Promise<Way> {
  const start = noise.map(value => placeOn(path, 1).beta * value)
  const states: ArrayLike<number>[] = [start]
  const carrier = arrayCarrier(start, field, () => new Float32Array(noise.length), async () => {
    states.push(carrier.x)
    await between()
  })
  const { times: [t] } = await follow(carrier, settings, [0], [path])
  return { t, states }
}
