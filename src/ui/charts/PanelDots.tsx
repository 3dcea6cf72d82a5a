import { type Key, memo } from 'react'
import { CartesianGrid, ComposedChart, ErrorBar, Line, ReferenceLine, Tooltip, XAxis, YAxis } from 'recharts'
import type { Panel } from '../../panel.ts'
import { Marker } from './Marker.tsx'
import { axis, chartStyle } from './axis.ts'
import { type PanelAxes, type PanelLine, writeTick, writeWithSpread } from './panel.ts'

interface Props {
  panel: Pick<Panel, 'title' | 'y'>
  /** Those with a marker have one point each. */
  lines: readonly PanelLine[]
  axes: PanelAxes
}

const row = 18

/** What was measured once: a dot and its spread for each line, over the axis of values; whatever has no marker is a level across. */
export const PanelDots = memo(function PanelDots({ panel: { title, y }, lines, axes }: Props) {
  const dots = lines.filter(({ marker }) => marker).map((line) => ({ ...line, ...line.points.find((point) => point.y !== null) }))
  const levels = lines.filter(({ marker, points }) => !marker && points.length > 0)
  const longest = Math.max(...dots.map(({ label }) => label.length))
  return (
    <ComposedChart
      responsive
      layout="vertical"
      data={dots}
      style={{ ...chartStyle, minHeight: row * dots.length + 32 }}
      margin={{ top: 6, right: 18, bottom: 0, left: 0 }}
      title={title}
      desc={`${y.label} of each. The same numbers are in the table.`}
    >
      <CartesianGrid horizontal={false} />
      <XAxis type="number" scale={y.scale} domain={axes.y} ticks={axes.yTicks} allowDataOverflow tickFormatter={(value: number) => writeTick(y, value)} {...axis.x} />
      <YAxis type="category" scale="band" dataKey="label" {...axis.y} width={12 + 6.6 * longest} />
      {levels.map(({ key, points, colour, dash }) => <ReferenceLine key={key} x={points.at(-1)!.y ?? undefined} stroke={colour} strokeWidth={1.5} strokeDasharray={dash} />)}
      <Tooltip content={<DotTip y={y} />} isAnimationActive={false} />
      <Line
        dataKey="y"
        stroke="none"
        isAnimationActive={false}
        activeDot={false}
        dot={({ key, cx, cy, payload: { colour, marker, rank } }: Dot) => (cx === undefined || Number.isNaN(cx) || cy === undefined ? <g key={key} /> : <Marker key={key} shape={marker} x={cx} y={cy} colour={colour} hollow={rank === 1} />)}
      >
        <ErrorBar dataKey="spread" direction="x" width={3} stroke="var(--ink-2)" isAnimationActive={false} />
      </Line>
    </ComposedChart>
  )
})

interface Dot {
  key?: Key | null
  cx?: number
  cy?: number
  payload: PanelLine & { marker: NonNullable<PanelLine['marker']> }
}

interface TipProps {
  y: Panel['y']
  active?: boolean
  payload?: readonly { payload?: PanelLine & { y: number; spread: number | null } }[]
}

function DotTip({ y, active, payload }: TipProps) {
  const dot = payload?.[0]?.payload
  if (!active || !dot) return null
  return (
    <div className="tooltip">
      <strong>{dot.label}</strong>
      <div><i style={{ background: dot.colour }} /><span>{y.label}</span><b>{writeWithSpread(y, dot.y, dot.spread)}</b></div>
    </div>
  )
}
