/** The list of runs: each once, whatever there is of it, with a name, a look and what sets it apart. */
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { parseConfig, type ReplicaConfig } from '../../src/config.ts'
import { replicaLabel as labelInTick } from '../../src/lab/replica_tick.ts'
import { methods } from '../../src/methods/index.ts'
import type { Panel } from '../../src/panel.ts'
import type { LossByT, SavedRun, Tick } from '../../src/protocol.ts'
import { differences, liveChanges, restartChanges } from '../../src/store/changes.ts'
import { figuresOf, groupsOf, overGroup, sweepOf } from '../../src/store/figures.ts'
import { readList, withSeeds, withSweep } from '../../src/store/lineup.ts'
import { briefName, nameFor, namesOf } from '../../src/store/names.ts'
import { replicaLabel } from '../../src/store/replicas.ts'
import { useRun } from '../../src/store/run.ts'
import { changesAgainst, givenLooks, hearPast, listRuns, ofSameData, useRuns } from '../../src/store/runList.ts'
import { deleteRun, pin, rename, setShown, undoDelete, watchRuns } from '../../src/store/runs.ts'
import { useSaves } from '../../src/store/saves.ts'
import { type SeenRun, useBeside } from '../../src/store/shown.ts'
import { eventsOf, withBeside } from '../../src/ui/charts/overlay.ts'
import { plainColour } from '../../src/ui/charts/save.ts'
import { namedOf, seriesOf } from '../../src/ui/charts/series.ts'
import { panelsBeside } from '../../src/ui/diagnostics/shown.ts'
import { studyRecord } from '../support/study_record.ts'

const posted = vi.hoisted(() => [] as { type: string; id?: string }[])
vi.mock('../../src/store/bridge.ts', () => ({ post: (command: { type: string }) => posted.push(command), reconnect: () => {} }))

const pair = parseConfig({ replicas: [{ method: 'fm' }, { method: 'lcf' }] })
const idAt = (time: number) => `run-${time.toString(36)}-aaaaaa`
const tickOf = (id: string, step = 100, config = pair): Tick => ({ ...studyRecord.tick, runId: id, step, config, replicas: studyRecord.tick.replicas.slice(0, config.replicas.length) })
const seen = (id: string, config = pair): SeenRun => ({ tick: tickOf(id, 100, config), losses: [], measurements: {}, record: null })
const saved = (id: string, change: Partial<SavedRun> = {}): SavedRun => ({ id, savedAt: 1, step: 50, steps: 200, bytes: 1, config: pair, ...change })
const recorded: SeenRun = { record: studyRecord, tick: studyRecord.tick, losses: [], measurements: {} }
const nothing = { run: { tick: null, losses: [], measurements: {} }, past: [], saves: { runs: [], unstored: null }, recorded: null, deleted: [], names: {} }

describe('names', () => {
  test('are the same for the same id, and seldom for two', () => {
    const ids = Array.from({ length: 200 }, (_, i) => idAt(1e12 + i))
    expect(ids.map(nameFor)).toEqual(ids.map(nameFor))
    expect(new Set(ids.map(nameFor)).size).toBeGreaterThan(180)
    for (const id of ids) expect(nameFor(id)).toMatch(/^[A-Z][a-z]+ [a-z]{2,5}$/)
  })

  test('are never given twice', () => {
    expect([...namesOf(['a', 'b', 'c'], { a: 'One', b: 'One', c: 'One' }).values()]).toEqual(['One', 'One 2', 'One 3'])
    expect(briefName('a', nameFor('a'))).toBe(nameFor('a').split(' ')[1])
    expect(briefName('a', 'My own run')).toBe('My own run')
  })
})

