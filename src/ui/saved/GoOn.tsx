import { resumeRun } from '../../store/saved.ts'
import { lastSaveOf, useSaves } from '../../store/saves.ts'
import { useRun } from '../../store/run.ts'
import { count } from '../numbers.ts'

/** After a fault: back to the last save. Never by itself, for what broke once may break again. */
export function GoOn() {
  const runId = useRun(({ phase, tick }) => (phase === 'failed' ? (tick?.runId ?? null) : null))
  const run = useSaves((saves) => lastSaveOf(saves, runId))
  if (!runId || !run) return null
  return <button type="button" className="primary" onClick={() => resumeRun(run)}>Go on from step {count(run.step)}</button>
}
