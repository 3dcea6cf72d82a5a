import { decode } from 'fast-png'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { parseConfig } from '../../src/config.ts'
import { readStudyRecord } from '../../src/record_schema.ts'
import { choosePreset } from '../../src/store/address.ts'
import { presets } from '../../src/store/catalog.ts'
import { loadPreset } from '../../src/store/draft.ts'
import { useLesson } from '../../src/store/lesson.ts'
import { followRecorded, readRecord, samplesFrom } from '../../src/store/recorded.ts'
import { type ShownRun, isRecordedShown, useRecorded } from '../../src/store/shown.ts'
import { useTeach } from '../../src/store/teach.ts'
import { studyPicture, studyRecord, studySamples } from '../support/study_record.ts'

describe('a record', () => {
  const text = JSON.stringify(studyRecord)

  test('comes through as it was written', () => {
    expect(readRecord(text)).toEqual(studyRecord)
  })

  test.each([
    ['not JSON', '{', /not a JSON file/],
    ['the page itself, from a host that answers everything with it', '<!doctype html>', /not a JSON file/],
    ['nothing', 'null', /its beginning/],
    ['another version', text.replace('"version":1', '"version":2'), /version/],
    ['a field that nobody knows', text.replace('"study":', '"hostile":1,"study":'), /hostile/],
    ['a number that is text', text.replace('"step":1200,"t":', '"step":"1200","t":'), /tick\.lossByT\.step/],
    ['settings out of bounds', text.replace('"width":48', '"width":1e9'), /tick\.config\.net\.width/],
    ['a value missing from a curve', text.replace('[0.5,0.6,0.7,0.1]', '[0.5,0.6,0.7]'), /not as many values/],
    ['a replica that is not there', text.replace('"replica":5', '"replica":6'), /a replica that the config has not/],
    ['a date that is none', text.replace('2026-03-02', '2026-13-02'), /date/],
  ])('%s is refused with half a sentence', (_, damaged, words) => {
    expect(damaged).not.toBe(text)
    expect(readRecord(damaged)).toMatch(words)
  })

  test('with replicas too few is refused', () => {
    expect(readStudyRecord({ ...studyRecord, tick: { ...studyRecord.tick, replicas: studyRecord.tick.replicas.slice(1) } })).toMatch(/5 replicas and its settings of 6/)
  })
})

describe('its picture', () => {
  const { width, height, data } = decode(studyPicture)
  const picture = { width, height, data: new Uint8ClampedArray(data) }
  const { config, step } = studyRecord.tick
  const sampled = { step, net: config.net, replicas: 6, count: config.evaluate.samples }

  test('gives every image back', () => {
    const samples = samplesFrom(picture, sampled)!
    expect(samples.count).toBe(studySamples.count)
    for (const [r, image] of studySamples.images.entries()) for (const [i, value] of image.entries()) expect(samples.images[r][i]).toBeCloseTo(value, 5)
    for (const [i, value] of studySamples.real.entries()) expect(samples.real[i]).toBeCloseTo(value, 5)
  })

  test('of another run is left alone', () => {
    expect(samplesFrom(picture, { ...sampled, replicas: 4 })).toBeNull()
    expect(samplesFrom(picture, { ...sampled, net: { channels: 1, size: 10 } })).toBeNull()
  })
})

