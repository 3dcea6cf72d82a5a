import { describe, expect, test } from 'vitest'
import { parseConfig } from '../../src/config.ts'
import type { Report, Tick } from '../../src/protocol.ts'
import { sentenceFor } from '../../src/store/announcer.ts'
import { restartChanges } from '../../src/store/changes.ts'
import { hearExported, nextRequest, useExports } from '../../src/store/exports.ts'
import { type RunState, receive, reduce, useRun } from '../../src/store/run.ts'
import { mosaic } from '../../src/ui/samples/paint.ts'

const opening = useRun.getInitialState()
const capabilities = { adapter: 'a', software: false, features: [], limits: { maxBufferSize: 1, maxStorageBufferBindingSize: 1, maxComputeWorkgroupStorageSize: 1, maxComputeInvocationsPerWorkgroup: 1 } }
const tick = (change: Partial<Tick> = {}): Tick => ({
  type: 'tick', runId: 'a', sequence: 1, state: 'running', step: 1, steps: 100, stepsPerSecond: 1, config: parseConfig({}), replicas: [], lossByT: null, bands: [],
  samples: null, events: [], cost: { bytes: 1, dispatches: 1, submits: 1, parameters: 1 }, ...change,
})
const after = (state: RunState, ...reports: Report[]): RunState => reports.reduce((now, report) => ({ ...now, ...reduce(now, report) }), state)

describe('reports', () => {
  const ready = after(opening, { type: 'ready', capabilities })
  const running = after({ ...ready, phase: 'starting', runId: 'a' }, tick())

  test('probing ends in idle, or at an obstacle that stays', () => {
    expect(ready.phase).toBe('idle')
    expect(after(opening, { type: 'obstacle', obstacle: 'no-adapter', detail: '' }).phase).toBe('obstacle')
  })

  test('a run follows the ticks', () => {
    expect(running.phase).toBe('running')
    expect(after(running, tick({ state: 'paused', step: 2 }))).toMatchObject({ phase: 'paused', tick: { step: 2 } })
  })

  test('a tick of the run before is ignored', () => {
    const restarted = { ...running, phase: 'starting' as const, runId: 'b' }
    expect(after(restarted, tick({ step: 99 })).phase).toBe('starting')
    expect(after(restarted, tick({ runId: 'b' })).phase).toBe('running')
  })

  test('the second answer to a plan, with its time, does not take the place of the next plan', () => {
    const plan = (requestId: number, about?: string): Report => ({ type: 'plan', requestId, plan: { total: requestId, parts: [], parameters: 1, ...(about && { time: { step: 1, seconds: 1, flops: 1, about } }) } })
    const planned = after(ready, plan(1), plan(2), plan(1, 'about 1 s'))
    expect(planned.plan).toMatchObject({ requestId: 2, plan: { total: 2 } })
    expect(after(planned, plan(2, 'about 2 s')).plan?.plan.time?.about).toBe('about 2 s')
    expect(after(planned, { type: 'times', times: { small: 'about 3 s' } }).times).toEqual({ small: 'about 3 s' })
  })

  test('a refused start leaves the old run as it was', () => {
    const refused = after({ ...running, phase: 'starting', runId: 'b' }, { type: 'fault', kind: 'config', message: 'no' })
    expect(refused).toMatchObject({ phase: 'running', runId: 'a', fault: { kind: 'config' } })
    expect(after({ ...ready, phase: 'starting', runId: 'b' }, { type: 'fault', kind: 'memory', message: 'no' }).phase).toBe('idle')
  })

  test('a lost device keeps the data and fails the run', () => {
    expect(after(running, { type: 'fault', kind: 'device-lost', message: '', step: 7 })).toMatchObject({ phase: 'failed', tick: { step: 1 }, fault: { step: 7 } })
  })

  test('what did not change keeps its identity, so that its chart is not drawn again', () => {
    const lossByT = { step: 1, t: [0.1], count: 1, mean: [[1]], standardError: [[0.1]], floor: null, floorNote: '' }
    const samples = { step: 1, channels: 1, size: 2, images: [Float32Array.of(1, 2, 3, 4)], real: new Float32Array(4), count: 1 }
    const first = after(running, tick({ lossByT, samples }))
    const second = after(first, tick({ lossByT: structuredClone(lossByT), samples: structuredClone(samples) }))
    expect(second.tick!.lossByT).toBe(first.tick!.lossByT)
    expect(second.tick!.samples).toBe(first.tick!.samples)
    const third = after(second, tick({ lossByT: { ...lossByT, step: 2 }, samples: { ...samples, images: [Float32Array.of(1, 2, 3, 5)] } }))
    expect(third.tick!.lossByT).not.toBe(first.tick!.lossByT)
    expect(third.tick!.samples).not.toBe(first.tick!.samples)
  })

  test('the live region hears of phases and tenths, not of ticks', () => {
    const at = (step: number, phase: RunState['phase'] = 'running') => ({ ...running, phase, tick: tick({ step }) })
    expect(sentenceFor(at(11), at(10))).toBeNull()
    expect(sentenceFor(at(20), at(19))).toContain('20 percent')
    expect(sentenceFor(at(20, 'paused'), at(20))).toBe('Paused at step 20.')
    expect(sentenceFor(at(21, 'paused'), at(20, 'paused'))).toBe('Step 21.')
  })
})

test.each(['internal', 'kernel', 'device-lost'] as const)('a file is not waited for where the run has failed: %s', (kind) => {
  useRun.setState({ ...opening, phase: 'running' }, true)
  nextRequest()
  const fault: Report = { type: 'fault', kind, message: 'It died.' }
  hearExported(fault)
  receive(fault)
  expect(useExports.getState().waiting).toBeNull()
})

describe('changes that wait for a restart', () => {
  const running = parseConfig({})
  test('live knobs are not among them', () => {
    expect(restartChanges(parseConfig({ objective: { tMin: 0.2, lambda: 1 }, train: { learningRate: 0.01 } }), running)).toEqual([])
    expect(restartChanges(parseConfig({ replicas: [{ method: 'fm' }, { method: 'lcf', tMin: 0.3 }] }), running)).toEqual([])
  })
  test('each says from what to what', () => {
    expect(restartChanges(parseConfig({ net: { width: 64 } }), running)).toEqual([{ title: 'Width', from: '48', to: '64' }])
    expect(restartChanges(parseConfig({ replicas: [{ method: 'fm' }] }), running).map(({ title }) => title)).toEqual(['Replicas'])
    expect(restartChanges(parseConfig({ replicas: [{ method: 'fm', seed: 3 }, { method: 'lcf' }] }), running)).toEqual([{ title: 'Seed of replica 1', from: '0', to: '3' }])
  })
})

test('a mosaic has its pixels where they belong, and bad values are black', () => {
  const { width, height, data } = mosaic(Float32Array.of(-1, 1, 0, NaN, 5, -5, 1, 1), 2, 1, 2)
  expect([width, height]).toEqual([5, 2])
  const grey = (x: number, y: number) => data[4 * (y * width + x)]
  expect([grey(0, 0), grey(1, 0), grey(0, 1), grey(1, 1)]).toEqual([0, 255, 128, 0])
  expect([grey(3, 0), grey(4, 0)]).toEqual([255, 0])
  expect(data[4 * 2 + 3]).toBe(0) // the gap shows the page
})
