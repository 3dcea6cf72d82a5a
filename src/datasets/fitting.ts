/** A run's settings made to fit another dataset, with as little change as possible: what someone who picks it would change by hand. */
import type { Config } from '../config.ts'
import type { Dataset } from './dataset.ts'

/** Bytes of training images that every GPU can hold in one buffer. */
const GUARANTEED = 128 * 2 ** 20

/** The side stays where the dataset can be had at it. Settings without an obvious successor stay, for the lab to refuse. */
export function fittedTo(config: Config, dataset: Dataset): Config {
  const { net, data, evaluate } = config
  const { channels, classes, available, sizes } = dataset
  const cut = net.size === 1 && dataset.size % 2 === 0 ? 2 : net.patch // from points to images, which one token to each pixel would make slow
  const possible = sizes.filter(side => side % cut === 0)
  const size = possible.includes(net.size) ? net.size : possible.includes(dataset.size) ? dataset.size : (possible.at(-1) ?? dataset.size)
  const most = Math.floor(GUARANTEED / (4 * channels * size * size))
  const count = available ? Math.min(data.count, available.train, most) : data.count
  const batch = Math.min(config.train.batch, count)
  const heldOut = available ? Math.min(data.heldOut, available.test) : data.heldOut
  return {
    ...config,
    net: { ...net, channels, size, patch: possible.length > 0 ? cut : 1, classes: net.classes === 0 ? 0 : classes.length },
    data: { ...data, dataset: dataset.id, count, heldOut },
    train: { ...config.train, batch, microBatches: batch % config.train.microBatches === 0 ? config.train.microBatches : 1 },
    // Of the run's batch at most; micro-batches that divided both still do.
    replicas: config.replicas.map(replica => (replica.batch !== undefined && replica.batch > batch ? { ...replica, batch } : replica)),
    evaluate: { ...evaluate, perLevel: Math.min(evaluate.perLevel, heldOut), samples: Math.min(evaluate.samples, heldOut) },
  }
}
