/** What tells the network its noise level and label. */
import type { Recorder, Tensor } from '../engine/recorder.ts'
import { type Extent, groupsOver } from './extent.ts'
import { type Activation, type FlatParameters, strideOf } from './linear.ts'

export const TIME_FEATURES = 256

/** 1000·10000^(−k/128) / 2π for k < 128, each as a 12-bit-exact high part and the rest, so that the GPU can form angles exactly. */
export function timeFrequencies(): Float32Array {
  const pairs = new Float32Array(TIME_FEATURES)
  const word = new Uint32Array(1)
  const float = new Float32Array(word.buffer)
  for (let k = 0; k < 128; k++) {
    const frequency = (1000 * 10000 ** (-k / 128)) / (2 * Math.PI)
    float[0] = frequency
    word[0] &= 0xfffff000
    pairs[2 * k] = float[0]
    pairs[2 * k + 1] = frequency - float[0]
  }
  return pairs
}

/** t (R,capacity) → features (R,capacity,256), cos then sin */
export function timeFeatures(recorder: Recorder, extent: Extent, t: Tensor, frequencies: Tensor, features: Activation): void {
  recorder.dispatch('time_features', { t, frequencies, features: features.tensor },
    { samples: extent.samples, t_stride: features.capacity, features_stride: features.capacity * TIME_FEATURES },
    groupsOver(extent, { units: 128, perGroup: 64 }))
}

/** Where the label table stands in a replica's parameters. */
export interface LabelTable {
  offset: number
  /** One for each class, and one for no label where labels are dropped. */
  rows: number
  width: number
}

/** c += table[labels], active = silu(c); c, active (R,capacity,1,C), labels (R,capacity) */
export function labelEmbedding(recorder: Recorder, extent: Extent, parameters: FlatParameters, table: LabelTable, labels: Tensor, c: Activation, active: Tensor): void {
  recorder.dispatch('label_embedding', {
    labels, c: c.tensor, activated: active,
    table: { tensor: parameters.tensor, offset: table.offset, length: (parameters.replicas - 1) * parameters.length + table.rows * table.width },
  }, { samples: extent.samples, columns: table.width / 4, labels_stride: c.capacity, table_stride: parameters.length / 4, c_stride: strideOf(c) },
  groupsOver(extent, { units: table.width / 4, perGroup: 64 }))
}

/** dtable[k] = Σ dc over the samples with label k, into the first gradient plane */
export function labelEmbeddingBackward(recorder: Recorder, extent: Extent, parameters: FlatParameters, table: LabelTable, labels: Tensor, labelsCapacity: number, dc: Activation, planes: Tensor): void {
  recorder.dispatch('label_embedding_backward', {
    labels, dc: dc.tensor,
    dtable: { tensor: planes, offset: table.offset, length: (parameters.replicas - 1) * parameters.length + table.rows * table.width },
  }, { samples: extent.samples, rows: table.rows, columns: table.width / 4, labels_stride: labelsCapacity, table_stride: parameters.length / 4, c_stride: strideOf(dc) },
  [Math.ceil((table.rows * table.width) / 4 / 64), 1, extent.replicas])
}

/** late += c, active = silu(late): what blocks after the bottleneck are conditioned on. c (R,capacity,1,C), late, active (R,late.capacity,1,C) */
export function selfCondition(recorder: Recorder, extent: Extent, c: Activation, late: Activation, active: Tensor): void {
  recorder.dispatch('self_condition', { c: c.tensor, late: late.tensor, activated: active },
    { samples: extent.samples, columns: c.width / 4, c_stride: strideOf(c), late_stride: strideOf(late) }, groupsOver(extent, { units: c.width / 4, perGroup: 64 }))
}

/** dc += dlate, and dtrained = dlate in replicas whose `learns` (R) is 1, else 0; all (R,capacity,1,C) of one capacity */
export function selfConditionBackward(recorder: Recorder, extent: Extent, dlate: Activation, learns: Tensor, dc: Activation, dtrained: Activation): void {
  recorder.dispatch('self_condition_backward', { dlate: dlate.tensor, learns, dc: dc.tensor, dtrained: dtrained.tensor },
    { samples: extent.samples, columns: dc.width / 4, stride: strideOf(dc) }, groupsOver(extent, { units: dc.width / 4, perGroup: 64 }))
}
