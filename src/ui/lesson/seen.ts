/** What the page can tell of what the student does; a step is done when its observable is there, however it came about. */
import { useEffect, useMemo } from 'react'
import { useShallow } from 'zustand/react/shallow'
import { methodIdOf } from '../../store/replicas.ts'
import { useDraft } from '../../store/draft.ts'
import { markDone, useLesson } from '../../store/lesson.ts'
import { useShownRun } from '../../store/shown.ts'
import { announce, setLossView, setReading, showView, useUi } from '../../store/ui.ts'
import { useMedia } from '../useMedia.ts'
import { type Figures, figuresOf } from './figures.ts'
import type { Step } from './step.ts'

/** The figures of the run that the charts show. */
export function useFigures(): Figures | null {
  const shown = useShownRun(useShallow(({ tick, measurements, losses, record }) => ({ tick, measurements, losses, record })))
  return useMemo(() => figuresOf(shown), [shown])
}

/** Watches for what the step asks to be done, once it has been predicted. */
export function useObserved({ id, do: task }: Step, figures: Figures | null): void {
  const shown = useShownRun(useShallow(({ tick, measurements, losses, record }) => ({ tick, measurements, losses, record })))
  const ui = useUi(useShallow(({ view, lossView, reading, hidden }) => ({ view, lossView: reading === 'denoiser' ? reading : lossView, hidden })))
  const tMin = useDraft(({ config }) => config.objective.tMin)
  const revealed = useLesson((state) => state.revealed)
  const waiting = useLesson(({ progress }) => progress[id]?.predicted !== undefined && !progress[id]?.did)
  const done = waiting && task.done?.({ shown, figures, tMin, revealed, ...ui }) === true
  useEffect(() => {
    if (!done) return
    markDone(id)
    announce('Done. A question follows.')
  }, [done, id])
}

/** Puts the page as the step finds it, when the visitor comes to it. */
export function useEntering({ id, view, alone, plain }: Step): void {
  const narrow = useMedia('(max-width: 56em)')
  useEffect(() => {
    const { did } = useLesson.getState().progress[id] ?? {}
    if (did) return
    showView(narrow ? (alone ?? (view === 'overview' ? 'lossByT' : view)) : view)
    setLossView('raw')
    setReading(null)
  }, [id, view, alone, narrow])

  // Who else is there would answer what is only asked later. A new run brings new replicas.
  const others = useShownRun(({ tick }) => {
    const methods = tick?.config.replicas.map((replica) => methodIdOf(tick.config, replica)) ?? []
    return methods.includes('fm') ? methods.flatMap((method, index) => (method === 'fm' ? [] : [index])).join(' ') : ''
  })
  useEffect(() => {
    const { did } = useLesson.getState().progress[id] ?? {}
    const hide = plain && !(id === 'lcf' && did) && others !== ''
    showOnly(hide ? others.split(' ').map(Number) : [])
    return () => showOnly([])
  }, [id, plain, others])
}

function showOnly(hidden: number[]): void {
  useUi.setState({ hidden })
}
