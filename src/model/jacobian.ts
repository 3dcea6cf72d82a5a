/** Products with the input Jacobian of a frozen net: J u by a tangent, Jᵀ u by a cotangent, for velocity and features. Exact, not differenced. */
import type { Recorder, Tensor } from '../engine/recorder.ts'
import type { Activation } from '../ops/linear.ts'
import type { FeatureCotangent } from './dit.ts'
import { recordTangent, type Tangent } from './dit_tangent.ts'
import type { Frozen } from './frozen.ts'
import type { Training } from './training.ts'

export interface InputTangent extends Tangent {
  /** u (R,n,ch,h,w), for the caller to write */
  direction: Tensor
}

export interface InputTangentOptions {
  /** false: no head, and no block after the last of `layers` */
  velocity?: boolean
  /** Blocks, counted from 1, whose token means are wanted */
  layers?: readonly number[]
  /** A tensor that another recording fills, for u */
  direction?: Tensor
  name?: string
}

/**
 * J u: how the velocity (R,n,ch,h,w) and token means (R,n,1,C) move when each image moves along its u. Costs about a forward pass.
 * @param frozen recorded with `keep`
 * @throws RangeError when the frozen pass does not hold what is asked for
 */
export function recordInputTangent(recorder: Recorder, training: Training, frozen: Frozen, options: InputTangentOptions = {}): InputTangent {
  const { name = 'tangent ' } = options
  const direction = options.direction ?? recorder.tensor(`${name}image`, imageLength(training, frozen))
  return { direction, ...recordTangent(recorder, training.dit, frozen, { image: direction, weights: null }, options) }
}

export interface InputCotangent {
  /** u (R,n,ch,h,w), for the caller to write; null when not asked for */
  dvelocity: Tensor | null
  /** u (R,n,1,C), for the caller to write; null when not asked for */
  dfeatures: Activation | null
  /** Jᵀ u (R,n,ch,h,w), of both together where both are given */
  dimage: Tensor
}

export interface InputCotangentOptions {
  /** Whether u is of the velocity; a tensor that another recording fills serves as u. */
  velocity?: boolean | Tensor
  /** u is of the token mean after this block, counted from 1 */
  layer?: number
  /** A tensor (R,n,1,C) that another recording fills, for the features' u */
  dfeatures?: Activation
  name?: string
}

/**
 * Jᵀ u: the gradient of ⟨u, velocity⟩, of ⟨u, features after block `layer`⟩, or of their sum, for each image. No weight gradients.
 * @param frozen recorded with `keep`
 * @throws RangeError when u is of nothing, or the frozen pass does not hold what is asked for
 */
export function recordInputCotangent(
  recorder: Recorder, training: Training, frozen: Frozen, { velocity = false, layer, dfeatures, name = 'cotangent ' }: InputCotangentOptions,
): InputCotangent {
  const { replicas: R, layout: { net }, dit } = training
  const { samples, trace, weights } = frozen
  const extent = { replicas: R, samples }
  if (!frozen.keep) throw new RangeError('a cotangent needs a forward pass that keeps its activations: record it with keep')
  if (!velocity && layer === undefined) throw new RangeError('a cotangent is of the velocity or of the features after a block; neither was given')
  if (velocity && !('velocity' in trace)) throw new RangeError('a cotangent of the velocity needs a forward pass with the velocity')
  if (layer !== undefined && !(layer >= 1 && layer <= trace.blocks.length)) throw new RangeError(`the forward pass holds blocks 1 to ${trace.blocks.length}; features after block ${layer} are not among them`)
  const dvelocity = velocity === true ? recorder.tensor(`${name}d velocity`, imageLength(training, frozen)) : velocity || null
  let feature: FeatureCotangent | undefined
  if (layer !== undefined) {
    const dz = dfeatures ?? { tensor: recorder.tensor(`${name}d features`, R * samples * net.width), capacity: samples, rows: 1, width: net.width }
    feature = { layer, pooled: true, dz, extent }
  }
  const dimage = recorder.tensor(`${name}d image`, imageLength(training, frozen))
  dit.backwardInput(recorder, weights, trace, extent, dvelocity, feature, dimage)
  return { dvelocity, dfeatures: feature?.dz ?? null, dimage }
}

const imageLength = ({ replicas, layout: { net } }: Training, { samples }: Frozen) => replicas * samples * net.channels * net.size * net.size
