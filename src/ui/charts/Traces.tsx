import { createContext, useContext } from 'react'
import { Curve, usePlotArea, useXAxisScale, useYAxisScale } from 'recharts'
import type { RunEvent } from '../../protocol.ts'
import { ChartTooltip } from './ChartTooltip.tsx'
import { EndLabels, type LineEnd } from './EndLabels.tsx'
import { shortNames } from './endLabels.ts'
import { EventMarks } from './EventMarks.tsx'
import { lossPlusMinus } from '../numbers.ts'
import type { Series } from './series.ts'
import { type Point, lastPoint, pointNear } from './steps.ts'

export interface StepLine {
  series: Series
  points: Point[]
  /** Drawn thin behind the line. */
  raw?: Point[]
}

export interface Drawing {
  lines: readonly StepLine[]
  events: readonly RunEvent[]
  /** Draw through values that are missing. */
  bridged: boolean
  numbered: boolean
  /** Label the line ends. */
  named: boolean
}

/**
 * What changes with every report of a run. It reaches the chart past its frame: Recharts' own lines go through its store, where each new
 * point costs a reckoning of axes, labels and tooltips of the whole chart.
 */
export const Drawn = createContext<Drawing>({ lines: [], events: [], bridged: false, numbered: true, named: true })

/** Where there is no room for every seed, the first has the name of its arm. */
export function endNames(lines: readonly StepLine[]): (string | undefined)[] {
  const every = lines.length <= most
  const own = lines.filter(({ series: { arm } }, i) => every || lines.findIndex(({ series }) => series.arm === arm) === i)
  const names = shortNames(own.map(({ series: { label, name } }) => (every ? label : name)))
  return lines.map((line) => names[own.indexOf(line)])
}

/** So many names have room beside a chart. */
const most = 6

/** Bands below, single batches thin, means on top; then what was changed under way, and the names of the lines. */
export function Traces() {
  const { lines, events, bridged, numbered, named } = useContext(Drawn)
  const plot = usePlotArea()
  const xScale = useXAxisScale()
  const yScale = useYAxisScale()
  if (!plot || !xScale || !yScale) return null
  const bottom = plot.y + plot.height
  const x = (step: number) => xScale(step) ?? null
  // A band may leave a scale that several charts share.
  const y = (value: number | null | undefined) => (typeof value === 'number' ? Math.min(bottom, Math.max(plot.y, yScale(value) ?? Number.NaN)) : null)
  const path = (points: readonly Point[]) => points.map(({ step, y: value }) => ({ x: x(step), y: y(value) }))
  const names = endNames(lines)
  const ends = lines.flatMap(({ series: { colour, marker }, points }, i): LineEnd[] => {
    const end = lastPoint(points)
    return end ? [{ label: names[i], colour, marker, x: end.step, y: end.y }] : []
  })
  return (
    <>
      <EventMarks events={events} numbered={numbered} />
      <g className="traces">
        {lines.map(({ series: { index, colour }, points }) =>
          points.some(({ band }) => band) ? (
            <Curve
              key={`band${index}`}
              points={points.map(({ step, band }) => ({ x: x(step), y: y(band?.[1]) }))}
              baseLine={points.map(({ step, band }) => ({ x: x(step), y: y(band?.[0]) }))}
              fill={colour}
              fillOpacity={0.18}
            />
          ) : null,
        )}
        {lines.map(({ series: { index, colour }, raw }) => (raw ? <Curve key={`raw${index}`} points={path(raw)} fill="none" stroke={colour} strokeWidth={1} strokeOpacity={0.35} /> : null))}
        {lines.map(({ series: { index, colour, dash }, points }) => (
          <Curve key={index} className="trace" points={path(points)} fill="none" stroke={colour} strokeWidth={2} strokeDasharray={dash} connectNulls={bridged} />
        ))}
      </g>
      <EndLabels ends={ends} named={named} />
    </>
  )
}

interface TipProps {
  active?: boolean
  label?: unknown
}

/** What the lines say nearest to where the reader points; nothing where they have not come yet. */
export function StepTip({ active, label }: TipProps) {
  const { lines } = useContext(Drawn)
  const reached = Math.max(...lines.map(({ points }) => points.at(-1)?.step ?? 0))
  const step = typeof label === 'number' && label <= reached ? pointNear(lines[0].points, label)?.step : undefined
  const rows = (at: number) =>
    lines.map(({ series: { label: name, colour }, points }) => {
      const near = pointNear(points, at)
      return { label: name, colour, text: lossPlusMinus(near?.y, near?.spread) }
    })
  return <ChartTooltip active={active} label={step} name="step" rows={rows} />
}
