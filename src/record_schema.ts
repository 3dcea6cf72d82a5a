/**
 * What was measured, as it comes from a file or from the network, checked field by field: charts can draw whatever is accepted. Also the
 * format of a study's record. Like protocol.ts for both sides.
 */
import { z } from 'zod'
import { configSchema } from './config.ts'
import type { Axis, Curve, HeatMap, Measurement, Panel, Pictures, PlaneView, PlaneViews } from './panel.ts'
import type { BandSeries, LossByT, ReplicaTick, RunEvent, StepSeries, Tick } from './protocol.ts'

/** What one claim of a paper came to. */
export interface ClaimResult {
  id: string
  /** What the paper says, so that a positive effect means that it appears. */
  text: string
  source: string
  unit: string
  /** Of a claim that something is no worse, or alike: the effect is no less than −`by`, or between −`by` and `by`. Without it an effect above 0 is claimed. */
  margin?: { kind: 'no less' | 'alike'; by: number }
  /** One for each seed. */
  effects: number[]
  mean: number
  /** Of the effects, n − 1. */
  deviation: number
  verdict: 'appears' | 'opposite' | 'unclear'
}

/** A study as it is kept: what the page shows as a recorded run, and what the README quotes. */
export interface StudyRecord {
  format: 'low-noise-lab study'
  version: 1
  study: string
  title: string
  figure: string
  /** yyyy-mm-dd */
  date: string
  versions: Record<string, string>
  adapter: string
  claims: ClaimResult[]
  /** The run's last state, without its samples: those are in the picture beside. */
  tick: Tick
  measurements: readonly Measurement[]
}

const text = z.string().max(10_000)
export const step = z.int().min(0)
export const whole = z.int().min(1)
/** What was measured may be missing, as null or NaN. */
const maybe = z.custom<number | null>(value => value === null || typeof value === 'number', 'a number or null is expected')

/** A schema with every field of the type, so that one that is added there cannot be forgotten here. */
export const all = <T>() => <Shape extends { [field in keyof Required<T>]: z.ZodType }>(shape: Shape) => z.strictObject(shape)

export const each = <Name extends string, Schema extends z.ZodType>(names: readonly Name[], schema: Schema) => Object.fromEntries(names.map(name => [name, schema])) as { [name in Name]: Schema }

const axisShape = { label: text, scale: z.enum(['log', 'linear']), domain: z.tuple([z.number(), z.number()]).optional(), percent: z.boolean().optional() }
const axis = all<Axis>()(axisShape)
const ticks = all<HeatMap['x']>()({ ...axisShape, at: z.array(z.number()) })

const curve = all<Curve>()({
  replica: z.int().min(0).nullable(), kind: z.enum(['measured', 'theory', 'baseline']), label: text, x: z.array(z.number()), y: z.array(maybe), spread: z.array(maybe).optional(),
}).refine(({ x, y, spread }) => y.length === x.length && (spread ?? x).length === x.length, 'a curve has not as many values as places')

const heat = all<HeatMap>()({ label: text, x: ticks, y: ticks, values: z.array(z.array(maybe)), unit: text })
  .refine(({ x, y, values }) => values.length === y.at.length && values.every(row => row.length === x.at.length), 'a heat map has not as many values as places')

const pixels = z.union([z.instanceof(Float32Array), z.array(z.number()).transform(values => Float32Array.from(values))])

const pictures = all<Pictures>()({ label: text, channels: whole, size: whole, pixels, captions: z.array(text) })
  .refine(({ channels, size, pixels, captions }) => pixels.length === captions.length * channels * size * size, 'pictures have not as many pixels as their captions ask for')

const view = all<PlaneView>()({ replica: z.int().min(0).nullable(), label: text, ways: pixels, classes: z.array(step), arrows: pixels.nullable(), answers: pixels.nullable().optional(), mark: z.tuple([z.number(), z.number()]).optional() })

const plane = all<PlaneViews>()({ extent: z.number().positive(), t: z.array(z.number()).min(2), side: step, classes: z.array(text), data: pixels, dataClasses: z.array(step), views: z.array(view) })
  .refine(({ t, side, data, dataClasses, views }) => data.length === 2 * dataClasses.length && views.every(({ ways, classes, arrows, answers }) => ways.length === 2 * t.length * classes.length && [arrows, answers].every(field => !field || field.length === 2 * t.length * side ** 2)), 'a plane has not as many points as levels and classes ask for')

const panel = all<Panel>()({
  id: text, title: text, x: axis, y: axis, curves: z.array(curve), spread: text, summary: text, notes: z.array(text), heat: z.array(heat).optional(), pictures: z.array(pictures).optional(), plane: plane.optional(),
  reading: all<NonNullable<Panel['reading']>>()({ of: text, as: z.enum(['velocity', 'denoiser']) }).optional(),
})

