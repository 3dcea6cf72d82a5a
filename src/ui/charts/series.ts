/** How each arm is told apart on every chart: a colour, and a marker and dash that no other has; deeper colours and other dashes for runs beside. */
import { useMemo } from 'react'
import { useShallow } from 'zustand/react/shallow'
import { type Config, knobOf, seedGroups } from '../../config.ts'
import { methodOf } from '../../store/catalog.ts'
import { useDraft } from '../../store/draft.ts'
import { briefName, namesOf } from '../../store/names.ts'
import { methodIdOf, replicaLabel } from '../../store/replicas.ts'
import { useRuns } from '../../store/runList.ts'
import { type SeenRun, useOverlaid, useShownRun } from '../../store/shown.ts'
import { useUi } from '../../store/ui.ts'

type Look = ReturnType<typeof methodOf>['look']
export type MarkerShape = Look['marker']

export interface Series {
  /** Among all replicas on the charts: those of the run that they are about come first. */
  index: number
  /** Run that it belongs to, 0 for the one that the charts are about, and its place there. */
  run: number
  replica: number
  /** `run/replica`, for one that stands beside. */
  key: string
  label: string
  /** The label without what sets it apart from other seeds: the arm's. */
  name: string
  /** The same for all that differ in nothing but the seed: the index of the first of them. */
  arm: number
  method: string
  /** A CSS colour of tokens.css, checked there for 3 : 1 on both themes, or deeper. */
  colour: string
  marker: MarkerShape
  /** Absent for the first arm of a method in a run of the first look. Short dashes without marker are theory, never a replica. */
  dash?: string
  hidden: boolean
}

const colours: Look['colour'][] = ['vermillion', 'blue', 'green', 'purple', 'black', 'grey']
const markers: MarkerShape[] = ['circle', 'square', 'triangle', 'diamond']
const dashes = [undefined, '9 3', '3 3', '12 3 3 3']
/** Marker and place among the dashes, each pair once, neighbours unlike in both. */
const marks = Array.from({ length: markers.length * dashes.length }, (_, i) => ({ marker: markers[i % markers.length], dash: (i + Math.floor(i / markers.length)) % dashes.length }))
/** Share of the method's colour; the rest is ink, which both themes set off from their ground. */
const depths = [100, 66, 42, 22]

interface Named {
  label: string
  method: string
  seed: number
  /** Place of the first replica that differs from it in nothing but the seed. */
  arm: number
}

export function namedOf(config: Config): Named[] {
  const groups = seedGroups(config)
  return config.replicas.map((replica, index) => ({
    label: replicaLabel(config, replica), method: methodIdOf(config, replica), seed: knobOf(config, replica, 'seed'), arm: groups.find((group) => group.includes(index))![0],
  }))
}

/** What a run lends to the lines of all its replicas. */
export interface RunLook {
  run: number
  id: string
  /** Of its first replica. */
  offset: number
  /** One of four. */
  look: number
  /** Its name, where there are several runs. */
  name: string
  /** Grey, while another run's row has the pointer or the focus. */
  dimmed: boolean
}

const alone: RunLook = { run: 0, id: '', offset: 0, look: 0, name: '', dimmed: false }

export const replicaKey = (run: string, replica: number) => `${run}/${replica}`

export function seriesOf(replicas: readonly Named[], hidden: readonly number[] = [], { run, id, offset, look, name, dimmed } = alone): Series[] {
  const looks = looksOf(replicas)
  return replicas.map((replica, index) => {
    const { label, short } = methodOf(replica.method)
    const { colour, marker, dash } = looks.get(replica.arm)!
    // A line end has room for few letters.
    const arm = [replica.label.replace(label, short) + numberOf(replica, replicas), name].filter(Boolean).join(' ')
    return {
      index: offset + index, run, replica: index, key: replicaKey(id, index), label: arm + apart(index, replicas), name: arm, arm: offset + replica.arm, method: replica.method,
      colour: dimmed ? 'var(--series-grey)' : colourAt(`var(--series-${colour})`, look), marker, dash: dashes[(dash + look) % dashes.length], hidden: hidden.includes(index),
    }
  })
}

/**
 * The look of every arm of a run. A method's first arm looks as the method does where no other method took that before, further ones take what is
 * free: colours while there are any, marker and dash always. It follows from the run alone, so that nothing beside a run changes it.
 */
