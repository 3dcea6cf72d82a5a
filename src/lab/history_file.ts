/**
 * A run's history as entries of a checkpoint: history.json, in which every array of floats stands as its place in history.npy. Checked
 * field by field on the way in, so that charts can draw whatever was accepted.
 */
import { z } from 'zod'
import { ConfigError } from '../config.ts'
import { METRICS } from '../ops/optimizer.ts'
import type { Axis, BandSeries, Curve, HeatMap, LossByT, Measurement, Panel, Pictures, RunEvent, SampleGrid } from '../protocol.ts'
import { BANDS, NAMES, type ReplicaRecord, type RunHistory } from './history.ts'
import type { NpzTensor, Writable } from './npz.ts'
import type { MetricsRow } from './trainer.ts'

const JSON_ENTRY = 'history.json'
const ARRAY = 'history'

/** What the JSON text says in place of an array of floats. */
const PLACE = 'float32'

const text = z.string().max(10_000)
const step = z.int().min(0)
const whole = z.int().min(1)
const maybe = z.number().nullable()
const floats = z.instanceof(Float32Array)

/** A schema with every field of the type, so that one that is added there cannot be forgotten here. */
const all = <T>() => <Shape extends { [field in keyof Required<T>]: z.ZodType }>(shape: Shape) => z.strictObject(shape)

const axisShape = { label: text, scale: z.enum(['log', 'linear']), domain: z.tuple([z.number(), z.number()]).optional(), percent: z.boolean().optional() }
const axis = all<Axis>()(axisShape)
const ticks = all<HeatMap['x']>()({ ...axisShape, at: z.array(z.number()) })

const curve = all<Curve>()({
  replica: z.int().min(0).nullable(), kind: z.enum(['measured', 'theory', 'baseline']), label: text, x: z.array(z.number()), y: z.array(maybe), spread: z.array(maybe).optional(),
}).refine(({ x, y, spread }) => y.length === x.length && (spread ?? x).length === x.length, 'a curve has not as many values as places')

const heat = all<HeatMap>()({ label: text, x: ticks, y: ticks, values: z.array(z.array(maybe)), unit: text })
  .refine(({ x, y, values }) => values.length === y.at.length && values.every(row => row.length === x.at.length), 'a heat map has not as many values as places')

const pictures = all<Pictures>()({ label: text, channels: whole, size: whole, pixels: floats, captions: z.array(text) })
  .refine(({ channels, size, pixels, captions }) => pixels.length === captions.length * channels * size * size, 'pictures have not as many pixels as their captions ask for')

const panel = all<Panel>()({
  id: text, title: text, x: axis, y: axis, curves: z.array(curve), spread: text, summary: text, notes: z.array(text), heat: z.array(heat).optional(), pictures: z.array(pictures).optional(),
})

const measurement = all<Measurement>()({
  id: text, step: step.nullable(), settings: z.record(z.string(), z.union([z.number(), z.boolean(), text])), panels: z.array(panel), duration: z.number(),
})

const loss = all<LossByT>()({
  step, t: z.array(z.number()), count: whole, mean: z.array(z.array(maybe)), standardError: z.array(z.array(maybe)), floor: z.array(z.number()).nullable(), floorNote: text,
})

const columns = Object.fromEntries(NAMES.map(name => [name, floats])) as Record<(typeof NAMES)[number], typeof floats>
/** `last` in the order of METRICS, since it may hold what JSON has no word for. */
const replica = all<ReplicaRecord>()({ from: step, last: floats.refine(({ length }) => length === METRICS.length, `${METRICS.length} numbers are expected`).transform(rowOf).nullable(), stuckFor: step, ...columns })

const historySchema = all<RunHistory>()({
  replicas: z.array(replica), losses: z.array(loss), events: z.array(all<RunEvent>()({ step, label: text })), measurements: z.array(measurement),
  bands: z.array(all<BandSeries>()({ label: text, from: z.number(), to: z.number(), step: z.array(step), value: z.array(z.array(maybe)) })),
  samples: all<SampleGrid>()({ step, channels: whole, size: whole, images: z.array(floats), real: floats, count: whole }).nullable(),
})

function rowOf(values: Float32Array): MetricsRow {
  return Object.fromEntries(METRICS.map((name, i) => [name, values[i]])) as MetricsRow
}

