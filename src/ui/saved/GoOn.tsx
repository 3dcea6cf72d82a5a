import { resumeRun } from '../../store/saved.ts'
import { lastSaveOf, useSaves } from '../../store/saves.ts'
import { useRun } from '../../store/run.ts'
import { count } from '../numbers.ts'

/** After a fault that the page has not mended by itself (recovery.ts does so once, for a lost GPU): back to the last save. */
export function GoOn() {
  const runId = useRun(({ phase, tick }) => (phase === 'failed' ? (tick?.runId ?? null) : null))
  const run = useSaves((saves) => lastSaveOf(saves, runId))
  if (!runId || !run) return null
  return <button type="button" className="primary" onClick={() => resumeRun(run)}>Go on from step {count(run.step)}</button>
}
