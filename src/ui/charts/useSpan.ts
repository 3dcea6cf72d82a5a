import { useMemo } from 'react'
import type { RunEvent } from '../../protocol.ts'
import { useDraft } from '../../store/draft.ts'
import { useShownRun } from '../../store/shown.ts'
import { eventsOf } from './overlay.ts'
import { useBesideRuns } from './series.ts'

const none: RunEvent[] = []

/** What charts over training steps span: how far any run on them has come and is to come, and what was changed under way. The same until one of these changes. */
export function useSpan(): { events: readonly RunEvent[]; step: number; steps: number } {
  const own = useShownRun(({ tick }) => tick?.events ?? none)
  const at = useShownRun(({ tick }) => tick?.step ?? 0)
  const planned = useDraft(({ config }) => config.train.steps)
  const until = useShownRun(({ tick }) => tick?.steps) ?? planned
  const beside = useBesideRuns()
  const events = useMemo(() => eventsOf(own, beside.map(({ seen, name }) => ({ events: seen.tick.events, name }))), [own, beside])
  return useMemo(() => {
    const ticks = beside.map(({ seen }) => seen.tick)
    return { events, step: Math.max(at, ...ticks.map(({ step }) => step)), steps: Math.max(until, ...ticks.map(({ steps }) => steps)) }
  }, [events, at, until, beside])
}
