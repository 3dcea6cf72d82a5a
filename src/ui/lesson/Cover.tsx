import styles from './Lesson.module.css'

/** On a phone the lesson stands above the chart. */
export function BackToLesson() {
  return <button type="button" className={`quiet ${styles.jump}`} onClick={() => document.getElementById('lesson')?.scrollIntoView({ block: 'end' })}>↑ Back to the lesson</button>
}

/** Stands where the charts would give the answer away. */
export function Cover() {
  return <p className={styles.cover}>The charts are covered until step 2 of the lesson has your prediction, and there is a run to look at.</p>
}
