/** How a sentence names several replicas: each arm with its range over seeds while arms are few, the extremes by name when they are many. Pure. */
import type { Panel } from '../../panel.ts'
import { type PanelLine, isNoiseLevel, write, writeWithSpread } from './panel.ts'
import type { Series } from './series.ts'

const few = 3

/** `FM 0.49–0.53, LCF 0.52–0.55 (3 seeds each)`, or `from FM … to LCF …` where a sentence has no room for all. Replicas without a value are left out. */
export function tell(series: readonly Series[], valueOf: (series: Series) => number | null | undefined, write: (value: number) => string, countSeeds = true): string {
  const arms = new Map<number, { one: Series; value: number }[]>()
  for (const one of series) {
    const value = valueOf(one)
    if (typeof value === 'number' && Number.isFinite(value)) arms.set(one.arm, [...(arms.get(one.arm) ?? []), { one, value }])
  }
  const all = [...arms.values()]
  const seeds = countSeeds ? Math.max(...all.map(({ length }) => length)) : 1
  const alike = all.every(({ length }) => length === seeds)
  const told = all.map((arm) => {
    const values = arm.map(({ value }) => value)
    const [low, high] = [write(Math.min(...values)), write(Math.max(...values))]
    const { name, label } = arm[0].one
    const counted = countSeeds && !alike && arm.length > 1 ? ` (${arm.length} seeds)` : ''
    return { mean: values.reduce((sum, value) => sum + value) / values.length, words: `${lead(arm.length > 1 ? name : label)} ${low === high ? low : `${low}–${high}`}${counted}` }
  })
  const after = alike && seeds > 1 ? ` (${seeds} seeds${told.length > 1 ? ' each' : ''})` : ''
  if (told.length <= few) return told.map(({ words }) => words).join(', ') + after
  const [least, ...rest] = told.toSorted((a, b) => a.mean - b.mean)
  return `from ${least.words} to ${rest.at(-1)!.words}${after}`
}

/** A name that ends in a number must not run into the next. */
const lead = (name: string) => (/\d$/.test(name) ? `${name}:` : name)

/** So many lines have room in a sentence. */
const most = 5

/** What the lines say at the least noise, or over another axis at its end, networks first: where a panel's own sentence speaks of more than is shown. */
export function linesSentence({ x, y }: Pick<Panel, 'x' | 'y'>, lines: readonly PanelLine[]): string | null {
  const measured = lines.find(({ kind, marker }) => kind === 'measured' && marker)
  const places = measured?.points.filter(({ at, y: value }) => at > 0 && value !== null) ?? []
  const place = isNoiseLevel(x) ? places[0] : places.at(-1)
  if (!place || lines.length > most) return null
  const own = ({ kind }: PanelLine) => Number(kind !== 'measured')
  const told = lines.toSorted((a, b) => own(a) - own(b)).flatMap(({ label, arm, seeds, points }) => {
    const point = points.find(({ at }) => at === place.at)
    return point && point.y !== null ? [`${lead(seeds ? arm : label)} ${writeWithSpread(y, point.y, point.spread)}`] : []
  })
  const seeds = lines.find((line) => line.seeds)?.seeds
  return `At ${isNoiseLevel(x) ? 't =' : x.label} ${write(x, place.at)}, ${y.label}: ${told.join('; ')}${seeds ? ` (mean ± SD over ${seeds} seeds)` : ''}.`
}
