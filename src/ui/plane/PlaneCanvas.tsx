import { useEffect, useRef, useState } from 'react'
import { useMedia } from '../useMedia.ts'
import { useUi } from '../../store/ui.ts'
import { inksOf, paintPlane, type Scene } from './paint.ts'
import styles from './Plane.module.css'

interface Props extends Omit<Scene, 'inks'> {
  label: string
}

/** One view of the plane, as large as its place and as sharp as the screen. */
export function PlaneCanvas({ label, ...scene }: Props) {
  const canvas = useRef<HTMLCanvasElement>(null)
  const [size, setSize] = useState(0)
  const theme = useUi((state) => state.theme)
  const dark = useMedia('(prefers-color-scheme: dark)')
  useEffect(() => {
    const observer = new ResizeObserver(([{ contentRect }]) => setSize(Math.round(contentRect.width)))
    observer.observe(canvas.current!)
    return () => observer.disconnect()
  }, [])
  useEffect(() => {
    const context = canvas.current?.getContext('2d')
    if (!context || size === 0) return
    const ratio = Math.min(3, devicePixelRatio)
    const pixels = Math.round(size * ratio)
    if (context.canvas.width !== pixels) context.canvas.width = context.canvas.height = pixels
    context.setTransform(ratio, 0, 0, ratio, 0, 0)
    paintPlane(context, size, { ...scene, inks: inksOf(context.canvas) })
  }, [scene, size, theme, dark])
  // oxlint-disable-next-line jsx-a11y/prefer-tag-over-role -- an <img> cannot be painted without a copy
  return <canvas ref={canvas} className={styles.canvas} role="img" aria-label={label} />
}
