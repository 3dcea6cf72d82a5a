import { useMemo } from 'react'
import { actsAtOnce, applyLive, discardChanges, restart } from '../../store/actions.ts'
import { type Change, liveChanges, restartChanges } from '../../store/changes.ts'
import { useDraft } from '../../store/draft.ts'
import { hasRun, useRun } from '../../store/run.ts'
import styles from './RunBar.module.css'

/** Shown in the bar itself; the rest unfolds. */
const first = 2

/** Says what on the page is not what the GPU is training. */
export function PendingChanges() {
  const phase = useRun((state) => state.phase)
  const running = useRun(({ tick }) => (tick ? JSON.stringify(tick.config) : null)) // text: a tick brings a new object each time
  const draft = useDraft((state) => state.config)
  const problem = useDraft((state) => state.problem)
  const refused = useRun(({ plan }) => plan?.plan.refusal !== undefined)
  const detached = useDraft((state) => state.detached)
  const waiting = !actsAtOnce(phase, detached)
  const [fixed, live] = useMemo(() => {
    const there = running ? JSON.parse(running) : null
    return there ? [restartChanges(draft, there), waiting ? liveChanges(draft, there) : []] : [[], []]
  }, [draft, running, waiting])
  const changes = [...fixed, ...live]
  if (!hasRun(phase) || changes.length === 0) return null
  const words = ({ title, from, to }: Change) => `${title} ${from} → ${to}`
  return (
    <section className={styles.pending} aria-label="Changes not applied">
      <div>
        Changes not applied: <b>{changes.slice(0, first).map(words).join(', ')}</b>
        {changes.length > first && (
          <details>
            <summary>and {changes.length - first} more</summary>
            <ul>{changes.slice(first).map((change) => <li key={change.title}>{words(change)}</li>)}</ul>
          </details>
        )}
        {phase === 'finished' && live.length > 0 && <p>“Train longer” applies {live.map(({ title }) => title).join(', ')}{fixed.length > 0 && '; the rest waits for a restart'}.</p>}
      </div>
      <button type="button" onClick={restart} disabled={refused || problem !== null}>Restart with changes</button>
      {live.length > 0 && fixed.length === 0 && phase !== 'finished' && <button type="button" onClick={applyLive}>Apply now</button>}
      <button type="button" className="quiet" onClick={discardChanges}>Discard</button>
    </section>
  )
}
