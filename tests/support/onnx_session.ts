/** onnxruntime-web's wasm backend in Node. */
import { env, InferenceSession, Tensor } from 'onnxruntime-web/wasm'

env.wasm.numThreads = 1
env.logLevel = 'error'

export interface Output {
  shape: readonly number[]
  data: Float32Array
}

export interface Model {
  inputs: readonly string[]
  outputs: readonly string[]
  /** x (B,ch,h,w), t (B), y (B), fed in the order of the inputs → every output by name */
  run(x: Float32Array, shape: readonly number[], t: Float32Array, y?: readonly number[]): Promise<Record<string, Output>>
  release(): Promise<void>
}

export async function openModel(bytes: Uint8Array): Promise<Model> {
  const session = await InferenceSession.create(bytes, { executionProviders: ['wasm'] })
  return {
    inputs: session.inputNames,
    outputs: session.outputNames,
    async run(x, shape, t, y) {
      const given = [new Tensor('float32', x, shape), new Tensor('float32', t, [t.length]), ...(y ? [new Tensor('int64', BigInt64Array.from(y, BigInt), [y.length])] : [])]
      const results = await session.run(Object.fromEntries(session.inputNames.map((name, i) => [name, given[i]])))
      return Object.fromEntries(Object.entries(results).map(([name, { dims, data }]) => [name, { shape: dims, data: data as Float32Array }]))
    },
    release: () => session.release(),
  }
}
