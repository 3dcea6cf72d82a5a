import { useMemo } from 'react'
import type { Axis, Panel } from '../../panel.ts'
import { HeatMapChart } from './HeatMapChart.tsx'
import { Marker } from './Marker.tsx'
import { PanelChart } from './PanelChart.tsx'
import { PlaneFigure } from '../plane/PlaneFigure.tsx'
import { PanelDots } from './PanelDots.tsx'
import { PictureRows } from './PictureRows.tsx'
import { type PanelAxes, type PanelLine, briefly, isNoiseLevel, measuredOnce, notShown, write } from './panel.ts'
import { useMedia } from '../useMedia.ts'
import styles from './PanelPlot.module.css'

interface Props {
  panel: Panel
  lines: readonly PanelLine[]
  axes: PanelAxes
  /** In a small cell only the lines are drawn, and only short names at their ends. */
  compact: boolean
}

const inWords = ({ label, scale }: Axis) => `${label}${scale === 'log' ? ', log' : ''}`

/** What a panel holds: the plane, then lines, then numbers over two axes, then pictures. In a small cell the plane stands for the lines. */
export function PanelPlot({ panel, lines, axes, compact }: Props) {
  const narrow = useMedia('(max-width: 56em)')
  const longestName = compact || narrow ? 14 : 24
  const { drawn, once, keyed } = useMemo(() => {
    const all = briefly(lines, longestName)
    const ending = all.filter(({ points }) => points.some(({ y }) => y !== null))
    // Names that are too long or too many for the line ends stand below.
    const place = measuredOnce(all)
    const beneath = place !== null ? ending.filter(({ marker }) => !marker) : ending.length > (compact ? 7 : 12) ? ending : ending.filter(({ label }) => label.length > longestName)
    return { drawn: all, once: place, keyed: beneath }
  }, [lines, longestName, compact])
  const missing = notShown(panel)
  const maps = compact && panel.curves.length > 0 ? [] : (panel.heat ?? [])
  return (
    <>
      {panel.plane && <PlaneFigure plane={panel.plane} compact={compact} />}
      {panel.curves.length > 0 && !(compact && panel.plane) && (
        <div className={styles.lines}>
          {once === null ? (
            <>
              <p className="axis-name">{inWords(panel.y)}{missing > 0 && `; ${missing} values ≤ 0 not shown`}</p>
              <PanelChart panel={panel} lines={drawn} axes={axes} keyed={keyed} least={compact ? '7.25rem' : '13rem'} />
              <p className="axis-name x">{isNoiseLevel(panel.x) ? `clean ← noise level t${panel.x.scale === 'log' ? ', log' : ''} → noise` : inWords(panel.x)}</p>
            </>
          ) : (
            <>
              <p className="axis-name">measured once, at {panel.x.label} {write(panel.x, once)}{missing > 0 && `; ${missing} values ≤ 0 not shown`}</p>
              <PanelDots panel={panel} lines={drawn} axes={axes} />
              <p className="axis-name x">{inWords(panel.y)}</p>
            </>
          )}
          {keyed.length > 0 && (
            <ul className={styles.key} aria-hidden="true">
              {keyed.filter(({ arm }, i) => keyed.findIndex((other) => other.arm === arm) === i).map(({ key, arm, colour, dash, marker, rank }) => (
                <li key={key}>
                  <svg data-figure width="24" height="8" viewBox="0 0 24 8">
                    <path d="M0 4H24" stroke={colour} strokeWidth="2" strokeDasharray={dash} />
                    {marker && <Marker shape={marker} x={12} y={4} size={rank > 1 ? 2 : 3} colour={colour} hollow={rank === 1} />}
                  </svg>
                  <span data-words>{arm}</span>
                </li>
              ))}
            </ul>
          )}
        </div>
      )}
      {maps.map((map, i) => <HeatMapChart key={`${i} ${map.label}`} map={map} beside={panel.heat} />)}
      {!compact && panel.pictures && panel.pictures.length > 0 && <PictureRows rows={panel.pictures} />}
    </>
  )
}
