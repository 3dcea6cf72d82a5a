/** Images that are shown as points: of their one pixel's two channels, or of a plane in the space of their pixels. */
import type { Dataset } from './dataset.ts'

/** To and from the plane of a data set. */
export interface Chart {
  extent: number
  dimensions: number
  /** (n,d) → (n,2) */
  flatten(points: ArrayLike<number>): Float32Array
  /** (n,2) → (n,d) */
  lift(points: ArrayLike<number>): Float32Array
}

export function chartOf({ plane }: Pick<Dataset, 'plane'>, dimensions: number, size: number): Chart {
  if (!plane) throw new Error('these images are no points of a plane')
  const basis = plane.basis?.(size) ?? Float64Array.of(1, 0, 0, 1)
  return {
    extent: plane.extent, dimensions,
    flatten(points) {
      const out = new Float32Array((2 * points.length) / dimensions)
      for (let at = 0; at < out.length; at++) for (let i = 0; i < dimensions; i++) out[at] += basis[(at % 2) * dimensions + i] * points[(at >> 1) * dimensions + i]
      return out
    },
    lift(points) {
      const out = new Float32Array((points.length / 2) * dimensions)
      for (let at = 0; at < out.length; at++) {
        const [point, i] = [Math.floor(at / dimensions), at % dimensions]
        out[at] = basis[i] * points[2 * point] + basis[dimensions + i] * points[2 * point + 1]
      }
      return out
    },
  }
}
