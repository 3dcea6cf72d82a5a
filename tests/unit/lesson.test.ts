import { readFileSync, readdirSync } from 'node:fs'
import { resolve } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { formulasWritten } from '../../scripts/formulas.ts'
import { parseConfig, sections } from '../../src/config.ts'
import { diagnostics } from '../../src/diagnostics/index.ts'
import { methods } from '../../src/methods/index.ts'
import { readStudyRecord, type StudyRecord } from '../../src/record_schema.ts'
import { answer, completed, forgetProgress, isComplete, isCovered, keptBack, keptOf, lessonIn, markDone, predict, reveal, stepIds, useLesson, withLesson, writeNotes } from '../../src/store/lesson.ts'
import { withMeasurement } from '../../src/store/measurements.ts'
import { fromHash, toHash } from '../../src/store/permalink.ts'
import type { SeenRun } from '../../src/store/shown.ts'
import { fieldsOf } from '../../src/ui/controls/fields.ts'
import { answersAsText } from '../../src/ui/lesson/answers.ts'
import { figuresOf } from '../../src/ui/lesson/figures.ts'
import { steps } from '../../src/ui/lesson/lowNoise.ts'
import { mixed, normals, rms } from '../../src/ui/lesson/mix.ts'
import { studyRecord } from '../support/study_record.ts'

function shownOf(record: StudyRecord): SeenRun {
  const { tick, measurements } = record
  return { record, tick, losses: [tick.lossByT!], measurements: measurements.reduce(withMeasurement, {}) }
}

/** What the page comes with. */
const shipped = readStudyRecord(JSON.parse(readFileSync(resolve('public/studies/low-noise.json'), 'utf8'))) as StudyRecord

beforeEach(() => useLesson.setState({ open: false, at: 'path', progress: {}, revealed: false, notes: '' }))

