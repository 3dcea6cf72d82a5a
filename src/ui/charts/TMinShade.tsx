import { useId } from 'react'
import { usePlotArea, useXAxisScale } from 'recharts'
import { useDraft } from '../../store/draft.ts'
import { activeTMins } from '../../store/replicas.ts'
import { useShownRun } from '../../store/shown.ts'
import { useShallow } from 'zustand/react/shallow'

/**
 * Hatches the noise levels below T_min. It listens to the draft itself, so that it follows the slider within a frame while the chart
 * around it stays as it is.
 */
export function TMinShade() {
  const recorded = useShownRun(({ record }) => record?.tick.config)
  const tMins = useDraft(useShallow(({ config }) => activeTMins(recorded ?? config)))
  const plot = usePlotArea()
  const xScale = useXAxisScale()
  const pattern = useId()
  if (!plot || !xScale || tMins.length === 0) return null
  return (
    <g className="t-min" aria-hidden="true">
      <pattern id={pattern} width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
        <rect width="6" height="6" className="t-min-ground" />
        <path d="M0 0V6" className="t-min-hatch" />
      </pattern>
      {tMins.map((tMin) => {
        const x = Math.min(plot.x + plot.width, Math.max(plot.x, xScale(tMin) ?? plot.x))
        if (x <= plot.x) return null
        return (
          <g key={tMin} data-t-min={tMin}>
            <rect x={plot.x} y={plot.y} width={x - plot.x} height={plot.height} fill={`url(#${pattern})`} />
            <path d={`M${x} ${plot.y}V${plot.y + plot.height}`} className="t-min-edge" />
          </g>
        )
      })}
      <text x={plot.x + 6} y={plot.y + plot.height - 6}>t &lt; T_min</text>
    </g>
  )
}
