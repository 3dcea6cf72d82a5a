/** How good the samples of a network from a file are: the quality diagnostic's questions, in its features and in those of a network that the visitor gives. */
import { type Config, ConfigError, parseConfig } from '../config.ts'
import type { DatasetBatch } from '../datasets/dataset.ts'
import { resamplePlane, tapsFor } from '../datasets/resample.ts'
import { classifierFeatures, type Features, MOST_PAIRED, paired, pixelFeatures } from '../diagnostics/quality_features.ts'
import { distancesOf, quantileOf, searchedOf, SHARES } from '../diagnostics/quality_panels.ts'
import { few } from '../diagnostics/words.ts'
import { distanceOf, featureSet } from '../flow/frechet.ts'
import { MANIFOLD, nearestOf, neighbourRadii, shareCovered } from '../flow/neighbours.ts'
import { type Classifier, toOneLength } from '../model/classifier.ts'
import { parameterLayout, toNamed } from '../model/parameters.ts'
import { type Network, pooled } from '../onnx/ask.ts'
import { describeOnnx, guessInputs } from '../onnx/describe.ts'
import { exportOnnx } from '../onnx/export.ts'
import { checkFiles, openNetwork } from '../onnx/runtime.ts'
import { shown } from '../onnx/shown.ts'
import type { FilePanel, ModelReading } from '../file_protocol.ts'
import type { Axis, Curve } from '../panel.ts'
import { classifierFor } from './classifiers/index.ts'
import type { Telling } from './evaluate_file.ts'

/** Components of the pixels, as the diagnostic takes by default. */
const COMPONENTS = 32
/** Images that an extractor sees at once. */
const AT_ONCE = 16

/** A network that makes features of images, and how it takes them. */
interface Extractor {
  name: string
  network: Network
  channels: number
  size: number
  /** Images at once where its file fixes that. */
  batch: number | null
  range: ModelReading['range']
}

/** A network that the visitor gives to make features, as files, and the pixels it takes. */
export interface GivenExtractor {
  files: { name: string; bytes: Uint8Array }[]
  range: ModelReading['range']
}

/**
 * The visitor's own features first, then the lab's classifier where there is one for such images.
 * @throws ConfigError with one sentence when the given network takes no square images, or cannot be run
 */
export async function featuresOf({ net, data }: Config, given: GivenExtractor | null, gpu: boolean, tell: Telling): Promise<Features[]> {
  const features: Features[] = []
  if (given) features.push(extractorFeatures(await openExtractor(given, net, gpu), net, tell))
  const classifier = await classifierFor(data.dataset, net.size)
  if (classifier) {
    const { network } = await openNetwork(classifierModel(classifier, data), [], CLASSIFIER_READING, [net.channels, net.size, net.size], gpu)
    features.push(classifierAsked(classifier, network, tell))
  }
  return features
}

async function openExtractor({ files: [main, ...others], range }: GivenExtractor, net: Config['net'], gpu: boolean): Promise<Extractor> {
  const about = describeOnnx(main.bytes)
  checkFiles(about, others)
  const { image, time, labels } = guessInputs(about)
  const [, channels, height, width] = about.inputs.find(({ name }) => name === image)?.shape ?? []
  const number = (size: unknown, otherwise: number) => (typeof size === 'number' ? size : otherwise)
  const size = number(width, number(height, net.size))
  if (image === null || number(height, size) !== size) throw new ConfigError(`${shown(main.name)} takes no square images, so that it makes no features of any`)
  const reading: ModelReading = { ...CLASSIFIER_READING, image, time, labels, output: about.outputs[0].name, features: null, range }
  const { network, batch } = await openNetwork(main.bytes, others, reading, [number(channels, net.channels), size, size], gpu)
  return { name: main.name.replace(/\.onnx$/i, ''), network, channels: number(channels, net.channels), size, batch, range }
}

/** The lab's classifier as a network that onnxruntime runs; its features are the output `features`, before they get one length. */
const classifierModel = ({ net, parameters }: Classifier, data: Config['data']): Uint8Array<ArrayBuffer> => exportOnnx({
  config: parseConfig({ net, data: { dataset: data.dataset }, objective: { layer: net.blocks }, replicas: [{ method: 'fm' }] }), replica: 0, weights: 'ema', step: 0, version: '',
  parameters: toNamed(parameterLayout(net), parameters), layer: net.blocks,
})

