/**
 * Products with the neural tangent kernel of a frozen net (Jacot et al. 2018, arXiv 1806.07572): K = J Jᵀ over the outputs of a few samples, J the
 * velocity's Jacobian in the weights. Its non-zero eigenvalues are those of JᵀJ, so a small dense K shows the spectrum of Gauss-Newton.
 */
import type { Recorder, Tensor } from '../engine/recorder.ts'
import { recordTangent } from './dit_tangent.ts'
import type { Frozen } from './frozen.ts'
import type { Training } from './training.ts'
import { recordWeightGradient, type WeightGradientOptions } from './weight_gradient.ts'

export interface TangentKernel {
  /** The samples: write its image, t and labels. */
  frozen: Frozen
  /** u (R,n,ch,h,w), for the caller to write */
  direction: Tensor
  /** J Jᵀ u (R,n,ch,h,w) */
  product: Tensor
}

/** Each replay multiplies each replica's u by its own K. Costs about four forward passes. */
export function recordTangentKernel(recorder: Recorder, training: Training, { name = 'kernel ', ...options }: Omit<WeightGradientOptions, 'name'> & { name?: string }): TangentKernel {
  const { frozen, direction, gradient } = recordWeightGradient(recorder, training, { ...options, name })
  const { velocity } = recordTangent(recorder, training.dit, frozen, { image: null, weights: gradient }, { name: `${name}tangent ` })
  return { frozen, direction, product: velocity! }
}
