/** Images for a run: generated from the seed in pieces, so that a worker can say how far it is. */
import { type Config, ConfigError } from '../config.ts'
import { datasets } from '../datasets/index.ts'
import type { Dataset } from '../datasets/dataset.ts'
import { methods } from '../methods/index.ts'

export interface RunData {
  dataset: Dataset
  /** (N,ch,h,w) */
  train: Float32Array
  trainLabels: Uint8Array
  heldOut: Float32Array
  heldOutLabels: Uint8Array
}

const PIECE = 1024

export type Progress = (label: string, done: number, total: number) => void

/**
 * What the schema cannot know: that the data set exists and fits the net, and that methods exist.
 * @throws ConfigError with one sentence
 */
export function checkConfig(config: Config): void {
  const { net, data, objective, train, evaluate } = config
  const dataset = datasets[data.dataset]
  if (!dataset) throw new ConfigError(`data.dataset: there is no data set "${data.dataset}"; there are ${Object.keys(datasets).join(', ')}`)
  if (dataset.channels !== net.channels) throw new ConfigError(`net.channels: ${dataset.label} has ${dataset.channels} channels, not ${net.channels}`)
  if (!dataset.sizes.includes(net.size)) throw new ConfigError(`net.size: ${dataset.label} can be drawn at ${dataset.sizes.join(', ')} pixels, not ${net.size}`)
  if (net.classes !== 0 && net.classes !== dataset.classes.length) throw new ConfigError(`net.classes: ${dataset.label} has ${dataset.classes.length} classes; 0 trains without labels`)
  if (evaluate.perLevel > data.heldOut) throw new ConfigError(`evaluate.perLevel: ${evaluate.perLevel} is more than the ${data.heldOut} held-out images`)
  if (evaluate.samples > data.heldOut) throw new ConfigError(`evaluate.samples: ${evaluate.samples} is more than the ${data.heldOut} held-out images`)
  config.replicas.forEach((replica, r) => {
    const method = methods[replica.method ?? objective.method]
    if (!method) throw new ConfigError(`replicas.${r}.method: there is no method "${replica.method ?? objective.method}"; there are ${Object.keys(methods).join(', ')}`)
    if (method.contrastive && train.batch < 2) throw new ConfigError(`train.batch: ${method.label} compares images of one batch, so it needs at least 2`)
  })
}

export async function generateData(config: Config, progress: Progress = () => {}, breathe: () => Promise<void> = async () => {}): Promise<RunData> {
  const { net, data } = config
  const dataset = datasets[data.dataset]
  const dimensions = net.channels * net.size * net.size
  const total = data.count + data.heldOut
  const make = async (count: number, split: 'train' | 'test', before: number) => {
    const images = new Float32Array(count * dimensions)
    const labels = new Uint8Array(count)
    for (let start = 0; start < count; start += PIECE) {
      const piece = dataset.generate(Math.min(PIECE, count - start), { seed: data.seed, split, size: net.size, start })
      images.set(piece.images, start * dimensions)
      labels.set(piece.labels, start)
      progress('drawing images', before + start + piece.labels.length, total)
      await breathe()
    }
    return { images, labels }
  }
  const train = await make(data.count, 'train', 0)
  const heldOut = await make(data.heldOut, 'test', data.count)
  return { dataset, train: train.images, trainLabels: train.labels, heldOut: heldOut.images, heldOutLabels: heldOut.labels }
}
