import styles from './Controls.module.css'

/** Marks a knob that acts on the next step of a running run. */
export function LiveMark() {
  return (
    <span className={styles.live} title="Acts at once on a running run">
      <svg viewBox="0 0 8 12" width="7" height="10" aria-hidden="true"><path d="M5 0L0 7h3l-1 5 6-7.500H5z" fill="currentColor" /></svg>
      <span className="visually-hidden">, live</span>
    </span>
  )
}
