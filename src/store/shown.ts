/** What the charts show: the visitor's run or, before there is one, a recorded run of the experiment on the page. */
import { create } from 'zustand'
import type { StudyRecord } from '../record_schema.ts'
import { presets } from './catalog.ts'
import { useDraft } from './draft.ts'
import { type RunState, useRun } from './run.ts'

export interface ShownRun extends Pick<RunState, 'tick' | 'measurements' | 'losses'> {
  /** Where a recorded run comes from; null for the visitor's own. */
  record: StudyRecord | null
}

interface RecordedState {
  run: ShownRun | null
  /** Why there is none, in one sentence. */
  problem: string | null
}

/** Filled by recorded.ts, after the first paint. */
export const useRecorded = create<RecordedState>(() => ({ run: null, problem: null }))

/** A recorded run is shown for the experiment that it is of, whatever knob has been moved since; where nothing can be trained it is shown in any case. */
export function isRecordedShown({ tick, phase }: Pick<RunState, 'tick' | 'phase'>, preset: string | null, run: ShownRun | null): boolean {
  if (run === null || tick !== null || phase === 'starting') return false
  return phase === 'obstacle' || presets.find(({ id }) => id === preset)?.study === run.record?.study
}

export function shownRun(state: RunState, preset: string | null, run: ShownRun | null): ShownRun {
  return isRecordedShown(state, preset, run) ? run! : { tick: state.tick, measurements: state.measurements, losses: state.losses, record: null }
}

export function useShownRun<T>(select: (shown: ShownRun) => T): T {
  const recorded = useRecorded(({ run }) => run)
  const preset = useDraft((state) => state.preset)
  return useRun((state) => select(shownRun(state, preset, recorded)))
}

export const shownNow = (): ShownRun => shownRun(useRun.getState(), useDraft.getState().preset, useRecorded.getState().run)