/** How `classifierModel` is asked. */
const CLASSIFIER_READING: ModelReading = { image: 'x', time: 't', labels: null, output: 'velocity', features: 'features', scale: 1, zero: 'clean', predicts: 'velocity', path: 'linear', range: 'signed' }

function classifierAsked(classifier: Classifier, network: Network, tell: Telling): Features {
  const d = classifier.net.channels * classifier.net.size ** 2
  return classifierFeatures(classifier, async images => {
    const n = images.length / d
    const means = new Float32Array(n * classifier.net.width)
    for (let at = 0; at < n; at += AT_ONCE) {
      const count = Math.min(AT_ONCE, n - at)
      const { features } = await network(images.slice(at * d, (at + count) * d), new Float32Array(count), new Uint8Array(count))
      means.set(features!.data, at * classifier.net.width)
      await tell('features of the classifier', at + count, n)
    }
    return toOneLength(means, classifier.net.width)
  })
}

/**
 * Features of any network: images brought to its size by linear interpolation, grey ones repeated over its channels, its first answer averaged over
 * places or tokens. With Inception's pool3 at 299 pixels a distance in them is FID.
 */
function extractorFeatures({ name, network, channels, size, batch, range }: Extractor, from: { channels: number; size: number }, tell: Telling): Features {
  const d = from.channels * from.size ** 2
  const taps = tapsFor(from.size, 0, from.size, size)
  const inception = channels === 3 && size === 299
  let width = 0
  const features = {
    id: name, name: `FD-${name}`, title: `features of ${name}`,
    get width() { return width },
    get note() {
      return `Features: the first answer of ${name}, ${width} numbers; images at ${from.size} pixels brought to ${size} by linear interpolation${from.channels < channels ? ', grey repeated over the colours' : ''}, pixels from ${range === 'signed' ? '−1' : '0'} to 1.${inception && width === 2048 ? ' If these are the weights of Inception up to pool3, this is FID, of fewer images than its usual 50,000.' : ''}`
    },
    async of(images: Float32Array) {
      const n = images.length / d
      let all = new Float32Array(0)
      const together = batch ?? AT_ONCE
      for (let at = 0; at < n; at += together) {
        const count = Math.min(together, n - at)
        const seen = new Float32Array(count * channels * size ** 2)
        for (let i = 0; i < count; i++) {
          for (let c = 0; c < channels; c++) {
            const plane = ((at + i) * from.channels + Math.min(c, from.channels - 1)) * from.size ** 2
            const to = (i * channels + c) * size ** 2
            resamplePlane(images.subarray(plane, plane + from.size ** 2), from.size, taps, taps, seen.subarray(to, to + size ** 2))
          }
        }
        const { output } = await network(range === 'signed' ? seen : seen.map(value => (value + 1) / 2), new Float32Array(count), new Uint8Array(count))
        const part = pooled(output, count)
        width = part.length / count
        if (all.length === 0) all = new Float32Array(n * width)
        if (all.length !== n * width) throw new ConfigError(`${name} answers with other numbers of features from one batch to the next`)
        all.set(part, at * width)
        await tell(`features of ${name}`, at + count, n)
      }
      return all
    },
  }
  return features
}

export interface QualityTask {
  name: string
  config: Config
  /** Samples of the file (n,ch,h,w), pixels from −1 to 1. */
  samples: Float32Array
  /** As many held-out images, and every training image. */
  held: DatasetBatch
  train: DatasetBatch
  /** Those of the lab come after the visitor's. */
  features: Features[]
}

export function componentsOf(train: DatasetBatch, tell: Telling): Promise<Features> {
  const d = train.images.length / train.labels.length
  return pixelFeatures(train.images, d, Math.min(COMPONENTS, d), () => tell('principal components', 0, 1))
}

