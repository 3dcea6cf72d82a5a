/** One step of LCF and its relatives on one small random net and batch: three of eight samples lie below T_min. */
import { type Config, type ObjectiveConfig, parseConfig } from '../../src/config.ts'
import type { GivenBatch } from '../../src/lab/given_step.ts'
import { fromNamed, initialParameters, parameterLayout, toNamed } from '../../src/model/parameters.ts'
import { type GivenTraining, withTraining } from './given_training.ts'
import { flat, randomBatch, randomParameters } from './random_net.ts'

export const B = 8
export const LOW = 3
export const LAYER = 2
export const T_MIN = 0.25

export type Changes = Partial<ObjectiveConfig>

export const configOf = (changes: Changes = {}, methods = ['lcf'], paths: ObjectiveConfig['path'][] = []): Config => parseConfig({
  net: { channels: 1, size: 8, patch: 2, width: 16, heads: 2, blocks: 3 },
  objective: { layer: LAYER, tMin: T_MIN, lambda: 0.5, ...changes }, train: { batch: B }, replicas: methods.map((method, r) => ({ method, path: paths[r] })),
})

export const { net } = configOf()
export const randomWeights = flat(net, randomParameters(net, 7))

/** Start weights with a blind patch embedding: blocks are the identity, so every feature is the same, and every velocity `answer`. */
export function blindWeights(answer = 0): Float32Array {
  const layout = parameterLayout(net)
  const tensors = toNamed(layout, initialParameters(layout, 1))
  tensors['x_embedder.proj.weight'].data.fill(0)
  tensors['final_layer.linear.bias'].data.fill(answer)
  return fromNamed(layout, tensors)
}

export const batchWith = (low: number) => randomBatch(net, 8, B, T_MIN, low)

export interface StepOptions {
  methods?: string[]
  /** Of each replica; the run's where it is not said. */
  paths?: ObjectiveConfig['path'][]
  batch?: GivenBatch
  weights?: Float32Array
}

/** Every replica starts from the same weights and gets the same batch. */
export function lcfStep<T>(changes: Changes, read: (training: GivenTraining) => Promise<T>, { methods, paths, batch = batchWith(LOW), weights = randomWeights }: StepOptions = {}): Promise<T> {
  const config = configOf(changes, methods, paths)
  return withTraining(config, { gradientsOnly: true }, async training => {
    config.replicas.forEach((_, r) => {
      training.weigh(weights, r)
      training.give(batch, r)
    })
    training.run()
    return read(training)
  })
}

/** Flat gradients of the first replica. */
export const gradientOf = (changes: Changes, options?: StepOptions) => lcfStep(changes, training => training.flatGradients(), options)

/** l_i of the low-noise rows. */
export const rowsOf = (changes: Changes, options?: StepOptions) => lcfStep(changes, async training => {
  const rows = await training.read(training.training.contrastiveRows)
  const { anchors } = await training.state()
  return Array.from({ length: anchors }, (_, i) => rows[4 * i])
}, options)
