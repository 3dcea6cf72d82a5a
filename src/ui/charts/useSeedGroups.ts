import { useMemo } from 'react'
import { useDraft } from '../../store/draft.ts'
import { seedGroups } from '../../config.ts'
import { useShownRun } from '../../store/shown.ts'
import { useUi } from '../../store/ui.ts'

const none: number[][] = []

/** Replicas that differ only in seed, if the page shows them together; the same array until that changes. */
export function useSeedGroups(): number[][] {
  const running = useShownRun(({ tick }) => (tick ? JSON.stringify(seedGroups(tick.config)) : null))
  const drafted = useDraft(({ config }) => JSON.stringify(seedGroups(config)))
  const together = useUi(({ seedView }) => seedView === 'together')
  const key = running ?? drafted
  return useMemo(() => (together ? (JSON.parse(key) as number[][]) : none), [key, together])
}