describe('the formulas', () => {
  test('on the page are those that are written in the schemas, the diagnostics, the methods and the lesson, as MathML', () => {
    const kept = JSON.parse(readFileSync(resolve('src/ui/formulas/formulas.json'), 'utf8')) as Record<string, string>
    expect(kept, 'run `npm run formulas`').toEqual(formulasWritten())
    for (const mathml of Object.values(kept)) expect(mathml).toMatch(/<math .*<annotation encoding="application\/x-tex">/s)
    // Browsers draw no other variant of a letter than upright.
    for (const mathml of Object.values(kept)) expect(mathml).not.toMatch(/mathvariant="(?!normal)/)
  })
})

describe('what is said in place', () => {
  const sources = readdirSync(resolve('src/diagnostics')).map((file) => readFileSync(resolve('src/diagnostics', file), 'utf8')).join('\n')

  test.each(Object.values(diagnostics).flatMap(({ id, formulas = {} }) => Object.keys(formulas).map((panel) => [id, panel] as const)))('the formula of %s for “%s” is for a panel that there is', (_, panel) => {
    const [family] = panel.split('-')
    expect(sources.includes(`id: '${panel}',`) || sources.includes(`\`${family}-$`)).toBe(true)
  })

  test('every diagnostic and every method has a sentence and a place in the papers', () => {
    for (const { id, summary, paper } of [...Object.values(diagnostics), ...Object.values(methods)]) expect([id, /\.$/.test(summary), paper !== '']).toEqual([id, true, true])
  })

  test('every control has a title and a sentence', () => {
    const fields = [...Object.values(sections), ...Object.values(diagnostics).map(({ settings }) => settings)].flatMap(fieldsOf)
    expect(fields.length).toBeGreaterThan(80)
    for (const { field, title, help } of fields) expect([field, title !== field, /\.$/.test(help)]).toEqual([field, true, true])
  })
})

describe('progress', () => {
  test('a step is complete by a prediction, its observable and the right answer, and by nothing less', () => {
    expect(isComplete({})).toBe(false)
    markDone('floor')
    answer('floor', '0.05', true)
    expect(completed(useLesson.getState())).toBe(0)
    predict('floor', 'half')
    expect(completed(useLesson.getState())).toBe(1)
  })

  test('a prediction is made once, and a right answer stays right', () => {
    predict('path', '0.2')
    predict('path', '0.8')
    answer('path', '1', false)
    answer('path', '0', true)
    answer('path', '1', false)
    expect(useLesson.getState().progress.path).toEqual({ predicted: '0.2', answered: '0', right: true })
  })

  test('the next student starts with nothing of the last one’s', () => {
    predict('path', '0.2')
    writeNotes('mine')
    reveal()
    forgetProgress()
    expect(useLesson.getState()).toMatchObject({ progress: {}, notes: '', revealed: false })
  })

  test('what was kept comes back, and whatever else is there does not', () => {
    const kept = { at: 'probe', progress: { path: { predicted: '0.2', did: true } }, revealed: true, notes: 'mine' }
    expect(keptOf(kept)).toEqual(kept)
    for (const damaged of [null, 7, 'probe', { ...kept, at: 'gone' }, { ...kept, progress: { path: { did: 'yes' } } }, { ...kept, progress: { gone: {} } }, { at: 'probe' }]) expect(keptOf(damaged)).toEqual({})
  })

  test('charts are covered until the first prediction of what they show, and the probe until its own', () => {
    const state = () => useLesson.getState()
    expect(isCovered(state(), false)).toBe(false)
    useLesson.setState({ open: true, at: 'hardest' })
    expect(isCovered(state(), true)).toBe(true)
    predict('hardest', 'low')
    expect(isCovered(state(), true)).toBe(false)
    expect(isCovered(state(), false)).toBe(true)
    useLesson.setState({ revealed: true })
    expect(isCovered(state(), false)).toBe(false)
    expect(keptBack(state())).toContain('probe')
    predict('probe', 'worse')
    expect(keptBack(state())).toEqual([])
  })
})

describe('the address', () => {
  test('holds the step while the lesson is open', () => {
    expect(withLesson('net.width=32')).toBe('net.width=32')
    useLesson.setState({ open: true, at: 'condition' })
    expect(withLesson('net.width=32')).toBe('net.width=32&lesson=4')
    expect(withLesson('')).toBe('lesson=4')
    expect(lessonIn('#net.width=32&lesson=4')).toBe('condition')
  })

  test.each(['0', '9', '-1', '1e3', '2.5', '', 'last', '999999999999'])('a step %o that there is not is said, and harms nothing', (text) => {
    const { config, notices } = fromHash(`lesson=${text}&train.steps=700`)
    expect(lessonIn(`#lesson=${text}`)).toBeNull()
    expect(config.train.steps).toBe(700)
    expect(notices).toEqual([`The link asks for step ${text} of the lesson; there are 1 to 8.`])
  })

  test('a step is no setting', () => {
    const { config, notices } = fromHash('#lesson=3')
    expect(notices).toEqual([])
    expect(toHash(config)).toBe('')
  })
})

describe('figures', () => {
  const figures = figuresOf(shownOf(studyRecord))!

  test('are means over seeds with their standard deviation', () => {
    // Replica r lies r/100 above 1.1: FM are replicas 0, 2 and 4.
    expect(figures.loss('fm', 0.001)!.mean).toBeCloseTo(1.12, 10)
    expect(figures.loss('fm', 0.001)!.spread).toBeCloseTo(0.02, 10)
    expect(figures.loss('lcf', 0.001)!.each).toHaveLength(3)
    expect(figures.excess('fm', 0.001)!.mean).toBeCloseTo(0.12, 10)
    expect(figures.accuracy('fm', 0.1)!.mean).toBeCloseTo(0.7, 10)
    expect(figures.bestRead('fm', [0.001, 0.1])).toBe(0.1)
    expect(figures.labels).toBe(128)
    expect(figures.distance('fm')).toBeNull()
    expect(figures.bands[0].fall!.mean).toBeCloseTo(1 / 12, 10)
    expect(figures.spread).toContain('3 seeds')
    expect(figures.run).toBe('In this run, recorded on 2 Mar 2026')
  })

  test('of one seed say so, and give the standard error of the measurement', () => {
    const { tick } = studyRecord
    const config = parseConfig({ ...tick.config, replicas: [{ method: 'fm' }, { method: 'lcf' }] })
    const pair = { ...tick, config, replicas: tick.replicas.slice(0, 2) }
    const one = figuresOf({ tick: pair, losses: [pair.lossByT!], measurements: {}, record: null })!
    expect(one.loss('fm', 0.001)).toEqual({ mean: 1.1, spread: 0.01, each: [1.1] })
    expect(one.spread).toMatch(/^One seed only/)
    expect(one.run).toBe('In this run, yours')
    expect(one.accuracy('fm', 0.1)).toBeNull()
    expect(one.gain('fm', 0.001)).toBeNull()
  })

  test('are missing for a method that is not there, and none before a run', () => {
    expect(figures.loss('fm-truncated', 0.1)).toBeNull()
    expect(figuresOf({ tick: null, losses: [], measurements: {}, record: null })).toBeNull()
  })
})

describe('the steps', () => {
  const figures = figuresOf(shownOf(shipped))!

  test('are eight, in the order of the address', () => {
    expect(steps.map(({ id }) => id)).toEqual([...stepIds])
    expect(steps.reduce((sum, { minutes }) => sum + minutes, 0)).toBe(15)
  })

  test.each(steps.map((step) => [step.title, step] as const))('“%s” can be answered from the record that comes with the page', (_, { check, predict: { choices } }) => {
    const offered = check.choices(figures).map(({ value }) => value)
    expect(new Set(offered).size).toBe(offered.length)
    expect(offered).toContain(check.right(figures))
    expect(choices.length).toBeGreaterThan(1)
  })

  test('answers of the shipped record are those that the lesson is built on', () => {
    expect(Object.fromEntries(steps.map(({ id, check }) => [id, check.right(figures)]))).toEqual({
      path: '0', hardest: 'low', floor: '0.05', condition: '100', bands: '0', probe: '0.1', lcf: 'all', cost: 'higher',
    })
  })

  test('say what was found with its spread, and what does not reproduce, by the record’s own numbers', () => {
    const found = (id: string) => steps.find((step) => step.id === id)!.found(figures).join(' ')
    expect(found('hardest')).toMatch(/1\.0432 ± 0\.0064 at t = 0\.001/)
    expect(found('floor')).toMatch(/t = 0\.05 .* over a floor of 0\.7946, which leaves 0\.2892 ± 0\.0062 to learn/)
    expect(found('probe')).toMatch(/with 128 labels the class is read from FM’s features at 50\.9 ± 5\.9 %/)
    expect(found('lcf')).toMatch(/at t = 0\.001 .* 81\.0 ± 5\.5 %.*30\.1 ± 1\.9 points more/)
    expect(found('cost')).toMatch(/FM’s is \+0\.1473 ± 0\.0077\..* it is −0\.262 ± 0\.014; .* 7\.33 ± 0\.30 from held-out images with FM and 9\.26 ± 0\.65 with LCF \(Fréchet distance, FD-classifier\)/)
    const caveat = (id: string) => steps.find((step) => step.id === id)!.caveat!(shipped.claims)
    expect(caveat('floor')).toMatch(/Does not reproduce.*the opposite came out.*−0\.1845 ± 0\.006[67]/)
    expect(caveat('probe')).toMatch(/unclear/)
    expect(caveat('cost')).toMatch(/Of 15 claims .* the opposite came out/)
    expect(caveat('floor')).not.toBe(steps.find(({ id }) => id === 'floor')!.caveat!(studyRecord.claims))
  })

  test('samples are spoken of as the run has them, and differences with their sign', () => {
    const found = steps.at(-1)!.found(figuresOf(shownOf(studyRecord))!).join(' ')
    expect(found).toContain('LCF’s loss minus FM’s is +0.01')
    expect(found).toContain('how good the samples are was not measured')
    const { tick } = studyRecord
    const swapped = { ...tick, config: { ...tick.config, replicas: tick.config.replicas.map((one) => ({ ...one, method: one.method === 'fm' ? 'lcf' : 'fm' })) } }
    const below = steps.at(-1)!.found(figuresOf({ ...shownOf(studyRecord), tick: swapped })!).join(' ')
    expect(below).toContain('LCF’s loss minus FM’s is −0.01')
    expect(below).not.toContain('+')
  })

  test('without a run only what needs none has an answer', () => {
    const answered = steps.filter(({ check }) => check.right(null) !== null).map(({ id }) => id)
    expect(answered).toEqual(['path', 'condition'])
  })

  test('what a student takes away is what was said', () => {
    predict('path', '0.2')
    answer('path', '0', true)
    const text = answersAsText({ ...useLesson.getState(), notes: 'It paid below T_min.' })
    expect(text).toContain('1. From image to noise\n   I predicted: t = 0.2\n   Check: right')
    expect(text).not.toContain('2. ')
    expect(text).toContain('It paid below T_min.')
  })
})

describe('the lesson’s own pictures', () => {
  test('two noises: the answers differ 1/t times as much as the inputs', () => {
    const [a, b] = [normals(1, 4096), normals(2, 4096)]
    const x0 = new Float32Array(4096).fill(0.3)
    for (const t of [0.5, 0.01]) expect(rms(a, b) / rms(mixed(x0, a, t), mixed(x0, b, t))).toBeCloseTo(1 / t, 1)
    expect(a.reduce((sum, value) => sum + value, 0) / a.length).toBeCloseTo(0, 1)
    expect(rms(a, new Float32Array(4096))).toBeCloseTo(1, 1)
    expect(normals(1, 3)).toEqual(a.slice(0, 3))
  })
})
