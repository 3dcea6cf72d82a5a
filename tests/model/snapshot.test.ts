/** A run that is saved, thrown away and gone on with, against one that was never stopped: the same bits, and the same charts. */
import { expect, test } from 'vitest'
import { decodeCheckpoint, encodeCheckpoint } from '../../src/lab/checkpoint.ts'
import type { Checkpoint, Session } from '../../src/lab/session.ts'
import { expectSameBits, finished, reached, sessions } from '../support/sessions.ts'
import { tinyConfig } from '../support/tiny_run.ts'

const { create } = sessions()
const config = tinyConfig({ train: { steps: 12 }, evaluate: { every: 2, samplesEvery: 4 } })
const measure = { levels: 4, pairs: 8 }

const throughFile = (checkpoint: Checkpoint) => decodeCheckpoint(encodeCheckpoint(checkpoint))

/** Everything on the page that does not depend on the clock. */
function shown(session: Session) {
  const { stepsPerSecond: _, sequence: __, cost: ___, ...tick } = session.tick()
  return { ...tick, measurements: session.measurements.map(({ duration: ____, ...measurement }) => measurement) }
}

test('trained 5, saved, gone on: weights and charts of the run that was not stopped', async () => {
  const straight = await create(config)
  await straight.advance(3)
  straight.patch({ replica: 'all', section: 'objective', field: 'lambda', value: 0.5 })
  await straight.advance(2)
  await straight.measure('condition', measure)
  const saved = await straight.snapshot()
  const before = shown(straight)
  expect(saved.step).toBe(5)
  expectSameBits(saved, await straight.checkpoint())
  expect(throughFile(saved)).toEqual(saved)

  const { config: own, ...checkpoint } = throughFile(saved)
  const resumed = await create(own, { data: straight.data, checkpoint: { config: own, ...checkpoint } })
  expect(shown(resumed)).toEqual(before)
  for (const session of [straight, resumed]) {
    session.run()
    await finished(session)
  }
  expect(shown(resumed)).toEqual(shown(straight))
  expect(shown(resumed).replicas[1].flow.step).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])
  expect(shown(resumed).bands[0].step).toEqual([2, 4, 6, 8, 10, 12])
  expectSameBits(await resumed.checkpoint(), await straight.checkpoint())
})

test('a snapshot of a running run is of one step, with all that was due there', async () => {
  const session = await create(config)
  session.run()
  const taken: Checkpoint[] = []
  while (session.state === 'running') taken.push(throughFile(await session.snapshot()))
  const steps = taken.map(({ step }) => step)
  expect(steps.some(step => step > 0 && step < 12)).toBe(true)
  expect(session.step).toBe(12)
  for (const { step, history } of taken) {
    for (const { flow, last } of history!.replicas) {
      expect(flow.length).toBe(step)
      expect(last?.step ?? 0).toBe(step === 0 ? 0 : step - 1)
    }
    expect(history!.losses.map(loss => loss.step)).toEqual([2, 4, 6, 8, 10, 12].filter(due => due <= step))
    expect(history!.samples!.step).toBe(4 * Math.floor(step / 4))
  }
  const middle = taken.findLast(({ step }) => step < 12)!
  const resumed = await create(middle.config, { data: session.data, checkpoint: middle })
  resumed.run()
  await finished(resumed)
  expect(shown(resumed)).toEqual(shown(session))
  expectSameBits(await resumed.checkpoint(), await session.checkpoint())
})

test('two that ask at once are told the same, and training does not wait for them', async () => {
  const session = await create(tinyConfig({ train: { steps: 1000 } }))
  session.run()
  await reached(session, 2)
  const [first, second] = await Promise.all([session.snapshot(), session.snapshot()])
  expect(second).toBe(first)
  await reached(session, first.step + 1)
  await session.pause()
  expect((await session.snapshot()).step).toBe(session.step)
})
