import { type Key, memo, useMemo } from 'react'
import { Area, CartesianGrid, ComposedChart, Line, Tooltip, XAxis, YAxis } from 'recharts'
import type { Panel } from '../../panel.ts'
import { ChartTooltip } from './ChartTooltip.tsx'
import { EndLabels, type LineEnd, labelMargin } from './EndLabels.tsx'
import { Marker } from './Marker.tsx'
import { TMinShade } from './TMinShade.tsx'
import { axis, chartStyle } from './axis.ts'
import { type PanelAxes, type PanelLine, isNoiseLevel, pointNear, write, writeTick, writeWithSpread } from './panel.ts'

interface Props {
  panel: Pick<Panel, 'title' | 'x' | 'y'>
  lines: readonly PanelLine[]
  axes: PanelAxes
  /** Lines whose names stand in the key below the chart. */
  keyed: readonly PanelLine[]
  /** Height below which it does not shrink, whatever stands beneath it. */
  least: string
}

/** Lines with bands over one axis each, logarithmic or not; the bands of theory are faint, for those of replicas lie on them. */
export const PanelChart = memo(function PanelChart({ panel: { title, x, y }, lines, axes, keyed, least }: Props) {
  const union = useMemo(() => [...new Set(lines.flatMap(({ points }) => points.map((point) => point.x)))].sort((a, b) => a - b).map((at) => ({ x: at })), [lines])
  const ends = lines.flatMap((line): LineEnd[] => {
    const { label, colour, marker, points } = line
    const end = points.findLast((point) => point.y !== null)
    return end && !keyed.includes(line) ? [{ label, colour, marker, x: end.x, y: end.y! }] : []
  })
  const tooltip = (at: number) =>
    lines.flatMap(({ label, colour, points }) => {
      const point = pointNear(points, at, x.scale)
      return point ? [{ label, colour, text: point.y === null ? write(y, null) : writeWithSpread(y, point.y, point.spread) }] : []
    })
  const writeX = (value: number) => (value === axes.zeroAt ? '0' : write(x, value))

  return (
    <ComposedChart
      responsive
      data={union}
      style={{ ...chartStyle, minHeight: least, contain: 'size' }} // a drawing once made asks for no room
      margin={{ top: 6, right: labelMargin(ends.map(({ label }) => label)), bottom: 0, left: 0 }}
      title={title}
      desc={`${y.label} over ${x.label}. The same numbers are in the table.`}
    >
      <CartesianGrid vertical={false} />
      <XAxis dataKey="x" type="number" scale={x.scale} domain={axes.x} ticks={axes.xTicks} allowDataOverflow tickFormatter={writeX} {...axis.x} />
      <YAxis type="number" scale={y.scale} domain={axes.y} ticks={axes.yTicks} allowDataOverflow tickFormatter={(value: number) => writeTick(y, value)} {...axis.y} width={y.percent ? 44 : axis.y.width} />
      {isNoiseLevel(x) && <TMinShade lines={lines} />}
      <Tooltip content={<ChartTooltip name={isNoiseLevel(x) ? 't =' : `${x.label} =`} rows={tooltip} write={writeX} />} isAnimationActive={false} />
      {lines.map(({ key, points, colour, marker }) =>
        points.some(({ band }) => band) ? <Area key={`${key}b`} data={points} dataKey="band" stroke="none" fill={colour} fillOpacity={marker ? 0.18 : 0.07} isAnimationActive={false} activeDot={false} legendType="none" tooltipType="none" /> : null,
      )}
      {lines.map(({ key, points, kind, colour, marker, rank, dash }) => (
        <Line
          key={key}
          data={points}
          dataKey="y"
          stroke={colour}
          strokeWidth={kind === 'measured' ? (rank > 0 ? 1.25 : 2) : 1.5}
          strokeDasharray={dash}
          isAnimationActive={false}
          activeDot={false}
          // Dots on: a lone value between two gaps would be invisible as a line.
          dot={marker === undefined ? lonely(points, colour) : ({ key: own, cx, cy }: Dot) =>
            cx === undefined || cy === undefined || Number.isNaN(cy) ? <g key={own} /> : <Marker key={own} shape={marker} x={cx} y={cy} size={rank > 1 ? 1.8 : 2.5} colour={colour} hollow={rank === 1} />
          }
        />
      ))}
      <EndLabels ends={ends} />
    </ComposedChart>
  )
})

interface Dot {
  key?: Key | null
  cx?: number
  cy?: number
}

/** A theory of one point alone would not be seen. */
function lonely(points: PanelLine['points'], colour: string) {
  return points.length === 1 ? { r: 2.5, fill: colour, stroke: 'none' } : false
}
