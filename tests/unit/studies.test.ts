import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { claimsPage, storedRecords } from '../../scripts/claims.mjs'
import { parseConfig } from '../../src/config.ts'
import { diagnosticOf, parseSettings } from '../../src/diagnostics/index.ts'
import { checkConfig } from '../../src/lab/data.ts'
import { presets } from '../../src/lab/presets.ts'
import { studies } from '../../src/lab/studies/index.ts'
import { alike, type Findings, judge, noLess, type Study, valueAt } from '../../src/lab/studies/study.ts'
import type { Settings } from '../../src/panel.ts'
import { readStudyRecord, type StudyRecord } from '../../src/record_schema.ts'

/** One panel with a curve per replica: y at t = .01 and t = 1. */
function findings(values: [low: number, high: number][]): Findings {
  const config = parseConfig({ replicas: [0, 1, 2].flatMap(seed => [{ method: 'fm', seed }, { method: 'lcf', seed }]) })
  const curves = values.map(([low, high], replica) => ({ replica, kind: 'measured' as const, label: '', x: [0.01, 1], y: [low, high] }))
  const panel = { id: 'p', title: '', x: { label: 't', scale: 'log' as const }, y: { label: '', scale: 'linear' as const }, curves, spread: '', summary: '', notes: [] }
  const lossByT = { step: 1, t: [0.01, 1], count: 8, mean: values.map(pair => [...pair]), standardError: values.map(() => [0, 0]), floor: null, floorNote: '' }
  return { config, lossByT, measurements: [{ id: 'd', step: 1, settings: {}, panels: [panel], duration: 0 }] }
}

const where = { diagnostic: 'd', panel: 'p' }
const study = (effect: Study['claims'][number]['effect']): Study =>
  ({ id: 's', title: '', figure: '', config: {}, measures: {}, claims: [{ id: 'c', text: '', source: '', unit: '', effect }] })
const drop = study((f, of) => valueAt(f, where, of('fm'), 0.9) - valueAt(f, where, of('fm'), 0.001))

describe('a claim', () => {
  test('appears when all seeds agree beyond two standard errors', () => {
    const [claim] = judge(drop, findings([[1, 4], [0, 0], [2, 4], [0, 0], [1.5, 4], [0, 0]]))
    expect(claim).toMatchObject({ effects: [3, 2, 2.5], mean: 2.5, deviation: 0.5, verdict: 'appears' })
  })

  test('is called opposite when all agree the other way, and unclear when they do not agree', () => {
    expect(judge(drop, findings([[4, 1], [0, 0], [4, 2], [0, 0], [4, 1.5], [0, 0]]))[0].verdict).toBe('opposite')
    expect(judge(drop, findings([[1, 4], [0, 0], [4, 3], [0, 0], [1, 4], [0, 0]]))[0].verdict).toBe('unclear')
    // One sign, but one seed makes nearly all of it.
    expect(judge(drop, findings([[0, 0.01], [0, 0], [0, 0.01], [0, 0], [0, 3], [0, 0]]))[0].verdict).toBe('unclear')
  })

  test('that something is no worse, or alike, appears within its margin by two standard errors, and is opposite beyond it', () => {
    const verdict = (margin: Study['claims'][number]['margin'], effects: number[]) => {
      const { claims: [claim], ...rest } = drop
      return judge({ ...rest, claims: [{ ...claim, margin }] }, findings(effects.flatMap(effect => [[0, effect], [0, 0]] as [number, number][])))[0].verdict
    }
    expect(verdict(noLess(1), [-0.5, -0.4, -0.6])).toBe('appears')
    expect(verdict(noLess(1), [5, 4, 6])).toBe('appears')
    expect(verdict(noLess(1), [-0.9, -1, -0.8])).toBe('unclear')
    expect(verdict(noLess(1), [-2, -2.1, -1.9])).toBe('opposite')
    expect(verdict(alike(1), [0.5, -0.4, 0.2])).toBe('appears')
    expect(verdict(alike(1), [2, 2.1, 1.9])).toBe('opposite')
    expect(verdict(alike(1), [2, -2, 5])).toBe('unclear')
  })

  test('that comes to no number is no claim', () => {
    expect(() => judge(study((f, of) => Math.log2(-1 * valueAt(f, where, of('fm'), 0.9))), findings([[1, 4], [0, 0], [2, 4], [0, 0], [1.5, 4], [0, 0]]))).toThrow('is NaN, NaN, NaN over the seeds, and that is no number to judge')
  })

  test('says what the run lacks', () => {
    expect(() => judge(study((f, of) => valueAt(f, where, of('none'), 1)), findings([[1, 1]]))).toThrow('no replica of none with seed 0')
    expect(() => judge(study((f, of) => valueAt(f, { ...where, label: 'x' }, of('fm'), 1)), findings([[1, 1]]))).toThrow('nothing was measured as d, p, “x” of replica 0')
  })
})

