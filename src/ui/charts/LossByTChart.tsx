import { type Key, memo, useMemo } from 'react'
import { Area, CartesianGrid, ComposedChart, Line, Tooltip, XAxis, YAxis } from 'recharts'
import type { LossByT } from '../../protocol.ts'
import { fixed, short } from '../numbers.ts'
import { ChartTooltip } from './ChartTooltip.tsx'
import { EndLabels, type LineEnd, labelMargin } from './EndLabels.tsx'
import { Marker } from './Marker.tsx'
import { TMinShade } from './TMinShade.tsx'
import { axis, chartStyle } from './axis.ts'
import { type LossRow, type LossView, lossDomain, lossRows } from './lossByT.ts'
import { type Domain, decades, forLog, logTicks } from './scale.ts'
import type { Series } from './series.ts'

interface Props {
  loss: LossByT | null
  /** Floor to draw while nothing has been measured. */
  preview: { t: number[]; floor: number[] } | null
  series: readonly Series[]
  view: LossView
}

const tAxis: Domain = [0.001, 1]

export const LossByTChart = memo(function LossByTChart({ loss, preview, series, view }: Props) {
  const domain = useMemo(() => lossDomain(loss, preview?.floor ?? null, view), [loss, preview, view])
  const rows = useMemo<LossRow[]>(() => {
    if (loss) return lossRows(loss, view, domain[0])
    return (preview?.t ?? []).map((t, i) => ({ t, floor: view === 'raw' ? forLog(preview?.floor[i]) : null }))
  }, [loss, preview, view, domain])
  const left = Math.min(tAxis[0], 10 ** Math.floor(Math.log10(rows[0]?.t ?? 1) + 1e-9))
  const shown = series.filter(({ hidden, index }) => !hidden && loss?.mean[index])
  const ends: LineEnd[] = shown.flatMap(({ label, colour, marker, index }) => {
    const end = rows.findLast((row) => typeof row[`m${index}`] === 'number')
    return end ? [{ label, colour, marker, x: end.t, y: end[`m${index}`] as number }] : []
  })
  const floorEnd = rows.findLast(({ floor }) => floor !== null)
  if (floorEnd) ends.push({ label: 'floor', colour: 'var(--theory)', x: floorEnd.t, y: floorEnd.floor! })

  const tooltip = (t: number) => {
    const row = rows.find((candidate) => candidate.t === t)
    const level = loss?.t.indexOf(t) ?? -1
    const lines = shown.map(({ label, colour, index }) => ({
      label, colour, text: `${fixed(row?.[`m${index}`] as number | null)} ± ${fixed(loss?.standardError[index]?.[level])}`,
    }))
    return row?.floor ? [...lines, { label: 'floor', colour: 'var(--theory)', text: fixed(row.floor) }] : lines
  }

  return (
    <ComposedChart
      responsive
      data={rows}
      style={chartStyle}
      margin={{ top: 6, right: labelMargin(ends.map(({ label }) => label)), bottom: 0, left: 0 }}
      title="Loss by noise level"
      desc="Both axes logarithmic. The same numbers are in the table."
    >
      <CartesianGrid vertical={false} />
      <XAxis dataKey="t" type="number" scale="log" domain={[left, 1]} ticks={decades([left, 1])} allowDataOverflow tickFormatter={short} {...axis.x} />
      <YAxis type="number" scale="log" domain={domain} ticks={logTicks(domain)} allowDataOverflow tickFormatter={short} {...axis.y} />
      <TMinShade />
      <Tooltip content={<ChartTooltip name="t =" rows={tooltip} />} isAnimationActive={false} />
      {shown.map(({ index, colour }) => (
        <Area key={`e${index}`} dataKey={`e${index}`} stroke="none" fill={colour} fillOpacity={0.2} isAnimationActive={false} activeDot={false} legendType="none" tooltipType="none" />
      ))}
      <Line dataKey="floor" stroke="var(--theory)" strokeWidth={1.5} strokeDasharray="5 4" dot={false} activeDot={false} isAnimationActive={false} />
      {shown.map(({ index, colour, marker, dash }) => (
        <Line
          key={`m${index}`}
          dataKey={`m${index}`}
          stroke={colour}
          strokeWidth={2}
          strokeDasharray={dash}
          isAnimationActive={false}
          activeDot={false}
          // Dots on: a lone value between two gaps would be invisible as a line.
          dot={({ key, cx, cy }: { key?: Key | null; cx?: number; cy?: number }) =>
            cx === undefined || cy === undefined || Number.isNaN(cy) ? <g key={key} /> : <Marker key={key} shape={marker} x={cx} y={cy} size={2.5} colour={colour} />
          }
        />
      ))}
      <EndLabels ends={ends} />
    </ComposedChart>
  )
})
