/** Numbers in the sentences of panels. */
import type { NetConfig } from '../config.ts'
import type { Group } from './diagnostic.ts'

/** Few digits, whatever the magnitude. */
export function few(value: number | null): string {
  if (value === null || !Number.isFinite(value)) return 'nothing finite'
  return Number(value.toPrecision(3)).toLocaleString('en', { maximumSignificantDigits: 3 })
}

/** How nets with classes are kept from knowing what is asked of their features. */
export const untoldSaid = ({ classes, labelDrop }: NetConfig): string =>
  classes === 0 ? '' : `; every image was given ${labelDrop > 0 ? 'without a label' : 'as class 0'}, so that no feature holds the answer`

/** null for what a chart cannot draw. */
export const finite = (value: number | null): number | null => (value !== null && Number.isFinite(value) ? value : null)

/** Mean over a group's seeds, with their standard deviation where there are several: “1.2 ± .1”. */
export function overSeeds({ replicas }: Group, of: (replica: number) => number | null): string {
  const values = replicas.map(of).filter((value): value is number => value !== null && Number.isFinite(value))
  if (values.length < replicas.length) return 'nothing finite'
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  if (values.length < 2) return few(mean)
  const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1))
  return `${few(mean)} ± ${Number(deviation.toPrecision(2)).toLocaleString('en', { maximumSignificantDigits: 2 })}`
}

/** What the ± in a sentence means, where there are several seeds. */
export function seedsSaid(groups: readonly Group[]): string {
  const most = Math.max(...groups.map(({ replicas }) => replicas.length))
  return most > 1 ? ` (mean ± SD over ${most} seeds)` : ''
}
