/** Numbers in the sentences of panels. */
import type { NetConfig } from '../config.ts'
import type { Path } from '../flow/paths.ts'
import type { Group } from './diagnostic.ts'

const signed = (written: string) => written.replace(/^-/, '−')

/** Few digits, whatever the magnitude, written as the page writes numbers. */
export function few(value: number | null): string {
  if (value === null || !Number.isFinite(value)) return 'nothing finite'
  return signed(value.toLocaleString('en', { maximumSignificantDigits: 3 }))
}

/** `0.35 ± 0.68`: two digits of the spread, and the mean to the same place. */
export function withSpread(mean: number, spread: number): string {
  if (!(spread > 1e-6 * Math.abs(mean)) || !Number.isFinite(spread)) return few(mean) // less than that is rounding of 32-bit numbers
  const places = Math.min(20, Math.max(0, 1 - Math.floor(Math.log10(Number(spread.toPrecision(2))))))
  const [value, doubt] = [mean, spread].map(number => number.toLocaleString('en', { minimumFractionDigits: places, maximumFractionDigits: places }))
  return `${signed(value)} ± ${doubt}`
}

/** How nets with classes are kept from knowing what is asked of their features. */
export const untoldSaid = ({ classes, labelDrop }: NetConfig): string =>
  classes === 0 ? '' : `; every image was given ${labelDrop > 0 ? 'without a label' : 'as class 0'}, so that no feature holds the answer`

/** null for what a chart cannot draw. */
export const finite = (value: number | null): number | null => (value !== null && Number.isFinite(value) ? value : null)

/** Mean over a group's seeds, with their standard deviation where there are several: “1.20 ± 0.11”. */
export function overSeeds({ replicas }: Group, of: (replica: number) => number | null): string {
  const values = replicas.map(of).filter((value): value is number => value !== null && Number.isFinite(value))
  if (values.length < replicas.length) return 'nothing finite'
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  if (values.length < 2) return few(mean)
  const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1))
  return withSpread(mean, deviation)
}

/** What the ± in a sentence means, where there are several seeds. */
export function seedsSaid(groups: readonly Group[]): string {
  const most = Math.max(...groups.map(({ replicas }) => replicas.length))
  return most > 1 ? ` (mean ± SD over ${most} seeds)` : ''
}

/** “by heart, VE”: of what there is one for each of several paths. */
export const onPath = (label: string, { short }: Path, all: readonly unknown[]): string => (all.length > 1 ? `${label}, ${short}` : label)

/** “1,000 (linear), 6.2 (VE)”; of one path what is said alone. */
export const overPaths = <One extends { path: Path }>(all: readonly One[], said: (one: One) => string): string =>
  (all.length > 1 ? all.map(one => `${said(one)} (${one.path.short})`).join(', ') : said(all[0]))

/** What must stand beside theory of several paths. */
export const pathsSaid = (all: readonly unknown[]): string[] =>
  (all.length > 1 ? ['Paths differ, and with them how much noise there is at t: theory is drawn along each, and a network is to be held against that of its own.'] : [])
