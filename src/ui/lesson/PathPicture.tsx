import { useMemo } from 'react'
import { useLesson } from '../../store/lesson.ts'
import { fixed } from '../numbers.ts'
import { ImageGrid } from '../samples/ImageGrid.tsx'
import { mixed } from './mix.ts'
import { useImage } from './useImage.ts'
import styles from './Lesson.module.css'

/** An image mixed with noise, at the level that the first step's slider has. */
export default function PathPicture() {
  const { x0, channels, size, noises: [noise] } = useImage()
  const t = useLesson((state) => state.t)
  const images = useMemo(() => mixed(x0, noise, t), [x0, noise, t])
  return <div className={styles.alone}><ImageGrid label={t === 0 ? 'A clean image' : `An image mixed with noise at t = ${fixed(t, 2)}`} images={images} count={1} channels={channels} size={size} /></div>
}
