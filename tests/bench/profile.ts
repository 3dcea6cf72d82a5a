/** Where a step's time goes: each dispatch of one step repeated alone, summed by kernel; and what its first run took, with the driver's compiling. */
import { processorMs } from './processor.ts'
import { makeBatch, makeWeights, works } from './work.ts'

/** A timing lasts about this long, so that a submit's own cost and the clock's step do not count. */
const TIMING_MS = 25
const ROUNDS = 3

/** On a processor that others use too, its time tells more than the clock; a software adapter works in this process. Two cores share it. */
const clock = () => (processorMs() ?? 2 * performance.now()) / 2

export interface Profile {
  adapter: { vendor: string; architecture: string; description: string }
  /** ms of whole steps. */
  stepMs: number[]
  kernels: { kernel: string; dispatches: number; ms: number; gflop: number; firstMs: number }[]
}

export async function profile(request: { work: string; steps: number }): Promise<Profile> {
  const work = works[request.work]
  const { default: ours, prepared } = await import('./peers/ours.ts')
  await ours.setup(work, makeWeights(work))
  const { device, recording } = prepared()
  const run = async (from: number, to: number, repeats = 1) => {
    const encoder = device.createCommandEncoder()
    for (let i = 0; i < repeats; i++) recording.encode(encoder, from, to)
    const commands = encoder.finish()
    const begin = clock()
    device.queue.submit([commands])
    await device.queue.onSubmittedWorkDone()
    return (clock() - begin) / repeats
  }
  const kernels = new Map<string, Profile['kernels'][number]>()
  const seen = new Set<string>()
  for (const [i, { kernel, specialisation, shape }] of recording.dispatches.entries()) {
    const row = kernels.get(kernel) ?? { kernel, dispatches: 0, ms: 0, gflop: 0, firstMs: 0 }
    kernels.set(kernel, row)
    const first = await run(i, i + 1)
    const key = `${kernel} ${JSON.stringify(specialisation)}`
    if (!seen.has(key)) row.firstMs += first
    seen.add(key)
    const repeats = Math.max(1, Math.min(500, Math.round(TIMING_MS / await run(i, i + 1, 3))))
    let ms = Infinity
    for (let round = 0; round < ROUNDS; round++) ms = Math.min(ms, await run(i, i + 1, repeats))
    row.dispatches++
    row.ms += ms
    // Multiplications and additions of the products; the others' are few.
    if (/^(matmul_nn|linear_backward)/.test(kernel)) row.gflop += (shape.input_groups ? 64 : 32) * shape.rows * shape.inner * shape.columns / 1e9
  }
  await ours.step(makeBatch(work, 0))
  const stepMs: number[] = []
  for (let i = 0; i < request.steps; i++) stepMs.push(await run(0, recording.length))
  const { vendor, architecture, description } = device.adapterInfo
  return { adapter: { vendor, architecture, description }, stepMs, kernels: [...kernels.values()].sort((a, b) => b.ms - a.ms) }
}
