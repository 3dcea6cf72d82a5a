import { useEffect } from 'react'
import { decline, discardRun, markRead, resumeRun, watchSaves } from '../../store/saved.ts'
import { nameOf, offerOf, useSaves } from '../../store/saves.ts'
import { useRun } from '../../store/run.ts'
import { count } from '../numbers.ts'
import banner from '../states/Banners.module.css'
import { when } from './when.ts'

/** What is kept and unfinished, for a visitor who comes back; and why a run is not kept, where that is so. */
export function SavedOffer() {
  useEffect(watchSaves, [])
  const phase = useRun((state) => state.phase)
  const run = useSaves((saves) => offerOf(saves, phase))
  const problem = useSaves((saves) => (saves.problem !== saves.read ? saves.problem : null))
  const inMemory = useSaves(({ unstored }) => unstored?.run.step ?? null)
  return (
    <>
      {run && (
        <section className={banner.notice} aria-label="A run to go on with">
          <p><b>{nameOf(run.config)}</b> stopped at step {count(run.step)} of {count(run.steps)}, kept {when(run.savedAt)}.</p>
          <div className={banner.actions}>
            <button type="button" className="primary" onClick={() => resumeRun(run)}>Resume at step {count(run.step)}</button>
            <button type="button" onClick={() => discardRun(run.id)}>Discard</button>
            <button type="button" className="quiet" onClick={() => decline(run.id)}>Not now</button>
          </div>
        </section>
      )}
      {problem && (
        <section className={banner.notice} role="alert">
          <p>{problem}{inMemory !== null && ` The run is in this tab’s memory, at step ${count(inMemory)}, and is gone when the tab is closed.`}</p>
          <div className={banner.actions}><button type="button" onClick={() => markRead(problem)}>All right</button></div>
        </section>
      )}
    </>
  )
}
