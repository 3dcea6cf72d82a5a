/** Images for a run: generated from the seed in pieces, so that a worker can say how far it is. */
import { type Config, ConfigError } from '../config.ts'
import { drawingProblem, isDrawn } from '../datasets/drawn.ts'
import { datasetOf, datasets } from '../datasets/index.ts'
import { isOwn } from '../datasets/own.ts'
import type { Dataset, DatasetBatch, RunData, Split } from '../datasets/dataset.ts'
import { diagnosticOf, parseSettings } from '../diagnostics/index.ts'
import type { Path } from '../flow/paths.ts'
import { placeOn } from '../flow/place.ts'
import { methods } from '../methods/index.ts'
import { refuseGuidance } from '../model/guidance.ts'
import { resolveReplica } from '../model/replica.ts'

const PIECE = 1024

export type Progress = (label: string, done: number, total: number) => void

/**
 * What the schema cannot know: that the data set exists and fits the net, and that methods exist.
 * @throws ConfigError with one sentence
 */
export function checkConfig(config: Config): void {
  const { net, data, objective, train, evaluate } = config
  const dataset = datasetOf(data.dataset)
  if (!dataset && isDrawn(data.dataset)) throw new ConfigError(`data.dataset: ${drawingProblem(data.dataset)}`)
  if (!dataset && isOwn(data.dataset)) throw new ConfigError(`data.dataset: "${data.dataset}" is a data set of someone's own that is not here; bring its file in again (in a terminal: --data FILE)`)
  if (!dataset) throw new ConfigError(`data.dataset: there is no data set "${data.dataset}"; there are ${Object.keys(datasets).join(', ')}`)
  if (dataset.channels !== net.channels) throw new ConfigError(`net.channels: ${dataset.label} has ${dataset.channels} channels, not ${net.channels}`)
  if (!dataset.sizes.includes(net.size)) throw new ConfigError(`net.size: ${dataset.label} can be drawn at ${dataset.sizes.join(', ')} pixels, not ${net.size}`)
  if (net.classes !== 0 && net.classes !== dataset.classes.length) throw new ConfigError(`net.classes: ${dataset.label} has ${dataset.classes.length} classes; 0 trains without labels`)
  checkAvailable(data, dataset)
  if (evaluate.perLevel > data.heldOut) throw new ConfigError(`evaluate.perLevel: ${evaluate.perLevel} is more than the ${data.heldOut} held-out images`)
  if (evaluate.samples > data.heldOut) throw new ConfigError(`evaluate.samples: ${evaluate.samples} is more than the ${data.heldOut} held-out images`)
  checkMeasures(config)
  config.replicas.forEach((replica, r) => {
    const method = methods[replica.method ?? objective.method]
    if (!method) throw new ConfigError(`replicas.${r}.method: there is no method "${replica.method ?? objective.method}"; there are ${Object.keys(methods).join(', ')}`)
    const learned = replica.batch ?? train.batch
    if (method.term && learned < 2) throw new ConfigError(`${replica.batch === undefined ? 'train' : `replicas.${r}`}.batch: ${method.label} compares images of one batch, so it needs at least 2`)
    if (method.term === 'negatives' && learned / train.microBatches < 2) throw new ConfigError(`train.microBatches: ${method.label} compares images of one micro-batch, so it needs at least 2`)
    const { objective: own, path } = resolveReplica(config, replica)
    if (own.stratified && own.times !== 'uniform') throw new ConfigError('objective.stratified: strata are for uniform noise levels; turn them off, or take objective.times uniform')
    const refusal = method.refuse?.(own, net)
    if (refusal) throw new ConfigError(`replicas.${r}: ${method.label}: ${refusal}`)
    checkPath(path, r)
  })
  const unguided = refuseGuidance(config)
  if (unguided) throw new ConfigError(unguided)
}

/** More of the image than this share of the noise at t = 1, and what a sampler begins with is not what the network has seen there. */
const MOST_LEFT = 0.35

function checkPath(path: Path, replica: number): void {
  const { alpha, beta } = placeOn(path, 1)
  if (alpha <= MOST_LEFT * beta) return
  const wanted = { ve: 'a larger objective.sigmaMax', vp: 'larger rates, objective.b0 and objective.b1' }[path.id] ?? 'another path'
  throw new ConfigError(`replicas.${replica}: at t = 1 the path ${path.id} still has ${alpha.toPrecision(2)} of the image beside ${beta.toPrecision(2)} of the noise, so nothing could be drawn from noise alone; take ${wanted}`)
}

/** Images from a file have an end. */
function checkAvailable({ count, heldOut }: Config['data'], { label, available }: Dataset): void {
  if (!available) return
  const [train, test] = [available.train, available.test].map(number => number.toLocaleString('en'))
  if (count > available.train) throw new ConfigError(`data.count: ${label} has ${train} training images, not ${count.toLocaleString('en')}`)
  if (heldOut > available.test) throw new ConfigError(`data.heldOut: ${label} has ${test} held-out images, not ${heldOut.toLocaleString('en')}`)
}

/** Cadences and settings of diagnostics, which each has its own schema for. */
function checkMeasures({ measures }: Config): void {
  for (const [i, { id, settings }] of measures.entries()) {
    try {
      parseSettings(diagnosticOf(id), settings ?? {})
    } catch (error) {
      if (error instanceof ConfigError) throw new ConfigError(`measures.${i}: ${error.message}`)
      throw error
    }
  }
}

export async function generateData(config: Config, progress: Progress = () => {}, breathe: () => Promise<void> = async () => {}): Promise<RunData> {
  const { net, data } = config
  const dataset = datasetOf(data.dataset)!
  await dataset.load?.()
  const total = data.count + data.heldOut
  const make = (count: number, split: Split, before: number) => drawImages(dataset, count, { seed: data.seed, split, size: net.size }, async done => {
    progress('drawing images', before + done, total)
    await breathe()
  })
  const train = await make(data.count, 'train', 0)
  const heldOut = await make(data.heldOut, 'test', data.count)
  return { dataset, train: train.images, trainLabels: train.labels, heldOut: heldOut.images, heldOutLabels: heldOut.labels }
}

/** Images piece by piece; `between` is awaited after each with the number drawn so far. */
export async function drawImages(
  dataset: Dataset, count: number, { start = 0, ...options }: { seed: number; split: Split; size: number; start?: number }, between: (done: number) => Promise<void>,
): Promise<DatasetBatch> {
  const { channels } = dataset
  const { size } = options
  const names = dataset.latentNames.length
  const all: DatasetBatch = { images: new Float32Array(count * channels * size * size), labels: new Uint8Array(count), latents: new Float32Array(count * names), channels, size }
  for (let at = 0; at < count; at += PIECE) {
    const piece = dataset.generate(Math.min(PIECE, count - at), { ...options, start: start + at })
    all.images.set(piece.images, at * channels * size * size)
    all.labels.set(piece.labels, at)
    all.latents.set(piece.latents, at * names)
    await between(at + piece.labels.length)
  }
  return all
}
