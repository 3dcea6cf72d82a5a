import { usePlotArea, useXAxisScale, useYAxisScale } from 'recharts'
import { Marker } from './Marker.tsx'
import type { MarkerShape } from './series.ts'
import { spread } from './endLabels.ts'

export interface LineEnd {
  /** None for a line that looks like one that is named. */
  label?: string
  x: number
  y: number
  colour: string
  marker?: MarkerShape
}

/** Names each line where it ends, so that nobody has to match colours with a legend. Ink, not series colour: small text needs 4.5 : 1. */
export function EndLabels({ ends, named = true }: { ends: readonly LineEnd[]; named?: boolean }) {
  const plot = usePlotArea()
  const xScale = useXAxisScale()
  const yScale = useYAxisScale()
  if (!plot || !xScale || !yScale) return null
  const placed = ends.flatMap((end) => {
    const x = xScale(end.x)
    const y = yScale(end.y)
    return x === undefined || y === undefined ? [] : [{ ...end, px: x, py: Math.min(plot.y + plot.height, Math.max(plot.y, y)) }]
  })
  const told = placed.filter(({ label }) => named && label)
  const texts = spread(told.map(({ py }) => py), 14, plot.y + 4, plot.y + plot.height)
  const right = plot.x + plot.width + 12
  return (
    <g className="end-labels" aria-hidden="true">
      {placed.map(({ px, py, colour, marker }, i) => marker && <Marker key={i} shape={marker} x={px} y={py} colour={colour} />)}
      {told.map(({ label, px, py }, i) => (
        <g key={label}>
          <path d={`M${px + 5} ${py}L${right - 2} ${texts[i]}`} className="leader" />
          <text x={right} y={texts[i]} dy="0.33em">{label}</text>
        </g>
      ))}
    </g>
  )
}

/** Room to the right of the plot for the longest of the labels. */
export function labelMargin(labels: readonly (string | undefined)[]): number {
  return 18 + 6.2 * Math.max(2, ...labels.map((label) => label?.length ?? 0))
}
