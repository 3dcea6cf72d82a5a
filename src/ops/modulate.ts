/** y = LayerNorm(x) (1 + scale) + shift, and its gradients with those of the gate before it. */
import type { Recorder, Tensor } from '../engine/recorder.ts'
import { type Extent, groupsOver } from './extent.ts'
import { type Activation, strideOf } from './linear.ts'

/** Where a sublayer's vectors stand in a sample's modulation, in elements. */
export interface ModulationPlaces {
  shift: number
  scale: number
  /** Absent in the final layer. */
  gate?: number
}

/** x, y (R,B,T,C), ada (R,B,1,A), statistics (R,B,T) of (mean, 1/std) */
export function modulate(recorder: Recorder, extent: Extent, x: Activation, ada: Activation, places: ModulationPlaces, y: Activation, statistics: Tensor): void {
  recorder.dispatch('modulate', { x: x.tensor, ada: ada.tensor, y: y.tensor, statistics }, {
    rows: extent.samples * x.rows, columns: x.width / 4, tokens: x.rows, x_stride: strideOf(x), y_stride: strideOf(y), statistics_stride: y.capacity * y.rows,
    ada_row: ada.width / 4, ada_stride: strideOf(ada), shift: places.shift / 4, scale: places.scale / 4,
  }, groupsOver(extent, { units: x.rows, perGroup: 64 }))
}

export interface ModulateTangent {
  x: Activation
  xTangent: Activation
  /** (R, statisticsCapacity, T) of the forward pass */
  statistics: Tensor
  statisticsCapacity: number
  ada: Activation
  /** Null where the weights stay, so that shift and scale have no tangent. */
  adaTangent: Activation | null
  places: ModulationPlaces
  yTangent: Activation
}

/** xTangent (R,B,T,C) → yTangent, of one capacity; adaTangent as ada */
export function modulateTangent(recorder: Recorder, extent: Extent, a: ModulateTangent): void {
  recorder.dispatch('modulate_tangent', {
    x: a.x.tensor, x_tangent: a.xTangent.tensor, statistics: a.statistics, ada: a.ada.tensor, ada_tangent: a.adaTangent?.tensor ?? recorder.placeholder('modulation tangent'),
    y_tangent: a.yTangent.tensor,
  }, {
    rows: extent.samples * a.x.rows, columns: a.x.width / 4, tokens: a.x.rows, x_stride: strideOf(a.x), tangent_stride: strideOf(a.xTangent),
    statistics_stride: a.statisticsCapacity * a.x.rows, ada_row: a.ada.width / 4, ada_stride: strideOf(a.ada), shift: a.places.shift / 4, scale: a.places.scale / 4,
    moved: a.adaTangent ? 1 : 0,
  }, groupsOver(extent, { units: a.x.rows, perGroup: 64 }))
}

export interface ModulateBackward {
  /** Gradient of y. */
  dy: Activation
  x: Activation
  /** (R, statisticsCapacity, T) */
  statistics: Tensor
  statisticsCapacity: number
  ada: Activation
  places: ModulationPlaces
  /** Gradient of the residual stream after this sublayer; null in the final layer. */
  dresidual: Activation | null
  /** Gradient of the residual stream before this sublayer. */
  dx: Activation
  /** Receives dx · gate of the sublayer before, unless there is none. */
  before: { dbranch: Activation; gate: number } | null
  /** What this sublayer added to the stream before its gate; null in the final layer. */
  branch: Activation | null
  /** Null when nobody wants the gradients of the modulation vectors. */
  dada: Activation | null
}

/** Two dispatches: rows (dx, dbranch) and, where wanted, columns (dshift, dscale, dgate). */
export function modulateBackward(recorder: Recorder, extent: Extent, a: ModulateBackward): void {
  const [rows, columns, tokens] = [extent.samples * a.x.rows, a.x.width / 4, a.x.rows]
  const common = { columns, tokens, x_stride: strideOf(a.x), d_stride: strideOf(a.dy), ada_row: a.ada.width / 4, scale: a.places.scale / 4, statistics_stride: a.statisticsCapacity * tokens }
  recorder.dispatch('modulate_backward', {
    dy: a.dy.tensor, x: a.x.tensor, statistics: a.statistics, ada: a.ada.tensor, dresidual: a.dresidual?.tensor ?? recorder.placeholder('dresidual'),
    dx: a.dx.tensor, dbranch: a.before?.dbranch.tensor ?? recorder.placeholder('dbranch'),
  }, { ...common, rows, ada_stride: strideOf(a.ada), gate: (a.before?.gate ?? 0) / 4, residual: a.dresidual ? 1 : 0, gated: a.before ? 1 : 0 },
  groupsOver(extent, { units: tokens, perGroup: 64 }))
  if (!a.dada) return
  recorder.dispatch('modulate_columns', {
    dy: a.dy.tensor, x: a.x.tensor, statistics: a.statistics, dresidual: a.dresidual?.tensor ?? recorder.placeholder('dresidual'), branch: a.branch?.tensor ?? recorder.placeholder('branch'), dada: a.dada.tensor,
  }, {
    ...common, samples: extent.samples, branch_stride: a.branch ? strideOf(a.branch) : 0, dada_stride: strideOf(a.dada),
    shift: a.places.shift / 4, gate: (a.places.gate ?? 0) / 4, gated: a.branch ? 1 : 0,
  }, groupsOver(extent, { units: columns, perGroup: 64 }))
}
