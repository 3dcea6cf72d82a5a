/** Directions in pixel space that carry the class (LCF §4.3): S_sem, of dimension r among d. Everything else is S_noise. */
import { Matrix, SVD } from 'ml-matrix'
import { z } from 'zod'
import type { Config } from '../config.ts'
import type { Dataset, DatasetBatch, ProceduralDataset } from '../datasets/dataset.ts'
import type { Bench } from './diagnostic.ts'

/** Images behind class means and principal components. */
export const STATISTICS = 2048

/** The controls that choose the directions. */
export const directionSettings = {
  directions: z.enum(['swap', 'means', 'pca']).default('swap').meta({ title: 'Class directions', help: 'The class swap with all else kept, the paper’s class means, or principal components.' }),
  rank: z.number().int().min(1).max(64).default(9).meta({ title: 'Components', help: 'How many principal components count as the class directions.' }),
}

interface Chosen {
  directions: 'swap' | 'means' | 'pca'
  rank: number
}

/** d */
export const dimensionsOf = ({ net }: Config) => net.channels * net.size * net.size

/** Why there are no such directions, or none are left beside them. */
export function refuseDirections(config: Config, dataset: Dataset, { directions, rank }: Chosen): string | undefined {
  if (directions === 'swap' && !dataset.swapClass) return `${dataset.label} has images from a file, which cannot be drawn again under another class; take class means or principal components as the directions`
  if (directions !== 'pca' && dataset.classes.length < 2) return `${dataset.label} has no two classes to tell apart; take principal components as the directions`
  const r = directions === 'swap' ? 1 : directions === 'means' ? dataset.classes.length - 1 : rank
  return r >= dimensionsOf(config) ? `${r} directions leave none of the ${dimensionsOf(config)} dimensions for the others; take fewer` : undefined
}

/** @param images those whose own directions are wanted */
export async function directionsOf(bench: Bench, { directions, rank }: Chosen, images: DatasetBatch): Promise<Semantic> {
  const { data: { dataset }, config } = bench
  const d = dimensionsOf(config)
  if (directions === 'swap') return fromClassSwap(dataset, images, config.net.size, d)
  const batch = await bench.images(STATISTICS, { split: 'train' })
  return directions === 'means' ? fromClassMeans(dataset, batch, d) : fromPrincipalComponents(batch, rank, d)
}

export interface Semantic {
  /** r */
  rank: number
  /** Rows of an orthonormal basis for image i, (r,d): the same for all images, or each its own. */
  basis(image: number): Float64Array
  /** Basis vectors worth looking at (n,d), with what they are. */
  shown: { pixels: Float32Array; captions: string[] }
  /** What must be said about this choice. */
  note: string
}

/** Singular values below this share of the first are none. */
const LEAST = 1e-3

/** Right singular vectors of a centred (n,d) matrix, with singular values above LEAST·σ₁, at most `most` of them. */
function directions(rows: Float64Array[], most: number): { vectors: Float64Array[]; values: number[] } {
  const svd = new SVD(new Matrix(rows.map(row => Array.from(row))), { autoTranspose: true, computeLeftSingularVectors: false })
  const values = svd.diagonal.filter(value => value > LEAST * svd.diagonal[0]).slice(0, most)
  const { rightSingularVectors: right } = svd
  return { values, vectors: values.map((_, k) => Float64Array.from({ length: right.rows }, (_, i) => right.get(i, k))) }
}

function classMeans({ images, labels }: DatasetBatch, classes: number, d: number): { means: Float64Array[]; counts: number[]; variance: number } {
  const means = Array.from({ length: classes }, () => new Float64Array(d))
  const counts = new Array<number>(classes).fill(0)
  labels.forEach((label, i) => {
    counts[label]++
    for (let k = 0; k < d; k++) means[label][k] += images[i * d + k]
  })
  means.forEach((mean, c) => { for (let k = 0; k < d; k++) mean[k] /= Math.max(1, counts[c]) })
  let variance = 0 // summed over dimensions, within classes
  labels.forEach((label, i) => { for (let k = 0; k < d; k++) variance += (images[i * d + k] - means[label][k]) ** 2 / labels.length })
  return { means, counts, variance }
}

