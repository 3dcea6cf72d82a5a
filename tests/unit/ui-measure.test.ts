import { describe, expect, test } from 'vitest'
import { type Config, parseConfig, seedGroups } from '../../src/config.ts'
import type { Curve, Measurement, Panel } from '../../src/panel.ts'
import type { LossByT, Report, Tick } from '../../src/protocol.ts'
import { sentenceFor } from '../../src/store/announcer.ts'
import { diagnosticChoices, diagnosticOf, refusalOf } from '../../src/store/catalog.ts'
import { costOf, forwardFlops } from '../../src/store/cost.ts'
import { everyOf, measuredAt, settingsOf, stepsOf, withMeasure } from '../../src/store/measurements.ts'
import { fromHash, toHash } from '../../src/store/permalink.ts'
import { type RunState, reduce, useRun } from '../../src/store/run.ts'
import { overSeeds } from '../../src/store/seeds.ts'
import { fieldsOf } from '../../src/ui/controls/fields.ts'
import { panelsOf, readAs } from '../../src/ui/diagnostics/shown.ts'

const opening = useRun.getInitialState()
const after = (state: RunState, ...reports: Report[]): RunState => reports.reduce((now, report) => ({ ...now, ...reduce(now, report) }), state)
const lossAt = (step: number): LossByT => ({ step, t: [0.1], count: 1, mean: [[1]], standardError: [[0.1]], floor: null, floorNote: '' })
const tick = (change: Partial<Tick> = {}): Tick => ({
  type: 'tick', runId: 'a', sequence: 1, state: 'running', step: 1, steps: 100, stepsPerSecond: 1, config: parseConfig({}), replicas: [], lossByT: null, bands: [],
  samples: null, events: [], cost: { bytes: 1, dispatches: 1, submits: 1, parameters: 1 }, ...change,
})
const panel = (change: Partial<Panel> = {}): Panel => ({ id: 'p', title: 'P', x: { label: 't', scale: 'log' }, y: { label: 'y', scale: 'log' }, curves: [], spread: '', summary: 'So it is.', notes: [], ...change })
const found = (step: number | null, change: Partial<Measurement> = {}): Measurement => ({ id: 'condition', step, settings: {}, panels: [panel()], duration: 1, ...change })
const measured = (runId: string | null, measurement: Measurement): Report => ({ type: 'measured', runId, measurement })

test('of panels that say the same of velocity and denoiser one is shown: the first, or the one that is wanted', () => {
  const panels = [
    panel({ id: 'error' }), panel({ id: 'answers', reading: { of: 'answers', as: 'denoiser' } }), panel({ id: 'answers-velocity', reading: { of: 'answers', as: 'velocity' } }),
    panel({ id: 'slope', reading: { of: 'slope', as: 'velocity' } }), panel({ id: 'slope-denoiser', reading: { of: 'slope', as: 'denoiser' } }), panel({ id: 'alone', reading: { of: 'alone', as: 'velocity' } }),
  ]
  const shown = (wanted: Parameters<typeof readAs>[1]) => readAs(panels, wanted).map(({ id }) => id)
  expect(shown(null)).toEqual(['error', 'answers', 'slope', 'alone'])
  expect(shown('velocity')).toEqual(['error', 'answers-velocity', 'slope', 'alone'])
  expect(shown('denoiser')).toEqual(['error', 'answers', 'slope-denoiser', 'alone'])
})

