import { useRuns } from '../../store/runList.ts'
import { undoDelete } from '../../store/runs.ts'
import { openDialog, showView } from '../../store/ui.ts'
import { Kept } from '../saved/Kept.tsx'
import { RunCard } from './RunCard.tsx'
import { useEntries, useReference } from './useEntries.ts'
import styles from './Runs.module.css'

/** Every run there is: the one on the page, those before it, those that this browser keeps, the recorded one. */
export function RunList() {
  const entries = useEntries()
  const reference = useReference(entries)
  const undoable = useRuns((state) => state.undoable)
  return (
    <section className={styles.list} aria-label="Runs">
      <div className={styles.tools}>
        <button type="button" onClick={() => showView('runs')} disabled={entries.length === 0}>Compare in a table</button>
        <button type="button" onClick={() => openDialog('sweep')}>Sweep …</button>
      </div>
      {entries.length === 0 && <p>No run yet. Each one that you make is listed here, with its charts, and can be put beside others.</p>}
      <ul>{entries.map((entry) => <RunCard key={entry.id} entry={entry} reference={reference} />)}</ul>
      {undoable && <p className={styles.undo}>{undoable.name} is deleted. <button type="button" onClick={undoDelete}>Undo</button></p>}
      <Kept />
    </section>
  )
}
