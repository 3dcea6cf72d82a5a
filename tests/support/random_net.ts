/** Random weights and batches, exact in float32, from a seed; and the float64 twin's view of them. */
import type { NetConfig } from '../../src/config.ts'
import { PhiloxStream } from '../../src/engine/philox.ts'
import type { GivenBatch } from '../../src/lab/given_step.ts'
import { fromNamed, labelRows, type NamedTensor, parameterLayout, toNamed } from '../../src/model/parameters.ts'
import { type DitParameters, fromPyTorch, parameterShapes, toPyTorch, zeroParameters } from '../../src/reference/dit_parameters.ts'
import type { ObjectiveBatch } from '../../src/reference/objective.ts'
import { NONE } from '../../src/reference/velocity_loss.ts'

const STREAM = 99

/** Weights of variance 1/in, biases and modulation included: a net that starts as DiT does outputs 0 and tests little. */
export function randomParameters(net: NetConfig, seed: number): DitParameters {
  const random = new PhiloxStream(seed, STREAM)
  const parameters = zeroParameters(net)
  for (const { name, rows, columns, bias } of parameterShapes(net)) {
    const scale = bias ? 1 / Math.sqrt(rows) : 1
    for (let i = 0; i < rows * columns; i++) parameters[name][i] = Math.fround((i >= (rows - 1) * columns && bias ? 0.2 : scale) * random.normal())
  }
  return parameters
}

/** By DiT's names and in PyTorch's shapes. */
export function named(net: NetConfig, parameters: DitParameters): Record<string, NamedTensor> {
  const layout = parameterLayout(net)
  const values = toPyTorch(net, parameters)
  const shapes = toNamed(layout, new Float32Array(layout.length))
  return Object.fromEntries(Object.entries(shapes).map(([name, { shape }]) => [name, { shape, data: Float32Array.from(values[name]) }]))
}

/** As the GPU holds them. */
export function flat(net: NetConfig, parameters: DitParameters): Float32Array {
  return fromNamed(parameterLayout(net), named(net, parameters))
}

/** Flat weights as the twin holds them. */
export function twinParameters(net: NetConfig, values: Float32Array): DitParameters {
  const tensors = toNamed(parameterLayout(net), values)
  return fromPyTorch(net, Object.fromEntries(Object.entries(tensors).map(([name, { data }]) => [name, data])))
}

/** Normal images and noise, evenly mixed noise levels: the first `low` in (0, tMin), the others in (tMin, 1), then shuffled. */
export function randomBatch(net: NetConfig, seed: number, samples: number, tMin = 0, low = 0): GivenBatch {
  const random = new PhiloxStream(seed, STREAM, 1)
  const dimensions = net.channels * net.size * net.size
  const images = () => Float32Array.from({ length: samples * dimensions }, () => random.normal())
  const levels = Array.from({ length: samples }, (_, i) => (i < low ? random.uniform(0.05, 0.95) * tMin : random.uniform(tMin + 0.01, 0.99)))
  for (let i = samples - 1; i > 0; i--) {
    const j = random.integer(i + 1)
    ;[levels[i], levels[j]] = [levels[j], levels[i]]
  }
  return {
    x0: images(), eps: images(), t: Float32Array.from(levels),
    y: net.classes > 0 ? Array.from({ length: samples }, () => random.integer(labelRows(net))) : undefined,
  }
}

/** The same batch as the twin wants it: float64, low-noise samples first. `order[place]` is the sample's number; samples with the label `skip` are pushed from none. */
export function twinBatch(batch: GivenBatch, order: number[], skip?: number): ObjectiveBatch {
  const dimensions = batch.x0.length / batch.t.length
  const sorted = (values: ArrayLike<number>, width: number) =>
    Float64Array.from({ length: values.length }, (_, i) => values[order[Math.floor(i / width)] * width + (i % width)])
  const { y } = batch
  const negative = order.map(i => (skip !== undefined && y?.[i] === skip ? NONE : order.indexOf(batch.negative?.[i] ?? (i + 1) % order.length)))
  return { x0: sorted(batch.x0, dimensions), eps: sorted(batch.eps, dimensions), t: sorted(batch.t, 1), labels: y ? order.map(i => y[i]) : null, negative }
}