describe('what was measured', () => {
  const running = after({ ...opening, phase: 'starting', runId: 'a' }, tick())

  test('is kept by diagnostic, in order, and goes with the run', () => {
    const two = after(running, measured('a', found(10)), measured('a', found(20)), measured('a', found(20, { id: 'probe' })))
    expect(two.measurements.condition.map(({ step }) => step)).toEqual([10, 20])
    expect(two.measurements.probe.length).toBe(1)
    expect(after(two, tick({ step: 21 })).measurements).toBe(two.measurements)
    expect(after({ ...two, runId: 'b' }, tick({ runId: 'b' })).measurements).toEqual({})
    expect(after({ ...two, runId: 'b' }, measured('a', found(30)))).toEqual({ ...two, runId: 'b' }) // late news of the run before
    expect(after({ ...two, runId: 'b' }, measured('b', found(5))).measurements).toEqual({ condition: [found(5)] }) // before the new run's first tick
  })

  test('theory needs no run and leaves measurements alone', () => {
    const known = after(running, measured('a', found(10)), measured(null, found(null)))
    expect(known.theory.condition.step).toBeNull()
    expect(known.measurements.condition.map(({ step }) => step)).toEqual([10])
    expect(after(opening, measured(null, found(null)))).toMatchObject({ phase: 'probing', theory: { condition: { step: null } } })
  })

  test('a diagnostic that fails says so in its own place, and the run goes on', () => {
    const failed = after({ ...running, asked: 'probe' }, { type: 'fault', kind: 'measure', id: 'probe', message: 'Too many labels.' })
    expect(failed).toMatchObject({ phase: 'running', fault: null, asked: null, unmeasured: { probe: 'Too many labels.' } })
    expect(after(failed, measured('a', found(3, { id: 'probe' }))).unmeasured).toEqual({})
  })

  test('progress comes and goes', () => {
    const busy = after(running, { type: 'measuring', id: 'probe', done: 1, total: 4 })
    expect(busy.measuring).toEqual({ id: 'probe', done: 1, total: 4 })
    expect(after(busy, { type: 'measuring', id: null, done: 0, total: 0 }).measuring).toBeNull()
    expect(after(busy, { type: 'fault', kind: 'device-lost', message: '' }).measuring).toBeNull()
  })

  test('only what was asked for is announced', () => {
    const asked = { ...running, asked: 'condition' }
    expect(sentenceFor(after(asked, measured('a', found(7))), asked)).toMatch(/measured at step 7\. So it is\.$/)
    expect(sentenceFor(after(running, measured('a', found(7))), running)).toBeNull()
  })

  test('every loss by noise level is kept, once', () => {
    const state = after(running, tick({ lossByT: lossAt(10) }), tick({ lossByT: lossAt(10) }), tick({ lossByT: lossAt(20) }))
    expect(state.losses.map(({ step }) => step)).toEqual([10, 20])
    const told = after(state, ...[30, 40].map((step): Report => ({ type: 'evaluated', runId: 'a', loss: lossAt(step) })), tick({ lossByT: lossAt(40) })) // two between two ticks
    expect(told.losses.map(({ step }) => step)).toEqual([10, 20, 30, 40])
    expect(after({ ...state, runId: 'b' }, { type: 'evaluated', runId: 'a', loss: lossAt(30) }).losses).toEqual(state.losses) // of the run before
    expect(after({ ...state, runId: 'b' }, tick({ runId: 'b' })).losses).toEqual([])
  })

  test('a step of the past shows what was known by then', () => {
    const list = [found(10), found(20), found(40)]
    expect(measuredAt(list, null)?.step).toBe(40)
    expect(measuredAt(list, 39)?.step).toBe(20)
    expect(measuredAt(list, 9)).toBeNull()
    expect(measuredAt([], null)).toBeNull()
    expect(stepsOf(list, [found(20), found(30), found(null)])).toEqual([10, 20, 30, 40])
  })
})

describe('several seeds', () => {
  const curve = (replica: number | null, y: (number | null)[], change: Partial<Curve> = {}): Curve => ({ replica, kind: 'measured', label: '', x: [0.1, 0.2], y, ...change })

  test('are replicas that differ in nothing else', () => {
    const config = parseConfig({ replicas: [{ method: 'fm', seed: 0 }, { method: 'lcf', seed: 0 }, { method: 'fm', seed: 1 }, { method: 'lcf', seed: 1, lambda: 1 }, { method: 'fm', label: 'mine' }] })
    expect(seedGroups(config)).toEqual([[0, 2], [1], [3], [4]])
    expect(seedGroups(parseConfig({ replicas: [{ method: 'exfm', candidates: 8 }, { method: 'exfm' }, { method: 'exfm', candidates: 512, seed: 1 }, { method: 'exfm', ownCandidate: false }, { method: 'exfm', times: 'jit' }] }))).toEqual([[0], [1, 2], [3], [4]])
    expect(seedGroups(parseConfig({ replicas: [{ method: 'fm', images: 64 }, { method: 'fm', images: 512, seed: 1 }] }))).toEqual([[0], [1]])
  })

  test('become their mean ± standard deviation, n − 1', () => {
    const [mean] = overSeeds([curve(0, [1, 10]), curve(1, [3, 10])], [[0, 1]])
    expect(mean).toMatchObject({ replica: 0, y: [2, 10], seeds: 2 })
    expect(mean.spread![0]).toBeCloseTo(Math.SQRT2, 12)
    expect(mean.spread![1]).toBe(0)
  })

  test('a value that one of them lacks is no mean', () => {
    expect(overSeeds([curve(0, [1, null]), curve(1, [3, 4])], [[0, 1]])[0]).toMatchObject({ y: [2, null], spread: [Math.SQRT2, null] })
  })

  test('other curves stay as they are', () => {
    const curves = [curve(null, [1, 1], { kind: 'theory' }), curve(0, [1, 2]), curve(0, [5, 6], { label: 'class' }), curve(1, [3, 4], { x: [0.1, 0.3] })]
    expect(overSeeds(curves, [[0, 1]])).toEqual(curves)
    expect(overSeeds([curve(0, [1, 2]), curve(1, [3, 4])], [])).toHaveLength(2)
  })
})

