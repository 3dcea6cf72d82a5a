/** Going on from a checkpoint, and forking, against runs that were never stopped: the same bits. */
import { beforeAll, describe, expect, test } from 'vitest'
import { type Config, type ConfigInput, parseConfig } from '../../src/config.ts'
import { KernelLibrary } from '../../src/engine/kernel.ts'
import { decodeCheckpoint, encodeCheckpoint } from '../../src/lab/checkpoint.ts'
import type { RunData } from '../../src/datasets/dataset.ts'
import { generateData } from '../../src/lab/data.ts'
import { type Checkpoint, Session, type SessionOptions } from '../../src/lab/session.ts'
import { requestTestDevice } from '../support/gpu.ts'

const HALF = 7
const WHOLE = 15

const input: ConfigInput = {
  net: { width: 16, blocks: 2, heads: 2, size: 8 }, data: { count: 64, heldOut: 16 }, objective: { layer: 1, tMin: 0.3 },
  train: { batch: 8, steps: WHOLE, warmup: 4, schedule: 'cosine' },
  evaluate: { every: 0, samplesEvery: 0, perLevel: 8, samples: 2, solverSteps: 3 }, replicas: [{ method: 'fm', seed: 3 }, { method: 'lcf', seed: 4 }],
}
const config = parseConfig(input)

let device: GPUDevice
let library: KernelLibrary
let data: RunData
let uninterrupted: { end: Checkpoint; session: Session }
let half: Checkpoint

const make = (of: Config, options: SessionOptions = {}) => Session.create(device, library, 'test', of, { data, ...options })

beforeAll(async () => {
  device = await requestTestDevice()
  library = new KernelLibrary(device)
  data = await generateData(config)
  const session = await make(config)
  await session.advance(WHOLE)
  uninterrupted = { end: await session.checkpoint(), session }
  const other = await make(config)
  await other.advance(HALF)
  half = decodeCheckpoint(encodeCheckpoint(await other.checkpoint()))
  await other.destroy()
})

const metrics = (session: Session, replica: number, from: number) => {
  const { flow, contrastive, gradientNorm } = session.tick().replicas[replica]
  return [flow, contrastive, gradientNorm].map(({ step, value }) => value.slice(step.findIndex(s => s > from)))
}

test('going on from a file gives the bits of the run that was not stopped', async () => {
  expect(half.step).toBe(HALF)
  const session = await make(half.config, { checkpoint: half })
  expect(session.step).toBe(HALF)
  await session.advance(WHOLE)
  expect(await session.checkpoint()).toEqual(uninterrupted.end)
  for (const r of [0, 1]) expect(metrics(session, r, HALF)).toEqual(metrics(uninterrupted.session, r, HALF))
  expect(await session.evaluate()).toEqual(await uninterrupted.session.evaluate())
  await session.destroy()
})

describe('a fork of the FM replica as FM and LCF', () => {
  test.each(['from the file', 'of the session'])('%s', async way => {
    const replicas = [{ method: 'fm', seed: 3 }, { method: 'lcf', seed: 3 }]
    let session: Session
    if (way === 'of the session') {
      const parent = await make(config)
      await parent.advance(HALF)
      const forked = await parent.forked(0, replicas)
      session = await make(forked.config, { checkpoint: forked })
      await parent.destroy()
    } else {
      const forked = parseConfig({ ...half.config, replicas })
      session = await make(forked, { checkpoint: { config: forked, step: half.step, replicas: [half.replicas[0], half.replicas[0]] } })
    }
    await session.advance(WHOLE)
    const { replicas: [flow, contrastive] } = await session.checkpoint()
    expect(flow).toEqual(uninterrupted.end.replicas[0])
    expect(contrastive.state[0]).toBe(flow.state[0])
    expect(contrastive.parameters).not.toEqual(flow.parameters)
    await session.destroy()
  })
})