describe('the list', () => {
  test('has each run once, the one on the page first, the recorded one last', () => {
    const [a, b, c] = [1, 2, 3].map((i) => idAt(1e12 + i))
    const entries = listRuns({ ...nothing, run: { tick: tickOf(a), losses: [], measurements: {} }, past: [seen(b)], saves: { runs: [saved(a), saved(b), saved(c)], unstored: null }, recorded })
    expect(entries.map(({ id }) => id)).toEqual([a, c, b, 'low-noise'])
    expect(entries.map(({ here, seen: drawn, save }) => [here, drawn !== null, save !== null])).toEqual([[true, true, true], [false, false, true], [false, true, true], [false, true, false]])
    expect(entries.map(({ step }) => step)).toEqual([100, 50, 100, 1200])
    expect(entries.at(-1)!.name).toBe('Recorded run')
  })

  test('leaves out what was deleted, but never what is on the page', () => {
    const entries = listRuns({ ...nothing, run: { tick: tickOf('a'), losses: [], measurements: {} }, past: [seen('b')], deleted: ['a', 'b'], names: { a: 'Mine' } })
    expect(entries.map(({ name }) => name)).toEqual(['Mine'])
  })

  test('a second run with only λ changed differs in one entry', () => {
    const [first, second] = listRuns({ ...nothing, past: [seen('b'), seen('a', parseConfig({ ...pair, objective: { ...pair.objective, lambda: 0.1 } }))] })
    expect(changesAgainst(first, second)).toEqual([{ title: 'λ', from: '0.05', to: '0.1' }])
    expect(changesAgainst(first, first)).toBeNull()
    expect(changesAgainst(undefined, second)).toBeNull()
  })

  test('runs of other data than the one they are told against do not stand beside it', () => {
    const entries = listRuns({ ...nothing, past: [seen('b'), seen('a', parseConfig({ ...pair, data: { dataset: 'mixture' } })), seen('c')] })
    const [b] = entries.filter(({ id }) => id === 'b')
    const ids = (some: typeof entries) => some.map(({ id }) => id).toSorted()
    expect(ofSameData(entries, b).map(ids)).toEqual([['b', 'c'], ['a']])
    expect(ofSameData(entries, undefined).map(ids)).toEqual([['a', 'b', 'c'], []])
  })
})

describe('differences', () => {
  test('of replicas are told by replica, and of their number once', () => {
    expect(differences(pair, parseConfig({ replicas: [{ method: 'fm' }, { method: 'lcf', lambda: 1 }] }))).toEqual([{ title: 'λ of replica 2', from: '0.05', to: '1' }])
    expect(differences(pair, parseConfig({ replicas: [{ method: 'fm' }, { method: 'fm-contrast' }] })).map(({ title }) => title)).toEqual(['Replica 2'])
    expect(differences(pair, parseConfig({ replicas: [0, 1, 2].map((seed) => ({ method: 'fm', seed })) }))).toEqual([{ title: 'Replicas', from: 'Flow matching, LCF', to: 'Flow matching ×3' }])
  })

  test('of what is measured are told in words', () => {
    expect(differences(pair, parseConfig({ ...pair, measures: [{ id: 'probe', every: 0 }, { id: 'plane', every: 50 }, { id: 'gain' }] }))).toEqual([{ title: 'Diagnostics', from: 'as usual', to: 'probe off, plane every 50, gain' }])
  })

  test('live knobs that wait are told, by each replica where one has its own', () => {
    const turned = parseConfig({ ...pair, objective: { ...pair.objective, lambda: 1 }, train: { clip: 2 } })
    expect(restartChanges(turned, pair)).toEqual([])
    expect(liveChanges(turned, pair)).toEqual([{ title: 'Gradient clip', from: '1', to: '2' }, { title: 'λ', from: '0.05', to: '1' }])
    const own = parseConfig({ ...pair, replicas: [{ method: 'fm', lambda: 1 }, { method: 'lcf', lambda: 1 }] })
    expect(liveChanges(turned, own).map(({ title }) => title)).toEqual(['Gradient clip']) // the same for every replica, however it was said
    expect(liveChanges(pair, own).map(({ title }) => title)).toEqual(['λ of replica 1', 'λ of replica 2'])
  })
})

test('replicas of one method are told apart by what they have of their own; a name stays as it is', () => {
  const labels = (objective: object, replicas: ReplicaConfig[]) => {
    const config = parseConfig({ objective, replicas })
    return config.replicas.map((replica, r) => {
      expect(labelInTick(config, r)).toBe(replicaLabel(config, replica))
      return replicaLabel(config, replica)
    })
  }
  expect(labels({}, [{ method: 'fm' }, { method: 'lcf', lambda: 0.1 }])).toEqual(['Flow matching', 'LCF'])
  expect(labels({}, [{ method: 'exfm', candidates: 8 }, { method: 'exfm' }, { method: 'exfm', ownCandidate: false, seed: 1 }]))
    .toEqual(['Explicit FM (ExFM), candidates N 8', 'Explicit FM (ExFM)', 'Explicit FM (ExFM), own image among them off'])
  expect(labels({ times: 'jit' }, [{ times: 'uniform', method: 'fm' }, { method: 'fm', times: 'jit' }, { method: 'fm', label: 'mine', tMin: 0.2 }])).toEqual(['Flow matching, noise levels uniform', 'Flow matching', 'mine'])
  expect(labels({}, [{ method: 'lcf', lambda: 0.1 }, { method: 'lcf', lambda: 0.1, seed: 1 }, { method: 'lcf', lambda: 1, seed: 2 }])).toEqual(['LCF, λ 0.1', 'LCF, λ 0.1', 'LCF, λ 1'])
})

