import type { SeenRun } from '../../store/shown.ts'
import { Marker } from '../charts/Marker.tsx'
import { useSeries } from '../charts/series.ts'

/** How a run's lines look on the charts, one for each arm. */
export function Swatches({ seen }: { seen: SeenRun }) {
  const id = seen.tick.runId
  const series = useSeries().filter(({ key }) => key.startsWith(`${id}/`))
  const one = series.filter(({ index, arm }) => arm === index)
  return (
    <svg width={30 * one.length} height="12" viewBox={`0 0 ${30 * one.length} 12`} aria-hidden="true">
      {one.map(({ index, colour, dash, marker }, i) => (
        <g key={index} transform={`translate(${30 * i} 0)`}>
          <path d="M0 6H26" stroke={colour} strokeWidth="2" strokeDasharray={dash} />
          <Marker shape={marker} x={13} y={6} colour={colour} />
        </g>
      ))}
    </svg>
  )
}
