import { useMemo } from 'react'
import type { Pictures } from '../../panel.ts'
import { ImageGrid } from '../samples/ImageGrid.tsx'
import styles from './PanelPlot.module.css'

/** Directions in pixel space have any length: each is shown at its own greatest contrast. */
export function PictureRow({ pictures: { label, channels, size, pixels, captions } }: { pictures: Pictures }) {
  const each = channels * size * size
  const scaled = useMemo(() => captions.map((_, i) => toGreatest(pixels.subarray(i * each, (i + 1) * each))), [pixels, captions, each])
  return (
    <div className={styles.pictures}>
      <h3 data-words>{label}</h3>
      <ul>
        {captions.map((caption, i) => (
          <li key={caption}>
            <ImageGrid label={`${label}: ${caption}`} images={scaled[i]} count={1} channels={channels} size={size} />
            <span data-words>{caption}</span>
          </li>
        ))}
      </ul>
      <p>Each picture is scaled to its own greatest value; grey is 0.</p>
    </div>
  )
}

export function toGreatest(pixels: Float32Array): Float32Array {
  const greatest = pixels.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
  return greatest > 0 ? pixels.map((value) => value / greatest) : pixels
}