/** @throws ConfigError when samples are no numbers, RangeError when there are too few of them for so many features */
export async function qualityPanels({ name, config, samples, held, train, features }: QualityTask, tell: Telling): Promise<FilePanel[]> {
  if (!samples.every(Number.isFinite)) throw new ConfigError('its samples are not all finite numbers, so that nothing can be compared')
  const n = held.labels.length
  const d = held.images.length / n
  const between = (label: string) => () => tell(label, 0, 1)
  const real = train.images.slice(0, n * d)
  const x: Axis = { label: 'training step', scale: 'linear' }
  // A file stands at no step of the run beside it, so it is a line across.
  const across = [0, config.train.steps]
  const line = (kind: Curve['kind'] | 'file', label: string, value: number, error: number) =>
    ({ replica: null, kind, label, x: across, y: [value, value], spread: [error, error].map(each => (Number.isFinite(each) ? each : null)) }) as FilePanel['curves'][number]
  const panels: FilePanel[] = []
  let coverage: FilePanel | null = null
  for (const one of features) {
    const values = { held: await one.of(held.images), real: await one.of(real), samples: await one.of(samples) }
    await between(`distance in ${one.title}`)()
    const sets = { held: featureSet(values.held, one.width), real: featureSet(values.real, one.width), samples: featureSet(values.samples, one.width) }
    const [floor, found] = [distanceOf(sets.real, sets.held), distanceOf(sets.samples, sets.held)]
    const doubt = Number.isNaN(found.standardError) ? `${n} samples and as many held-out images` : `± jackknife standard error over ${n} samples and as many held-out images`
    panels.push({
      diagnostic: 'quality', id: `distance-${one.id}`, title: `How far samples are from real images: ${one.name}`, x, y: { label: one.name, scale: 'log' },
      curves: [line('file', name, found.value, found.standardError), line('baseline', 'real against real', floor.value, floor.standardError)], spread: doubt,
      summary: `In ${one.title}: ${few(found.value)}; two real sets of this size lie ${few(floor.value)} apart.`,
      notes: [`A squared distance that shrinks as numbers grow: compare only at ${n} images on each side.`, one.note],
    })
    coverage ??= await coveragePanel(one, values)
  }
  const nearest = await nearestPanel()
  return [...panels, coverage!, nearest]

  async function coveragePanel({ width, title }: Features, values: Record<'held' | 'real' | 'samples', Float32Array | Float64Array>): Promise<FilePanel> {
    const [heldPoints, realPoints, own] = [values.held, values.real, values.samples].map(each => paired({ values: each, width }))
    const radii = await neighbourRadii(heldPoints, MANIFOLD, between('precision and recall'))
    const shares = async (set: typeof own) => [await shareCovered(heldPoints, radii, set, between('precision and recall')), await shareCovered(set, await neighbourRadii(set, MANIFOLD, between('precision and recall')), heldPoints, between('precision and recall'))]
    const [[precision, recall], [most, mostRecalled]] = [await shares(own), await shares(realPoints)]
    const counted = Math.min(n, MOST_PAIRED)
    const error = (share: number) => Math.sqrt((share * (1 - share)) / counted)
    return {
      diagnostic: 'quality', id: 'coverage', title: 'Precision and recall', x, y: { label: 'share', scale: 'linear', domain: [0, 1], percent: true },
      curves: [line('file', `${name} precision`, precision, error(precision)), line('file', `${name} recall`, recall, error(recall)), line('baseline', 'real, precision', most, error(most)), line('baseline', 'real, recall', mostRecalled, error(mostRecalled))],
      spread: `± binomial standard error over ${counted} images`, summary: `Precision ${few(precision)}, recall ${few(recall)}; training images ${few(most)} and ${few(mostRecalled)}.`,
      notes: [`On manifolds of the ${MANIFOLD} nearest neighbours, in ${title}.`],
    }
  }

  async function nearestPanel(): Promise<FilePanel> {
    const looked = searchedOf(n, train.images.length)
    const set = { values: train.images, width: d }
    const sorted = async (images: Float32Array) => distancesOf(await nearestOf(set, { values: images.subarray(0, looked * d), width: d }, between('nearest training images')))
    const [own, unseen] = [await sorted(samples), await sorted(held.images)]
    const curve = (kind: 'file' | 'baseline', label: string, values: number[]) => ({ replica: null, kind, label, x: SHARES, y: SHARES.map(share => quantileOf(values, share)) })
    return {
      diagnostic: 'quality', id: 'nearest', title: 'How near the nearest training image is', x: { label: 'share of images, nearest first', scale: 'linear', domain: [0, 1], percent: true }, y: { label: 'root mean square distance of a pixel', scale: 'linear' },
      curves: [curve('file', name, own), curve('baseline', 'held-out images', unseen)], spread: `${own.length} images of each, ${train.labels.length.toLocaleString('en')} training images`,
      summary: `Half of the samples lie within ${few(quantileOf(own, 0.5))} of a training image; half of the held-out images within ${few(quantileOf(unseen, 0.5))}.`,
      notes: ['The training images are those of the settings it is evaluated with; it may have been trained on others.'],
    }
  }
}
