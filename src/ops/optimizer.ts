/** From gradient planes to new weights: add and measure, decide, update. Three dispatches whatever the model. */
import type { Recorder, Tensor } from '../engine/recorder.ts'
import { structLayout } from '../engine/struct.ts'
import { overBoth } from './extent.ts'
import type { FlatParameters, LinearGradients } from './linear.ts'

/** Steps the metrics ring holds. */
export const METRICS_RING = 1024
/** Numbers per step and replica, in the order optimizer_begin.wgsl writes them. */
export const METRICS = ['step', 'flow', 'contrastive', 'gradientNorm', 'rate', 'anchors', 'positive', 'negative', 'skipped', 'empty', 'lambda', 'low'] as const

const STATE_WORDS = structLayout('lib/state.wgsl', 'State').words

export interface Optimizer {
  gradients: Tensor
  first: Tensor
  second: Tensor
  ema: FlatParameters
  partials: Tensor
  /** (RING, R, 12) */
  metrics: Tensor
}

export function makeOptimizer(recorder: Recorder, parameters: FlatParameters): Optimizer {
  const each = parameters.replicas * parameters.length
  return {
    gradients: recorder.tensor('gradients', each), first: recorder.tensor('Adam mean', each), second: recorder.tensor('Adam square', each),
    ema: { ...parameters, tensor: recorder.tensor('EMA weights', each) }, partials: recorder.tensor('gradient norm', parameters.replicas * 64),
    metrics: recorder.tensor('metrics', METRICS_RING * parameters.replicas * METRICS.length),
  }
}

/** planes (S,R,parameters) → gradients (R,parameters) and partial squares. `state` of a batch in micro-batches: adds to what those before this one left. */
export function gradientReduce(recorder: Recorder, parameters: FlatParameters, { planes, slices }: LinearGradients, optimizer: Pick<Optimizer, 'gradients' | 'partials'>, state?: Tensor): void {
  recorder.dispatch('gradient_reduce', { planes, gradients: optimizer.gradients, partials: optimizer.partials, state: state ?? recorder.placeholder('state', STATE_WORDS) },
    { length: parameters.length / 4, slices, slice_stride: (parameters.replicas * parameters.length) / 4 }, [64, 1, parameters.replicas], { constants: { ADDS: state ? 1 : 0 } })
}

/** loss (R,B), rows (R,B) vec4 of the contrastive term: decides about the step and writes its metrics, after the last of its `parts` micro-batches of B */
export function optimizerBegin(recorder: Recorder, replicas: number, batch: number, knobs: Tensor, state: Tensor, optimizer: Optimizer, loss: Tensor, rows: Tensor, parts = 1): void {
  recorder.dispatch('optimizer_begin', { knobs, state, partials: optimizer.partials, loss, rows, metrics: optimizer.metrics }, { replicas, batch }, [1, 1, replicas], { constants: { RING: METRICS_RING, PARTS: parts } })
}

export function adamw(recorder: Recorder, parameters: FlatParameters, knobs: Tensor, state: Tensor, optimizer: Optimizer): void {
  const length = parameters.length / 4
  const { groups, row } = overBoth(length)
  recorder.dispatch('adamw', {
    knobs, state, gradients: optimizer.gradients, parameters: parameters.tensor, first: optimizer.first, second: optimizer.second, ema: optimizer.ema.tensor,
  }, { length, row }, [...groups, parameters.replicas])
}
