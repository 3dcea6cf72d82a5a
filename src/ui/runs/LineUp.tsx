import { start } from '../../store/actions.ts'
import { setReplicas, useDraft } from '../../store/draft.ts'
import { designs, withDesigns, withSeeds } from '../../store/lineup.ts'
import { useRun } from '../../store/run.ts'
import { openDialog } from '../../store/ui.ts'
import styles from './Runs.module.css'

const seeds = 3

/** Ready-made comparisons: each sets the replicas and starts the run. */
export function LineUp() {
  const able = useRun(({ phase }) => phase !== 'probing' && phase !== 'obstacle' && phase !== 'starting')
  const config = useDraft((state) => state.config)
  const go = (replicas: typeof config.replicas) => {
    setReplicas(replicas)
    start()
  }
  return (
    <div className={styles.lineUp}>
      {designs.map(({ label, methods }) => (
        <button key={label} type="button" disabled={!able} title="Same seed, same batches" onClick={() => go(withDesigns(methods))}>Run {label}</button>
      ))}
      <button type="button" disabled={!able} onClick={() => go(withSeeds(config, seeds))}>Repeat with {seeds} seeds</button>
      <button type="button" onClick={() => openDialog('sweep')} aria-haspopup="dialog">Sweep …</button>
    </div>
  )
}
