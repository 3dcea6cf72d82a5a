/** Several seeds of one thing: their mean and spread. Pure. */
import type { Curve } from '../panel.ts'

/** A curve, and over how many seeds it is a mean. */
export interface SeedCurve extends Curve {
  seeds?: number
  /** Of kind `file`: which of several files, from 0. */
  file?: number
}

/**
 * Curves of one group, with the same label and the same x, become their mean with the standard deviation over seeds (n − 1) as spread, as a curve
 * of the group's first replica. Whatever is not there for at least two seeds stays as it is.
 */
export function overSeeds(curves: readonly Curve[], groups: readonly (readonly number[])[]): SeedCurve[] {
  const done = new Set<Curve>()
  return curves.flatMap((curve): SeedCurve[] => {
    if (done.has(curve)) return []
    const group = groups.find((indices) => curve.replica !== null && indices.includes(curve.replica))
    const alike = group ? curves.filter((other) => other.replica !== null && group.includes(other.replica) && other.kind === curve.kind && other.label === curve.label && sameX(other, curve)) : []
    if (alike.length < 2) return [curve]
    for (const other of alike) done.add(other)
    const points = curve.x.map((_, i) => meanOf(alike.map(({ y }) => y[i])))
    return [{ ...curve, y: points.map(({ mean }) => mean), spread: points.map(({ deviation }) => deviation), seeds: alike.length }]
  })
}

const sameX = (a: Curve, b: Curve) => a.x.length === b.x.length && a.x.every((x, i) => x === b.x[i])

/** A mean of some of the seeds would jump where one of them has no value, so it needs all. */
export function meanOf(values: readonly (number | null)[]): { mean: number | null; deviation: number | null } {
  const known = values.filter((value): value is number => value !== null && Number.isFinite(value))
  if (known.length < values.length) return { mean: null, deviation: null }
  const mean = known.reduce((sum, value) => sum + value, 0) / known.length
  return { mean, deviation: Math.sqrt(known.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (known.length - 1)) }
}
