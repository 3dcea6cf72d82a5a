/** Numbers of the run in front of the student, recorded or live, as the lesson's sentences need them. Pure. */
import { type Config, seedGroups } from '../../config.ts'
import type { Measurement } from '../../panel.ts'
import { methodIdOf } from '../../store/replicas.ts'
import { meanOf } from '../../store/seeds.ts'
import type { ShownRun } from '../../store/shown.ts'
import { count, fixed, plusMinus } from '../numbers.ts'

/** One number over the seeds of a method. */
export interface Figure {
  mean: number
  /** Standard deviation over seeds, or for a single seed the standard error of the measurement; null where neither is known. */
  spread: number | null
  /** One value for each seed. */
  each: number[]
}

export interface Figures {
  /** “In this run, recorded on 21 Nov 2026,” or “In this run, yours,”: every sentence with a figure begins with it. */
  run: string
  step: number
  /** What ± means and over how many seeds. */
  spread: string
  has(method: string): boolean
  loss(method: string, t: number): Figure | null
  floor(t: number): number | null
  /** Loss above the floor. */
  excess(method: string, t: number): Figure | null
  /** Change of the answer over change of the input. */
  gain(method: string, t: number): Figure | null
  /** Test accuracy of the probe, with its labels. */
  accuracy(method: string, t: number): Figure | null
  labels: number | null
  /** Fréchet distance of samples from held-out images, and in which features. */
  distance(method: string): Figure | null
  distanceName: string
  /** The level at which plain flow matching's loss is greatest. */
  hardest: number | null
  /** Which of these levels has the most loss above the floor, and at which the probe reads best; null unless all of them are known. */
  mostLeft(method: string, levels: readonly number[]): number | null
  bestRead(method: string, levels: readonly number[]): number | null
  bands: { label: string; from: number; to: number; fall: Figure | null }[]
}

/** @returns null before anything has been measured */
export function figuresOf({ tick, measurements, losses, record }: ShownRun): Figures | null {
  if (!tick) return null
  const { config } = tick
  const loss = losses.at(-1) ?? tick.lossByT
  const of = (method: string) => replicasOf(config, method)
  const over = (method: string, at: (replica: number) => number | null, error: (replica: number) => number | null = () => null) => overSeeds(of(method).map(at), of(method).map(error))
  const lossAt = (method: string, t: number, less: number | null = 0) => {
    if (!loss || less === null) return null
    const level = nearest(loss.t, t)
    return over(method, (r) => minus(loss.mean[r]?.[level] ?? null, less), (r) => loss.standardError[r]?.[level] ?? null)
  }
  const floorAt = (t: number) => loss?.floor?.[nearest(loss.t, t)] ?? null
  const excess = (method: string, t: number) => lossAt(method, t, floorAt(t))
  const measured = (diagnostic: string, panel: string) => (method: string, t: number) => {
    const curves = of(method).map((replica) => curveOf(measurements[diagnostic], panel, replica))
    if (curves.some((curve) => curve === null)) return null
    const at = (values: (readonly (number | null)[] | undefined)[], i: number) => values[i]?.[nearest(curves[i]!.x, t)] ?? null
    return overSeeds(curves.map((_, i) => at(curves.map((curve) => curve!.y), i)), curves.map((_, i) => at(curves.map((curve) => curve!.spread), i)))
  }
  const accuracy = measured('probe', 'accuracy')
  const distances = measurements.quality?.at(-1)?.panels.find(({ id }) => id.startsWith('distance-')) // the first is in the best features
  const seeds = of('fm').length || of('lcf').length
  return {
    run: record ? `In this run, recorded on ${dayOf(record.date)}` : 'In this run, yours',
    step: tick.step,
    spread: seeds > 1 ? `Mean ± standard deviation over ${seeds} seeds` : 'One seed only, so nothing is known of what the seed does; ± is the standard error of the measurement',
    has: (method) => of(method).length > 0,
    loss: lossAt,
    floor: floorAt,
    excess,
    hardest: loss && greatest(loss.t, (t) => lossAt(plain(of), t)?.mean ?? null),
    mostLeft: (method, levels) => greatest(levels, (t) => excess(method, t)?.mean ?? null),
    gain: measured('condition', 'condition'),
    accuracy,
    labels: labelsOf(measurements.probe),
    distance: (method) => (distances ? measured('quality', distances.id)(method, tick.step) : null),
    distanceName: distances?.y.label ?? '',
    bestRead: (method, levels) => greatest(levels, (t) => accuracy(method, t)?.mean ?? null),
    bands: tick.bands.map(({ label, from, to, step, value }) => ({
      label, from, to, fall: step.length < 2 ? null : over(plain(of), (r) => shareFallen(value[r])),
    })),
  }
}

