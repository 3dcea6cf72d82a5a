/** Y = X W + b and its gradients. Weights are kept (in+1, out): the bias is the last row, so one binding and one gradient cover both. */
import type { Dispatch, Recorder, Tensor, Tiles } from '../engine/recorder.ts'
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

/** Threads of a workgroup of the kernels that share rows: two turns of the smallest subgroup, for a narrow layer leaves the others idle. */
const across = (lanes: number) => 2 * lanes

/** Which threads share rows: an include of the kernels that do. */
const handRound = (lanes: Tiles['lanes']): Record<string, string> => (lanes === 4 ? { 'lib/hand_round.wgsl': 'lib/hand_round_four.wgsl' } : {})

/** Four lanes are SwiftShader's, which compiles quickly and runs both sides of a branch: there each activation has a pipeline of its own. */
const known = ({ lanes }: Tiles, kind: keyof typeof ACTIVATION | 'none'): Record<string, number> => (lanes === 4 ? { ACTIVATION: kind === 'none' ? 2 : ACTIVATION[kind] } : {})

/** Which kernel makes Y under these tiles: its workgroups for N/4 columns, and its constants. */
function forwardKernel({ tiles: { forward: [rows, columns], lanes } }: Recorder, extent: Extent, units: number, width: number): { kernel: string; groups: Dispatch['groups']; constants: Record<string, number> } {
  if (!lanes) {
    return {
      kernel: 'matmul_nn', groups: groupsOver(extent, { units, perGroup: 8 * rows, axis: 1, fixed: Math.ceil(width / (8 * columns)) }),
      constants: { TILE_ROWS: rows, TILE_COLUMNS: columns },
    }
  }
  return {
    kernel: 'matmul_nn_lanes', groups: groupsOver(extent, { units, perGroup: rows, axis: 1, fixed: Math.ceil(width / (across(lanes) * columns)) }),
    constants: { LANES: lanes, TURNS: rows / lanes, TILE_COLUMNS: columns, GROUP: across(lanes) },
  }
}

/** x (R,M,K) → y (R,M,N) */
export function linear(
  recorder: Recorder, extent: Extent, parameters: FlatParameters, layer: LinearLayer, x: Activation, y: Activation, epilogue: Epilogue = { kind: 'bias' },
): void {
  const { kernel, groups, constants } = forwardKernel(recorder, extent, x.rows, layer.outputs / 4)
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
  if (epilogue.kind === 'gelu' || epilogue.kind === 'silu') Object.assign(constants, known(recorder.tiles, epilogue.kind))
  recorder.dispatch(kernel, bindings, shape, groups,
    { constants, includes: { ...handRound(recorder.tiles.lanes), ...(epilogue.kind === 'bias' ? {} : { 'lib/store_bias.wgsl': `lib/store_${epilogue.kind in ACTIVATION ? 'activation' : epilogue.kind}.wgsl` }) } })
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
  const { kernel, groups, constants: tile } = forwardKernel(recorder, extent, x.rows, layer.outputs / 4)
  const common = {
    rows: extent.samples * x.rows, inner: layer.inputs / 4, columns: layer.outputs / 4, x_stride: strideOf(x), w_stride: parameters.length / 4, y_stride: strideOf(y),
  }
  const bindings = { x: x.tensor, w: layerBinding(parameters, layer), y: y.tensor, addend: addend?.tensor ?? recorder.placeholder('addend') }
  const constants = { ...tile, BIAS: bias ? 1 : 0 }
  if (epilogue.kind === 'gate') {
    const { residual, branch, ada, adaTangent, gate, tokens } = epilogue
    recorder.dispatch(kernel, {
      ...bindings, residual: residual.tensor, branch: branch.tensor, ada: ada.tensor, ada_tangent: adaTangent?.tensor ?? recorder.placeholder('modulation tangent'),
    }, { ...common, tokens, ada_row: ada.width / 4, ada_stride: strideOf(ada), gate: gate / 4, added: addend ? 1 : 0, moved: adaTangent ? 1 : 0 },
    groups, { constants, includes: { ...handRound(recorder.tiles.lanes), 'lib/store_bias.wgsl': 'lib/store_gate_tangent.wgsl' } })
  } else {
    const pre = epilogue.kind === 'plain' ? recorder.placeholder('pre') : epilogue.pre
    recorder.dispatch(kernel, { ...bindings, pre }, { ...common, activation: epilogue.kind === 'plain' ? 2 : ACTIVATION[epilogue.kind], added: addend ? 1 : 0 },
      groups, { constants, includes: { ...handRound(recorder.tiles.lanes), 'lib/store_bias.wgsl': 'lib/store_tangent.wgsl' } })
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
  const { input, weight, lanes } = recorder.tiles
  const rows = extent.samples * x.rows
  const [inner, columns] = [layer.inputs / 4, layer.outputs / 4]
  const slices = gradients?.slices ?? 0
  // Threads of a workgroup along columns and along rows.
  const [wide, high] = lanes ? [across(lanes), 1] : [8, 8]
  const inputGroups = dx ? Math.ceil(inner / (wide * input[1])) * Math.ceil(rows / (high * input[0])) : 0
  // The kernel that shares rows makes the bias row beside others.
  const weightGroups = Math.ceil(columns / (wide * weight[1])) * Math.ceil((lanes ? inner : inner + 1) / (high * weight[0])) * slices
  const plane = layerBinding(parameters, layer)
  const bindings: Parameters<Recorder['dispatch']>[1] = {
    dy: dy.tensor, w: plane, x: x.tensor, dx: dx?.tensor ?? recorder.placeholder('dx'),
    dw: gradients ? { tensor: gradients.planes, offset: layer.offset, length: (slices - 1) * parameters.replicas * parameters.length + plane.length } : recorder.placeholder('dw'),
  }
  if (through || lanes) bindings.pre = through?.pre ?? recorder.placeholder('pre')
  const shape = {
    rows, inner, columns, x_stride: strideOf(x), w_stride: parameters.length / 4, y_stride: strideOf(dy), dx_stride: dx ? strideOf(dx) : 0,
    slices, slice_stride: (parameters.replicas * parameters.length) / 4, input_groups: inputGroups, activation: through ? ACTIVATION[through.kind] : 2,
  }
  const groups: [number, number, number] = [inputGroups + weightGroups, 1, extent.replicas]
  if (lanes) {
    recorder.dispatch('linear_backward_lanes', bindings, shape, groups, {
      constants: { LANES: lanes, INPUT_TURNS: input[0] / lanes, INPUT_COLUMNS: input[1], WEIGHT_TURNS: weight[0] / lanes, WEIGHT_COLUMNS: weight[1], STEP: lanes === 4 ? 4 : 2, GROUP: wide, ...known(recorder.tiles, through?.kind ?? 'none') },
      includes: handRound(lanes),
    })
  } else {
    recorder.dispatch('linear_backward', bindings, shape, groups, {
      constants: { INPUT_ROWS: input[0], INPUT_COLUMNS: input[1], WEIGHT_ROWS: weight[0], WEIGHT_COLUMNS: weight[1] },
      includes: through ? { 'lib/input_gradient.wgsl': 'lib/input_gradient_activation.wgsl' } : {},
    })
  }
}
