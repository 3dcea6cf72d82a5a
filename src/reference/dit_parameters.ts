/** Names, shapes and layout of a DiT's parameters (facebookresearch/DiT's names, without '.weight' and '.bias'). */
import type { NetConfig } from '../config.ts'
import { TIME_FEATURES } from './time_features.ts'

/** A layer: `rows` includes the bias as the last row where there is one, so the tensor is (in+1, out). A table has no bias. */
export interface ParameterShape {
  name: string
  rows: number
  columns: number
  bias: boolean
}

/** By name; each tensor (rows, columns), row by row. */
export type DitParameters = Record<string, Float64Array>

/** Every tensor of the net, in the order of the forward pass. */
export function parameterShapes(net: NetConfig): ParameterShape[] {
  const C = net.width
  const patch = net.patch * net.patch * net.channels
  const linear = (name: string, inputs: number, outputs: number): ParameterShape => ({ name, rows: inputs + 1, columns: outputs, bias: true })
  const shapes = [
    linear('x_embedder.proj', patch, C),
    linear('t_embedder.mlp.0', TIME_FEATURES, C),
    linear('t_embedder.mlp.2', C, C),
  ]
  if (net.classes > 0) shapes.push({ name: 'y_embedder.embedding_table', rows: net.classes + (net.labelDrop > 0 ? 1 : 0), columns: C, bias: false })
  for (let n = 0; n < net.blocks; n++) {
    shapes.push(
      linear(`blocks.${n}.adaLN_modulation.1`, C, (net.attention ? 6 : 3) * C),
      ...(net.attention ? [linear(`blocks.${n}.attn.qkv`, C, 3 * C), linear(`blocks.${n}.attn.proj`, C, C)] : []),
      linear(`blocks.${n}.mlp.fc1`, C, 4 * C),
      linear(`blocks.${n}.mlp.fc2`, 4 * C, C),
    )
  }
  shapes.push(linear('final_layer.adaLN_modulation.1', C, 2 * C), linear('final_layer.linear', C, patch))
  if (net.selfCondition > 0) shapes.push(linear('self_condition.adaLN_modulation.1', C, 2 * C), linear('self_condition.linear', C, C))
  return shapes
}

/** Trained numbers; the fixed position table is not among them. */
export function parameterCount(net: NetConfig): number {
  let count = 0
  for (const { rows, columns } of parameterShapes(net)) count += rows * columns
  return count
}

export function zeroParameters(net: NetConfig): DitParameters {
  return Object.fromEntries(parameterShapes(net).map(({ name, rows, columns }) => [name, new Float64Array(rows * columns)]))
}

/**
 * PyTorch keeps `name.weight` as (out, in) and `name.bias` as (out); the embedding convolution's (out, c, py, px) is (out, in) when
 * flattened. Works for weights and gradients alike.
 */
export function fromPyTorch(net: NetConfig, tensors: Record<string, ArrayLike<number>>): DitParameters {
  const parameters = zeroParameters(net)
  for (const { name, rows, columns, bias } of parameterShapes(net)) {
    const weight = tensors[`${name}.weight`]
    if (!bias) {
      parameters[name].set(weight)
      continue
    }
    const inputs = rows - 1
    for (let out = 0; out < columns; out++) {
      for (let i = 0; i < inputs; i++) parameters[name][i * columns + out] = weight[out * inputs + i]
      parameters[name][inputs * columns + out] = tensors[`${name}.bias`][out]
    }
  }
  return parameters
}

/** The way back: `name.weight` and `name.bias`. */
export function toPyTorch(net: NetConfig, parameters: DitParameters): Record<string, Float64Array> {
  const tensors: Record<string, Float64Array> = {}
  for (const { name, rows, columns, bias } of parameterShapes(net)) {
    if (!bias) {
      tensors[`${name}.weight`] = parameters[name].slice()
      continue
    }
    const inputs = rows - 1
    const weight = new Float64Array(columns * inputs)
    for (let out = 0; out < columns; out++) {
      for (let i = 0; i < inputs; i++) weight[out * inputs + i] = parameters[name][i * columns + out]
    }
    tensors[`${name}.weight`] = weight
    tensors[`${name}.bias`] = parameters[name].slice(inputs * columns)
  }
  return tensors
}
