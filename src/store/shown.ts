/** What the charts show: the visitor's run or, before there is one, a recorded run of the experiment on the page; and other runs beside it. */
import { useMemo } from 'react'
import { create } from 'zustand'
import type { StudyRecord } from '../record_schema.ts'
import { presets } from './catalog.ts'
import { type DraftState, useDraft } from './draft.ts'
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

type Draft = Pick<DraftState, 'preset' | 'config'>

/**
 * A recorded run is shown for the experiment that it is of, and where a link asks for it, whatever knob has been moved since but the choice of
 * data: nobody is to read one data set's charts as another's. Where nothing can be trained it is shown in any case, and the page says of what it is.
 */
export function isRecordedShown({ tick, phase }: Pick<RunState, 'tick' | 'phase'>, draft: Draft, run: ShownRun | null, asked: string | null = null): boolean {
  if (run === null || tick !== null || phase === 'starting') return false
  if (phase === 'obstacle') return true
  const meant = run.record?.study === asked || presets.find(({ id }) => id === draft.preset)?.study === run.record?.study
  return meant && !isOfOtherData(run, draft)
}

export const isOfOtherData = ({ tick }: ShownRun, { config }: Draft) => tick !== null && tick.config.data.dataset !== config.data.dataset

/** The run that the charts are about; with none on the page, the first of those beside it. `asked` is the study that a link names. */
export function shownRun(state: RunState, draft: Draft, run: SeenRun | null, beside: readonly SeenRun[], asked: string | null): ShownRun {
  if (isRecordedShown(state, draft, run, asked)) return run!
  if (state.tick === null && state.phase !== 'starting' && beside.length > 0) return beside[0]
  return { tick: state.tick, measurements: state.measurements, losses: state.losses, record: null }
}

export function useShownRun<T>(select: (shown: ShownRun) => T): T {
  const recorded = useRecorded(({ run }) => run)
  const asked = useTeach(({ run }) => run)
  const preset = useDraft((state) => state.preset)
  const config = useDraft((state) => state.config)
  const beside = useBeside(({ runs }) => runs)
  return useRun((state) => select(shownRun(state, { preset, config }, recorded, beside, asked)))
}

export const shownNow = (): ShownRun => shownRun(useRun.getState(), useDraft.getState(), useRecorded.getState().run, useBeside.getState().runs, useTeach.getState().run)

const others = (beside: readonly SeenRun[], centre: string | undefined) => (beside.some(({ tick }) => tick.runId === centre) ? beside.filter(({ tick }) => tick.runId !== centre) : beside)

/** Those beside the run that the charts are about; the same array until it changes. */
export function useOverlaid(): readonly SeenRun[] {
  const centre = useShownRun(({ tick }) => tick?.runId)
  const beside = useBeside(({ runs }) => runs)
  return useMemo(() => others(beside, centre), [beside, centre])
}

export const overlaidNow = (): readonly SeenRun[] => others(useBeside.getState().runs, shownNow().tick?.runId)
