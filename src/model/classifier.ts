/**
 * A small classifier: the transformer's own trunk, and a softmax on the token mean after its last block, brought to one length: the residual stream
 * has no scale of its own, and a few long rows would be most of a covariance. Told t like any net here, and trained near t = 0. What it makes of clean
 * images are the features of the Fréchet distance.
 */
import type { NetConfig } from '../config.ts'
import type { Recorder } from '../engine/recorder.ts'
import type { Activation, FlatParameters } from '../ops/linear.ts'
import { Dit, type DitInput } from './dit.ts'
import { parameterLayout } from './parameters.ts'

export interface Classifier {
  /** Not told any class. */
  net: NetConfig
  /** K */
  classes: number
  /** Flat, as `parameterLayout(net)` has them. */
  parameters: Float32Array
  /** Softmax weights (K,C+1), the bias last. */
  head: Float32Array
  /** Share of right answers on `tested` held-out images. */
  accuracy: number
  tested: number
}

export interface ClassifierPass {
  recorder: Recorder
  dit: Dit
  weights: FlatParameters
  input: DitInput
  /** Token means as they are, (1,samples,1,C); `toOneLength` makes features of them. */
  means: Activation
}

/** A forward pass over `samples` images, one replica. The caller writes weights, images (n,ch,h,w) and t. */
export function recordClassifier(recorder: Recorder, net: NetConfig, samples: number, name = 'classifier '): ClassifierPass {
  const layout = parameterLayout(net)
  const dit = new Dit(recorder, net, layout)
  const weights = { tensor: recorder.tensor(`${name}weights`, layout.length), replicas: 1, length: layout.length }
  const input = { image: recorder.tensor(`${name}images`, samples * net.channels * net.size ** 2), t: recorder.tensor(`${name}t`, samples), labels: null, capacity: samples }
  const trunk = dit.trunk(recorder, weights, input, net.blocks, { extent: { replicas: 1, samples }, keep: false, pooled: [net.blocks], name })
  return { recorder, dit, weights, input, means: trunk.pooled[0] }
}

/** Rows (n,width) of token means → features of length √width. */
export function toOneLength(means: Float32Array, width: number): Float32Array {
  const features = new Float32Array(means.length)
  for (let at = 0; at < means.length; at += width) {
    const row = means.subarray(at, at + width)
    const scale = Math.sqrt(width) / Math.max(1e-12, Math.hypot(...row))
    for (let c = 0; c < width; c++) features[at + c] = scale * row[c]
  }
  return features
}

/** Gradient of the features → gradient of the token means, both (n,width): what is along a row does not change it. */
export function toOneLengthBackward(means: Float32Array, gradient: Float32Array, width: number): Float32Array {
  const result = new Float32Array(means.length)
  for (let at = 0; at < means.length; at += width) {
    const length = Math.max(1e-12, Math.hypot(...means.subarray(at, at + width)))
    let along = 0
    for (let c = 0; c < width; c++) along += (means[at + c] / length) * gradient[at + c]
    for (let c = 0; c < width; c++) result[at + c] = (Math.sqrt(width) / length) * (gradient[at + c] - (along * means[at + c]) / length)
  }
  return result
}

/** Logits (K) of one image's features. */
export function logitsOf(head: ArrayLike<number>, classes: number, features: ArrayLike<number>, at: number, width: number): Float64Array {
  return Float64Array.from({ length: classes }, (_, k) => {
    const row = k * (width + 1)
    let sum = head[row + width]
    for (let c = 0; c < width; c++) sum += head[row + c] * features[at + c]
    return sum
  })
}

export const largest = (values: Float64Array) => values.reduce((best, value, k) => (value > values[best] ? k : best), 0)
