import { useMemo, useState } from 'react'
import type { Pictures } from '../../panel.ts'
import { ImageGrid } from '../samples/ImageGrid.tsx'
import { PictureRow, toGreatest } from './PictureRow.tsx'
import styles from './PanelPlot.module.css'

/** Fewer are seen at one glance. */
const fewest = 4

/** Rows of pictures; where all have the same columns a slider goes through them and shows one of each row, larger. */
export function PictureRows({ rows }: { rows: readonly Pictures[] }) {
  const { captions } = rows[0]
  const alike = captions.length >= fewest && rows.every((row) => row.captions.join('\n') === captions.join('\n'))
  return (
    <>
      {alike && <Glance rows={rows} />}
      {rows.map((row) => <PictureRow key={row.label} pictures={row} />)}
    </>
  )
}

function Glance({ rows }: { rows: readonly Pictures[] }) {
  const { captions } = rows[0]
  const [wanted, setWanted] = useState(Math.floor(captions.length / 2))
  const column = Math.min(wanted, captions.length - 1)
  const shown = useMemo(() => rows.map(({ pixels, channels, size }) => {
    const each = channels * size * size
    return toGreatest(pixels.subarray(column * each, (column + 1) * each))
  }), [rows, column])
  return (
    <div className={`${styles.pictures} ${styles.glance}`}>
      <label>
        <span>{captions[column]}</span>
        <input type="range" min={0} max={captions.length - 1} value={column} aria-label="Which column of pictures" aria-valuetext={captions[column]} onChange={({ target }) => setWanted(Number(target.value))} />
      </label>
      <ul>
        {rows.map(({ label, channels, size }, i) => (
          <li key={label}>
            <ImageGrid label={`${label}: ${captions[column]}`} images={shown[i]} count={1} channels={channels} size={size} />
            <span data-words>{label}</span>
          </li>
        ))}
      </ul>
    </div>
  )
}