export function encodeHistory(history: RunHistory): { array: Record<string, Writable>; entry: Record<string, Uint8Array> } {
  const parts: Float32Array[] = []
  let length = 0
  const replicas = history.replicas.map(({ last, ...record }) => ({ ...record, last: last && Float32Array.from(METRICS, name => last[name]) }))
  const json = JSON.stringify({ ...history, replicas }, (_, value: unknown) => {
    if (!(value instanceof Float32Array)) return value
    parts.push(value)
    length += value.length
    return { [PLACE]: [length - value.length, value.length] }
  })
  const data = new Float32Array(length)
  let put = 0
  for (const part of parts) {
    data.set(part, put)
    put += part.length
  }
  return { array: { [ARRAY]: { shape: [length], data } }, entry: { [JSON_ENTRY]: new TextEncoder().encode(json) } }
}

/**
 * @param shape of the run that the file holds besides
 * @returns undefined when the file has no history
 * @throws ConfigError with one sentence
 */
export function decodeHistory(entries: Record<string, Uint8Array>, arrays: Record<string, NpzTensor>, shape: Shape): RunHistory | undefined {
  const bytes = Object.hasOwn(entries, JSON_ENTRY) ? entries[JSON_ENTRY] : undefined
  if (!bytes) return undefined
  const numbers = Object.hasOwn(arrays, ARRAY) ? arrays[ARRAY].data : undefined
  if (!(numbers instanceof Float32Array)) throw new ConfigError(`checkpoint: ${ARRAY}.npy with the numbers of its history is missing inside, or not of f4`)
  const result = historySchema.safeParse(parse(bytes, numbers))
  if (!result.success) {
    const issue = result.error.issues[0]
    throw new ConfigError(`checkpoint: ${JSON_ENTRY} inside: ${issue.path.join('.')}: ${issue.message}`)
  }
  const wrong = misfit(result.data, shape)
  if (wrong) throw new ConfigError(`checkpoint: its history ${wrong}`)
  return result.data
}

/** Places are replaced by the floats that stand there. */
function parse(bytes: Uint8Array, numbers: Float32Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes), (_, value: unknown) => {
      const place = typeof value === 'object' && value !== null && PLACE in value ? value[PLACE] : undefined
      if (!Array.isArray(place)) return value
      const [from, length] = place as unknown[]
      const inside = Number.isSafeInteger(from) && Number.isSafeInteger(length) && (from as number) >= 0 && (length as number) >= 0 && (from as number) + (length as number) <= numbers.length
      return inside ? numbers.slice(from as number, (from as number) + (length as number)) : value
    })
  } catch {
    throw new ConfigError(`checkpoint: ${JSON_ENTRY} inside is not JSON`)
  }
}

interface Shape {
  replicas: number
  /** At which the run stands. */
  step: number
  channels: number
  size: number
}

/** Why a history cannot be this run's, as the second half of a sentence. */
function misfit({ replicas, bands, losses, samples, measurements }: RunHistory, { replicas: R, step: at, channels, size }: Shape): string | null {
  if (replicas.length !== R) return `is of ${replicas.length} replicas and the config of ${R}`
  for (const [r, record] of replicas.entries()) {
    const wrong = NAMES.find(name => record.from + record[name].length !== at)
    if (wrong) return `has ${record[wrong].length} values of ${wrong} from step ${record.from} on for replica ${r}, and the run stands at step ${at}`
  }
  if (bands.map(({ label }) => label).join() !== BANDS.map(({ label }) => label).join()) return 'has other bands of noise levels than this lab'
  if (bands.some(({ step: steps, value }) => (steps.length > 0 && value.length !== R) || value.some(({ length }) => length !== steps.length))) return 'has bands with more or fewer values than evaluations'
  const whole = (table: (number | null)[][], width: number) => table.length === R && table.every(({ length }) => length === width)
  if (losses.some(({ t, mean, standardError, floor }) => !whole(mean, t.length) || !whole(standardError, t.length) || (floor ?? t).length !== t.length)) return 'has a loss by noise level with values missing'
  if (measurements.some(({ panels }) => panels.some(({ curves }) => curves.some(({ replica: r }) => r !== null && r >= R)))) return 'has a measurement of a replica that the config has not'
  if (!samples) return null
  const pixels = samples.count * channels * size * size
  const fit = samples.channels === channels && samples.size === size && samples.images.length === R && samples.images.every(({ length }) => length === pixels) && samples.real.length <= pixels
  return fit ? null : 'has samples of another size'
}
