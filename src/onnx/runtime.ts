/** onnxruntime-web as the evaluation has need of it: loaded when asked for, from this origin, on one thread. */
import type { InferenceSession, Tensor, TypedTensor } from 'onnxruntime-web/wasm'
import { ConfigError } from '../config.ts'
import type { Network, Values } from './ask.ts'
import { describeOnnx, exposeValues } from './describe.ts'
import { fromFloat16 } from './half.ts'
import { shown } from './shown.ts'
import type { ModelAbout, ModelReading } from '../file_protocol.ts'

export interface OpenNetwork {
  network: Network
  /** Images it takes at once, where the file fixes that. */
  batch: number | null
  /** Where it runs, in words. */
  ran: string
}

/** What the GPU's answer may differ from the processor's, as a share of the greatest number. */
const TOLERANCE = 1e-3

type Runtime = typeof import('onnxruntime-web/wasm')

/** @param shape (ch,h,w) of the images. @throws ConfigError with one sentence when it cannot be run */
export async function openNetwork(bytes: Uint8Array, others: { name: string; bytes: Uint8Array }[], reading: ModelReading, shape: readonly number[], gpu: boolean): Promise<OpenNetwork> {
  const about = describeOnnx(bytes)
  const size = about.inputs.find(({ name }) => name === reading.image)?.shape?.[0]
  const batch = typeof size === 'number' ? size : null
  checkInputs(about, reading)
  checkFiles(about, others)
  const wanted = [reading.output, ...(reading.features === null ? [] : [reading.features])]
  const model = exposeValues(bytes, wanted.filter(name => about.values.some(value => value.name === name)))
  const ort = (gpu ? await import('onnxruntime-web/webgpu') : await import('onnxruntime-web/wasm')) as Runtime
  ort.env.wasm.numThreads = 1
  ort.env.logLevel = 'error'
  const open = async (where: 'wasm' | 'webgpu') => asNetwork(ort, about, reading, shape, batch, await ort.InferenceSession.create(model, {
    executionProviders: [where], externalData: others.map(({ name, bytes: data }) => ({ path: name, data })),
  }))
  try {
    const processor = await open('wasm')
    if (!gpu) return { network: processor, batch, ran: 'onnxruntime-web on the processor' }
    const [network, difference] = await tried(() => open('webgpu'), processor, shape, batch ?? 2)
    return network ? { network, batch, ran: `onnxruntime-web on the GPU, ${difference.toExponential(0)} from the processor’s answers` }
      : { network: processor, batch, ran: `onnxruntime-web on the processor: on the GPU its answers were ${Number.isFinite(difference) ? `${difference.toExponential(0)} off` : 'not to be had'}` }
  } catch (error) {
    if (error instanceof ConfigError) throw error
    throw new ConfigError(`onnxruntime cannot run this model: ${shown(firstLine(error))}`)
  }
}

const firstLine = (error: unknown) => (error instanceof Error ? error.message : String(error)).split('\n')[0]

/** The network on the GPU if it answers there as on the processor. */
async function tried(open: () => Promise<Network>, processor: Network, shape: readonly number[], n: number): Promise<[Network | null, number]> {
  try {
    const network = await open()
    const x = Float32Array.from({ length: n * shape.reduce((a, b) => a * b, 1) }, (_, i) => Math.sin(1.7 * i))
    const ask = async (one: Network) => (await one(x.slice(), new Float32Array(n).fill(0.3), new Uint8Array(n))).output.data
    const [expected, found] = [await ask(processor), await ask(network)]
    const greatest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-12)
    const difference = expected.reduce((most, value, i) => Math.max(most, Math.abs(value - found[i])), 0) / greatest
    return [difference <= TOLERANCE ? network : null, difference]
  } catch {
    return [null, Number.NaN]
  }
}

/** @throws ConfigError when a file that holds its weights is not there */
export function checkFiles({ files }: ModelAbout, others: readonly { name: string }[]): void {
  const base = (path: string) => path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1)
  const missing = files.map(base).find(name => !others.some(other => other.name === name))
  if (missing !== undefined) throw new ConfigError(`its weights are in a second file, “${shown(missing)}”: give it as well`)
}

function checkInputs({ inputs }: ModelAbout, { image, time, labels }: ModelReading): void {
  const unknown = inputs.find(({ name }) => name !== image && name !== time && name !== labels)
  if (unknown) throw new ConfigError(`the model also takes ${shown(unknown.name)} (${unknown.type}), which the lab has nothing to give for`)
  if (new Set([image, time, labels].filter(name => name !== null)).size < inputs.length) throw new ConfigError('one input of the model was named for two things')
}

function asNetwork(ort: Runtime, { inputs }: ModelAbout, { image, time, labels, output, features }: ModelReading, shape: readonly number[], batch: number | null, session: InferenceSession): Network {
  const tensor = (name: string, values: ArrayLike<number>, dims: readonly number[]) => {
    const input = inputs.find(one => one.name === name)
    return numbers(ort, input?.type ?? 'float32', values, input?.shape?.length === 0 ? [] : dims)
  }
  return async (x, t, y) => {
    const count = y.length
    const n = batch ?? count
    const filled = <T extends ArrayLike<number>>(values: T, each: number) => (n === count ? values : Float32Array.from({ length: n * each }, (_, i) => values[i % values.length]))
    const each = x.length / count
    const given: Record<string, Tensor> = { [image]: tensor(image, filled(x, each), [n, ...shape]) }
    if (time !== null) given[time] = tensor(time, filled(t, 1), [n])
    if (labels !== null) given[labels] = tensor(labels, filled(y, 1), [n])
    const found = await session.run(given, [output, ...(features === null || features === output ? [] : [features])]).catch((error: unknown) => {
      throw new ConfigError(`onnxruntime cannot run this model: ${shown(firstLine(error))}`)
    })
    const read = (name: string): Values => {
      const { dims, data } = found[name]
      const all = floats(data)
      return n === count ? { shape: dims, data: all } : { shape: [count, ...dims.slice(1)], data: all.slice(0, (all.length / n) * count) }
    }
    const answer = { output: read(output), features: features === null ? null : read(features) }
    for (const value of Object.values(found)) value.dispose()
    return answer
  }
}

/** In the type that the input has. @throws ConfigError for types that are no numbers */
function numbers(ort: Runtime, type: string, values: ArrayLike<number>, dims: readonly number[]): Tensor {
  const list = dims.length === 0 ? [values[0]] : Array.from(values)
  const whole = () => list.map(Math.round)
  if (type === 'float32') return new ort.Tensor('float32', Float32Array.from(list), dims)
  if (type === 'float64') return new ort.Tensor('float64', Float64Array.from(list), dims)
  if (type === 'int64') return new ort.Tensor('int64', BigInt64Array.from(whole(), BigInt), dims)
  if (type === 'int32') return new ort.Tensor('int32', Int32Array.from(whole()), dims)
  throw new ConfigError(`an input is of type ${type}; float32, float64, int32 and int64 can be given`)
}

function floats(data: TypedTensor<'float32'>['data'] | Tensor['data']): Float32Array {
  if (data instanceof Float32Array) return data.slice() // the tensor's own memory goes with it
  if (data instanceof Uint16Array) return fromFloat16(data)
  if (data instanceof Float64Array) return Float32Array.from(data)
  throw new ConfigError('the model answers with something other than floating point numbers')
}
