/**
 * Products with the neural tangent kernel of a frozen net (Jacot et al. 2018, arXiv 1806.07572): K = J Jᵀ over the outputs of a few samples, J the
 * velocity's Jacobian in the weights. Its non-zero eigenvalues are those of JᵀJ, so a small dense K shows the spectrum of Gauss-Newton.
 */
import type { Recorder, Tensor } from '../engine/recorder.ts'
import type { FlatParameters, LinearGradients } from '../ops/linear.ts'
import { gradientReduce } from '../ops/optimizer.ts'
import { recordTangent } from './dit_tangent.ts'
import { type Frozen, recordFrozen } from './frozen.ts'
import { slicesFor, type Training } from './training.ts'

export interface TangentKernel {
  /** The samples: write its image, t and labels. */
  frozen: Frozen
  /** u (R,n,ch,h,w), for the caller to write */
  direction: Tensor
  /** J Jᵀ u (R,n,ch,h,w) */
  product: Tensor
}

/** Each replay multiplies each replica's u by its own K. `forward` gets the forward pass, to be replayed once for many directions. Costs about four forward passes. */
export function recordTangentKernel(
  recorder: Recorder, training: Training, { samples, weights, forward, input, name = 'kernel ' }: { samples: number; weights: FlatParameters; forward: Recorder; input?: Pick<Frozen, 'image' | 't' | 'labels'>; name?: string },
): TangentKernel {
  const { replicas: R, dit, layout: { length, net } } = training
  const frozen = recordFrozen(forward, training, { samples, weights, keep: true, input, name })
  const { image, t, labels, trace } = frozen
  if (!('velocity' in trace)) throw new Error('the forward pass stopped before the head')
  const flat = (label: string, planes = 1) => recorder.tensor(`${name}${label}`, planes * R * length)
  const direction = recorder.tensor(`${name}direction`, R * samples * net.channels * net.size * net.size)
  const slices = slicesFor(samples * dit.tokens, R * length)
  const gradients: LinearGradients = { planes: flat('planes', slices), slices }
  dit.backward(recorder, weights, gradients, { image, t, labels, capacity: samples }, trace, { replicas: R, samples }, direction)
  recorder.at('tangent kernel')
  const pulled: FlatParameters = { tensor: flat('gradient'), replicas: R, length }
  gradientReduce(recorder, pulled, gradients, { gradients: pulled.tensor, partials: recorder.tensor(`${name}norm`, R * 64) })
  const { velocity } = recordTangent(recorder, dit, frozen, { image: null, weights: pulled }, { name: `${name}tangent ` })
  return { frozen, direction, product: velocity! }
}
