/** Y = X W + b and its gradients. Weights are kept (in+1, out): the bias is the last row, so one binding and one gradient cover both. */
import type { Recorder, Tensor } from '../engine/recorder.ts'
import { type Extent, groupsOver } from './extent.ts'

/** One layer inside the flat parameter tensors. */
export interface LinearLayer {
  /** Where it starts in a replica's parameters, in elements. */
  offset: number
  /** K and N, multiples of 4. */
  inputs: number
  outputs: number
}

/** A flat (R, parameters) tensor, and for gradients the number of its planes. */
export interface FlatParameters {
  tensor: Tensor
  replicas: number
  /** Elements of one replica. */
  length: number
}

/** An activation of `capacity` samples, `rows` rows each (tokens, or 1), `width` values a row: (R, capacity, rows, width). */
export interface Activation {
  tensor: Tensor
  capacity: number
  rows: number
  width: number
}

/** vec4 elements between two replicas. */
export const strideOf = ({ capacity, rows, width }: Activation) => (capacity * rows * width) / 4

const layerBinding = (parameters: FlatParameters, layer: LinearLayer) => ({
  tensor: parameters.tensor, offset: layer.offset, length: (parameters.replicas - 1) * parameters.length + (layer.inputs + 1) * layer.outputs,
})

const ACTIVATION = { gelu: 0, silu: 1 }

/** What happens to X W + b on its way out. */
export type Epilogue =
  | { kind: 'bias' }
  /** + position embedding (T,C) */
  | { kind: 'position'; positions: Tensor; tokens: number }
  /** pre is kept, Y = gelu(pre) or silu(pre) */
  | { kind: 'gelu' | 'silu'; pre: Tensor }
  /** branch is kept, Y = residual + gate · branch */
  | { kind: 'gate'; branch: Tensor; residual: Activation; ada: Activation; gate: number; tokens: number }

/** x (R,M,K) → y (R,M,N) */
export function linear(
  recorder: Recorder, extent: Extent, parameters: FlatParameters, layer: LinearLayer, x: Activation, y: Activation, epilogue: Epilogue = { kind: 'bias' },
): void {
  const [tileRows, tileColumns] = recorder.tiles.forward
  const rows = extent.samples * x.rows
  const shape: Record<string, number> = {
    rows, inner: layer.inputs / 4, columns: layer.outputs / 4, x_stride: strideOf(x), w_stride: parameters.length / 4, y_stride: strideOf(y),
  }
  const bindings: Record<string, Parameters<Recorder['dispatch']>[1][string]> = { x: x.tensor, w: layerBinding(parameters, layer), y: y.tensor }
  if (epilogue.kind === 'position') {
    bindings.positions = epilogue.positions
    shape.tokens = epilogue.tokens
  } else if (epilogue.kind === 'gelu' || epilogue.kind === 'silu') {
    bindings.pre = epilogue.pre
    shape.activation = ACTIVATION[epilogue.kind]
  } else if (epilogue.kind === 'gate') {
    const { branch, residual, ada, gate, tokens } = epilogue
    Object.assign(bindings, { branch, residual: residual.tensor, ada: ada.tensor })
    Object.assign(shape, { tokens, ada_row: ada.width / 4, ada_stride: strideOf(ada), gate: gate / 4, residual_stride: strideOf(residual) })
  }
  recorder.dispatch('matmul_nn', bindings, shape,
    groupsOver(extent, { units: x.rows, perGroup: 8 * tileRows, axis: 1, fixed: Math.ceil(layer.outputs / 4 / (8 * tileColumns)) }),
    { constants: { TILE_ROWS: tileRows, TILE_COLUMNS: tileColumns }, includes: epilogue.kind === 'bias' ? {} : { 'lib/store_bias.wgsl': `lib/store_${epilogue.kind in ACTIVATION ? 'activation' : epilogue.kind}.wgsl` } })
}

/** What happens to s, the tangent of X W + b, on its way out. `pre`, `branch` and `residual` have the capacity of Y. */
export type TangentEpilogue =
  | { kind: 'plain' }
  /** y' = gelu'(pre) s or silu'(pre) s */
  | { kind: 'gelu' | 'silu'; pre: Tensor }
  /** y' = residual + gate s + gate' branch, with `residual` the tangent of the stream; the gate has one where the weights move */
  | { kind: 'gate'; residual: Activation; branch: Activation; ada: Activation; adaTangent: Activation | null; gate: number; tokens: number }

/**
 * Tangent of a layer along its input, its weights, or both: y' (R,M,N) = epilogue(x' W + x W' + b').
 * Input: `x` is its tangent. Both: `addend` (R,M,N) as well, x W' + b', which `linear` makes of the weights' direction.
 * Weights alone: `parameters` is their direction, `x` the input itself, and `bias` true.
 */
