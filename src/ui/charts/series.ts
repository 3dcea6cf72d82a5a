/** How each replica is told apart on every chart: colour by method, marker by method, dash for a second one of the same. */
import { useMemo } from 'react'
import { methodOf } from '../../store/catalog.ts'
import { knobOf, methodIdOf, replicaLabel } from '../../store/replicas.ts'
import { useDraft } from '../../store/draft.ts'
import { useShownRun } from '../../store/shown.ts'
import { useUi } from '../../store/ui.ts'

export type MarkerShape = ReturnType<typeof methodOf>['look']['marker']

export interface Series {
  index: number
  label: string
  /** The label without what sets it apart from twins. */
  name: string
  method: string
  /** A CSS colour of tokens.css, checked there for 3 : 1 on both themes. */
  colour: string
  marker: MarkerShape
  /** Absent for the first replica of a method. Short dashes without marker are theory, never a replica. */
  dash?: string
  hidden: boolean
}

const dashes = [undefined, '9 3', '3 3', '12 3 3 3']

interface Named {
  label: string
  method: string
  seed: number
}

export function seriesOf(replicas: readonly Named[], hidden: readonly number[] = []): Series[] {
  const seen = new Map<string, number>()
  return replicas.map((replica, index) => {
    const { label, short, look } = methodOf(replica.method)
    const before = seen.get(replica.method) ?? 0
    seen.set(replica.method, before + 1)
    // A line end has room for few letters.
    const plain = replica.label.replace(label, short)
    return { index, label: plain + apart(replica, replicas), name: plain, method: replica.method, colour: `var(--series-${look.colour})`, marker: look.marker, dash: dashes[before % dashes.length], hidden: hidden.includes(index) }
  })
}

/** What sets a replica apart from others of the same name: its seed where that does, else its number. */
function apart(replica: Named, replicas: readonly Named[]): string {
  const twins = replicas.filter(({ label }) => label === replica.label)
  if (twins.length === 1) return ''
  const seeds = new Set(twins.map(({ seed }) => seed))
  return seeds.size === twins.length ? `, seed ${replica.seed}` : ` ${twins.indexOf(replica) + 1}`
}

/** The replicas of the run, or of the draft while there is no run. The same array until one of them changes. */
export function useSeries(): Series[] {
  // A string as selector result: ticks carry new objects four times a second.
  const running = useShownRun(({ tick }) => (tick ? JSON.stringify(tick.replicas.map(({ label, method, seed }) => ({ label, method, seed }))) : null))
  const drafted = useDraft(({ config }) =>
    JSON.stringify(config.replicas.map((replica) => ({ label: replicaLabel(config, replica), method: methodIdOf(config, replica), seed: knobOf(config, replica, 'seed') }))),
  )
  const hidden = useUi((state) => state.hidden)
  const key = running ?? drafted
  return useMemo(() => seriesOf(JSON.parse(key) as Named[], hidden), [key, hidden])
}