describe('looks', () => {
  test('of runs on the charts together are distinct, and stay', () => {
    const one = givenLooks({}, ['a'])
    const two = givenLooks(one, ['a', 'b'])
    expect(two).toEqual({ a: 0, b: 1 })
    expect(givenLooks(two, ['b', 'c'])).toMatchObject({ b: 1, c: 0 })
    expect(givenLooks({ a: 0, c: 0 }, ['a', 'c'])).toEqual({ a: 0, c: 1 }) // they had not met before
    const four = givenLooks({}, ['a', 'b', 'c', 'd'])
    expect(new Set(Object.values(four)).size).toBe(4)
  })

  test('make other colours and dashes for the same method; a run that is not pointed at is grey', () => {
    const named = namedOf(parseConfig({ replicas: [{ method: 'lcf' }] }))
    const lines = [0, 1, 2, 3].map((look) => seriesOf(named, [], { run: 0, id: 'a', offset: 5, look, name: 'owl', dimmed: false })[0])
    expect(new Set(lines.map(({ colour }) => colour)).size).toBe(4)
    expect(new Set(lines.map(({ dash }) => dash)).size).toBe(4)
    expect(lines[0]).toMatchObject({ label: 'LCF owl', index: 5, replica: 0, key: 'a/0' })
    expect(seriesOf(named, [], { run: 0, id: 'a', offset: 0, look: 2, name: '', dimmed: true })[0].colour).toBe('var(--series-grey)')
    expect(plainColour('color(srgb 0 0.5 1)')).toBe('rgb(0, 128, 255)')
    expect(plainColour('rgb(1, 2, 3)')).toBe('rgb(1, 2, 3)')
  })
})

describe('arms of one run', () => {
  const looks = (replicas: object[]) => seriesOf(namedOf(parseConfig({ replicas }))).map(({ colour, marker, dash }) => ({ colour, mark: `${marker} ${dash}` }))
  const sweep = withSweep('lcf', [0.01, 0.02, 0.05, 0.1], [0.01, 0.05, 0.1, 0.2])

  test('are told apart by colour, and by marker or dash without it', () => {
    expect(new Set(looks(sweep).map(({ mark }) => mark)).size).toBe(16)
    const five = looks(['linear', 'cosine', 'vp', 'lipman', 've'].map((path) => ({ method: 'fm', path })))
    expect(new Set(five.map(({ colour }) => colour)).size).toBe(5)
    for (const run of [five, looks([{ method: 'fm' }, ...sweep.slice(0, 4)]), looks(Object.keys(methods).map((method) => ({ method })))]) expect(new Set(run.map(({ mark }) => mark)).size).toBe(run.length)
  })

  test('of FM and LCF keep vermillion and blue, whatever else is there; seeds look alike', () => {
    const pairs = looks([...sweep.slice(1, 3), { method: 'x-prediction' }, { method: 'fm' }, { method: 'lcf', seed: 5, tMin: 0.02, lambda: 0.01, label: sweep[1].label }])
    expect(pairs[0].colour).toBe('var(--series-blue)')
    expect(pairs[3].colour).toBe('var(--series-vermillion)')
    expect(pairs[4]).toEqual(pairs[0])
    expect(new Set(pairs.map(({ colour }) => colour)).size).toBe(4)
    for (const id of Object.keys(methods).filter((each) => each !== 'fm' && each !== 'lcf')) expect(['vermillion', 'blue']).not.toContain(methods[id].look.colour)
  })
})

