/** Principal components of images, for features that need no network: the directions of largest variance, by subspace iteration in float64. */
import { EigenvalueDecomposition, Matrix, QrDecomposition } from 'ml-matrix'
import { PhiloxStream, STREAM_THEORY } from '../engine/philox.ts'

export interface Components {
  /** (d) */
  mean: Float64Array
  /** Orthonormal rows (k,d), the largest variance first. */
  directions: Float64Array[]
  /** Of the whole variance. */
  share: number
}

const ITERATIONS = 8
/** Directions carried along besides those wanted, so that the last of these converge too. */
const MORE = 8

/**
 * @param images (n,d)  @param between awaited after each pass over the images
 * @throws RangeError when fewer images or dimensions are there than directions wanted
 */
export async function principalComponents(images: ArrayLike<number>, d: number, k: number, between: () => Promise<void>): Promise<Components> {
  const n = images.length / d
  if (k > d || k >= n) throw new RangeError(`${k} principal components need more than ${k} images of at least as many dimensions; there are ${n} of ${d}`)
  const mean = new Float64Array(d)
  for (let i = 0; i < n * d; i++) mean[i % d] += images[i] / n
  let variance = 0
  for (let i = 0; i < n * d; i++) variance += (images[i] - mean[i % d]) ** 2 / n

  const width = Math.min(k + MORE, d)
  let basis: Float64Array[] = Array.from({ length: width }, (_, c) => {
    const row = new Float64Array(d)
    new PhiloxStream(0, STREAM_THEORY, c).fillNormal(row)
    return row
  })
  for (let step = 0; step < ITERATIONS; step++) {
    basis = orthonormal(covarianceTimes(images, mean, basis), d)
    await between()
  }
  // Rayleigh and Ritz: within the subspace the eigenvectors are exact.
  const image = covarianceTimes(images, mean, basis)
  const small = new Matrix(width, width)
  for (let a = 0; a < width; a++) for (let b = 0; b < width; b++) small.set(a, b, 0.5 * (dot(basis[a], image[b]) + dot(basis[b], image[a])))
  const { eigenvectorMatrix, realEigenvalues } = new EigenvalueDecomposition(small, { assumeSymmetric: true })
  const order = realEigenvalues.map((_, at) => at).sort((a, b) => realEigenvalues[b] - realEigenvalues[a]).slice(0, k)
  const directions = order.map(at => {
    const row = new Float64Array(d)
    basis.forEach((vector, b) => { for (let i = 0; i < d; i++) row[i] += eigenvectorMatrix.get(b, at) * vector[i] })
    return row
  })
  return { mean, directions, share: variance > 0 ? order.reduce((sum, at) => sum + realEigenvalues[at], 0) / variance : 1 }
}

/** Coordinates (n,k) of images (n,d). */
export function project({ mean, directions }: Components, images: ArrayLike<number>): Float64Array {
  const d = mean.length
  const n = images.length / d
  const k = directions.length
  const coordinates = new Float64Array(n * k)
  for (let i = 0; i < n; i++) {
    for (let c = 0; c < k; c++) {
      let sum = 0
      for (let j = 0; j < d; j++) sum += directions[c][j] * (images[i * d + j] - mean[j])
      coordinates[i * k + c] = sum
    }
  }
  return coordinates
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i]
  return sum
}

/** Rows Σ b of each row b, without Σ itself. */
function covarianceTimes(images: ArrayLike<number>, mean: Float64Array, basis: readonly Float64Array[]): Float64Array[] {
  const d = mean.length
  const n = images.length / d
  const result = basis.map(() => new Float64Array(d))
  const centred = new Float64Array(d)
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < d; j++) centred[j] = images[i * d + j] - mean[j]
    basis.forEach((row, c) => {
      const along = dot(row, centred) / n
      const to = result[c]
      for (let j = 0; j < d; j++) to[j] += along * centred[j]
    })
  }
  return result
}

function orthonormal(rows: readonly Float64Array[], d: number): Float64Array[] {
  const q = new QrDecomposition(new Matrix(rows.map(row => Array.from(row))).transpose()).orthogonalMatrix
  return rows.map((_, c) => Float64Array.from({ length: d }, (__, i) => q.get(i, c)))
}
