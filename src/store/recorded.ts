/** Fetches the recorded run that stands on the page before anything has been trained. Loaded after the first paint. */
import type { NetConfig } from '../config.ts'
import type { SampleGrid } from '../protocol.ts'
import { type StudyRecord, readStudyRecord } from '../record_schema.ts'
import { datasetOf, presets } from './catalog.ts'
import { useDraft } from './draft.ts'
import { useLesson } from './lesson.ts'
import { withMeasurement } from './measurements.ts'
import { useRecorded } from './shown.ts'
import { useTeach } from './teach.ts'

/** Longer than any record; what is longer is something else. */
const mostCharacters = 8e6

/** Shows the record that a link asks for, else that of the experiment on the page, and of every one chosen later; none for an experiment without. @returns what ends it */
export function followRecorded(): () => void {
  let wanted: string | null | undefined
  const follow = () => {
    const study = wantedStudy()
    if (study === wanted) return
    wanted = study
    if (study === null) useRecorded.setState({ run: null, problem: null })
    else void loadRecorded(study, document.baseURI, () => study === wanted)
  }
  follow()
  const stops = [useDraft.subscribe(follow), useTeach.subscribe(follow), useLesson.subscribe(follow)]
  return () => stops.forEach((stop) => stop())
}

/** Settings that are no experiment's have the first one's record, and the lesson goes on with it where the experiment has none. */
function wantedStudy(): string | null {
  const preset = presets.find(({ id }) => id === useDraft.getState().preset)
  const first = preset && !useLesson.getState().open ? null : presets[0].study
  return useTeach.getState().run ?? preset?.study ?? first ?? null
}

/**
 * No record is shown when there is none, or one that cannot be read, and then it says why.
 * @param wanted whether what has come is still what is asked for
 */
export async function loadRecorded(study: string, from = document.baseURI, wanted = () => true): Promise<void> {
  const address = (ending: string) => new URL(`studies/${study}.${ending}`, from)
  const text = await textAt(address('json'))
  if (!wanted()) return
  if (text === null) return useRecorded.setState({ run: null, problem: null })
  const record = readRecord(text)
  if (typeof record === 'string') return useRecorded.setState({ run: null, problem: `The recorded run ${record}.` })
  const { tick, measurements } = record
  const losses = tick.lossByT ? [tick.lossByT] : []
  const run = { record, tick, losses, measurements: measurements.reduce(withMeasurement, {}) }
  useRecorded.setState({ run, problem: null })
  if (datasetOf(tick.config.data.dataset)?.plane) return // points are in what was measured
  const samples = await samplesAt(address('png'), record).catch(() => null) // the curves say enough without
  if (samples && wanted()) useRecorded.setState({ run: { ...run, tick: { ...tick, samples } } })
}

async function textAt(address: URL): Promise<string | null> {
  try {
    const response = await fetch(address)
    // Hosts that answer every question with the page itself have no record either.
    if (!response.ok || !response.headers.get('content-type')?.includes('json')) return null
    const text = await response.text()
    return text.length > 0 && text.length <= mostCharacters ? text : null
  } catch {
    return null
  }
}

/** @returns the record, or the second half of a sentence */
export function readRecord(text: string): StudyRecord | string {
  try {
    return readStudyRecord(JSON.parse(text))
  } catch {
    return 'is not a JSON file'
  }
}

async function samplesAt(address: URL, { tick: { config, step } }: StudyRecord): Promise<SampleGrid | null> {
  const response = await fetch(address)
  if (!response.ok) return null
  const bitmap = await createImageBitmap(await response.blob(), { colorSpaceConversion: 'none' })
  const canvas = document.createElement('canvas')
  canvas.width = bitmap.width
  canvas.height = bitmap.height
  const context = canvas.getContext('2d')
  context?.drawImage(bitmap, 0, 0)
  const pixels = context?.getImageData(0, 0, canvas.width, canvas.height)
  return pixels ? samplesFrom(pixels, { step, net: config.net, replicas: config.replicas.length, count: config.evaluate.samples }) : null
}

interface Sampled {
  step: number
  net: Pick<NetConfig, 'channels' | 'size'>
  replicas: number
  count: number
}

/** Images of a row, and pixels between them, as samples.png has them. */
const mostColumns = 16
const gap = 2

/**
 * Takes samples.png apart: a row of real images, then as many rows as it takes for each replica, in eight bits.
 * @returns null when the picture has another size than such a run's
 */
export function samplesFrom({ data, width, height }: Pick<ImageData, 'data' | 'width' | 'height'>, { step, net: { channels, size }, replicas, count }: Sampled): SampleGrid | null {
  const columns = Math.min(count, mostColumns)
  const each = Math.floor(count / columns)
  const scale = ((width + gap) / columns - gap) / size
  const rows = 1 + replicas * each
  if (channels > 3 || scale < 1 || !Number.isInteger(scale) || height !== rows * (size * scale + gap) - gap) return null
  const cell = size * scale + gap
  const row = (at: number) => Float32Array.from({ length: columns * channels * size * size }, (_, i) => {
    const [x, y] = [i % size, Math.floor(i / size) % size]
    const [channel, column] = [Math.floor(i / size ** 2) % channels, Math.floor(i / (size ** 2 * channels))]
    return data[4 * ((at * cell + y * scale) * width + column * cell + x * scale) + channel] / 127.5 - 1
  })
  const joined = (first: number) => {
    const parts = Array.from({ length: each }, (_, i) => row(first + i))
    const all = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0))
    parts.forEach((part, i) => all.set(part, i * parts[0].length))
    return all
  }
  return { step, channels, size, count: each * columns, real: row(0), images: Array.from({ length: replicas }, (_, r) => joined(1 + r * each)) }
}