describe('on one chart', () => {
  const curve = (replica: number | null, label = '', y = [1]): Panel['curves'][number] => ({ replica, kind: replica === null ? 'theory' : 'measured', label, x: [0.1], y })
  const panel = (curves: Panel['curves'], notes: string[] = []): Panel => ({ id: 'p', title: '', x: { label: 't', scale: 'log' }, y: { label: 'y', scale: 'log' }, curves, spread: '', summary: '', notes })

  test('replicas stand behind those before, and theory only where it differs', () => {
    const whole = withBeside(panel([curve(0), curve(1), curve(null, 'floor')], ['same']), [
      { panel: panel([curve(0), curve(null, 'floor')], ['same', 'another']), offset: 2, name: 'owl' },
      { panel: panel([curve(0), curve(null, 'floor', [2])]), offset: 3, name: 'elk' },
    ])
    expect(whole.curves.map(({ replica, label }) => replica ?? label)).toEqual([0, 1, 'floor', 2, 3, 'floor elk'])
    expect(whole.notes).toEqual(['same', 'owl: another'])
  })

  test('a diagnostic that only another run has is shown, with the settings it was measured with', () => {
    const measurement = { id: 'probe', step: 5, settings: { labels: 64 }, duration: 1, panels: [panel([curve(0)])] }
    const [only] = panelsBeside([], { labels: 128 }, [{ measurement, offset: 2, name: 'owl' }])
    expect(only.curves.map(({ replica }) => replica)).toEqual([2])
    expect(only.notes.join()).toMatch(/owl: measured with .*64/)
  })

  test('changes under way are told with their run', () => {
    const own = [{ step: 9, label: 'λ → 1' }]
    expect(eventsOf(own, [{ events: [], name: 'owl' }])).toBe(own)
    expect(eventsOf(own, [{ events: [{ step: 3, label: 'tau → 2' }], name: 'owl' }]).map(({ label }) => label)).toEqual(['owl: tau → 2', 'λ → 1'])
  })
})

describe('what can be done', () => {
  let stop = () => {}
  beforeEach(() => {
    stop()
    posted.length = 0
    useRun.setState(useRun.getInitialState(), true)
    useRuns.setState(useRuns.getInitialState(), true)
    useSaves.setState(useSaves.getInitialState(), true)
    stop = watchRuns()
  })
  const appear = (id: string, step = 100) => useRun.setState({ phase: 'running', runId: id, measuredRun: id, tick: tickOf(id, step), losses: [] })
  const entry = (id: string) => listRuns({ run: useRun.getState(), past: useRuns.getState().past, saves: useSaves.getState(), recorded: null, deleted: useRuns.getState().deleted, names: useRuns.getState().names }).find((one) => one.id === id)!
  const beside = () => useBeside.getState().runs.map(({ tick }) => tick.runId)

  test('a run that another takes the place of stays, unless it has hardly begun', () => {
    appear('a')
    useRun.setState({ measuredRun: 'b', losses: [{ step: 1 } as LossByT] }) // the history of the next run comes before its first tick
    appear('b', 3)
    expect(useRuns.getState().past.map(({ tick, losses }) => [tick.runId, tick.state, losses.length])).toEqual([['a', 'finished', 0]])
    appear('c')
    expect(useRuns.getState().past.map(({ tick }) => tick.runId)).toEqual(['a'])
    appear('a')
    expect(useRuns.getState().past.map(({ tick }) => tick.runId)).toEqual(['c']) // gone on with, it is on the page again
  })

  test('the pinned run stays on the charts, with its look', () => {
    appear('a')
    pin('a')
    appear('b')
    expect(beside()).toEqual(['a'])
    expect(useRuns.getState().looks).toEqual({ a: 0, b: 1 })
  })

  test('four at most are shown', () => {
    for (const id of ['a', 'b', 'c', 'd', 'e']) appear(id)
    for (const id of ['a', 'b', 'c', 'd']) setShown(entry(id), true)
    expect(beside()).toEqual(['a', 'b', 'c'])
    expect(new Set(['a', 'b', 'c', 'e'].map((id) => useRuns.getState().looks[id])).size).toBe(4)
    setShown(entry('a'), false)
    setShown(entry('d'), true)
    expect(beside()).toEqual(['b', 'c', 'd'])
  })

  test('charts of a kept run are fetched once it is to be shown; one that cannot be read says so and is not shown', () => {
    useSaves.setState({ runs: [saved('k'), saved('x')] })
    setShown(entry('k'), true)
    setShown(entry('x'), true)
    expect(posted).toEqual([{ type: 'look', id: 'k' }, { type: 'look', id: 'x' }])
    hearPast({ type: 'past', runId: 'k', found: { tick: tickOf('k'), losses: [], measurements: [] } })
    hearPast({ type: 'past', runId: 'x', found: null, problem: 'It is damaged.' })
    expect(beside()).toEqual(['k'])
    expect(useRuns.getState()).toMatchObject({ shown: ['k'], looking: [], unread: { x: 'It is damaged.' } })
  })

  test('a deleted run comes back by undo; what is kept of it goes when the next is deleted', () => {
    appear('a')
    appear('b')
    appear('c')
    useSaves.setState({ runs: [saved('a'), saved('b')] })
    deleteRun(entry('a'))
    expect(entry('a')).toBeUndefined()
    expect(posted).toEqual([])
    undoDelete()
    expect(entry('a').seen).not.toBeNull()
    deleteRun(entry('a'))
    deleteRun(entry('b'))
    expect(posted).toEqual([{ type: 'discard', id: 'a' }])
    undoDelete()
    expect(useRuns.getState().past.map(({ tick }) => tick.runId)).toEqual(['b'])
    useSaves.setState({ runs: [saved('a')] }) // the browser still had it
    expect(posted.at(-1)).toEqual({ type: 'discard', id: 'a' })
  })

  test('a name is the visitor’s, and an empty one gives the old back', () => {
    appear('a')
    rename('a', `  ${'x'.repeat(60)} `)
    expect(entry('a').name).toBe('x'.repeat(40))
    rename('a', ' ')
    expect(entry('a').name).toBe(nameFor('a'))
  })
})

