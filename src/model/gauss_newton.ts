/**
 * Products with the Gauss-Newton matrix of the flow-matching loss L = mean over samples and dimensions of (v − v*)²: with J the velocity's
 * Jacobian in the weights, G = 2/(n d) Jᵀ J. It is the Hessian of L without the curvature of the net itself, and never negative
 * (Schraudolph 2002, Neural Computation 14:1723). It does not depend on v*.
 */
import type { Recorder, Tensor } from '../engine/recorder.ts'
import type { FlatParameters, LinearGradients } from '../ops/linear.ts'
import { gradientReduce } from '../ops/optimizer.ts'
import { scale } from '../ops/scale.ts'
import { recordTangent } from './dit_tangent.ts'
import { type Frozen, recordFrozen } from './frozen.ts'
import { slicesFor, type Training } from './training.ts'

export interface GaussNewton {
  /** The samples: write its image, t and labels. */
  frozen: Frozen
  /** p (R,parameters), for the caller to write, laid out as the weights (`training.layout`) */
  direction: FlatParameters
  /** G p (R,parameters), padding zero */
  product: Tensor
}

export interface GaussNewtonOptions {
  /** n, of each replica */
  samples: number
  /** Where J is taken: `training.optimizer.ema` or `training.parameters` */
  weights: FlatParameters
  /** Gets the forward pass, to be replayed once for many directions; the same recorder when absent. Both share their tensors. */
  forward?: Recorder
  name?: string
}

/** Each replay multiplies each replica's p by its own G. A mean over more samples is the mean of products. Costs about five forward passes. */
export function recordGaussNewton(recorder: Recorder, training: Training, { samples, weights, forward = recorder, name = 'Gauss-Newton ' }: GaussNewtonOptions): GaussNewton {
  const { replicas: R, dit, layout: { length, net } } = training
  const d = net.channels * net.size * net.size
  const frozen = recordFrozen(forward, training, { samples, weights, keep: true, name })
  const { image, t, labels, trace } = frozen
  if (!('velocity' in trace)) throw new Error('the forward pass stopped before the head')
  const flat = (label: string, planes = 1) => recorder.tensor(`${name}${label}`, planes * R * length)

  const direction: FlatParameters = { tensor: flat('direction'), replicas: R, length }
  const tangent = recordTangent(recorder, dit, frozen, { image: null, weights: direction }, { name: `${name}tangent ` })
  recorder.at('Gauss-Newton')
  const dvelocity = recorder.tensor(`${name}d velocity`, R * samples * d)
  scale(recorder, R, samples * d, 2 / (samples * d), tangent.velocity!, dvelocity)

  const slices = slicesFor(samples * dit.tokens, R * length)
  const gradients: LinearGradients = { planes: flat('planes', slices), slices }
  dit.backward(recorder, weights, gradients, { image, t, labels, capacity: samples }, trace, { replicas: R, samples }, dvelocity)
  recorder.at('Gauss-Newton')
  const product = flat('product')
  gradientReduce(recorder, direction, gradients, { gradients: product, partials: recorder.tensor(`${name}norm`, R * 64) })
  return { frozen, direction, product }
}
