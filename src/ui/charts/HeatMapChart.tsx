import { memo } from 'react'
import type { HeatMap } from '../../panel.ts'
import { short } from '../numbers.ts'
import { colourAt, heatScale, heatSentence, labelled } from './heat.ts'
import { write } from './panel.ts'
import styles from './PanelPlot.module.css'

const width = 480
const left = 56
const right = 74
const top = 6
const bottom = 34
const parts = 24

/** Numbers over two axes as colours, each cell the same size whatever its axis; one scale with those beside; the numbers are in the table. */
export const HeatMapChart = memo(function HeatMapChart({ map, beside = [] }: { map: HeatMap; beside?: readonly HeatMap[] }) {
  const rows = map.y.at.length
  const columns = map.x.at.length
  const inner = Math.min(260, Math.max(90, rows * 22))
  const height = top + inner + bottom
  const [w, h] = [(width - left - right) / columns, inner / rows]
  const scale = heatScale([map, ...beside])
  const everyX = labelled(columns, 9)
  const everyY = labelled(rows, inner / 16)
  const atX = (i: number) => left + i * w
  const atY = (i: number) => top + inner - (i + 1) * h // least at the bottom
  return (
    <div className={styles.heat}>
      <h3 data-words>{map.label}{map.unit && <small>, {map.unit}</small>}</h3>
      {/* oxlint-disable-next-line jsx-a11y/prefer-tag-over-role -- an <img> would know none of the page's colours */}
      <svg data-figure viewBox={`0 0 ${width} ${height}`} role="img" aria-label={heatSentence(map)}>
        {map.values.map((values, row) => values.map((value, column) => {
          const share = scale.share(value)
          return (
            <rect key={`${row} ${column}`} x={atX(column)} y={atY(row)} width={w + 0.3} height={h + 0.3} fill={share === null ? 'none' : colourAt(share)}>
              <title>{`${map.y.label} ${write(map.y, map.y.at[row])}, ${map.x.label} ${write(map.x, map.x.at[column])}: ${short(value)}${map.unit && ` ${map.unit}`}`}</title>
            </rect>
          )
        }))}
        {map.x.at.map((at, i) => (i % everyX === 0 ? <text key={at} x={atX(i) + w / 2} y={top + inner + 13} textAnchor="middle">{write(map.x, at)}</text> : null))}
        {map.y.at.map((at, i) => (i % everyY === 0 ? <text key={at} x={left - 5} y={atY(i) + h / 2} dy="0.35em" textAnchor="end">{write(map.y, at)}</text> : null))}
        <text x={left + (width - left - right) / 2} y={height - 5} textAnchor="middle">{map.x.label}</text>
        <text x={11} y={top + inner / 2} textAnchor="middle" transform={`rotate(-90 11 ${top + inner / 2})`}>{map.y.label}</text>
        {Array.from({ length: parts }, (_, i) => <rect key={i} x={width - right + 12} y={top + inner * (1 - (i + 1) / parts)} width="10" height={inner / parts + 0.3} fill={colourAt((i + 0.5) / parts)} />)}
        {scale.low <= scale.high && (
          <>
            <text x={width - right + 26} y={top + 8}>{short(scale.high)}</text>
            <text x={width - right + 26} y={top + inner}>{short(scale.low)}</text>
            {scale.log && <text x={width - right + 26} y={top + inner / 2} dy="0.35em">log</text>}
          </>
        )}
      </svg>
    </div>
  )
})
