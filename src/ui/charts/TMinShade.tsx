import { useId } from 'react'
import { usePlotArea, useXAxisScale, useYAxisScale } from 'recharts'
import { useDraft } from '../../store/draft.ts'
import { activeTMins } from '../../store/replicas.ts'
import { useShownRun } from '../../store/shown.ts'
import { useUi } from '../../store/ui.ts'
import { useShallow } from 'zustand/react/shallow'
import { freePlace } from './endLabels.ts'
import type { PanelLine } from './panel.ts'

/** Pixels of the words in the hatched part. */
const [words, height] = [54, 12]

/**
 * Hatches the noise levels below T_min of the replicas shown, the greatest where there are several, with a thin line at each. It listens to the
 * draft itself, so that it follows the slider within a frame while the chart around it stays as it is.
 */
export function TMinShade({ lines }: { lines: readonly PanelLine[] }) {
  const recorded = useShownRun(({ record }) => record?.tick.config)
  const hidden = useUi((state) => state.hidden)
  const tMins = useDraft(useShallow(({ config }) => activeTMins(recorded ?? config, hidden)))
  const plot = usePlotArea()
  const xScale = useXAxisScale()
  const yScale = useYAxisScale()
  const pattern = useId()
  if (!plot || !xScale || !yScale || tMins.length === 0) return null
  const [left, bottom] = [plot.x + 6, plot.y + plot.height]
  const edges = tMins.map((tMin) => ({ tMin, x: Math.min(plot.x + plot.width, xScale(tMin) ?? plot.x) })).filter(({ x }) => x > plot.x)
  if (edges.length === 0) return null
  const place = (x: number, y: number | null) => ({ x: xScale(x) ?? Number.NaN, y: y === null ? null : (yScale(y) ?? null) })
  const y = freePlace(lines.map(({ points }) => points.map((point) => place(point.x, point.y))), { left, right: left + words, top: plot.y, bottom, height })
  return (
    <g className="t-min" aria-hidden="true">
      <pattern id={pattern} width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
        <rect width="6" height="6" className="t-min-ground" />
        <path d="M0 0V6" className="t-min-hatch" />
      </pattern>
      <rect x={plot.x} y={plot.y} width={edges.at(-1)!.x - plot.x} height={plot.height} fill={`url(#${pattern})`} />
      {edges.map(({ tMin, x }) => <path key={tMin} data-t-min={tMin} d={`M${x} ${plot.y}V${bottom}`} className="t-min-edge" />)}
      <text x={left} y={y} dy="0.35em">t &lt; T_min</text>
    </g>
  )
}