export const measurementSchema = all<Measurement>()({
  id: text, step: step.nullable(), settings: z.record(z.string(), z.union([z.number(), z.boolean(), text])), panels: z.array(panel), duration: z.number(),
})

export const lossSchema = all<LossByT>()({
  step, t: z.array(z.number()), count: whole, mean: z.array(z.array(maybe)), standardError: z.array(z.array(maybe)), floor: z.array(z.number()).nullable(), floors: z.array(all<NonNullable<LossByT['floors']>[number]>()({ path: text, replicas: z.array(step), values: z.array(z.number()) })).optional(), floorNote: text, notes: z.array(text).optional(),
})

export const eventSchema = all<RunEvent>()({ step, label: text })

export const bandSchema = all<BandSeries>()({ label: text, from: z.number(), to: z.number(), step: z.array(step), value: z.array(z.array(maybe)) })

const steps = all<StepSeries>()({ step: z.array(step), value: z.array(maybe) }).refine(({ step: at, value }) => value.length === at.length, 'a series has not as many values as steps')

const replica = all<ReplicaTick>()({
  label: text, method: text, seed: step, flow: steps, flowSmooth: steps, contrastive: steps, gradientNorm: steps, skipped: step, emptyAnchors: step,
  last: all<ReplicaTick['last']>()({ flow: maybe, contrastive: maybe, gradientNorm: maybe, learningRate: z.number(), anchors: z.number(), positiveDistance: maybe, negativeDistance: maybe }),
  knobs: all<ReplicaTick['knobs']>()({ tMin: z.number(), lambda: z.number(), tau: z.number(), learningRate: z.number() }),
})

const tick = all<Tick>()({
  type: z.literal('tick'), runId: text, sequence: step, state: z.enum(['running', 'paused', 'finished']), step, steps: step, stepsPerSecond: z.number(), config: configSchema,
  replicas: z.array(replica), lossByT: lossSchema.nullable(), bands: z.array(bandSchema), samples: z.null(), events: z.array(eventSchema),
  cost: all<Tick['cost']>()({ bytes: z.number(), dispatches: step, submits: step, parameters: step }),
})

const claim = all<ClaimResult>()({
  id: text, text, source: text, unit: text, margin: all<NonNullable<ClaimResult['margin']>>()({ kind: z.enum(['no less', 'alike']), by: z.number().positive() }).optional(), effects: z.array(z.number()).min(1), mean: z.number(), deviation: z.number(), verdict: z.enum(['appears', 'opposite', 'unclear']),
})

const studySchema = all<StudyRecord>()({
  format: z.literal('low-noise-lab study'), version: z.literal(1), study: text, title: text, figure: text, date: z.iso.date(), versions: z.record(z.string(), text), adapter: text,
  claims: z.array(claim), tick, measurements: z.array(measurementSchema),
})

/**
 * @returns the record, or why it cannot be shown as the second half of a sentence: “is damaged at tick.step: …”
 */
export function readStudyRecord(value: unknown): StudyRecord | string {
  const result = studySchema.safeParse(value)
  if (!result.success) {
    const { path, message } = result.error.issues[0]
    return `is damaged or of another version at ${path.join('.') || 'its beginning'}: ${message}`
  }
  const { config, replicas, lossByT, bands } = result.data.tick
  if (replicas.length !== config.replicas.length) return `is of ${replicas.length} replicas and its settings of ${config.replicas.length}`
  return misfit(replicas.length, { bands, losses: lossByT ? [lossByT] : [], measurements: result.data.measurements }) ?? result.data
}

/** Why what was measured cannot be of such a run, as the second half of a sentence. */
export function misfit(R: number, { bands, losses, measurements }: { bands: BandSeries[]; losses: LossByT[]; measurements: readonly Measurement[] }): string | null {
  if (bands.some(({ step: at, value }) => (at.length > 0 && value.length !== R) || value.some(({ length }) => length !== at.length))) return 'has bands with more or fewer values than evaluations'
  const complete = (table: (number | null)[][], width: number) => table.length === R && table.every(({ length }) => length === width)
  const whole = ({ t, mean, standardError, floor, floors = [] }: LossByT) => complete(mean, t.length) && complete(standardError, t.length) && [floor ?? t, ...floors.map(({ values }) => values)].every(({ length }) => length === t.length)
  if (!losses.every(whole)) return 'has a loss by noise level with values missing'
  if (measurements.some(({ panels }) => panels.some(({ curves }) => curves.some(({ replica: r }) => r !== null && r >= R)))) return 'has a measurement of a replica that the config has not'
  return null
}
