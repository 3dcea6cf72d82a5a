/**
 * How far two sets of images lie apart in features: the Fréchet distance of the Gaussians with their means and covariances (Heusel et al.,
 * arXiv 1706.08500), ‖μ1 − μ2‖² + tr(Σ1 + Σ2 − 2 (Σ1^½ Σ2 Σ1^½)^½). Covariances are unbiased, all sums float64. It is FID in Inception's
 * features only; in others it is named after them.
 *
 * Even two sets of one distribution lie apart: with unit covariance by about (w(w+1)/4 + w)(1/n1 + 1/n2) in w features. So a distance means
 * something only beside that of two real sets of the same sizes.
 */
import { EigenvalueDecomposition, Matrix } from 'ml-matrix'
import type { Estimate } from './estimate.ts'

/** Parts of a set that are left out in turn for the standard error. */
export const PARTS = 10
/** Wider features are taken as one part, without a standard error: every part costs as much as the distance itself. */
const WIDEST_IN_PARTS = 256

const partsOf = (width: number) => (width > WIDEST_IN_PARTS ? 1 : PARTS)

/** What a part of a set adds to its moments. */
interface Sums {
  count: number
  /** (w) */
  sum: Float64Array
  /** Σ f fᵀ, (w,w), on and below the diagonal */
  products: Float64Array
}

/** A set of images as the distance sees it. */
export interface FeatureSet {
  count: number
  /** w */
  width: number
  /** Image i counts for part i mod their number, PARTS or 1. */
  parts: Sums[]
}

/** Why so many images say nothing about a distance in so many features; undefined when they do. */
export function tooFewImages(count: number, width: number): string | undefined {
  // Every set that leaves one part out must still span all directions.
  const parts = partsOf(width)
  const least = parts > 1 ? Math.ceil(((width + 1) * parts) / (parts - 1)) + 1 : width + 1
  return count < least ? `a Fréchet distance in ${width} features needs at least ${least} images on each side, and there are ${count}` : undefined
}

/**
 * @param features (n,w)
 * @throws RangeError in one sentence: no whole number of images, too few for so many features, or features that are not finite
 */
export function featureSet(features: ArrayLike<number>, width: number): FeatureSet {
  const count = features.length / width
  if (!(Number.isInteger(width) && width > 0 && Number.isInteger(count))) throw new RangeError(`${features.length} numbers are no whole set of images with ${width} features each`)
  const problem = tooFewImages(count, width)
  if (problem) throw new RangeError(problem)
  const parts = Array.from({ length: partsOf(width) }, (): Sums => ({ count: 0, sum: new Float64Array(width), products: new Float64Array(width * width) }))
  for (let i = 0; i < count; i++) {
    const part = parts[i % parts.length]
    const { sum, products } = part
    part.count++
    for (let a = 0; a < width; a++) {
      const value = features[i * width + a]
      if (!Number.isFinite(value)) throw new RangeError(`the features of image ${i + 1} of ${count} are not all finite, so that no distance can be taken`)
      sum[a] += value
      for (let b = 0; b <= a; b++) products[a * width + b] += value * features[i * width + b]
    }
  }
  return { count, width, parts }
}

export interface Moments {
  /** (w) */
  mean: Float64Array
  /** (w,w), with n − 1 */
  covariance: Matrix
}

/** @param except a part that is left out */
export function momentsOf({ width, parts }: FeatureSet, except?: number): Moments {
  const used = parts.filter((_, p) => p !== except)
  const n = used.reduce((sum, part) => sum + part.count, 0)
  const mean = Float64Array.from({ length: width }, (_, a) => used.reduce((sum, part) => sum + part.sum[a], 0) / n)
  const covariance = new Matrix(width, width)
  for (let a = 0; a < width; a++) {
    for (let b = 0; b <= a; b++) {
      const value = (used.reduce((sum, { products }) => sum + products[a * width + b], 0) - n * mean[a] * mean[b]) / (n - 1)
      covariance.set(a, b, value)
      covariance.set(b, a, value)
    }
  }
  return { mean, covariance }
}

const eigen = (matrix: Matrix) => new EigenvalueDecomposition(matrix, { assumeSymmetric: true })

/** Σ^½ of a symmetric matrix, eigenvalues below 0 (rounding) taken as 0. */
function squareRoot(matrix: Matrix): Matrix {
  const { eigenvectorMatrix: vectors, realEigenvalues } = eigen(matrix)
  const scaled = vectors.clone()
  realEigenvalues.forEach((value, k) => scaled.mulColumn(k, Math.sqrt(Math.max(0, value))))
  return scaled.mmul(vectors.transpose())
}

/** Squared, as everywhere in the literature. @throws RangeError when the features are not of one width */
export function frechetDistance(a: Moments, b: Moments): number {
  const width = a.mean.length
  if (b.mean.length !== width) throw new RangeError(`one set has ${width} features and the other ${b.mean.length}, so that they cannot be compared`)
  const root = squareRoot(a.covariance)
  const between = root.mmul(b.covariance).mmul(root)
  // The product is symmetric but for rounding.
  const symmetric = Matrix.add(between, between.transpose()).mul(0.5)
  const overlap = eigen(symmetric).realEigenvalues.reduce((sum, value) => sum + Math.sqrt(Math.max(0, value)), 0)
  const shift = a.mean.reduce((sum, value, k) => sum + (value - b.mean[k]) ** 2, 0)
  return Math.max(0, shift + a.covariance.trace() + b.covariance.trace() - 2 * overlap)
}

/**
 * Distance of two sets with the standard error of a delete-a-group jackknife: part p left out of both, for every p. The value is the plain
 * estimate of all images, whose bias it keeps: compare with that of two real sets. Where the two are of one distribution the error comes out too
 * large, up to twice, for there the distance is quadratic in what the sets differ by. NaN where the features are too wide for parts.
 */
export function distanceOf(a: FeatureSet, b: FeatureSet): Estimate {
  const value = frechetDistance(momentsOf(a), momentsOf(b))
  const count = Math.min(a.count, b.count)
  if (a.parts.length < 2) return { value, standardError: NaN, count }
  const without = Array.from({ length: PARTS }, (_, p) => frechetDistance(momentsOf(a, p), momentsOf(b, p)))
  const centre = without.reduce((sum, each) => sum + each / PARTS, 0)
  const squares = without.reduce((sum, each) => sum + (each - centre) ** 2, 0)
  return { value, standardError: Math.sqrt(((PARTS - 1) / PARTS) * squares), count }
}
