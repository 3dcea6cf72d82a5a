/** What a feature loss compares: the token mean after a block, or all its tokens, as they are or at unit length. */
import type { Recorder, Tensor } from '../engine/recorder.ts'
import { type Extent, groupsOver } from './extent.ts'
import { type Activation, strideOf } from './linear.ts'

/** x (R,capacity,T,C) → z (R,capacity,1,C) */
export function tokenMean(recorder: Recorder, extent: Extent, x: Activation, z: Activation): void {
  recorder.dispatch('token_mean', { x: x.tensor, z: z.tensor },
    { samples: extent.samples, tokens: x.rows, columns: x.width / 4, x_stride: strideOf(x), z_stride: strideOf(z) },
    groupsOver(extent, { units: x.width / 4, perGroup: 64 }))
}

/** z, unit (R,B,1,F), inverse (R,B) = 1/‖z‖; covers the whole capacity */
export function unitLength(recorder: Recorder, replicas: number, z: Activation, unit: Tensor, inverse: Tensor): void {
  recorder.dispatch('unit_length', { z: z.tensor, unit, inverse }, { samples: z.capacity, columns: (z.rows * z.width) / 4 }, [Math.ceil(z.capacity / 64), 1, replicas])
}

/** dunit → dz, all (R,B,1,F) */
export function unitLengthBackward(recorder: Recorder, replicas: number, z: Activation, unit: Tensor, inverse: Tensor, dunit: Tensor, dz: Tensor): void {
  recorder.dispatch('unit_length_backward', { unit, inverse, dunit, dz }, { samples: z.capacity, columns: (z.rows * z.width) / 4 }, [Math.ceil(z.capacity / 64), 1, replicas])
}

/**
 * Lets dz into the residual stream after its block: dx (R,samples,T,C) += dz/T per token (pooled) or dz (all tokens), and makes
 * dbranch = dx · gate anew. Rows of samples from `batch` on are set, not added to: nothing else has written them.
 */
export function featureBackward(
  recorder: Recorder, extent: Extent, batch: number, pooled: boolean, dz: Activation, ada: Activation, gate: number, dx: Activation, dbranch: Activation,
): void {
  const tokens = dx.rows
  recorder.dispatch('feature_backward', { dz: dz.tensor, ada: ada.tensor, dx: dx.tensor, dbranch: dbranch.tensor }, {
    rows: extent.samples * tokens, batch_rows: batch * tokens, columns: dx.width / 4, tokens, d_stride: strideOf(dx), dz_stride: strideOf(dz),
    ada_row: ada.width / 4, ada_stride: strideOf(ada), gate: gate / 4,
  }, groupsOver(extent, { units: (tokens * dx.width) / 4, perGroup: 64 }), { constants: { POOLED: pooled ? 1 : 0 } })
}

/** A micro-batch of B among the `whole` samples of a step, (R,B) places; `z` holds B rows, or 2B with anchors, and `all` as many for each of them. */
export interface Among {
  replicas: number
  batch: number
  whole: number
  state: Tensor
  place: Tensor
}

const rowsAmong = ({ batch, whole }: Among, { capacity, rows, width }: Activation) => ({ batch, capacity, columns: (rows * width) / 4, whole })

/** z (R,capacity,·,F) → its rows of all (R,parts·capacity,·,F) */
export function keepFeatures(recorder: Recorder, among: Among, z: Activation, all: Tensor): void {
  const shape = rowsAmong(among, z)
  recorder.dispatch('keep_features', { state: among.state, place: among.place, z: z.tensor, all }, shape, [Math.ceil((z.capacity * shape.columns) / 64), 1, among.replicas])
}

/** all.dz (R,parts·capacity,·,F), all.rows (R,whole) → those of a micro-batch, dz (R,capacity,·,F) and rows (R,B) */
export function takeFeatureGradients(recorder: Recorder, among: Among, knobs: Tensor, all: { dz: Tensor; rows: Tensor }, dz: Activation, rows: Tensor): void {
  const shape = rowsAmong(among, dz)
  recorder.dispatch('take_feature_gradients', { knobs, state: among.state, place: among.place, all_dz: all.dz, all_rows: all.rows, dz: dz.tensor, rows }, shape, [Math.ceil((dz.capacity * shape.columns) / 64), 1, among.replicas])
}

/** The next micro-batch is about to be looked at; after the last the first again. */
export function nextPart(recorder: Recorder, replicas: number, parts: number, state: Tensor): void {
  recorder.dispatch('next_part', { state }, { replicas, parts }, [Math.ceil(replicas / 64)])
}