describe('a recorded run stands on the page', () => {
  const run: ShownRun = { record: studyRecord, tick: studyRecord.tick, measurements: {}, losses: [] }
  const { config } = studyRecord.tick
  const own = { preset: presets.find(({ study }) => study === 'low-noise')!.id, config }
  const anyOther = { preset: null, config }

  test('until there is one of the visitor’s own', () => {
    expect(isRecordedShown({ tick: null, phase: 'probing' }, own, run)).toBe(true)
    expect(isRecordedShown({ tick: null, phase: 'idle' }, own, run)).toBe(true)
    expect(isRecordedShown({ tick: null, phase: 'starting' }, own, run)).toBe(false)
    expect(isRecordedShown({ tick: studyRecord.tick, phase: 'paused' }, own, run)).toBe(false)
  })

  test('for its experiment, and for any where nothing can be trained', () => {
    expect(isRecordedShown({ tick: null, phase: 'idle' }, { preset: 'small', config }, run)).toBe(false)
    expect(isRecordedShown({ tick: null, phase: 'idle' }, anyOther, run)).toBe(false)
    expect(isRecordedShown({ tick: null, phase: 'obstacle' }, anyOther, run)).toBe(true)
    expect(isRecordedShown({ tick: null, phase: 'obstacle' }, own, null)).toBe(false)
  })

  test('not for other data than it is of, for whose charts it would be taken', () => {
    const otherData = { ...own, config: { ...config, data: { ...config.data, dataset: 'shapes' } } }
    expect(isRecordedShown({ tick: null, phase: 'idle' }, otherData, run)).toBe(false)
    expect(isRecordedShown({ tick: null, phase: 'idle' }, otherData, run, studyRecord.study)).toBe(false)
    expect(isRecordedShown({ tick: null, phase: 'idle' }, { ...own, config: { ...config, train: { ...config.train, batch: 8 } } }, run)).toBe(true)
    expect(isRecordedShown({ tick: null, phase: 'obstacle' }, otherData, run)).toBe(true)
  })

  test('and is of the very settings that Run would start, but for its length and pace', () => {
    const { net, data, objective, replicas } = parseConfig(presets[0].config)
    expect(studyRecord.tick.config).toMatchObject({ net, data, objective, replicas })
  })
})

describe('whose record is shown', () => {
  const asked: string[] = []
  const answers: Record<string, () => void> = {}
  const settled = () => new Promise((resolve) => { setImmediate(resolve) })
  const shown = () => useRecorded.getState().run?.record?.study

  beforeEach(() => {
    asked.length = 0
    useRecorded.setState({ run: null, problem: null })
    useTeach.setState({ run: null })
    vi.stubGlobal('document', { baseURI: 'https://lab.test/' })
    vi.stubGlobal('location', { href: 'https://lab.test/', origin: 'https://lab.test', pathname: '/', search: '', hash: '' })
    vi.stubGlobal('history', { pushState: () => {} })
    vi.stubGlobal('fetch', async (address: URL) => {
      const [study, ending] = address.pathname.split('/').at(-1)!.split('.')
      if (ending !== 'json' || study === 'late') return new Response(null, { status: 404 })
      asked.push(study)
      await new Promise<void>((resolve) => { answers[study] = resolve })
      return Response.json({ ...studyRecord, study })
    })
  })

  test('of the experiment that is chosen, also when an earlier one answers late; none for one that has none', async () => {
    loadPreset('designs')
    const leave = followRecorded()
    loadPreset('t-min')
    await vi.waitFor(() => expect(asked).toEqual(['designs', 't-min']))
    answers['t-min']()
    await vi.waitFor(() => expect(shown()).toBe('t-min'))
    answers.designs()
    await settled()
    expect(shown()).toBe('t-min')
    loadPreset('small')
    expect(shown()).toBeUndefined()
    loadPreset('designs') // asked again: what was there is gone
    await vi.waitFor(() => expect(asked).toEqual(['designs', 't-min', 'designs']))
    answers.designs()
    await vi.waitFor(() => expect(shown()).toBe('designs'))
    loadPreset('late') // its record did not come with the page
    await vi.waitFor(() => expect(shown()).toBeUndefined())
    leave()
  })

  test('of the link that asks for it, until another experiment is chosen', async () => {
    loadPreset('gratings')
    useTeach.setState({ run: 'designs' })
    const leave = followRecorded()
    await vi.waitFor(() => expect(asked).toEqual(['designs']))
    answers.designs()
    await vi.waitFor(() => expect(shown()).toBe('designs'))
    choosePreset('t-min')
    await vi.waitFor(() => expect(asked.at(-1)).toBe('t-min'))
    answers['t-min']()
    await vi.waitFor(() => expect(shown()).toBe('t-min'))
    leave()
  })

  test('the first experiment’s under the lesson, where the experiment on the page has none', async () => {
    loadPreset('small')
    const leave = followRecorded()
    await settled()
    expect(asked).toEqual([])
    useLesson.setState({ open: true })
    await vi.waitFor(() => expect(asked).toEqual([presets[0].study]))
    useLesson.setState({ open: false })
    leave()
  })
})
