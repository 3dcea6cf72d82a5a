/** What images are compared in: their principal components, and what a small classifier that no run has trained makes of them. */
import type { Config } from '../config.ts'
import type { Dataset, RunData } from '../datasets/dataset.ts'
import { principalComponents, project } from '../flow/components.ts'
import type { Estimate } from '../flow/estimate.ts'
import { distanceOf, type FeatureSet, featureSet } from '../flow/frechet.ts'
import { MANIFOLD, neighbourRadii, type Points, shareCovered } from '../flow/neighbours.ts'
import { type Classifier, largest, logitsOf, recordClassifier, toOneLength } from '../model/classifier.ts'
import type { Bench } from './diagnostic.ts'
import { dimensionsOf } from './semantic.ts'

/** Training images behind the principal components. */
const STATISTICS = 2048
/** Images that the classifier sees at once. */
const AT_ONCE = 512
/** Images of each side behind precision and recall, for every pair of them is looked at. */
export const MOST_PAIRED = 2048

export interface Features {
  /** 'classifier', 'pixels', or the name of a file. */
  id: string
  /** As the distance is called: FD-classifier. */
  name: string
  title: string
  note: string
  /** Numbers of one image; known once images have been looked at. */
  readonly width: number
  /** (n,d) → (n,width) */
  of(images: Float32Array): Promise<Float32Array | Float64Array>
}

/** Real images as a measurement needs them: `held` are compared with, `train` are the other real set. */
export interface Reference {
  features: Features
  held: FeatureSet
  /** Real against real at the same count. */
  floor: Estimate
}

/** For precision and recall. */
export interface Manifold {
  real: Points
  radii: Float64Array
  /** Of the other real set. */
  precision: number
  recall: number
}

export const paired = ({ values, width }: Points): Points => ({ values: values.subarray(0, MOST_PAIRED * width), width })

/** Features in which this run's images can be compared, the first being those for precision and recall. */
export async function featuresFor(bench: Bench, components: number, between: () => Promise<void>): Promise<{ all: Features[]; classifier: Classifier | null }> {
  const d = dimensionsOf(bench.config)
  const k = Math.min(components, d)
  const { data } = bench
  const pixels = await remembered(data, `components ${k}`, () => pixelFeatures(data.train, d, k, between))
  const classifier = await bench.classifier()
  return { classifier, all: classifier ? [classifierFeatures(classifier, await withClassifier(bench, classifier, between)), pixels] : [pixels] }
}

/** @param train images (n,d) of which the first say what the components are */
export async function pixelFeatures(train: Float32Array, d: number, components: number, between: () => Promise<void>): Promise<Features> {
  const found = await principalComponents(train.subarray(0, STATISTICS * d), d, components, between)
  return {
    id: 'pixels', name: 'FD-pixels', title: 'principal components of pixels', width: components, of: async images => project(found, images),
    note: `Features: the first ${components} principal components of ${Math.min(STATISTICS, train.length / d).toLocaleString('en')} training images, ${(100 * found.share).toFixed(0)} % of their variance.`,
  }
}

/** @param of features of the classifier, whoever computes them */
export const classifierFeatures = ({ net: { width }, accuracy, tested }: Classifier, of: Features['of']): Features => ({
  id: 'classifier', name: 'FD-classifier', title: 'features of a small classifier', width, of,
  note: `Features: the token mean, at one length, after the last block of a small classifier, trained by this lab on other images of the same kind; it names ${(100 * accuracy).toFixed(1)} % of ${tested.toLocaleString('en')} held-out images rightly.`,
})

async function withClassifier(bench: Bench, classifier: Classifier, between: () => Promise<void>): Promise<Features['of']> {
  const pass = recordClassifier(bench.recorder().at('classifier'), classifier.net, AT_ONCE)
  const table = await bench.lay(pass.recorder)
  table.write(pass.weights.tensor, classifier.parameters)
  const d = dimensionsOf(bench.config)
  const C = classifier.net.width
  return async images => {
    const n = images.length / d
    const features = new Float32Array(n * C)
    for (let at = 0; at < n; at += AT_ONCE) {
      const count = Math.min(AT_ONCE, n - at)
      table.write(pass.input.image, images.subarray(at * d, (at + count) * d)) // t stays 0
      table.submit(pass.recorder)
      features.set(toOneLength(await table.read(pass.means.tensor, 0, count * C), C), at * C)
      await between()
    }
    return features
  }
}

/** Why so many samples cannot be compared with as many real images, twice over. */
export function refuseCount({ data: { count: trained } }: Config, { label, available }: Dataset, count: number): string | undefined {
  if (count > trained) return `${count} samples ask for as many training images to show how far two real sets lie apart, and there are ${trained}; take at most as many`
  if (available && count > available.test) return `${count} samples ask for as many held-out images, and ${label} has ${available.test}; take at most as many`
}

/** The first `count` held-out images, and the distance from as many training images: no net can be expected below that. */
export async function referenceOf(bench: Bench, features: Features, count: number, between: () => Promise<void>): Promise<Reference> {
  const { held, train } = await realFeatures(bench, features, count)
  const known = await remembered(bench.data, `floor ${features.id} ${features.width} ${count}`, async () => {
    const reference = featureSet(held, features.width)
    const floor = distanceOf(featureSet(train, features.width), reference)
    await between()
    return { held: reference, floor }
  })
  return { features, ...known }
}

export async function manifoldOf(bench: Bench, features: Features, count: number, between: () => Promise<void>): Promise<Manifold> {
  const { held, train } = await realFeatures(bench, features, count)
  return remembered(bench.data, `manifold ${features.id} ${features.width} ${count}`, async () => {
    const [real, other] = [held, train].map(values => paired({ values, width: features.width }))
    const radii = await neighbourRadii(real, MANIFOLD, between)
    return { real, radii, precision: await shareCovered(real, radii, other, between), recall: await shareCovered(other, await neighbourRadii(other, MANIFOLD, between), real, between) }
  })
}

function realFeatures(bench: Bench, { id, width, of }: Features, count: number) {
  return remembered(bench.data, `real ${id} ${width} ${count}`, async () => {
    const held = await bench.images(count, { split: 'test' })
    return { held: await of(held.images), train: await of(bench.data.train.slice(0, count * dimensionsOf(bench.config))) }
  })
}

/** How often each class is seen, as shares. */
export function classShares({ head, classes, net: { width } }: Classifier, features: Float32Array | Float64Array): number[] {
  const n = features.length / width
  const shares = Array.from({ length: classes }, () => 0)
  for (let i = 0; i < n; i++) shares[largest(logitsOf(head, classes, features, i * width, width))] += 1 / n
  return shares
}

/** Real images do not change while a net trains. */
const known = new WeakMap<RunData, Map<string, unknown>>()
export async function remembered<T>(data: RunData, key: string, make: () => Promise<T>): Promise<T> {
  const own = known.get(data) ?? new Map<string, unknown>()
  known.set(data, own)
  if (!own.has(key)) own.set(key, await make())
  return own.get(key) as T
}
