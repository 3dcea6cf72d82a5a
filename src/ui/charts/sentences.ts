/** How a sentence names several replicas: each by itself while they are few, by method with a range when they are many. Pure. */
import type { Series } from './series.ts'

const few = 3

/** `FM 0.51, LCF 0.52`, or `FM 0.49–0.53 (3), LCF 0.52` where several are alike or many. Replicas without a value are left out. */
export function tell(series: readonly Series[], valueOf: (series: Series) => number | null | undefined, write: (value: number) => string): string {
  const known = series.flatMap((one) => {
    const value = valueOf(one)
    return typeof value === 'number' && Number.isFinite(value) ? [{ one, value }] : []
  })
  const alike = known.length <= few ? sameName : sameKind
  const kinds = known.filter(({ one }, i) => known.findIndex((other) => alike(other.one, one)) === i)
  return kinds
    .map(({ one: first }) => {
      const group = known.filter(({ one }) => alike(one, first))
      const values = group.map(({ value }) => value)
      const [low, high] = [write(Math.min(...values)), write(Math.max(...values))]
      if (group.length === 1) return `${group[0].one.label} ${low}`
      return `${group[0].one.name} ${low === high ? low : `${low}–${high}`} (${group.length})`
    })
    .join(', ')
}

/** Twins, as seeds of one setting. */
const sameName = (a: Series, b: Series) => a.name === b.name

/** Of one method in one run. */
const sameKind = (a: Series, b: Series) => a.method === b.method && a.run === b.run
