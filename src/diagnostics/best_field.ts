/** The velocity that is to be learned, in closed form: of the distribution where it is known, else of the finite set of training images. */
import type { Bench } from './diagnostic.ts'
import { empiricalVelocity } from '../flow/empirical.ts'
import type { Path } from '../flow/paths.ts'
import { fromImage, isLinear, linearLevel, placeOn } from '../flow/place.ts'

/** x (n,d), t → v (n,d) */
export type Field = (x: ArrayLike<number>, t: number) => Float32Array

type Numbers = Float32Array | Float64Array
/** x (d), t → v (d) to out */
export type PointField = (x: Numbers, t: number, out: Numbers) => void

/** The best velocity along another path from that along the linear one, at one point: what is best for x_t is what is best for x_t/(α + β). */
export function alongPath(linear: PointField, path: Path): PointField {
  if (isLinear(path)) return linear
  return (x, t, out) => {
    const place = placeOn(path, t)
    const level = linearLevel(place)
    const { keep, along } = fromImage(place)
    const point = x.map(value => value / (place.alpha + place.beta))
    linear(point, level, out)
    for (let i = 0; i < x.length; i++) out[i] = keep * x[i] + along * (point[i] - level * out[i])
  }
}

/** Where data lie on a line, or are one point, a velocity has no value at t = 0. */
export const LEAST = 1e-3

/** Images behind the closed form of a finite set, so that it takes seconds. */
export const MOST_IMAGES = 2048

/**
 * The best velocity there is on this path: of what the data are drawn from, where that is known, else of so many training images.
 * @param told the class of each point in turn, for a model that is told it; a class without an image among them is as good as not told
 */
export function bestField({ data: { dataset, train, trainLabels } }: Pick<Bench, 'data'>, d: number, path: Path, told?: readonly number[]): { field: Field; words: string } {
  const images = Math.min(MOST_IMAGES, Math.floor(train.length / d))
  const known = new Map<number | undefined, PointField>()
  const along = (label: number | undefined): PointField => {
    const before = known.get(label)
    if (before) return before
    const rows = Array.from({ length: images }, (_, i) => i).filter(i => label === undefined || trainLabels[i] === label)
    const points = rows.length === 0 ? train.subarray(0, images * d) : Float32Array.from({ length: rows.length * d }, (_, k) => train[rows[Math.floor(k / d)] * d + (k % d)])
    const made = alongPath(dataset.field ? (x, t, out) => dataset.field!(x, t, out, label) : (x, t, out) => empiricalVelocity({ points, dimensions: d }, x, t, out), path)
    known.set(label, made)
    return made
  }
  return {
    words: `${dataset.field ? 'best velocity' : `best velocity for ${images.toLocaleString('en')} training points`}${told ? ', told the class' : ''}`,
    field(x, t) {
      const out = new Float32Array(x.length)
      const [point, velocity] = [new Float32Array(d), new Float32Array(d)]
      for (let at = 0; at < out.length; at += d) {
        for (let i = 0; i < d; i++) point[i] = x[at + i]
        along(told?.[at / d])(point, Math.max(t, LEAST), velocity)
        out.set(velocity, at)
      }
      return out
    },
  }
}

/** Images and noises (n,d) mixed for a level of a path. */
export function mixed(images: ArrayLike<number>, noise: Float32Array, path: Path, t: number): Float32Array {
  const { alpha, beta } = placeOn(path, t)
  return noise.map((eps, i) => alpha * images[i] + beta * eps)
}
