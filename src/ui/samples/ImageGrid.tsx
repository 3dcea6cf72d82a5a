import { useEffect, useRef } from 'react'
import { mosaic } from './paint.ts'
import styles from './Samples.module.css'

interface Props {
  label: string
  images: Float32Array
  count: number
  channels: number
  size: number
}

/** Samples on a plain 2-D canvas. */
export function ImageGrid({ label, images, count, channels, size }: Props) {
  const canvas = useRef<HTMLCanvasElement>(null)
  useEffect(() => {
    const context = canvas.current?.getContext('2d')
    if (!context) return
    const picture = mosaic(images, count, channels, size)
    context.canvas.width = picture.width
    context.canvas.height = picture.height
    context.putImageData(new ImageData(picture.data, picture.width, picture.height), 0, 0)
  }, [images, count, channels, size])
  // oxlint-disable-next-line jsx-a11y/prefer-tag-over-role -- an <img> cannot be painted from floats without a copy
  return <canvas ref={canvas} className={styles.canvas} role="img" aria-label={label} />
}
