import { useMemo } from 'react'
import type { Panel } from '../../protocol.ts'
import { HeatMapChart } from './HeatMapChart.tsx'
import { Marker } from './Marker.tsx'
import { PanelChart } from './PanelChart.tsx'
import { PlaneFigure } from '../plane/PlaneFigure.tsx'
import { PictureRow } from './PictureRow.tsx'
import { type PanelAxes, type PanelLine, briefly, isNoiseLevel, notShown } from './panel.ts'
import { useMedia } from '../useMedia.ts'
import styles from './PanelPlot.module.css'

interface Props {
  panel: Panel
  lines: readonly PanelLine[]
  axes: PanelAxes
  /** In a small cell only the lines are drawn, and only short names at their ends. */
  compact: boolean
}

/** What a panel holds: the plane, then lines, then numbers over two axes, then pictures. In a small cell the plane stands for the lines. */
export function PanelPlot({ panel, lines, axes, compact }: Props) {
  const narrow = useMedia('(max-width: 56em)')
  const longestName = compact || narrow ? 14 : 24
  const { drawn, keyed } = useMemo(() => {
    const all = briefly(lines, longestName)
    const ending = all.filter(({ points }) => points.some(({ y }) => y !== null))
    // Names that are too long or too many for the line ends stand below.
    return { drawn: all, keyed: ending.length > (compact ? 7 : 12) ? ending : ending.filter(({ label }) => label.length > longestName) }
  }, [lines, longestName, compact])
  const missing = notShown(panel)
  const maps = compact && panel.curves.length > 0 ? [] : (panel.heat ?? [])
  return (
    <>
      {panel.plane && <PlaneFigure plane={panel.plane} compact={compact} />}
      {panel.curves.length > 0 && !(compact && panel.plane) && (
        <div className={styles.lines}>
          <p className="axis-name">{panel.y.label}{panel.y.scale === 'log' ? ', log' : ''}{missing > 0 && `; ${missing} values ≤ 0 not shown`}</p>
          <PanelChart panel={panel} lines={drawn} axes={axes} keyed={keyed} />
          <p className="axis-name x">{isNoiseLevel(panel.x) ? `clean ← noise level t${panel.x.scale === 'log' ? ', log' : ''} → noise` : `${panel.x.label}${panel.x.scale === 'log' ? ', log' : ''}`}</p>
          {keyed.length > 0 && (
            <ul className={styles.key} aria-hidden="true">
              {keyed.map(({ key, label, colour, dash, marker, rank }) => (
                <li key={key}>
                  <svg data-figure width="24" height="8" viewBox="0 0 24 8">
                    <path d="M0 4H24" stroke={colour} strokeWidth="2" strokeDasharray={dash} />
                    {marker && <Marker shape={marker} x={12} y={4} size={rank > 1 ? 2 : 3} colour={colour} hollow={rank === 1} />}
                  </svg>
                  <span data-words>{label}</span>
                </li>
              ))}
            </ul>
          )}
        </div>
      )}
      {maps.map((map) => <HeatMapChart key={map.label} map={map} />)}
      {!compact && panel.pictures?.map((pictures) => <PictureRow key={pictures.label} pictures={pictures} />)}
    </>
  )
}
