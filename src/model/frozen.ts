/** A net looked at and not trained: a forward pass of fixed weights on images of the caller's, as diagnostics and derivatives want it. */
import type { NetConfig } from '../config.ts'
import type { Recorder, Tensor } from '../engine/recorder.ts'
import type { Activation, FlatParameters } from '../ops/linear.ts'
import type { DitInput, DitTrace, DitTrunk } from './dit.ts'
import { untoldLabel } from './parameters.ts'
import type { Training } from './training.ts'

export interface Frozen {
  /** x_t, (R,n,ch,h,w) */
  image: Tensor
  /** Noise level of each sample, (R,n) */
  t: Tensor
  /** Classes as u32, (R,n), until others are written what stands for no class (`untoldLabel`); null in a net without classes */
  labels: Tensor | null
  /** n, of each replica */
  samples: number
  weights: FlatParameters
  /** (R,n,ch,h,w); null when not asked for */
  velocity: Tensor | null
  /** Token means (R,n,1,C), one for each of `layers` in its order */
  features: Activation[]
  /** Whether `trace` holds every block, for derivatives. */
  keep: boolean
  /** With the head (a DitTrace) when the velocity was asked for. */
  trace: DitTrunk | DitTrace
}

export interface FrozenOptions {
  /** n, images of each replica */
  samples: number
  /** `training.optimizer.ema` or `training.parameters` */
  weights: FlatParameters
  /** Blocks, counted from 1, whose token mean is wanted */
  layers?: readonly number[]
  /** false: no head, and no block after the last of `layers` */
  velocity?: boolean
  /** Keep every activation, for tangents and cotangents; otherwise blocks share their buffers. */
  keep?: boolean
  /** Tensors that another recording fills; made here, for the caller to write, when absent. */
  input?: Omit<DitInput, 'capacity'>
  /** Put before the names of tensors */
  name?: string
}

/** Labels that tell a net nothing of its images; null for one without classes. */
export function untoldLabels(recorder: Recorder, net: NetConfig, count: number, name: string): Tensor | null {
  return net.classes > 0 ? recorder.computed(`${name}labels`, count, () => new Uint32Array(count).fill(untoldLabel(net))) : null
}

/**
 * Records a forward pass of all R replicas over n samples, each with its own t. The recorder's tensors are its own: the run's weights and
 * constants are found when buffers are made, through the run's buffers as their parent.
 * @throws RangeError when a layer is not one of the net's blocks, or when nothing is asked for
 */
export function recordFrozen(
  recorder: Recorder, training: Training, { samples, weights, layers = [], velocity = true, keep = false, input, name = 'frozen ' }: FrozenOptions,
): Frozen {
  const { replicas: R, layout: { net }, dit } = training
  const wrong = layers.find(layer => !Number.isInteger(layer) || layer < 1 || layer > net.blocks)
  if (wrong !== undefined) throw new RangeError(`there is no block ${wrong} to take features from: this net has blocks 1 to ${net.blocks}`)
  if (!velocity && layers.length === 0) throw new RangeError('a forward pass without the velocity needs at least one block whose features are wanted')
  const { image, t, labels } = input ?? {
    image: recorder.tensor(`${name}x_t`, R * samples * net.channels * net.size * net.size),
    t: recorder.tensor(`${name}t`, R * samples),
    labels: untoldLabels(recorder, net, R * samples, name),
  }
  const given: DitInput = { image, t, labels, capacity: samples }
  const options = { extent: { replicas: R, samples }, keep, pooled: layers, name }
  const common = { image, t, labels, samples, weights, keep }
  if (velocity) {
    const trace = dit.forward(recorder, weights, given, options)
    return { ...common, velocity: trace.velocity, features: trace.pooled, trace }
  }
  const trace = dit.trunk(recorder, weights, given, Math.max(...layers), options)
  return { ...common, velocity: null, features: trace.pooled, trace }
}
