/** Words and lookups for the charts over training steps. Pure. */
import type { BandSeries, ReplicaTick, StepSeries } from '../../protocol.ts'
import { meanOf } from '../../store/seeds.ts'
import { lossText, percent, short, toPlaceOf } from '../numbers.ts'
import { tell } from './sentences.ts'
import type { Series } from './series.ts'

export interface Point {
  step: number
  y: number | null
  /** Standard deviation over seeds, and the band that it makes. */
  spread?: number | null
  band?: [number, number] | null
}

/** Points of one replica. */
export interface Trace {
  series: Series
  points: Point[]
}

export function pointsOf(series: StepSeries, clean: (value: number | null) => number | null): Point[] {
  return series.step.map((step, i) => ({ step, y: clean(series.value[i]) }))
}

/** Last value that can be drawn. */
export function lastPoint(points: readonly Point[]): { step: number; y: number } | null {
  const found = points.findLast(({ y }) => y !== null)
  return found ? { step: found.step, y: found.y! } : null
}

/** The two points around a step, by bisection; null for no points. */
function around(points: readonly Point[], step: number): [Point, Point] | null {
  let low = 0
  let high = points.length - 1
  if (high < 0) return null
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if (points[middle].step <= step) low = middle
    else high = middle
  }
  return [points[low], points[high]]
}

/** The point nearest to a step. */
export function pointNear(points: readonly Point[], step: number): Point | null {
  const found = around(points, step)
  return found && (step - found[0].step <= found[1].step - step ? found[0] : found[1])
}

/** On the line between two points; null outside of them, and where one of them has no value. */
function valueAt(points: readonly Point[], step: number): number | null {
  const [low, high] = around(points, step) ?? []
  if (!low || !high || step < low.step || step > high.step) return null
  if (low.step === step) return low.y
  if (high.step === step) return high.y
  return low.y === null || high.y === null ? null : low.y + ((high.y - low.y) * (step - low.step)) / (high.step - low.step)
}

/**
 * Replicas of a group become one line: their mean at the steps of the first, with the standard deviation over seeds as band. Each replica's
 * series is thinned at steps of its own, so that in between its line is read. Whatever stands alone stays as it is.
 * @param log whether a band must stay above 0
 */
export function tracesOverSeeds<One extends Trace>(traces: readonly One[], groups: readonly (readonly number[])[], log: boolean): (One | Trace)[] {
  return traces.flatMap((trace): (One | Trace)[] => {
    const group = groups.find((indices) => indices.includes(trace.series.index)) ?? []
    const alike = traces.filter(({ series: { index } }) => group.includes(index))
    if (alike.length < 2) return [trace]
    if (alike[0] !== trace) return []
    const points = trace.points.map(({ step }): Point => {
      const { mean, deviation } = meanOf(alike.map((other) => valueAt(other.points, step)))
      if (mean === null || !deviation) return { step, y: mean }
      const low = log && deviation >= mean ? mean / 10 : mean - deviation
      return { step, y: mean, spread: deviation, band: [low, mean + deviation] }
    })
    return [{ series: { ...trace.series, label: `${trace.series.name} ×${alike.length}` }, points }]
  })
}

/** Standard deviation of the last points, null for fewer than three. */
export function spreadOf(series: StepSeries | undefined, last = 20): number | null {
  const values = (series?.value ?? []).slice(-last).filter((value): value is number => value !== null && Number.isFinite(value))
  if (values.length < 3) return null
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1))
}

export const capital = (words: string) => words.charAt(0).toUpperCase() + words.slice(1)

/** @param second what stands beside the flow loss */
export function stepsSentence(replicas: readonly (ReplicaTick | undefined)[], series: readonly Series[], second: string): string {
  const flow = tell(series, ({ index }) => replicas[index]?.flowSmooth.value.findLast((value) => value !== null), lossText)
  if (flow === '') return 'No step has been taken yet.'
  const spread = Math.max(0, ...series.flatMap(({ index }) => spreadOf(replicas[index]?.flow) ?? []))
  const beside = tell(series, ({ index }) => replicas[index]?.contrastive.value.findLast((value) => value !== null), (value) => lossText(value, 2))
  return `Last steps: ${flow}; single batches scatter by ± ${spread > 0 ? toPlaceOf(spread)(spread) : 0}.${beside && ` ${second}: ${beside}.`}`
}

/** Which band of noise levels has improved least and most since the first measurement, by the first replica shown. */
export function bandsSentence(bands: readonly Pick<BandSeries, 'from' | 'to'>[], traces: readonly (readonly Trace[])[]): string {
  const first = traces[0]?.[0]?.series
  const falls = bands.flatMap((band, i) => {
    const change = changeOf(traces[i]?.[0]?.points ?? [])
    return change === null ? [] : [{ band, fall: -change }]
  })
  if (!first || falls.length < 2) return 'Two measurements are needed before a change shows.'
  const [least, ...rest] = [...falls].sort((a, b) => a.fall - b.fall)
  const most = rest.at(-1)!
  return `${first.label}, since the first measurement: ${bandName(least.band)} ${direction(least.fall)}, ${bandName(most.band)} ${direction(most.fall)}.`
}

/** From the first value to the last, as a share of the first; null for fewer than two. */
export function changeOf(points: readonly Point[]): number | null {
  const values = points.flatMap(({ y }) => (y === null ? [] : [y]))
  return values.length < 2 ? null : values.at(-1)! / values[0] - 1
}

export const bandName = ({ from, to }: { from: number; to: number }) => `t ${short(from)}–${short(to)}`

const direction = (fall: number) => (fall >= 0 ? `fell ${percent(fall)}` : `rose ${percent(-fall)}`)