describe('figures', () => {
  const config = parseConfig({ replicas: [0, 1, 2].flatMap((seed) => [{ method: 'fm', seed }, { method: 'lcf', seed }]) })
  const loss = { ...studyRecord.tick.lossByT!, t: [0.001, 0.005, 0.05, 0.5], mean: config.replicas.map((_, r) => [1 + r, 3 + r, 5, r === 1 ? null : 7]) }

  test('are means over levels, and over seeds with their spread', () => {
    const figures = figuresOf({ tick: tickOf('a', 100, config), losses: [loss], measurements: { probe: [...studyRecord.measurements] } })
    const [fm, lcf] = groupsOf(config)
    expect(fm.replicas).toEqual([0, 2, 4])
    const of = (id: string) => figures.find((figure) => figure.id === id)!
    expect(overGroup(of('low'), fm)).toEqual({ mean: 4, deviation: 2 })
    expect(overGroup(of('middle'), fm)).toEqual({ mean: 5, deviation: 0 })
    expect(overGroup(of('all'), lcf)).toEqual({ mean: null, deviation: null }) // one of them has a gap
    expect(overGroup(of('probe'), fm).mean).toBeCloseTo(0.5)
    expect(of('probe-best').values[0]).toBe(0.7)
  })

  test('of a sweep stand at their crossings', () => {
    const replicas = withSweep('lcf', [0.1, 0.02], [0.2, 0.01])
    expect(replicas.map(({ label }) => label)).toEqual(['LCF T 0.1 λ 0.2', 'LCF T 0.02 λ 0.2', 'LCF T 0.1 λ 0.01', 'LCF T 0.02 λ 0.01'])
    expect(sweepOf(parseConfig({ replicas }))).toEqual({ method: 'lcf', tMin: [0.02, 0.1], lambda: [0.01, 0.2], cells: [[[3], [2]], [[1], [0]]] })
    expect(sweepOf(parseConfig({ replicas: replicas.slice(1) }))).toBeNull()
    expect(sweepOf(pair)).toBeNull()
  })

  test('more seeds repeat each thing once a seed, or there is no room for them', () => {
    expect(withSeeds(pair, 3)).toEqual([0, 1, 2].flatMap((seed) => [{ method: 'fm', seed }, { method: 'lcf', seed }]))
    expect(withSeeds(config, 3).length).toBe(6) // it has its seeds already
    const mix = [{ method: 'x-prediction' }, { method: 'dispersive', lambda: 0.2, label: 'stronger' }, { method: 'contrastive-fm' }, { method: 'lcf', tMin: 0.1 }, { method: 'lcf', tMin: 0.2 }]
    expect(withSeeds(parseConfig({ replicas: mix }), 3)).toEqual([0, 1, 2].flatMap((seed) => mix.map((one) => ({ ...one, seed }))))
    expect(() => withSeeds(parseConfig({ replicas: withSweep('lcf', [0.01, 0.02, 0.1], [0.1, 0.2]) }), 3)).toThrow('6 replicas × 3 seeds = 18, more than the 16 that a run may have.')
  })

  test('a sweep that cannot be is refused with a sentence', () => {
    expect(() => withSweep('lcf', [0.01, 0.02, 0.03, 0.04, 0.05], [1, 2, 3, 4])).toThrow(/5 × 4 = 20 replicas are more than the 16/)
    expect(() => withSweep('lcf', [], [1])).toThrow(/At least one/)
    expect(readList(' .02, 0.1;0.3 ', 'tMin')).toEqual([0.02, 0.1, 0.3])
    expect(() => readList('0.1 2', 'tMin')).toThrow('“2” is no T_min; numbers from 0 to 0.9 are.')
    expect(() => readList('1 x', 'lambda')).toThrow('“x” is no λ; numbers from 0 to 10 are.')
  })
})
