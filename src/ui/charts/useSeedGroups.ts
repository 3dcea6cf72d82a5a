import { useMemo } from 'react'
import { seedGroups } from '../../config.ts'
import { useDraft } from '../../store/draft.ts'
import { useOverlaid, useShownRun } from '../../store/shown.ts'
import { useUi } from '../../store/ui.ts'

const none: number[][] = []

/** Replicas that differ only in seed, run by run, by their place among all on the charts; if the page shows them together. The same array until that changes. */
export function useSeedGroups(): number[][] {
  const groups = useGroups()
  const together = useUi(({ seedView }) => seedView === 'together')
  return together ? groups : none
}

/** The same, whether they are shown together or not. */
export function useGroups(): number[][] {
  const running = useShownRun(({ tick }) => (tick ? JSON.stringify(seedGroups(tick.config)) : null))
  const drafted = useDraft(({ config }) => JSON.stringify(seedGroups(config)))
  const overlaid = useOverlaid()
  const key = running ?? drafted
  return useMemo(() => {
    const parts = [JSON.parse(key) as number[][], ...overlaid.map(({ tick }) => seedGroups(tick.config))]
    const before = (i: number) => parts.slice(0, i).flat(2).length
    return parts.flatMap((groups, i) => groups.map((group) => group.map((index) => index + before(i))))
  }, [key, overlaid])
}
