import { memo } from 'react'
import { Area, CartesianGrid, ComposedChart, Line, Tooltip, XAxis, YAxis } from 'recharts'
import type { RunEvent } from '../../protocol.ts'
import { fixed, short } from '../numbers.ts'
import { ChartTooltip } from './ChartTooltip.tsx'
import { EndLabels, type LineEnd } from './EndLabels.tsx'
import { EventMarks } from './EventMarks.tsx'
import { axis, chartStyle } from './axis.ts'
import { type Domain, linearDomain, linearTicks, logDomain, logTicks } from './scale.ts'
import type { Series } from './series.ts'
import { type Point, lastPoint, pointNear } from './steps.ts'

export interface StepLine {
  series: Series
  points: Point[]
  /** Drawn thin behind the line. */
  raw?: Point[]
}

interface Props {
  title: string
  lines: readonly StepLine[]
  events: readonly RunEvent[]
  xEnd: number
  log: boolean
  fallback: Domain
  marginRight: number
  numbered?: boolean
  /** One domain for several charts, instead of one of its own that only grows. */
  shared?: Domain
  /** Draw through values that are missing. */
  bridged?: boolean
  /** Numbers on the vertical axis; a chart beside another with the same axis does without. */
  scaled?: boolean
  /** Label the line ends. */
  named?: boolean
}

const unwritten = () => ''

/** Lines over training steps. A series holds its whole history, so the vertical domain only grows during a run. */
export const StepChart = memo(function StepChart({ title, lines, events, xEnd, log, fallback, marginRight, numbered = true, shared, bridged = false, scaled = true, named = true }: Props) {
  const values = lines.flatMap(({ points, raw }) => [...(raw ?? points).map(({ y }) => y), ...points.flatMap(({ band }) => band ?? [])])
  const domain = shared ?? (log ? logDomain(values, fallback) : linearDomain(values, fallback))
  const ends: LineEnd[] = lines.flatMap(({ series: { label, colour, marker }, points }) => {
    const end = lastPoint(points)
    return end ? [{ label, colour, marker, x: end.step, y: end.y }] : []
  })
  const tooltip = (step: number) =>
    lines.map(({ series: { label, colour }, points }) => {
      const near = pointNear(points, step)
      return { label, colour, text: `${fixed(near?.y)}${near?.spread ? ` ± ${fixed(near.spread)}` : ''}` }
    })

  return (
    <ComposedChart
      responsive
      data={lines[0]?.points}
      style={chartStyle}
      margin={{ top: numbered ? 16 : 6, right: marginRight, bottom: 0, left: 0 }}
      title={title}
      desc="The same numbers are in the table."
    >
      <CartesianGrid vertical={false} />
      <XAxis dataKey="step" type="number" domain={[0, xEnd]} ticks={linearTicks([0, xEnd], shared ? 2 : 4)} allowDataOverflow tickFormatter={short} {...axis.x} />
      <YAxis
        type="number"
        scale={log ? 'log' : 'linear'}
        domain={domain}
        ticks={log ? logTicks(domain) : linearTicks(domain, 3)}
        allowDataOverflow
        tickFormatter={scaled ? short : unwritten}
        {...axis.y}
        width={scaled ? 34 : 6}
      />
      <EventMarks events={events} numbered={numbered} />
      <Tooltip content={<ChartTooltip name="step" rows={tooltip} />} isAnimationActive={false} />
      {lines.map(({ series, points }) =>
        points.some(({ band }) => band) ? (
          <Area key={`band${series.index}`} data={points} dataKey="band" stroke="none" fill={series.colour} fillOpacity={0.18} isAnimationActive={false} activeDot={false} legendType="none" tooltipType="none" />
        ) : null,
      )}
      {lines.map(({ series, raw }) =>
        raw ? (
          <Line key={`raw${series.index}`} data={raw} dataKey="y" stroke={series.colour} strokeWidth={1} strokeOpacity={0.35} dot={false} activeDot={false} isAnimationActive={false} tooltipType="none" />
        ) : null,
      )}
      {lines.map(({ series, points }) => (
        <Line key={series.index} data={points} dataKey="y" stroke={series.colour} strokeWidth={2} strokeDasharray={series.dash} connectNulls={bridged} dot={false} activeDot={false} isAnimationActive={false} />
      ))}
      <EndLabels ends={ends} named={named} />
    </ComposedChart>
  )
})
