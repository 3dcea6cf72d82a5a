import type { Config, ReplicaConfig } from '../../config.ts'
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
  const go = (replicas: ReplicaConfig[]) => {
    setReplicas(replicas)
    start()
  }
  const repeated = repeatedFor(config)
  return (
    <div className={styles.lineUp}>
      {designs.map(({ label, methods }) => (
        <button key={label} type="button" disabled={!able} title="Same seed, same batches" onClick={() => go(withDesigns(methods))}>Run {label}</button>
      ))}
      <button type="button" disabled={!able || typeof repeated === 'string'} onClick={() => typeof repeated !== 'string' && go(repeated)}>Repeat with {seeds} seeds</button>
      <button type="button" onClick={() => openDialog('sweep')} aria-haspopup="dialog">Sweep …</button>
      {typeof repeated === 'string' && <p>No repeat: {repeated}</p>}
    </div>
  )
}

/** The replicas, or why there are none. */
function repeatedFor(config: Config): ReplicaConfig[] | string {
  try {
    return withSeeds(config, seeds)
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}
