import { memo, useMemo } from 'react'
import { CartesianGrid, ComposedChart, Line, Tooltip, XAxis, YAxis } from 'recharts'
import type { RunEvent } from '../../protocol.ts'
import { short } from '../numbers.ts'
import { Drawn, type Drawing, StepTip, type StepLine, Traces } from './Traces.tsx'
import { axis, chartStyle } from './axis.ts'
import { type Domain, linearDomain, linearTicks, logDomain, logTicks } from './scale.ts'

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

/** Lines over training steps. A series holds its whole history, so the vertical domain only grows during a run. */
export const StepChart = memo(function StepChart({ title, lines, events, xEnd, log, fallback, marginRight, numbered = true, shared, bridged = false, scaled = true, named = true }: Props) {
  const values = shared ? [] : lines.flatMap(({ points, raw }) => [...(raw ?? points).map(({ y }) => y), ...points.flatMap(({ band }) => band ?? [])])
  const [low, high] = shared ?? (log ? logDomain(values, fallback) : linearDomain(values, fallback))
  const drawn = useMemo<Drawing>(() => ({ lines, events, bridged, numbered, named }), [lines, events, bridged, numbered, named])
  return (
    <Drawn value={drawn}>
      <StepFrame title={title} xEnd={xEnd} xTicks={shared ? 2 : 4} low={low} high={high} log={log} top={numbered ? 16 : 6} right={marginRight} scaled={scaled} />
    </Drawn>
  )
})

interface FrameProps {
  title: string
  xEnd: number
  xTicks: number
  low: number
  high: number
  log: boolean
  top: number
  right: number
  scaled: boolean
}

const unwritten = () => ''

/** Axes, grid and tooltip: the same objects for as long as nothing of them changes. */
const StepFrame = memo(function StepFrame({ title, xEnd, xTicks, low, high, log, top, right, scaled }: FrameProps) {
  const domain: Domain = [low, high]
  return (
    <ComposedChart
      responsive
      data={Array.from({ length: 101 }, (_, i) => ({ step: (i * xEnd) / 100 }))} // where keyboard and pointer stop
      style={chartStyle}
      margin={{ top, right, bottom: 0, left: 0 }}
      title={title}
      desc="The same numbers are in the table."
    >
      <CartesianGrid vertical={false} />
      <XAxis dataKey="step" type="number" domain={[0, xEnd]} ticks={linearTicks([0, xEnd], xTicks)} allowDataOverflow tickFormatter={short} {...axis.x} />
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
      <Line dataKey="step" hide isAnimationActive={false} />
      <Tooltip content={<StepTip />} includeHidden isAnimationActive={false} />
      <Traces />
    </ComposedChart>
  )
})
