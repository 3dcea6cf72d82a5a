/** What the charts show: the visitor's run or, before there is one, a recorded run of the experiment on the page; and other runs beside it. */
import { useMemo } from 'react'
import { create } from 'zustand'
import type { StudyRecord } from '../record_schema.ts'
import { presets } from './catalog.ts'
import { useDraft } from './draft.ts'
import { type RunState, useRun } from './run.ts'
import { useTeach } from './teach.ts'

export interface ShownRun extends Pick<RunState, 'tick' | 'measurements' | 'losses'> {
  /** Where a recorded run comes from; null for the visitor's own. */
  record: StudyRecord | null
}

/** A run of which there is something to see. */
export interface SeenRun extends ShownRun {
  tick: NonNullable<ShownRun['tick']>
}

interface RecordedState {
  run: SeenRun | null
  /** Why there is none, in one sentence. */
  problem: string | null
}

/** Filled by recorded.ts, after the first paint. */
export const useRecorded = create<RecordedState>(() => ({ run: null, problem: null }))

/** Runs that the visitor has put on the charts beside the one on the page; runs.ts decides which. */
export const useBeside = create<{ runs: readonly SeenRun[] }>(() => ({ runs: [] }))

/**
 * A recorded run is shown for the experiment that it is of, whatever knob has been moved since; where nothing can be trained, and where a
 * link asks for it, it is shown in any case.
 */
export function isRecordedShown({ tick, phase }: Pick<RunState, 'tick' | 'phase'>, preset: string | null, run: ShownRun | null, asked: string | null = null): boolean {
  if (run === null || tick !== null || phase === 'starting') return false
  return run.record?.study === asked || phase === 'obstacle' || presets.find(({ id }) => id === preset)?.study === run.record?.study
}

/** The run that the charts are about; with none on the page, the first of those beside it. `asked` is the study that a link names. */
export function shownRun(state: RunState, preset: string | null, run: SeenRun | null, beside: readonly SeenRun[], asked: string | null): ShownRun {
  if (isRecordedShown(state, preset, run, asked)) return run!
  if (state.tick === null && state.phase !== 'starting' && beside.length > 0) return beside[0]
  return { tick: state.tick, measurements: state.measurements, losses: state.losses, record: null }
}

export function useShownRun<T>(select: (shown: ShownRun) => T): T {
  const recorded = useRecorded(({ run }) => run)
  const asked = useTeach(({ run }) => run)
  const preset = useDraft((state) => state.preset)
  const beside = useBeside(({ runs }) => runs)
  return useRun((state) => select(shownRun(state, preset, recorded, beside, asked)))
}

export const shownNow = (): ShownRun => shownRun(useRun.getState(), useDraft.getState().preset, useRecorded.getState().run, useBeside.getState().runs, useTeach.getState().run)

const others = (beside: readonly SeenRun[], centre: string | undefined) => (beside.some(({ tick }) => tick.runId === centre) ? beside.filter(({ tick }) => tick.runId !== centre) : beside)

/** Those beside the run that the charts are about; the same array until it changes. */
export function useOverlaid(): readonly SeenRun[] {
  const centre = useShownRun(({ tick }) => tick?.runId)
  const beside = useBeside(({ runs }) => runs)
  return useMemo(() => others(beside, centre), [beside, centre])
}

export const overlaidNow = (): readonly SeenRun[] => others(useBeside.getState().runs, shownNow().tick?.runId)
