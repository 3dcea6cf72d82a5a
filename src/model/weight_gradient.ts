/** What a cotangent of the velocity is as a gradient of the weights: Jᵀu of a frozen net, J the velocity's Jacobian in the weights. */
import type { Recorder, Tensor } from '../engine/recorder.ts'
import type { FlatParameters, LinearGradients } from '../ops/linear.ts'
import { gradientReduce } from '../ops/optimizer.ts'
import { type Frozen, recordFrozen } from './frozen.ts'
import { slicesFor, type Training } from './training.ts'

export interface WeightGradient {
  /** The samples: write its image, t and labels. */
  frozen: Frozen
  /** u (R,n,ch,h,w), for the caller to write */
  direction: Tensor
  /** Jᵀu, laid out as the weights, padding zero */
  gradient: FlatParameters
}

export interface WeightGradientOptions {
  /** n, of each replica */
  samples: number
  /** Where J is taken: `training.optimizer.ema` or `training.parameters` */
  weights: FlatParameters
  /** Gets the forward pass, to be replayed once for many directions. */
  forward: Recorder
  /** What another recording fills; made here, for the caller to write, when absent. */
  input?: Pick<Frozen, 'image' | 't' | 'labels'>
  name: string
}

/** Each replay multiplies each replica's u by its own Jᵀ. Costs about two forward passes. */
export function recordWeightGradient(recorder: Recorder, training: Training, { samples, weights, forward, input, name }: WeightGradientOptions): WeightGradient {
  const { replicas: R, dit, layout: { length, net } } = training
  const frozen = recordFrozen(forward, training, { samples, weights, keep: true, input, name })
  const { image, t, labels, trace } = frozen
  if (!('velocity' in trace)) throw new Error('the forward pass stopped before the head')
  const flat = (label: string, planes = 1) => recorder.tensor(`${name}${label}`, planes * R * length)
  const direction = recorder.tensor(`${name}direction`, R * samples * net.channels * net.size * net.size)
  const slices = slicesFor(samples * dit.tokens, R * length)
  const gradients: LinearGradients = { planes: flat('planes', slices), slices }
  dit.backward(recorder, weights, gradients, { image, t, labels, capacity: samples }, trace, { replicas: R, samples }, direction)
  recorder.at('weight gradient')
  const gradient: FlatParameters = { tensor: flat('gradient'), replicas: R, length }
  gradientReduce(recorder, gradient, gradients, { gradients: gradient.tensor, partials: recorder.tensor(`${name}norm`, R * 64) })
  return { frozen, direction, gradient }
}
