/** How a sentence names several replicas: each arm with its range over seeds while arms are few, the extremes by name when they are many. Pure. */
import type { Series } from './series.ts'

const few = 3

/** `FM 0.49–0.53 (3), LCF 0.52`, or `from FM 0.49–0.53 (3) to LCF 0.7` where a sentence has no room for all. Replicas without a value are left out. */
export function tell(series: readonly Series[], valueOf: (series: Series) => number | null | undefined, write: (value: number) => string): string {
  const arms = new Map<number, { one: Series; value: number }[]>()
  for (const one of series) {
    const value = valueOf(one)
    if (typeof value === 'number' && Number.isFinite(value)) arms.set(one.arm, [...(arms.get(one.arm) ?? []), { one, value }])
  }
  const told = [...arms.values()].map((arm) => {
    const values = arm.map(({ value }) => value)
    const [low, high] = [write(Math.min(...values)), write(Math.max(...values))]
    const { name, label } = arm[0].one
    return { mean: values.reduce((sum, value) => sum + value) / values.length, words: arm.length > 1 ? `${lead(name)} ${low === high ? low : `${low}–${high}`} (${arm.length})` : `${lead(label)} ${low}` }
  })
  if (told.length <= few) return told.map(({ words }) => words).join(', ')
  const [least, ...rest] = told.toSorted((a, b) => a.mean - b.mean)
  return `from ${least.words} to ${rest.at(-1)!.words}`
}

/** A name that ends in a number must not run into the next. */
const lead = (name: string) => (/\d$/.test(name) ? `${name}:` : name)
