/** What the page makes of what is kept. */
import { beforeEach, expect, test } from 'vitest'
import { parseConfig } from '../../src/config.ts'
import type { Report, SavedRun, Saves, Tick } from '../../src/protocol.ts'
import { presets } from '../../src/store/catalog.ts'
import { type RunState, reduce, useRun } from '../../src/store/run.ts'
import { hearSaves, lastSaveOf, nameOf, offerOf, useSaves } from '../../src/store/saves.ts'

const config = parseConfig({ replicas: [{ method: 'fm' }, { method: 'lcf', label: 'mine' }, { method: 'fm', seed: 2 }] })
const run = (id: string, change: Partial<SavedRun> = {}): SavedRun => ({ id, savedAt: 1, step: 10, steps: 20, bytes: 1, config, ...change })
const saves = (change: Partial<Saves>): Report => ({ type: 'saves', runs: [], used: null, room: null, problem: null, unstored: null, ...change })

beforeEach(() => useSaves.setState(useSaves.getInitialState(), true))

test('the last unfinished run is offered, and only before another is there', () => {
  const runs = [run('done', { step: 20 }), run('broken', { config: null, problem: 'It is damaged.' }), run('other tab', { elsewhere: true }), run('mine'), run('older')]
  expect(offerOf({ runs, declined: [] }, 'idle')?.id).toBe('mine')
  expect(offerOf({ runs, declined: ['mine'] }, 'idle')?.id).toBe('older')
  for (const phase of ['running', 'paused', 'finished', 'starting', 'failed', 'obstacle', 'probing'] as const) expect(offerOf({ runs, declined: [] }, phase)).toBeNull()
})

test('after a fault the last save of that very run is the way on', () => {
  const runs = [run('a', { step: 20 }), run('b')]
  expect(lastSaveOf({ runs, unstored: null }, 'b')?.step).toBe(10)
  expect(lastSaveOf({ runs, unstored: { run: run('b', { step: 15 }), checkpoint: {} } }, 'b')?.step).toBe(15)
  expect(lastSaveOf({ runs, unstored: null }, 'c')).toBeNull()
  expect(lastSaveOf({ runs, unstored: null }, null)).toBeNull()
})

test('a run in memory outlives the worker that could not store it, until it is stored', () => {
  const unstored = { run: run('a'), checkpoint: { format: 'x' } }
  hearSaves(saves({ problem: 'No room.', unstored }))
  hearSaves(saves({ runs: [run('b')] })) // a new worker, that knows nothing
  expect(useSaves.getState().unstored).toBe(unstored)
  hearSaves(saves({ runs: [run('a'), run('b')] }))
  expect(useSaves.getState().unstored).toBeNull()
})

test('a run is called by its experiment, or by its images and methods', () => {
  expect(nameOf(parseConfig(presets[0].config))).toBe(`“${presets[0].title}”`)
  expect(nameOf(config)).toBe('Gratings: Flow matching, mine')
  expect(nameOf(null)).toBe('A run that cannot be read')
})

test('opening brings every evaluation and measurement back; a refused one leaves what was there', () => {
  const before: RunState = { ...useRun.getInitialState(), phase: 'starting', runId: 'a' }
  const loss = { step: 5 } as Tick['lossByT'] & object
  const measurements = [{ id: 'condition', step: 5 }, { id: 'probe', step: 5 }, { id: 'condition', step: 10 }] as never
  const history: Report = { type: 'history', runId: 'a', losses: [loss], measurements }
  expect(reduce(before, history)).toMatchObject({ measuredRun: 'a', losses: [loss], measurements: { condition: [{ step: 5 }, { step: 10 }], probe: [{ step: 5 }] } })
  expect(reduce({ ...before, runId: 'b' }, history)).toEqual({})

  const tick = { runId: 'old', state: 'paused' } as Tick
  const refused = (alive: boolean): Report => ({ type: 'fault', kind: 'saved', message: 'It is damaged.', alive })
  expect(reduce({ ...before, tick }, refused(true))).toMatchObject({ phase: 'paused', runId: 'old' })
  expect(reduce({ ...before, tick }, refused(false))).toMatchObject({ phase: 'failed', runId: 'old' }) // the GPU was lost before
  expect(reduce(before, refused(false))).toMatchObject({ phase: 'idle', runId: null })
})