function looksOf(replicas: readonly Named[]): Map<number, { colour: Look['colour']; marker: MarkerShape; dash: number }> {
  const arms = replicas.filter(({ arm }, index) => arm === index)
  const isFirst = ({ method, arm }: Named) => arms.find((other) => other.method === method)!.arm === arm
  const looks: ReturnType<typeof looksOf> = new Map()
  for (const replica of [...arms.filter(isFirst), ...arms.filter((one) => !isFirst(one))]) {
    const taken = [...looks.values()]
    const own = isFirst(replica) ? methodOf(replica.method).look : null
    const count = (colour: Look['colour']) => taken.filter((look) => look.colour === colour).length
    const isFree = ({ marker, dash }: (typeof marks)[number]) => !taken.some((look) => look.marker === marker && look.dash === dash)
    const colour = [...(own ? [own.colour] : []), ...colours].reduce((best, next) => (count(next) < count(best) ? next : best))
    looks.set(replica.arm, { colour, ...[...(own ? [{ marker: own.marker, dash: 0 }] : []), ...marks].find(isFree)! })
  }
  return looks
}

const colourAt = (colour: string, look: number) => (look === 0 ? colour : `color-mix(in srgb, ${colour} ${depths[look]}%, var(--ink))`)

/** What sets an arm apart from others of the same label. */
function numberOf({ label, arm }: Named, replicas: readonly Named[]): string {
  const arms = [...new Set(replicas.filter((other) => other.label === label).map((other) => other.arm))]
  return arms.length > 1 ? ` ${arms.indexOf(arm) + 1}` : ''
}

/** What sets a replica apart from others of its arm: its seed where that does, else its number. */
function apart(index: number, replicas: readonly Named[]): string {
  const { arm, seed } = replicas[index]
  const twins = replicas.filter((other) => other.arm === arm)
  if (twins.length === 1) return ''
  const seeds = new Set(twins.map((other) => other.seed))
  return seeds.size === twins.length ? `, seed ${seed}` : ` ${twins.indexOf(replicas[index]) + 1}`
}

/** Of the run that the charts are about, or of the draft while there is none. A string, because ticks carry new objects four times a second. */
function useCentre(): { id: string; key: string } {
  const running = useShownRun(({ tick }) => (tick ? JSON.stringify(namedOf(tick.config)) : null))
  const drafted = useDraft(({ config }) => JSON.stringify(namedOf(config)))
  const id = useShownRun(({ tick }) => tick?.runId ?? '')
  return { id, key: running ?? drafted }
}

export interface BesideRun extends RunLook {
  seen: SeenRun
}

/** The look of the run that the charts are about, and of each beside it. The same until one of them changes. */
function useLooks(): { own: RunLook; beside: BesideRun[]; replicas: Named[] } {
  const { id, key } = useCentre()
  const overlaid = useOverlaid()
  const emphasised = useUi((state) => state.emphasised)
  const { looks, names } = useRuns(useShallow((state) => ({ looks: state.looks, names: state.names })))
  return useMemo(() => {
    const replicas = JSON.parse(key) as Named[]
    const ids = [id, ...overlaid.map(({ tick }) => tick.runId)]
    const called = namesOf(ids, { ...Object.fromEntries(overlaid.filter(({ record }) => record).map(({ tick }) => [tick.runId, 'recorded'])), ...names })
    const dims = emphasised !== null && ids.includes(emphasised)
    const lookOf = (one: string, run: number, offset: number): RunLook => ({
      run, id: one, offset, look: looks[one] ?? 0, name: ids.length > 1 && one !== '' ? briefName(one, called.get(one)!) : '', dimmed: dims && one !== emphasised,
    })
    const before = (i: number) => overlaid.slice(0, i).reduce((sum, { tick }) => sum + tick.replicas.length, replicas.length)
    const beside = overlaid.map((seen, i): BesideRun => ({ ...lookOf(seen.tick.runId, i + 1, before(i)), seen }))
    return { own: lookOf(id, 0, 0), beside, replicas }
  }, [id, key, overlaid, emphasised, looks, names])
}

/** The runs beside the one that the charts are about. */
export const useBesideRuns = (): BesideRun[] => useLooks().beside

/** The replicas of the run that the charts are about, or of the draft while there is none, then those of the runs beside it. The same array until one of them changes. */
export function useSeries(): Series[] {
  const { own, beside, replicas } = useLooks()
  const { hidden, hiddenBeside } = useUi(useShallow((state) => ({ hidden: state.hidden, hiddenBeside: state.hiddenBeside })))
  return useMemo(() => [
    ...seriesOf(replicas, hidden, own),
    ...beside.flatMap((run) => {
      const named = namedOf(run.seen.tick.config)
      return seriesOf(named, named.flatMap((_, i) => (hiddenBeside.includes(replicaKey(run.id, i)) ? [i] : [])), run)
    }),
  ], [own, beside, replicas, hidden, hiddenBeside])
}

/** Those of the run that the charts are about. */
export function useOwnSeries(): Series[] {
  const series = useSeries()
  return useMemo(() => series.filter(({ run }) => run === 0), [series])
}
