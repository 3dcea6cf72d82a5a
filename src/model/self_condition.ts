/**
 * Self-conditioning: blocks after a bottleneck are told what the blocks up to it have found. After DDAE++ (arXiv 2505.10999), whose code is
 * not public; this is our reconstruction, in DiT's own terms: the mean token after the bottleneck block goes through a layer like DiT's
 * final one (a norm with shift β and scale γ − 1 made of silu(c), then a linear layer W), and what comes out is added to c.
 *
 *   c_late = c + W (γ(c) ⊙ LN(mean_t h) + β(c)) + b
 *
 * Both layers start at zero, so that the net starts as one without. Gradients flow into c and h; nothing is detached.
 */
import type { Recorder, Tensor } from '../engine/recorder.ts'
import { selfCondition, selfConditionBackward } from '../ops/condition.ts'
import type { Extent } from '../ops/extent.ts'
import { featureBackward, tokenMean } from '../ops/features.ts'
import { type Activation, type FlatParameters, linear, linearBackward, type LinearGradients } from '../ops/linear.ts'
import { modulate, modulateBackward, type ModulationPlaces } from '../ops/modulate.ts'
import type { ParameterLayout } from './parameters.ts'

/** What the blocks after the bottleneck are conditioned on, and how it came about; all (R,B,1,·). */
export interface LateCondition {
  mean: Activation
  y: Activation
  statistics: Tensor
  c: Activation
  condition: Activation
  /** Modulation vectors of the later blocks and of the head. */
  ada: Activation
}

/** Where a net's self-condition reads from: its parameters, and its vectors among the early ones. */
export interface SelfConditioned {
  layout: ParameterLayout
  places: ModulationPlaces
}

/** x (R,·,T,C) after the bottleneck, c (R,·,1,C) and the early vectors → the later ones, for the samples of `extent` */
export function recordLateCondition(
  recorder: Recorder, extent: Extent, weights: FlatParameters, { layout: { layers }, places }: SelfConditioned, x: Activation, c: Activation, ada: Activation, capacity: number, name: string,
): LateCondition {
  const activation = (label: string, width = c.width): Activation =>
    ({ tensor: recorder.tensor(`${name}${label}`, extent.replicas * capacity * width), capacity, rows: 1, width })
  const [mean, y, late, condition] = [activation('bottleneck mean'), activation('bottleneck y'), activation('late c'), activation('late condition')]
  const statistics = recorder.tensor(`${name}bottleneck statistics`, extent.replicas * capacity * 2)
  const lateAda = activation('late modulation', layers['late modulation'].outputs)
  tokenMean(recorder, extent, x, mean)
  modulate(recorder, extent, mean, ada, places, y, statistics)
  linear(recorder, extent, weights, layers['self_condition.linear'], y, late)
  selfCondition(recorder, extent, c, late, condition.tensor)
  linear(recorder, extent, weights, layers['late modulation'], condition, lateAda)
  return { mean, y, statistics, c: late, condition, ada: lateAda }
}

export interface LateBackward {
  /** Gradient of the later vectors, complete */
  dada: Activation
  /** Receives that of the late c */
  dlate: Activation
  /** Of the early vectors; null when nobody wants it */
  dearly: Activation | null
  /** Gradient of the tokens after the bottleneck, to be added to, and of the branch before, to be made anew */
  dx: Activation
  dbranch: Activation
  /** Gate of that branch */
  gate: number
}

/** Back to the tokens after the bottleneck; of weights, only those of the later modulation (the others wait for `recordTrained`). */
export function recordLateBackward(
  recorder: Recorder, extent: Extent, weights: FlatParameters, gradients: LinearGradients | null, { layout: { layers }, places }: SelfConditioned, late: LateCondition, ada: Activation,
  { dada, dlate, dearly, dx, dbranch, gate }: LateBackward,
): void {
  const like = (label: string): Activation => ({ ...dlate, tensor: recorder.tensor(label, dlate.tensor.length) })
  const [dy, dmean] = [like('d bottleneck y'), like('d bottleneck mean')]
  linearBackward(recorder, extent, weights, layers['late modulation'], gradients, late.condition, dada, dlate, { kind: 'silu', pre: late.c.tensor })
  linearBackward(recorder, extent, weights, layers['self_condition.linear'], null, late.y, dlate, dy)
  modulateBackward(recorder, extent, {
    dy, x: late.mean, statistics: late.statistics, statisticsCapacity: late.mean.capacity, ada, places, dresidual: null, dx: dmean, before: null, branch: null, dada: dearly,
  })
  featureBackward(recorder, extent, extent.samples, true, dmean, ada, gate, dx, dbranch)
}

/** dc += dlate, and the gradient of W and b, in replicas where `learns` (R) is 1 (all, when null): others hold them as they are. */
export function recordTrained(
  recorder: Recorder, extent: Extent, weights: FlatParameters, gradients: LinearGradients, { layout: { layers } }: SelfConditioned, late: LateCondition, dlate: Activation, dc: Activation, learns: Tensor | null,
): void {
  const { replicas } = extent
  const dtrained: Activation = { ...dlate, tensor: recorder.tensor('d self-condition', dlate.tensor.length) }
  selfConditionBackward(recorder, extent, dlate, learns ?? recorder.computed('all learn', replicas, () => new Float32Array(replicas).fill(1)), dc, dtrained)
  linearBackward(recorder, extent, weights, layers['self_condition.linear'], gradients, late.y, dtrained, null)
}
