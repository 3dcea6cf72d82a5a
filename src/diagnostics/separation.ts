/** How far classes lie apart, in values of any width. */
import type { Estimate } from '../flow/estimate.ts'

/** Blocks of samples that are left out in turn for the jackknife. */
const BLOCKS = 8

interface Sums {
  /** (K,d) and (K) */
  sums: Float64Array
  counts: Float64Array
  /** Σ ‖x‖² */
  squares: number
}

const emptySums = (K: number, d: number): Sums => ({ sums: new Float64Array(K * d), counts: new Float64Array(K), squares: 0 })

function addUp(into: Sums, values: ArrayLike<number>, labels: ArrayLike<number>, d: number, belongs: (i: number) => boolean): Sums {
  for (let i = 0; i < labels.length; i++) {
    if (!belongs(i)) continue
    into.counts[labels[i]]++
    for (let k = 0; k < d; k++) {
      const value = values[i * d + k]
      into.sums[labels[i] * d + k] += value
      into.squares += value * value
    }
  }
  return into
}

/** (SS_b − (K−1) MS_w) / SS_total, sums over all d, K classes that occur (Kelley's ε²); NaN without variance. */
function shareOf({ sums, counts, squares }: Sums, d: number): number {
  const n = counts.reduce((sum, count) => sum + count, 0)
  const K = counts.filter(count => count > 0).length
  let [ofMeans, grand] = [0, 0]
  for (let k = 0; k < d; k++) {
    let all = 0
    for (let c = 0; c < counts.length; c++) {
      all += sums[c * d + k]
      if (counts[c] > 0) ofMeans += sums[c * d + k] ** 2 / counts[c]
    }
    grand += all ** 2 / n
  }
  const [total, between] = [squares - grand, ofMeans - grand]
  return total > 1e-12 * squares ? (between - ((K - 1) * (total - between)) / (n - K)) / total : NaN
}

/** Share of the variance of values (n,d) that lies between classes, corrected for sampling, with its delete-one-block jackknife. */
export function separationOf(values: ArrayLike<number>, labels: ArrayLike<number>, d: number): Estimate {
  const K = 1 + Array.from(labels).reduce((most, label) => Math.max(most, label), 0)
  const parts = Array.from({ length: BLOCKS }, (_, block) => addUp(emptySums(K, d), values, labels, d, i => i % BLOCKS === block))
  const without = (left: number) => {
    const whole = emptySums(K, d)
    parts.forEach(({ sums, counts, squares }, block) => {
      if (block === left) return
      sums.forEach((value, k) => { whole.sums[k] += value })
      counts.forEach((count, c) => { whole.counts[c] += count })
      whole.squares += squares
    })
    return shareOf(whole, d)
  }
  const shares = parts.map((_, block) => without(block))
  const mean = shares.reduce((sum, share) => sum + share / BLOCKS, 0)
  return { value: without(-1), standardError: Math.sqrt((shares.reduce((sum, share) => sum + (share - mean) ** 2, 0) * (BLOCKS - 1)) / BLOCKS), count: labels.length }
}

export interface ClassMeans {
  /** (d) each */
  means: Float64Array[]
  grand: Float64Array
  counts: Float64Array
  /** ‖mean − grand‖² that images without any difference of classes would show on average. */
  chance: number[]
}

/** Of images (n,d) with labels below K. */
export function classMeansOf(images: ArrayLike<number>, labels: ArrayLike<number>, d: number, K: number): ClassMeans {
  const { sums, counts, squares } = addUp(emptySums(K, d), images, labels, d, () => true)
  const n = labels.length
  const grand = new Float64Array(d)
  for (let c = 0; c < K; c++) for (let k = 0; k < d; k++) grand[k] += sums[c * d + k] / n
  const means = Array.from({ length: K }, (_, c) => sums.slice(c * d, (c + 1) * d).map(value => value / Math.max(1, counts[c])))
  const within = squares / n - means.reduce((sum, mean, c) => sum + (counts[c] / n) * mean.reduce((square, value) => square + value * value, 0), 0)
  return { means, grand, counts, chance: Array.from(counts, count => within * (1 / Math.max(1, count) - 1 / n)) }
}
