/** A history comes back as it was, from a file and from the browser; one that charts could not draw is refused whole. */
import { describe, expect, test } from 'vitest'
import { ConfigError } from '../../src/config.ts'
import { decodeCheckpoint, encodeCheckpoint, packCheckpoint, unpackCheckpoint } from '../../src/lab/checkpoint.ts'
import { forkHistory, ReplicaHistory, type RunHistory } from '../../src/lab/history.ts'
import { arraysOf, readArchive, writeNpz } from '../../src/lab/npz.ts'
import { keptRun } from '../support/kept_run.ts'

test('through a file, and through the browser', () => {
  const run = keptRun()
  expect(decodeCheckpoint(encodeCheckpoint(run))).toEqual(run)
  expect(unpackCheckpoint(structuredClone(packCheckpoint(run)))).toEqual(run)
  const { history: _, ...bare } = run
  expect(decodeCheckpoint(encodeCheckpoint(bare))).toEqual(bare)
  expect(unpackCheckpoint(packCheckpoint(bare))).toEqual(bare)
})

test('what is gone on with after it draws as if it had not been away', () => {
  const row = { ...keptRun().history!.replicas[0].last!, flow: 0.25, gradientNorm: 1 }
  const [away, stayed] = [decodeCheckpoint(encodeCheckpoint(keptRun())), keptRun()].map(({ history }) => ReplicaHistory.of(history!.replicas[0]))
  for (const one of [away, stayed]) for (let i = 0; i < 300; i++) one.add({ ...row, flow: i })
  for (const name of ['flow', 'flowSmooth', 'contrastive', 'gradientNorm'] as const) expect(away.series(name)).toEqual(stayed.series(name))
  expect(away.length).toBe(312)
})

test('a fork has the losses of the replica it comes from, and nothing of other labels', () => {
  const past = forkHistory(keptRun().history!, 1, 3, { step: 12, label: 'forked' })
  const fork = { ...keptRun(), config: { ...keptRun().config, replicas: [{}, {}, {}] }, replicas: [1, 1, 1].map(r => keptRun().replicas[r]), history: past }
  const { history } = decodeCheckpoint(encodeCheckpoint(fork))
  expect(history!.replicas.map(({ flow }) => flow[0])).toEqual([2, 2, 2])
  expect(history!.bands[3].value).toEqual([[4], [4], [4]])
  expect(history!.events.map(({ label }) => label)).toEqual(['λ → 0.5', 'forked'])
  expect([history!.measurements, history!.losses, history!.samples]).toEqual([[], [], null])
})

describe('refused in one sentence', () => {
  type Change = (history: RunHistory) => unknown
  const cases: [string, Change, RegExp][] = [
    ['no history at all', () => 7, /damaged at its beginning/],
    ['a replica too few', h => ({ ...h, replicas: h.replicas.slice(1) }), /is of 1 replicas and the config of 2/],
    ['a step lost', h => ({ ...h, replicas: h.replicas.map(r => ({ ...r, flow: r.flow.slice(1) })) }), /has 11 values of flow from step 0 on for replica 0, and the run stands at step 12/],
    ['text among the losses', h => ({ ...h, replicas: h.replicas.map(r => ({ ...r, flow: 'none' })) }), /damaged at replicas\.0\.flow/],
    ['a level lost', h => ({ ...h, losses: h.losses.map(l => ({ ...l, mean: [[1], [2]] })) }), /a loss by noise level with values missing/],
    ['a floor too short', h => ({ ...h, losses: h.losses.map(l => ({ ...l, floor: null, floors: [{ path: 'linear', replicas: [0, 1], values: [1] }] })) }), /a loss by noise level with values missing/],
    ['other bands', h => ({ ...h, bands: h.bands.slice(1) }), /other bands of noise levels/],
    ['a band too short', h => ({ ...h, bands: h.bands.map(b => ({ ...b, value: [[1, 2], [3, 4]] })) }), /more or fewer values than evaluations/],
    ['samples of another size', h => ({ ...h, samples: { ...h.samples!, count: 3 } }), /samples of another size/],
    ['a curve of nobody', h => ({ ...h, measurements: changed(h, { curves: [{ replica: 2, kind: 'measured', label: '', x: [], y: [] }] }) }), /of a replica that the config has not/],
    ['a curve cut short', h => ({ ...h, measurements: changed(h, { curves: [{ replica: 0, kind: 'measured', label: '', x: [1, 2], y: [1] }] }) }), /a curve has not as many values/],
    ['a panel with something more', h => ({ ...h, measurements: changed(h, { script: '<b>' }) }), /damaged at measurements\.0\.panels\.0/],
    ['an event without a step', h => ({ ...h, events: [{ step: -1, label: '' }] }), /damaged at events\.0\.step/],
  ]
  const changed = (h: RunHistory, change: object) => h.measurements.map(m => ({ ...m, panels: m.panels.map(panel => ({ ...panel, ...change })) }))

  test.each(cases)('%s', (_, change, sentence) => {
    const run = keptRun()
    const hostile = { ...run, history: change(run.history!) }
    expect(() => unpackCheckpoint(packCheckpoint(hostile as never))).toThrow(ConfigError)
    expect(() => unpackCheckpoint(packCheckpoint(hostile as never))).toThrow(sentence)
  })

  const file = (entry: Record<string, string>, drop: string[] = []) => {
    const entries = readArchive(new Uint8Array(encodeCheckpoint(keptRun())))
    const arrays = Object.fromEntries(Object.entries(arraysOf(entries)).filter(([name]) => !drop.includes(name)))
    const texts = Object.fromEntries(['config.json', 'history.json'].map(name => [name, new TextEncoder().encode(entry[name] ?? new TextDecoder().decode(entries[name]))]))
    return writeNpz(arrays, texts)
  }
  const files: [string, () => Uint8Array, RegExp][] = [
    ['a file without its numbers', () => file({}, ['history']), /history\.npy with the numbers of its history is missing/],
    ['a text that is none', () => file({ 'history.json': '{' }), /history\.json inside is not JSON/],
    ['a place beyond the numbers', () => file({ 'history.json': '{"replicas":[{"flow":{"float32":[0,99999999]}}]}' }), /damaged at replicas\.0/],
  ]
  test.each(files)('%s', (_, bytes, sentence) => {
    expect(() => decodeCheckpoint(bytes())).toThrow(sentence)
  })

  const stored: [string, unknown, RegExp][] = [
    ['nothing', undefined, /does not say "format"/],
    ['another version', { ...packCheckpoint(keptRun()), version: 2 }, /version 2, and this lab reads version 1/],
    ['no weights', { ...packCheckpoint(keptRun()), replicas: [null, null] }, /parameters is not what the config inside asks for/],
    ['a weight short', { ...packCheckpoint(keptRun()), replicas: keptRun().replicas.map(r => ({ ...r, ema: r.ema.slice(1) })) }, /ema is not what the config inside asks for: \d+ floats/],
    ['a weight that is no number', { ...packCheckpoint(keptRun()), replicas: keptRun().replicas.map(r => ({ ...r, ema: r.ema.fill(Number.NaN, 3, 4) })) }, /ema holds NaN at place 3 of replica 0/],
    ['another step', { ...packCheckpoint(keptRun()), step: 11 }, /replica 0 stands at step 12 and the file at step 11/],
  ]
  test.each(stored)('kept by the browser: %s', (_, value, sentence) => {
    expect(() => unpackCheckpoint(value)).toThrow(ConfigError)
    expect(() => unpackCheckpoint(value)).toThrow(sentence)
  })
})
