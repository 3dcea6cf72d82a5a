/** A lost GPU comes back by itself, once: what breaks twice would break again. */
import { create } from 'zustand'
import { alone } from './actions.ts'
import { useRun } from './run.ts'
import { openRun } from './saved.ts'
import { lastSaveOf, useSaves } from './saves.ts'

interface Recovery {
  runId: string
  /** The step at which the GPU was lost, and the one from which the run goes on. */
  lost: number
  from: number
  message: string
}

interface RecoveryState {
  last: Recovery | null
  /** The visitor has read it. */
  read: boolean
}

export const useRecovery = create<RecoveryState>(() => ({ last: null, read: false }))

/** Goes on from the last save when the GPU is lost, if that has not been tried for this run. A run at rest stays at rest. */
export function watchRecovery(): () => void {
  const tried = new Set<string>()
  return useRun.subscribe(({ fault, tick }, before) => {
    if (fault?.kind !== 'device-lost' || fault === before.fault || !tick) return
    const { runId, step, state } = tick
    const save = lastSaveOf(useSaves.getState(), runId)
    if (!save || save.elsewhere || tried.has(runId)) return
    tried.add(runId)
    useRecovery.setState({ last: { runId, lost: fault.step ?? step, from: save.step, message: fault.message }, read: false })
    // It may have failed already: what was under way on the GPU can end before it is known why.
    if (state === 'running' && before.phase !== 'starting') void alone(() => openRun(save, false, true))
    else openRun(save, true, true)
  })
}

export const markRecoveryRead = () => useRecovery.setState({ read: true })
