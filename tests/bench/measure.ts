/** Measures one peer on one work. Runs in Node and in a page; each measurement has a process or a page to itself. */
import { afterCall, countCalls, type Counts } from './count.ts'
import type { Peer } from './peer.ts'
import { processorMs } from './processor.ts'
import { makeBatch, makeWeights, tokens, works, type Work } from './work.ts'

const peers = import.meta.glob<Peer>('./peers/*.ts', { import: 'default' })

/** The first steps: their losses are compared; they also warm up. The calls of the last COUNTED are counted. */
const FIRST = 5
const COUNTED = 2

export interface Request {
  peer: string
  work: string
  /** Timed steps: at most `steps`, and no more begun after `seconds`, but always three. */
  steps: number
  seconds: number
}

export interface Measurement {
  peer: string
  label: string
  work: Work & { tokens: number }
  parameters: number
  adapter: { vendor: string; architecture: string; description: string }
  losses: number[]
  setupMs: number
  /** Set-up and first step together: some compile in the one, some in the other. */
  coldMs: number
  /** One entry a timed step: from the call to the loss in hand. */
  stepMs: number[]
  /** Processor time of the same, all threads together; empty in a page. A software adapter works there, and other work on the machine hardly counts. */
  stepProcessorMs: number[]
  /** Of set-up and first step; null in a page. */
  coldProcessorMs: number | null
  /** One entry a timed step: from the call to its last submit. What the JavaScript thread is busy with. */
  hostMs: number[]
  /** Calls a step. */
  calls: Omit<Counts, 'pipelines'>
  /** Pipelines in all. */
  pipelines: number
}

export async function measure(request: Request): Promise<Measurement> {
  const work = works[request.work]
  const weights = makeWeights(work)
  const batches = Array.from({ length: FIRST + request.steps }, (_, step) => makeBatch(work, step))
  const adapter = await navigator.gpu?.requestAdapter()
  if (!adapter) throw new Error('there is no WebGPU adapter here')
  const { vendor, architecture, description } = adapter.info

  const counter = countCalls()
  const peer = await peers[`./peers/${request.peer}.ts`]()
  const processor = processorMs()
  const since = (from: number | null) => (from === null ? null : processorMs()! - from)
  const begin = performance.now()
  await peer.setup(work, weights)
  const setupMs = performance.now() - begin

  const losses: number[] = []
  const firstMs: number[] = []
  let coldProcessorMs: number | null = null
  let before = { ...counter.counts }
  for (let step = 0; step < FIRST; step++) {
    if (step === FIRST - COUNTED) before = { ...counter.counts }
    const start = performance.now()
    losses.push(await peer.step(batches[step]))
    firstMs.push(performance.now() - start)
    if (step === 0) coldProcessorMs = since(processor)
  }
  const { pipelines, ...after } = counter.counts
  counter.stop()
  const calls = { ...after }
  for (const key of Object.keys(after) as (keyof typeof after)[]) calls[key] = (after[key] - before[key]) / COUNTED

  let submitted = 0
  const stop = afterCall('GPUQueue', 'submit', () => (submitted = performance.now()))
  const stepMs: number[] = []
  const stepProcessorMs: number[] = []
  const hostMs: number[] = []
  const deadline = performance.now() + 1000 * request.seconds
  for (let step = 0; step < request.steps && (step < 3 || performance.now() < deadline); step++) {
    const start = performance.now()
    const busy = processorMs()
    await peer.step(batches[FIRST + step])
    stepMs.push(performance.now() - start)
    if (busy !== null) stepProcessorMs.push(since(busy)!)
    hostMs.push(submitted - start)
  }
  stop()

  return {
    peer: request.peer,
    label: peer.label,
    work: { ...work, tokens: tokens(work) },
    parameters: Object.values(weights).reduce((sum, { data }) => sum + data.length, 0),
    adapter: { vendor, architecture, description },
    losses,
    setupMs,
    coldMs: setupMs + firstMs[0],
    stepMs,
    stepProcessorMs,
    coldProcessorMs,
    hostMs,
    calls,
    pipelines,
  }
}
