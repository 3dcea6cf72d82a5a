/** How each replica is told apart on every chart: colour by method, marker by method, dash for a second one of the same. */
import { useMemo } from 'react'
import { methodOf } from '../../store/catalog.ts'
import { methodIdOf, replicaLabel } from '../../store/replicas.ts'
import { useDraft } from '../../store/draft.ts'
import { useRun } from '../../store/run.ts'
import { useUi } from '../../store/ui.ts'

export type MarkerShape = 'circle' | 'square' | 'triangle' | 'diamond'

export interface Series {
  index: number
  label: string
  method: string
  /** A CSS colour of tokens.css, checked there for 3 : 1 on both themes. */
  colour: string
  marker: MarkerShape
  /** Absent for the first replica of a method. Short dashes without marker are theory, never a replica. */
  dash?: string
  hidden: boolean
}

const looks: Record<string, { short: string; colour: string; marker: MarkerShape }> = {
  fm: { short: 'FM', colour: 'var(--series-fm)', marker: 'circle' },
  lcf: { short: 'LCF', colour: 'var(--series-lcf)', marker: 'square' },
  'fm-truncated': { short: 'FM t ≥ T_min', colour: 'var(--series-truncated)', marker: 'triangle' },
  'fm-contrast': { short: 'FM + contrast', colour: 'var(--series-contrast)', marker: 'diamond' },
}
const otherLook = { short: null, colour: 'var(--series-other)', marker: 'diamond' as const }
const dashes = [undefined, '9 3', '3 3', '12 3 3 3']

export function seriesOf(replicas: readonly { label: string; method: string }[], hidden: readonly number[] = []): Series[] {
  const seen = new Map<string, number>()
  return replicas.map(({ label: full, method }, index) => {
    const { short, ...look } = looks[method] ?? otherLook
    const before = seen.get(method) ?? 0
    seen.set(method, before + 1)
    const label = short ? full.replace(methodOf(method).label, short) : full // a line end has room for few letters
    return { index, label, method, ...look, dash: dashes[before % dashes.length], hidden: hidden.includes(index) }
  })
}

/** The replicas of the run, or of the draft while there is no run. The same array until one of them changes. */
export function useSeries(): Series[] {
  // A string as selector result: ticks carry new objects four times a second.
  const running = useRun(({ tick }) => (tick ? JSON.stringify(tick.replicas.map(({ label, method }) => ({ label, method }))) : null))
  const drafted = useDraft(({ config }) =>
    JSON.stringify(config.replicas.map((replica, i) => ({ label: replicaLabel(config, i), method: methodIdOf(config, replica) }))),
  )
  const hidden = useUi((state) => state.hidden)
  const key = running ?? drafted
  return useMemo(() => seriesOf(JSON.parse(key) as { label: string; method: string }[], hidden), [key, hidden])
}
