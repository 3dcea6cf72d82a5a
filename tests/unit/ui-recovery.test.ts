/** A lost GPU: one try by itself, no more. */
import { beforeEach, expect, test, vi } from 'vitest'
import type { Command, SavedRun, Tick } from '../../src/protocol.ts'
import { watchRecovery, useRecovery } from '../../src/store/recovery.ts'
import { receive, useRun } from '../../src/store/run.ts'
import { useSaves } from '../../src/store/saves.ts'
import { studyRecord } from '../support/study_record.ts'

const posted = vi.hoisted(() => [] as Command[])
const reconnected = vi.hoisted(() => ({ times: 0 }))
vi.mock('../../src/store/bridge.ts', () => ({ post: (command: Command) => posted.push(command), reconnect: () => reconnected.times++ }))

const tick = (change: Partial<Tick> = {}): Tick => ({ ...studyRecord.tick, runId: 'a', state: 'running', step: 340, ...change })
const saved: SavedRun = { id: 'a', savedAt: 1, step: 320, steps: 2000, bytes: 1, config: studyRecord.tick.config }
const lose = () => receive({ type: 'fault', kind: 'device-lost', step: 345, message: 'The driver said so.' })
const run = (state: Tick['state'] = 'running') => useRun.setState({ phase: state, runId: 'a', tick: tick({ state }), fault: null })

vi.stubGlobal('navigator', {})
/** Everything that waits for a promise has run. */
const settled = () => new Promise((done) => { setImmediate(done) })

let stop = () => {}
beforeEach(() => {
  stop()
  posted.length = 0
  reconnected.times = 0
  useRun.setState(useRun.getInitialState(), true)
  useRecovery.setState(useRecovery.getInitialState(), true)
  useSaves.setState({ ...useSaves.getInitialState(), runs: [saved] }, true)
  stop = watchRecovery()
})

test('goes on from the last save on a new worker, and says from where', async () => {
  run()
  lose()
  await settled()
  expect(posted).toEqual([{ type: 'open', id: 'a', paused: false }])
  expect(reconnected.times).toBe(1)
  expect(useRun.getState()).toMatchObject({ phase: 'starting', runId: 'a', fault: null, tick: { step: 340 } }) // what was measured stays
  expect(useRecovery.getState().last).toMatchObject({ lost: 345, from: 320 })
})

test('the second time it waits for the visitor', async () => {
  run()
  lose()
  await settled()
  run()
  lose()
  await settled()
  expect(posted.length).toBe(1)
  expect(useRun.getState()).toMatchObject({ phase: 'failed', fault: { kind: 'device-lost' } })
})

test('a run at rest stays at rest', () => {
  run('paused')
  lose()
  expect(posted).toEqual([{ type: 'open', id: 'a', paused: true }])
})

test('the loss counts, whatever it was first taken for and whatever comes of it afterwards', async () => {
  run()
  receive({ type: 'fault', kind: 'internal', step: 345, message: 'A mapping was aborted.' })
  lose()
  await settled()
  expect(posted).toEqual([{ type: 'open', id: 'a', paused: false }])
  run()
  lose()
  const { fault } = useRun.getState()
  for (const kind of ['internal', 'memory', 'config'] as const) receive({ type: 'fault', kind, message: 'A mapping was aborted.' })
  expect(useRun.getState()).toMatchObject({ phase: 'failed', fault })
})

test('without a save, and after any other fault, nothing happens by itself', async () => {
  run()
  receive({ type: 'fault', kind: 'internal', step: 345, message: 'It broke.' })
  await settled()
  expect(posted).toEqual([])
  useRun.setState(useRun.getInitialState(), true)
  useSaves.setState({ runs: [{ ...saved, id: 'b' }] })
  run()
  lose()
  await settled()
  expect(posted).toEqual([])
  expect(useRun.getState().phase).toBe('failed')
})
