/** A run's history as it comes from a file or from the browser's storage, checked field by field: charts can draw whatever is accepted. */
import { z } from 'zod'
import { ConfigError } from '../config.ts'
import { METRICS } from '../ops/optimizer.ts'
import type { Axis, BandSeries, Curve, HeatMap, LossByT, Measurement, Panel, Pictures, RunEvent, SampleGrid } from '../protocol.ts'
import { BANDS, NAMES, type ReplicaRecord, type RunHistory } from './history.ts'
import type { MetricsRow } from './trainer.ts'

const text = z.string().max(10_000)
const step = z.int().min(0)
const whole = z.int().min(1)
/** What was measured may be missing, as null or NaN. */
const maybe = z.custom<number | null>(value => value === null || typeof value === 'number', 'a number or null is expected')
const floats = z.instanceof(Float32Array)

/** A schema with every field of the type, so that one that is added there cannot be forgotten here. */
const all = <T>() => <Shape extends { [field in keyof Required<T>]: z.ZodType }>(shape: Shape) => z.strictObject(shape)

const each = <Name extends string, Schema extends z.ZodType>(names: readonly Name[], schema: Schema) => Object.fromEntries(names.map(name => [name, schema])) as { [name in Name]: Schema }

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

const row = all<MetricsRow>()(each(METRICS, z.custom<number>(value => typeof value === 'number', 'a number is expected')))
const replica = all<ReplicaRecord>()({ from: step, last: row.nullable(), stuckFor: step, ...each(NAMES, floats) })

const historySchema = all<RunHistory>()({
  replicas: z.array(replica), losses: z.array(loss), events: z.array(all<RunEvent>()({ step, label: text })), measurements: z.array(measurement),
  bands: z.array(all<BandSeries>()({ label: text, from: z.number(), to: z.number(), step: z.array(step), value: z.array(z.array(maybe)) })),
  samples: all<SampleGrid>()({ step, channels: whole, size: whole, images: z.array(floats), real: floats, count: whole }).nullable(),
})

/**
 * @param shape of the run that it belongs to
 * @throws ConfigError with one sentence
 */
export function checkHistory(value: unknown, shape: Shape): RunHistory {
  const result = historySchema.safeParse(value)
  if (!result.success) {
    const { path, message } = result.error.issues[0]
    throw new ConfigError(`checkpoint: its history is damaged at ${path.join('.') || 'its beginning'}: ${message}`)
  }
  const wrong = misfit(result.data, shape)
  if (wrong) throw new ConfigError(`checkpoint: its history ${wrong}`)
  return result.data
}

export interface Shape {
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
