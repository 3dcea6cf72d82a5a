import styles from './Lesson.module.css'

/** Stands where the charts would give the answer away. */
export function Cover() {
  return <p className={styles.cover}>The charts are covered until step 2 of the lesson has your prediction, and there is a run to look at.</p>
}
