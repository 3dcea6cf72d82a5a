/** Images that are shown as points: of their one pixel's two channels, or of a plane in the space of their pixels. */
import type { Dataset } from './dataset.ts'

/** To and from the plane of a data set. */
export interface Chart {
  extent: number
  dimensions: number
  /** (n,d) → (n,2), as they are shown */
  flatten(points: ArrayLike<number>): Float32Array
  /** The same of velocities, which have no place. */
  turn(vectors: ArrayLike<number>): Float32Array
  /** (n,2) → (n,d) */
  lift(points: ArrayLike<number>): Float32Array
}

export function chartOf({ plane }: Pick<Dataset, 'plane'>, dimensions: number, size: number): Chart {
  if (!plane) throw new Error('these images are no points of a plane')
  const basis = plane.basis?.(size) ?? Float64Array.of(1, 0, 0, 1)
  const { centre, times } = plane.zoom ?? { centre: [0, 0], times: 1 }
  const shown = (values: ArrayLike<number>, middle: readonly [number, number]) => {
    const out = new Float32Array((2 * values.length) / dimensions)
    for (let at = 0; at < out.length; at++) {
      let sum = 0
      for (let i = 0; i < dimensions; i++) sum += basis[(at % 2) * dimensions + i] * values[(at >> 1) * dimensions + i]
      out[at] = (sum - middle[at % 2]) * times
    }
    return out
  }
  return {
    extent: plane.extent, dimensions,
    flatten: points => shown(points, centre),
    turn: vectors => shown(vectors, [0, 0]),
    lift(points) {
      const out = new Float32Array((points.length / 2) * dimensions)
      for (let at = 0; at < out.length; at++) {
        const [point, i] = [Math.floor(at / dimensions), at % dimensions]
        out[at] = [0, 1].reduce((sum, axis) => sum + basis[axis * dimensions + i] * (points[2 * point + axis] / times + centre[axis]), 0)
      }
      return out
    },
  }
}
