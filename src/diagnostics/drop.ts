/** By how much a probe does worse at the least noise level than at its best one, in words. */
import { type Config, seedGroups } from '../config.ts'
import { type Estimate, meanOf } from '../flow/estimate.ts'
import { few, withSpread } from './words.ts'

/** Points (of 100) between the best level and the least one. */
export interface Drop extends Estimate {
  from: number
  to: number
  /** Best accuracy, as a share. */
  best: number
}

/**
 * @param t levels, ascending, without the clean one  @param accuracy shares [level][draw], the same draws at every level
 * @param tested images behind each share: they are all the doubt there is about a single draw
 */
export function dropOf(t: readonly number[], accuracy: readonly (readonly number[])[], tested: number): Drop {
  const means = accuracy.map(draws => meanOf(draws).value)
  const best = means.reduce((at, value, i) => (value > means[at] ? i : at), 0)
  const differences = accuracy[best].map((value, s) => 100 * (value - accuracy[0][s]))
  const { value, count, standardError } = meanOf(differences)
  const alone = 100 * Math.sqrt((means[best] * (1 - means[best]) + means[0] * (1 - means[0])) / tested)
  return { value, count, standardError: count > 1 ? standardError : best === 0 ? 0 : alone, from: t[best], to: t[0], best: means[best] }
}

/** `FM loses 7.10 ± 0.60 points of accuracy from t = 0.03 to 0.001; LCF loses none` of drops by replica; seeds of one setting are told together. */
export function dropsInWords(config: Config, labels: readonly string[], drops: readonly Drop[], chance: number, tested: number): string {
  return seedGroups(config).map(group => {
    const name = nameOf(group.map(r => labels[r]))
    const own = group.map(r => drops[r])
    const best = meanOf(own.map(drop => drop.best)).value
    if (best < chance + 3 * Math.sqrt((chance * (1 - chance)) / tested)) return `${name} is at chance at every t`
    const { value } = meanOf(own.map(drop => drop.value))
    const deviation = Math.sqrt(own.reduce((sum, drop) => sum + (drop.value - value) ** 2, 0) / (own.length - 1))
    const doubt = own.length > 1 ? deviation : own[0].standardError
    if (value < 0.5 || value < 2 * (own.length > 1 ? deviation / Math.sqrt(own.length) : doubt)) return `${name} loses none`
    const places = [...new Set(own.map(({ from, to }) => `from t = ${few(from)} to ${few(to)}`))]
    const where = places.length === 1 ? places[0] : `from each seed’s best t to ${few(own[0].to)}`
    return `${name} loses ${withSpread(value, doubt)} points of accuracy ${where}${own.length > 1 ? ` (mean ± SD over ${own.length} seeds)` : ''}`
  }).join('; ')
}

/** What the labels of one group have in common. */
function nameOf([first, ...others]: string[]): string {
  let length = first.length
  for (const other of others) while (!other.startsWith(first.slice(0, length))) length--
  return first.slice(0, length).replace(/[\s,(]*(seed)?[\s,(]*$/i, '') || first
}
