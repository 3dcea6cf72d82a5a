import { useMemo } from 'react'
import { discardChanges, restart } from '../../store/actions.ts'
import { restartChanges } from '../../store/changes.ts'
import { useDraft } from '../../store/draft.ts'
import { hasRun, useRun } from '../../store/run.ts'
import styles from './RunBar.module.css'

/** Says what on the page is not what the GPU is training. */
export function PendingChanges() {
  const there = useRun(({ phase }) => hasRun(phase))
  const running = useRun(({ tick }) => (tick ? JSON.stringify(tick.config) : null)) // text: a tick brings a new object each time
  const draft = useDraft((state) => state.config)
  const problem = useDraft((state) => state.problem)
  const changes = useMemo(() => (running ? restartChanges(draft, JSON.parse(running)) : []), [draft, running])
  if (!there || changes.length === 0) return null
  const shown = changes.slice(0, 2).map(({ title, from, to }) => `${title} ${from} → ${to}`).join(', ')
  return (
    <section className={styles.pending} aria-label="Changes not applied">
      <p>Changes not applied: <b>{shown}</b>{changes.length > 2 && ` and ${changes.length - 2} more`}</p>
      <button type="button" onClick={restart} disabled={problem !== null}>Restart with changes</button>
      <button type="button" className="quiet" onClick={discardChanges}>Discard</button>
    </section>
  )
}
