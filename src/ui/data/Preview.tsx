import { useMemo } from 'react'
import type { OwnSet } from '../../file_protocol.ts'
import { previewOf } from '../../store/catalog.ts'
import { ImageGrid } from '../samples/ImageGrid.tsx'
import styles from './Data.module.css'

const most = 24

/** A few held-out images, each with its class. */
export function Preview({ set }: { set: OwnSet }) {
  const shown = useMemo(() => previewOf(set, most), [set])
  return (
    <div className={styles.preview}>
      {shown.map(({ image, label }, i) => (
        // oxlint-disable-next-line react/no-array-index-key -- images have no name of their own
        <figure key={i}>
          <ImageGrid label={label} images={image} count={1} channels={set.channels} size={set.size} />
          <figcaption title={label}>{label}</figcaption>
        </figure>
      ))}
    </div>
  )
}
