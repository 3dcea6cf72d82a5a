/** Words and lookups for the charts over training steps. Pure. */
import type { BandSeries, ReplicaTick, StepSeries } from '../../protocol.ts'
import { fixed, percent, short } from '../numbers.ts'
import { tell } from './sentences.ts'
import type { Series } from './series.ts'

export interface Point {
  step: number
  y: number | null
}

export function pointsOf(series: StepSeries, clean: (value: number | null) => number | null): Point[] {
  return series.step.map((step, i) => ({ step, y: clean(series.value[i]) }))
}

/** Last value that can be drawn. */
export function lastPoint(points: readonly Point[]): { step: number; y: number } | null {
  const found = points.findLast(({ y }) => y !== null)
  return found ? { step: found.step, y: found.y! } : null
}

/** Value at the point nearest to a step, by bisection. */
export function valueNear(points: readonly Point[], step: number): number | null {
  let low = 0
  let high = points.length - 1
  if (high < 0) return null
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if (points[middle].step <= step) low = middle
    else high = middle
  }
  return (step - points[low].step <= points[high].step - step ? points[low] : points[high]).y
}

/** Standard deviation of the last points, null for fewer than three. */
export function spreadOf(series: StepSeries, last = 20): number | null {
  const values = series.value.slice(-last).filter((value): value is number => value !== null && Number.isFinite(value))
  if (values.length < 3) return null
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1))
}

export function stepsSentence(replicas: readonly ReplicaTick[], series: readonly Series[]): string {
  const flow = tell(series, ({ index }) => replicas[index]?.flowSmooth.value.findLast((value) => value !== null), fixed)
  if (flow === '') return 'No step has been taken yet.'
  const spreads = series.flatMap(({ index }) => (replicas[index] ? [spreadOf(replicas[index].flow) ?? 0] : []))
  const contrastive = tell(series, ({ index }) => replicas[index]?.contrastive.value.findLast((value) => value !== null), (value) => fixed(value, 2))
  return `Last steps: ${flow}; single batches scatter by ± ${fixed(Math.max(...spreads), 2)}.${contrastive && ` Contrastive: ${contrastive}.`}`
}

/** Which band of noise levels has improved least and most since the first measurement, by the first replica shown. */
export function bandsSentence(bands: readonly BandSeries[], series: readonly Series[]): string {
  const first = series.find(({ hidden }) => !hidden) ?? series[0]
  const falls = bands.flatMap((band) => {
    const values = (band.value[first?.index ?? 0] ?? []).filter((value): value is number => value !== null)
    return values.length >= 2 ? [{ band, fall: 1 - values.at(-1)! / values[0] }] : []
  })
  if (!first || falls.length < 2) return 'Two measurements are needed before a change shows.'
  const [least, ...rest] = [...falls].sort((a, b) => a.fall - b.fall)
  const most = rest.at(-1)!
  return `${first.label}, since the first measurement: ${bandName(least.band)} ${direction(least.fall)}, ${bandName(most.band)} ${direction(most.fall)}.`
}

export const bandName = ({ from, to }: { from: number; to: number }) => `t ${short(from)}–${short(to)}`

const direction = (fall: number) => (fall >= 0 ? `fell ${percent(fall)}` : `rose ${percent(-fall)}`)