describe('what a measurement costs', () => {
  test('a forward of the default net is about 9.1 million operations', () => {
    expect(forwardFlops(parseConfig({}).net) / 1e6).toBeCloseTo(9.1, 0)
  })

  test('a training step is three forwards of a batch', () => {
    const config = parseConfig({ train: { batch: 64 } })
    expect(costOf(config, { forwards: 4096 * 8 }, 0)).toEqual({ steps: (4096 * 8) / 192, seconds: null })
    expect(costOf(config, { forwards: 1920 }, 5)).toEqual({ steps: 10, seconds: 2 })
    expect(costOf(config, { forwards: 0, flops: 192 * forwardFlops(config.net) }, 1).steps).toBeCloseTo(1, 12)
  })
})

describe('settings of diagnostics', () => {
  test('only what differs is written down', () => {
    const config = parseConfig({})
    const { every } = diagnosticOf('condition')!
    const changed: Config = { ...config, measures: withMeasure(config, 'condition', { settings: { pairs: 32 } }) }
    expect(changed.measures).toEqual([{ id: 'condition', settings: { pairs: 32 } }])
    expect(settingsOf(changed, 'condition')).toMatchObject({ pairs: 32, levels: 16 })
    const paced: Config = { ...changed, measures: withMeasure(changed, 'condition', { every: every + 1 }) }
    expect(everyOf(paced, 'condition')).toBe(every + 1)
    expect(withMeasure(paced, 'condition', { every, settings: { pairs: 64 } })).toEqual([])
  })

  test('each has a control with a title, a sentence and its default', () => {
    for (const { id, settings } of diagnosticChoices) {
      for (const field of fieldsOf(settings)) {
        expect(field.help, `${id}.${field.field}`).toMatch(/\.$/)
        expect(field.standard, `${id}.${field.field}`).toBe((settings.parse({}) as Record<string, unknown>)[field.field])
      }
    }
  })

  test('why they do not fit is known before asking', () => {
    const config = parseConfig({ data: { heldOut: 64 } })
    expect(refusalOf('condition', config, { pairs: 128 })).toContain('128 pairs are more than the 64 held-out images')
    expect(refusalOf('condition', config, { pairs: 1e9 })).toContain('condition.pairs')
    expect(refusalOf('condition', config, { pairs: 32 })).toBeNull()
  })

  test.each([
    [{ id: 'condition', every: 500 }],
    [{ id: 'condition', every: 0, settings: { path: 'cosine', pairs: 32 } }],
    [{ id: 'probe', settings: { t: '0, 0.001, 0.5', allLayers: true } }],
  ])('the address keeps %j', (measure) => {
    const config = parseConfig({ measures: [measure] })
    expect(fromHash(`#${toHash(config)}`)).toMatchObject({ config, notices: [] })
    expect(fromHash(new URL(`http://localhost/#${toHash(config)}`).hash)).toMatchObject({ config, notices: [] })
  })

  test.each([
    ['measures=nonsense:5', [], 'nonsense'],
    ['measures=condition:often', [], 'often'],
    ['measures=condition:-3', [{ id: 'condition', every: 0 }], '0 is used'],
    ['measures=condition,pairs:99999999', [{ id: 'condition', settings: { pairs: 1024 } }], '1024 is used'],
    ['measures=condition,pairs:x', [], 'condition.pairs = x: must be a whole number from 8 to 1,024, not “x”. The default, 64, is used.'],
    ['measures=condition,nothing:1', [], 'condition.nothing'],
    ['measures=condition,path:sideways', [], 'condition.path = sideways: must be one of linear, cosine,'],
    ['measures=condition:5;condition:6', [{ id: 'condition', every: 5 }], 'twice'],
    ['measures=__proto__:1', [], '__proto__'],
    [`measures=${Array(1000).fill('condition:5').join(';')}`, [{ id: 'condition', every: 5 }], 'twice'],
  ])('%s is told, not obeyed', (hash, measures, words) => {
    const { config, notices } = fromHash(`#${hash.slice(0, 4000)}`)
    expect(config.measures).toEqual(measures)
    expect(notices.join(' ')).toContain(words)
    expect(parseConfig(config)).toEqual(config)
  })
})

describe('theory beside what was measured', () => {
  const line = (replica: number | null, y: number): Curve => ({ replica, kind: replica === null ? 'theory' : 'measured', label: '', x: [0.1], y: [y] })
  const settings = settingsOf(parseConfig({}), 'condition')
  const measurement = found(10, { settings, panels: [panel({ curves: [line(null, 1), line(0, 2)] }), panel({ id: 'q' })] })

  test('with the same settings the measurement says it all', () => {
    expect(panelsOf(measurement, found(null, { settings, panels: [panel()] }))).toBe(measurement.panels)
    expect(panelsOf(null, null)).toEqual([])
  })

  test('with others the theory is new, the lines of the net stay, and a note says what they were measured with', () => {
    const theory = found(null, { settings: { ...settings, path: 'cosine' }, panels: [panel({ curves: [line(null, 7)] })] })
    const [first, second] = panelsOf(measurement, theory)
    expect(first.curves).toEqual([line(null, 7), line(0, 2)])
    expect(first.notes.at(-1)).toContain('Path linear')
    expect(second.id).toBe('q')
  })
})