test.each(studies.map(({ id, ...rest }) => [id, rest] as const))('%s can be run as it stands', (_, { config, measures, claims }) => {
  const parsed = parseConfig(config)
  checkConfig(parsed)
  expect(new Set(parsed.replicas.map(({ seed }) => seed)).size).toBeGreaterThanOrEqual(3)
  for (const [id, settings] of Object.entries(measures)) parseSettings(diagnosticOf(id), settings)
  expect(new Set(claims.map(({ id }) => id)).size).toBe(claims.length)
})

/** What README and lesson say came out. A record made anew that says otherwise must change them, too. */
const SAID: Record<string, Record<string, string>> = {
  'low-noise': { 'loss-rises': 'appears', 'slow-at-lowest': 'opposite', 'slow-at-low': 'appears', 'gain-bounded': 'appears', 'probe-drops': 'unclear', 'lcf-probe': 'appears', reallocation: 'appears', 'lcf-samples': 'opposite' },
  'late-degradation': { 'none-early': 'appears', late: 'opposite', 'late-near': 'unclear', bounded: 'appears', 'bounded-late': 'appears' },
  designs: { 'cut-alone': 'appears', 'pull-alone': 'appears', 'both-over-cut': 'appears', 'both-over-pull': 'appears', samples: 'unclear', sooner: 'unclear', ahead: 'opposite', 'samples-over-pull': 'unclear' },
  't-min': { smallest: 'appears', larger: 'unclear', 'larger-still': 'opposite', largest: 'opposite', cost: 'opposite', samples: 'opposite' },
  remedies: { 'reads-fm': 'appears', 'reads-exfm': 'appears', 'reads-x-prediction': 'appears', 'reads-fm-logit-normal': 'appears', 'samples-fm': 'unclear', 'samples-exfm': 'unclear', 'samples-x-prediction': 'appears', 'samples-fm-logit-normal': 'unclear' },
  buried: { 'x-over-velocity': 'appears', 'x-over-noise': 'appears', loss: 'appears' },
  'two-classes': { apart: 'appears', 'more-than-affine': 'appears', 'as-exact': 'opposite', 'a-little': 'appears', nearer: 'opposite', lcf: 'unclear', 'lcf-off': 'unclear', image: 'opposite' },
  contrast: { nearer: 'opposite', 'over-less': 'opposite', 'over-more': 'appears', 'too-much': 'appears', sooner: 'opposite', 'few-steps': 'opposite', guided: 'appears', 'guided-contrast': 'appears', 'guided-alike': 'unclear' },
  straight: { error: 'unclear', fewer: 'unclear', straight: 'opposite', exact: 'appears', sooner: 'appears', likelihood: 'opposite', regression: 'unclear' },
  predictions: { 'image-low': 'appears', 'noise-high': 'appears', 'image-samples': 'opposite', 'noise-samples': 'opposite', 'image-loss': 'opposite', 'noise-loss': 'opposite', 'image-reads': 'appears', 'image-reads-above': 'appears' },
  'logit-normal': { lowest: 'appears', middle: 'appears', reads: 'appears', samples: 'unclear', 'over-middle': 'unclear', 'over-high': 'appears' },
  'dispersive-code': { reads: 'appears', rank: 'opposite', cost: 'opposite', samples: 'opposite' },
  guidance: { 'a-little': 'unclear', 'a-lot': 'unclear', earlier: 'opposite', guided: 'appears', beyond: 'appears', variety: 'unclear', 'over-contrast': 'appears' },
  weightings: { 'even-low': 'appears', residual: 'appears', weight: 'appears', psnr: 'unclear', middle: 'appears', others: 'unclear' },
  paths: { demand: 'appears', bounded: 'opposite', 'vp-reads': 'unclear', 'cosine-samples': 'unclear', 'vp-samples': 'unclear' },
  late: { 'lcf-reads': 'appears', 'pull-reads': 'unclear', samples: 'opposite' },
  'too-strong': { wrecked: 'appears', reads: 'opposite', samples: 'opposite' },
  exfm: { reads: 'unclear', samples: 'unclear' },
  dispersive: { reads: 'appears', rank: 'opposite', cost: 'opposite', samples: 'opposite' },
  'self-conditioned': { peak: 'unclear', 'reads-low': 'unclear', 'lcf-low': 'appears', loss: 'opposite', samples: 'unclear' },
  phases: { 'drift-early': 'appears', 'noise-late': 'opposite', 'harm-middle': 'appears', 'harm-late': 'opposite', peak: 'appears', 'by-heart': 'opposite' },
  plane: { image: 'appears', lcf: 'appears', 'one-gradient': 'appears' },
  'lcf-formulas': { 'reads-algorithm1': 'appears', 'reads-equation14': 'appears', 'reads-infonce': 'appears', 'alike-equation14': 'unclear', 'alike-infonce': 'appears', loss: 'opposite' },
  'lcf-unbounded': { bounded: 'opposite', unbounded: 'appears', grows: 'appears', 'reads-algorithm1': 'unclear', 'reads-equation14': 'opposite', 'reads-infonce': 'appears', alike: 'opposite' },
  subspace: { 'slow-at-lowest': 'opposite', 'slow-at-low': 'appears', 'gain-bounded': 'appears', uneven: 'appears', law: 'opposite', steep: 'opposite', prop4: 'opposite', 'noise-gain': 'unclear', classes: 'opposite', prop5: 'appears', 'lcf-apart': 'opposite', 'lcf-loss': 'unclear' },
  shapes: { 'slow-at-low': 'appears', 'probe-drops': 'appears', 'probe-drops-from-above': 'unclear', 'lcf-probe': 'appears', reallocation: 'opposite', 'lcf-loss': 'unclear', 'lcf-samples': 'unclear', 'lcf-no-farther': 'appears' },
  notebook: { there: 'appears', apart: 'appears', 'more-than-affine': 'appears', 'as-exact': 'unclear', nearer: 'opposite' },
  'batch-size': { 'gains-16': 'opposite', 'gains-128': 'opposite', more: 'unclear', fm: 'appears' },
  solvers: { euler: 'unclear', midpoint: 'opposite', heun: 'opposite', 'euler-fine': 'appears', 'midpoint-fine': 'appears', 'heun-fine': 'appears', few: 'appears', many: 'appears', six: 'opposite', short: 'appears', more: 'appears', exact: 'appears' },
  'data-size': { 'falls-with-all': 'opposite', 'more-with-more': 'opposite', 'reads-better': 'unclear', 'by-heart': 'appears' },
}