export function linearTangent(
  recorder: Recorder, extent: Extent, parameters: FlatParameters, layer: LinearLayer, x: Activation, y: Activation, epilogue: TangentEpilogue,
  { addend = null, bias = false }: { addend?: Activation | null; bias?: boolean } = {},
): void {
  const [tileRows, tileColumns] = recorder.tiles.forward
  const common = {
    rows: extent.samples * x.rows, inner: layer.inputs / 4, columns: layer.outputs / 4, x_stride: strideOf(x), w_stride: parameters.length / 4, y_stride: strideOf(y),
  }
  const bindings = { x: x.tensor, w: layerBinding(parameters, layer), y: y.tensor, addend: addend?.tensor ?? recorder.placeholder('addend') }
  const groups = groupsOver(extent, { units: x.rows, perGroup: 8 * tileRows, axis: 1, fixed: Math.ceil(layer.outputs / 4 / (8 * tileColumns)) })
  const constants = { TILE_ROWS: tileRows, TILE_COLUMNS: tileColumns, BIAS: bias ? 1 : 0 }
  if (epilogue.kind === 'gate') {
    const { residual, branch, ada, adaTangent, gate, tokens } = epilogue
    recorder.dispatch('matmul_nn', {
      ...bindings, residual: residual.tensor, branch: branch.tensor, ada: ada.tensor, ada_tangent: adaTangent?.tensor ?? recorder.placeholder('modulation tangent'),
    }, { ...common, tokens, ada_row: ada.width / 4, ada_stride: strideOf(ada), gate: gate / 4, added: addend ? 1 : 0, moved: adaTangent ? 1 : 0 },
    groups, { constants, includes: { 'lib/store_bias.wgsl': 'lib/store_gate_tangent.wgsl' } })
  } else {
    const pre = epilogue.kind === 'plain' ? recorder.placeholder('pre') : epilogue.pre
    recorder.dispatch('matmul_nn', { ...bindings, pre }, { ...common, activation: epilogue.kind === 'plain' ? 2 : ACTIVATION[epilogue.kind], added: addend ? 1 : 0 },
      groups, { constants, includes: { 'lib/store_bias.wgsl': 'lib/store_tangent.wgsl' } })
  }
}

export interface LinearGradients {
  /** Planes (S, R, parameters) that gradient_reduce adds up. */
  planes: Tensor
  slices: number
}

/**
 * dy (R,M,N) → dW into the planes, and dx (R,M,K), each unless null.
 * `through` names the activation that made x, whose derivative at `pre` is applied to dx.
 */
export function linearBackward(
  recorder: Recorder, extent: Extent, parameters: FlatParameters, layer: LinearLayer, gradients: LinearGradients | null,
  x: Activation, dy: Activation, dx: Activation | null, through?: { kind: 'gelu' | 'silu'; pre: Tensor },
): void {
  const { input, weight } = recorder.tiles
  const rows = extent.samples * x.rows
  const [inner, columns] = [layer.inputs / 4, layer.outputs / 4]
  const tiles = (count: number, perThread: number) => Math.ceil(count / (8 * perThread))
  const inputGroups = dx ? tiles(inner, input[1]) * tiles(rows, input[0]) : 0
  const slices = gradients?.slices ?? 0
  const weightGroups = tiles(columns, weight[1]) * tiles(inner + 1, weight[0]) * slices
  const plane = layerBinding(parameters, layer)
  const bindings: Parameters<Recorder['dispatch']>[1] = {
    dy: dy.tensor, w: plane, x: x.tensor, dx: dx?.tensor ?? recorder.placeholder('dx'),
    dw: gradients ? { tensor: gradients.planes, offset: layer.offset, length: (slices - 1) * parameters.replicas * parameters.length + plane.length } : recorder.placeholder('dw'),
  }
  if (through) bindings.pre = through.pre
  recorder.dispatch('linear_backward', bindings, {
    rows, inner, columns, x_stride: strideOf(x), w_stride: parameters.length / 4, y_stride: strideOf(dy), dx_stride: dx ? strideOf(dx) : 0,
    slices, slice_stride: (parameters.replicas * parameters.length) / 4, input_groups: inputGroups, activation: through ? ACTIVATION[through.kind] : 0,
  }, [inputGroups + weightGroups, 1, extent.replicas], {
    constants: { INPUT_ROWS: input[0], INPUT_COLUMNS: input[1], WEIGHT_ROWS: weight[0], WEIGHT_COLUMNS: weight[1] },
    includes: through ? { 'lib/input_gradient.wgsl': 'lib/input_gradient_activation.wgsl' } : {},
  })
}
