import { useEffect, useMemo } from 'react'
import { useShallow } from 'zustand/react/shallow'
import { useRun } from '../../store/run.ts'
import { type RunEntry, listRuns, useRuns } from '../../store/runList.ts'
import { lookUp } from '../../store/runs.ts'
import { useSaves } from '../../store/saves.ts'
import { useRecorded, useShownRun } from '../../store/shown.ts'

/** The list of runs as it is now. Charts of those that the browser keeps are read once. */
export function useEntries(): RunEntry[] {
  const run = useRun(useShallow(({ tick, losses, measurements }) => ({ tick, losses, measurements })))
  const { past, deleted, names } = useRuns(useShallow((state) => ({ past: state.past, deleted: state.deleted, names: state.names })))
  const saves = useSaves(useShallow(({ runs, unstored }) => ({ runs, unstored })))
  const recorded = useRecorded((state) => state.run)
  const entries = useMemo(() => listRuns({ run, past, saves, recorded, deleted, names }), [run, past, saves, recorded, deleted, names])
  const unread = entries.filter(({ seen, save }) => !seen && save).map(({ id }) => id).join(' ')
  useEffect(() => {
    if (unread !== '') lookUp(entries)
    // Asked once for each: `unread` names them all.
    // oxlint-disable-next-line react-hooks/exhaustive-deps
  }, [unread])
  return entries
}

/** The one that others are told against: the pinned one, else the one that the charts are about. */
export function useReference(entries: readonly RunEntry[]): RunEntry | undefined {
  const pinned = useRuns((state) => state.pinned)
  const centre = useShownRun(({ tick }) => tick?.runId)
  return entries.find(({ id }) => id === pinned) ?? entries.find(({ id }) => id === centre)
}