/** The paper's: SVD of the class means about their own mean. r ≤ K − 1. */
export function fromClassMeans(dataset: Dataset, batch: DatasetBatch, d: number): Semantic {
  const { means, counts, variance } = classMeans(batch, dataset.classes.length, d)
  const seen = means.filter((_, c) => counts[c] > 0)
  const grand = new Float64Array(d)
  for (const mean of seen) for (let k = 0; k < d; k++) grand[k] += mean[k] / seen.length
  const centred = seen.map(mean => mean.map((value, k) => value - grand[k]))
  const { vectors, values } = directions(centred, seen.length - 1)
  const length = Math.sqrt(centred.reduce((sum, row) => sum + row.reduce((s, v) => s + v * v, 0), 0) / seen.length)
  const chance = Math.sqrt((variance / (batch.labels.length / seen.length)) * (1 - 1 / seen.length))
  const noise = length < 1.5 * chance
  return shared(vectors, values.map((value, k) => `direction ${k + 1}, σ = ${value.toPrecision(2)}`), d,
    `Class means lie ${length.toPrecision(3)} from their mean; ${batch.labels.length} images of classes without any difference would put them ${chance.toPrecision(3)} apart by chance alone${noise ? ': on this data set they are noise, so take the class swap instead' : ''}.`)
}

/** Without labels: the r directions of largest variance. */
export function fromPrincipalComponents({ images, labels }: DatasetBatch, rank: number, d: number): Semantic {
  const n = labels.length
  const mean = new Float64Array(d)
  for (let i = 0; i < n * d; i++) mean[i % d] += images[i] / n
  const covariance = Array.from({ length: d }, () => new Float64Array(d))
  for (let i = 0; i < n; i++) {
    const row = Float64Array.from({ length: d }, (_, k) => images[i * d + k] - mean[k])
    for (let a = 0; a < d; a++) for (let b = 0; b < d; b++) covariance[a][b] += (row[a] * row[b]) / n
  }
  const { vectors, values } = directions(covariance, rank)
  return shared(vectors, values.map((value, k) => `component ${k + 1}, variance ${value.toPrecision(2)}`), d, `Principal components of ${n} images: directions of large variance, which need not carry the class.`)
}

function shared(vectors: Float64Array[], captions: string[], d: number, note: string): Semantic {
  const flat = new Float64Array(vectors.length * d)
  vectors.forEach((vector, k) => flat.set(vector, k * d))
  return { rank: vectors.length, basis: () => flat, shown: { pixels: Float32Array.from(flat), captions }, note }
}

/** Each image's own direction: from it to the same image under another class, every nuisance kept. r = 1. For data sets that `refuseDirections` lets pass. */
export function fromClassSwap(dataset: Dataset, { latents, labels }: DatasetBatch, size: number, d: number): Semantic {
  const { render: draw, swapClass } = dataset as ProceduralDataset
  const width = dataset.latentNames.length
  const classes = dataset.classes.length
  const render = (row: Float32Array) => {
    const image = new Float32Array(d)
    draw(row, image, size)
    return image
  }
  const vectors = Array.from(labels, (label, i) => {
    const row = latents.slice(i * width, (i + 1) * width)
    const before = render(row)
    swapClass(row, (label + 1 + (i % (classes - 1))) % classes)
    const after = render(row)
    const vector = Float64Array.from(after, (value, k) => value - before[k])
    const length = Math.hypot(...vector)
    return length > 0 ? vector.map(value => value / length) : vector
  })
  const few = Math.min(8, vectors.length)
  const pixels = new Float32Array(few * d)
  vectors.slice(0, few).forEach((vector, i) => pixels.set(vector, i * d))
  return {
    rank: 1, basis: i => vectors[i], shown: { pixels, captions: Array.from({ length: few }, (_, i) => `image ${i + 1}, from ${dataset.classes[labels[i]]}`) },
    note: 'The class direction of an image is the step to the same image under another class, with every nuisance kept: one direction per image.',
  }
}

/** ‖P_S g‖² for an orthonormal basis (r,d). */
export function massIn(basis: Float64Array, g: Float32Array | Float64Array, d: number): number {
  let mass = 0
  for (let at = 0; at < basis.length; at += d) {
    let dot = 0
    for (let k = 0; k < d; k++) dot += basis[at + k] * g[k]
    mass += dot * dot
  }
  return mass
}