/** What is said of one method alone is said of plain flow matching, and of LCF where there is none. */
const plain = (of: (method: string) => number[]) => (of('fm').length > 0 ? 'fm' : 'lcf')

/** Replicas of a method that differ in their seed only: the first such group. */
function replicasOf(config: Config, method: string): number[] {
  return seedGroups(config).find(([first]) => methodIdOf(config, config.replicas[first]) === method) ?? []
}

function overSeeds(values: (number | null)[], errors: (number | null)[]): Figure | null {
  const { mean, deviation } = meanOf(values)
  if (values.length === 0 || mean === null) return null
  return { mean, spread: values.length > 1 ? deviation : errors[0], each: values as number[] }
}

function curveOf(list: readonly Measurement[] | undefined, panel: string, replica: number) {
  const curves = list?.at(-1)?.panels.find(({ id }) => id === panel)?.curves
  return curves?.find((curve) => curve.replica === replica && curve.kind === 'measured') ?? null
}

function labelsOf(list: readonly Measurement[] | undefined): number | null {
  const settings = list?.at(-1)?.settings
  return settings?.protocol === 'few labels' || settings?.protocol === undefined ? ((settings?.labels as number | undefined) ?? null) : null
}

function shareFallen(values: readonly (number | null)[] | undefined): number | null {
  const known = values?.filter((value): value is number => value !== null && Number.isFinite(value)) ?? []
  return known.length < 2 ? null : 1 - known.at(-1)! / known[0]
}

function greatest(levels: readonly number[], of: (t: number) => number | null): number | null {
  const known = levels.flatMap((t) => {
    const value = of(t)
    return value === null ? [] : [{ t, value }]
  })
  return known.length < levels.length ? null : known.reduce((best, one) => (one.value > best.value ? one : best)).t
}

/** `1.0432 ± 0.0064`. */
export const said = ({ mean, spread }: Figure): string => plusMinus(mean, spread)

/** The same of a difference: `+0.1473 ± 0.0077`. */
export const signedSaid = (figure: Figure): string => (figure.mean < 0 ? '' : '+') + said(figure)

/** `18.0 ± 5.8`, of shares in 0…1. */
export const percents = ({ mean, spread }: Figure): string => (spread ? plusMinus(100 * mean, 100 * spread) : fixed(100 * mean, 1))

/** Several sentences one after the other, each from a capital letter; the first as it is, if it goes on from something. */
export function joined(sentences: readonly string[], goesOn = true): string {
  return sentences.map((sentence, i) => (goesOn && i === 0 ? sentence : sentence.charAt(0).toUpperCase() + sentence.slice(1))).join(' ')
}

/** Seed by seed, where both have the same seeds; the spread is that of the differences. */
export function difference(a: Figure | null, b: Figure | null): Figure | null {
  if (!a || !b || a.each.length !== b.each.length) return null
  const { mean, deviation } = meanOf(a.each.map((value, i) => value - b.each[i]))
  if (mean === null) return null
  if (a.each.length > 1) return { mean, spread: deviation, each: a.each.map((value, i) => value - b.each[i]) }
  return { mean, spread: a.spread === null || b.spread === null ? null : Math.hypot(a.spread, b.spread), each: [mean] }
}

const minus = (value: number | null, less: number) => (value === null ? null : value - less)

function nearest(levels: readonly number[], t: number): number {
  const far = (level: number) => Math.abs(Math.log(Math.max(level, 1e-6) / t))
  return levels.reduce((best, level, i) => (far(level) < far(levels[best]) ? i : best), 0)
}

const written = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeZone: 'UTC' })
const dayOf = (date: string) => written.format(new Date(date))

/** “step 1,755” */
export const atStep = ({ step }: Figures) => `step ${count(step)}`
