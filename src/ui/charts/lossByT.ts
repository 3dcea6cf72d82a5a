/** Rows, axes and words of the loss-by-noise-level chart. Pure. */
import type { LossByT } from '../../protocol.ts'
import { fixed, percent, short } from '../numbers.ts'
import { type Domain, forLog, logDomain } from './scale.ts'
import { tell } from './sentences.ts'
import type { Series } from './series.ts'

export type LossView = 'raw' | 'excess'

/** `m0`, `e0` belong to replica 0; Recharts wants flat rows. */
export type LossRow = { t: number; floor: number | null } & Record<string, number | null | [number, number]>

export function lossRows(loss: LossByT, view: LossView, lowest: number): LossRow[] {
  return loss.t.map((t, level) => {
    const floor = loss.floor?.[level] ?? null
    const below = view === 'excess' ? (floor ?? 0) : 0
    const row: LossRow = { t, floor: view === 'raw' ? forLog(floor) : null }
    loss.mean.forEach((means, replica) => {
      const mean = means[level] === null ? null : means[level] - below
      const error = loss.standardError[replica]?.[level]
      row[`m${replica}`] = forLog(mean)
      row[`e${replica}`] = forLog(mean) !== null && error ? [Math.max(lowest, mean! - error), mean! + error] : null
    })
    return row
  })
}

export function lossDomain(loss: LossByT | null, floor: readonly number[] | null, view: LossView): Domain {
  const fallback: Domain = view === 'raw' ? [0.05, 2] : [0.002, 1]
  if (!loss) return floor && view === 'raw' ? logDomain([...floor, 1.5], fallback) : fallback
  const values = loss.mean.flatMap((means) => means.map((mean, level) => (mean === null ? null : mean - (view === 'excess' ? (loss.floor?.[level] ?? 0) : 0))))
  const [low, high] = logDomain([...values, ...(view === 'raw' ? (loss.floor ?? []) : [])], fallback)
  return [Math.max(low, high / 1e4), high] // one lucky excess near zero must not squeeze the rest
}

/** Values that this view cannot show. */
export function notShown(rows: readonly LossRow[], replicas: number): number {
  let missing = 0
  for (const row of rows) for (let i = 0; i < replicas; i++) if (row[`m${i}`] === null) missing++
  return missing
}

function nearest(levels: readonly number[], t: number): number {
  return levels.reduce((best, level, i) => (Math.abs(Math.log(level / t)) < Math.abs(Math.log(levels[best] / t)) ? i : best), 0)
}

/** One sentence, from the numbers on the chart: how the low end compares with the middle, and with what is possible at all. */
export function lossSentence(loss: LossByT, series: readonly Series[]): string {
  const low = nearest(loss.t, loss.t[0])
  const middle = nearest(loss.t, 0.3)
  const at = (level: number) => tell(series, ({ index }) => loss.mean[index]?.[level], (value) => fixed(value, 2))
  if (at(low) === '') return 'No finite loss has been measured yet.'
  const best = Math.min(...series.map(({ index }) => loss.mean[index]?.[low] ?? Infinity))
  const floor = loss.floor?.[low]
  const possible = floor ? ` No model can go below ${fixed(floor, 2)} at the low end: ${best > floor ? `at most ${percent((best - floor) / best)} of that loss is left to learn.` : 'all that can be learnt is learnt.'}` : ''
  return `At t = ${short(loss.t[low])}: ${at(low)}; at t = ${fixed(loss.t[middle], 1)}: ${at(middle)}.${possible}`
}
