import { Suspense, lazy } from 'react'
import { useLesson } from '../../store/lesson.ts'
import { useMedia } from '../useMedia.ts'
import styles from './Lesson.module.css'

const PathPicture = lazy(() => import('./PathPicture.tsx'))

/** On a phone the lesson stands above the chart. */
export function BackToLesson() {
  return <button type="button" className={`quiet ${styles.jump}`} onClick={() => document.getElementById('lesson')?.scrollIntoView({ block: 'end' })}>↑ Back to the lesson</button>
}

/** Stands where the charts would give the answer away: the first step's picture, where there is room beside it, or words. */
export function Cover() {
  const narrow = useMedia('(max-width: 56em)')
  const first = useLesson(({ at }) => at === 'path')
  return (
    <div className={styles.cover}>
      {first && !narrow ? <Suspense><PathPicture /></Suspense> : <p>The charts are covered until step 2 of the lesson has your prediction, and there is a run to look at.</p>}
    </div>
  )
}