test('docs/claims.md is of these records', () => {
  expect(readFileSync(resolve('docs/claims.md'), 'utf8'), 'npm run claims').toBe(claimsPage(storedRecords()))
})

describe.each(studies.map(one => [one.id, one] as const))('the record of %s', (id, one) => {
  const record = readStudyRecord(JSON.parse(readFileSync(resolve(`public/studies/${id}.json`), 'utf8'))) as StudyRecord

  test('can be read, is of the study’s settings from three seeds, and stands on the page beside its experiment', () => {
    expect(record).toMatchObject({ format: 'low-noise-lab study', study: id, title: one.title })
    expect(parseConfig({ ...record.tick.config, train: { ...record.tick.config.train, steps: 1 }, measures: [] })).toEqual(parseConfig({ ...parseConfig(one.config), train: { ...parseConfig(one.config).train, steps: 1 }, evaluate: record.tick.config.evaluate, measures: [] }))
    expect(presets.filter(({ study: shown }) => shown === id)).toHaveLength(1)
  })

  // What a diagnostic has learned to ask since then counts as its default.
  test('was measured at its end as the study asks', () => {
    const asked = ([id, settings]: [string, Settings]) => [id, parseSettings(diagnosticOf(id), settings)] as const
    const last = record.measurements.filter(({ step }) => step === record.tick.step).map(({ id, settings }): [string, Settings] => [id, settings])
    expect(Object.fromEntries(last.map(asked))).toEqual(Object.fromEntries(Object.entries(one.measures).map(asked)))
  })

  test('says of every claim what its own numbers say', () => {
    const { claims, tick: { config, lossByT }, measurements } = record
    const anew = judge(one, { config, lossByT: lossByT!, measurements })
    expect(claims.map(claim => [claim.id, claim.text, claim.unit, claim.verdict])).toEqual(anew.map(claim => [claim.id, claim.text, claim.unit, claim.verdict]))
    for (const [i, { effects }] of claims.entries()) effects.forEach((effect, k) => expect(Math.abs(effect - anew[i].effects[k])).toBeLessThan(2e-3 * Math.max(1, Math.abs(effect))))
  })

  test('says what the README says', () => {
    expect(Object.fromEntries(record.claims.map(claim => [claim.id, claim.verdict]))).toMatchObject(SAID[id])
  })
})
