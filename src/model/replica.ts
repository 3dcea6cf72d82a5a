/** What a replica is, apart from how the GPU has it: the page's first load needs no more. */
import { type Config, knobOf, overridable, overridableFields, type ReplicaConfig } from '../config.ts'
import { isLinear, LEAST_LEVEL, leastDenominator, pathOf, placeOn } from '../flow/place.ts'
import { methodOf } from '../methods/index.ts'

/** The run's config as one replica sees it: its own overrides in place. */
export function resolveReplica(config: Config, replica: ReplicaConfig) {
  const objective = { ...config.objective, method: replica.method ?? config.objective.method }
  const train = { ...config.train }
  for (const field of overridableFields) Object.assign({ objective, train }[overridable[field]], { [field]: knobOf(config, replica, field) })
  return { objective, train, method: methodOf(objective.method), path: pathOf(objective) }
}

/** Where the velocity of networks that answer with image or noise is cut short by the least denominator, in a sentence for each; none where it never is. */
export function clampsSaid(config: Config): string[] {
  return [...new Set(config.replicas.flatMap(replica => {
    const { objective, method, path } = resolveReplica(config, replica)
    const { prediction } = method.knobs(objective)
    if (prediction !== 'image' && prediction !== 'noise') return []
    const acts = (t: number) => {
      const place = placeOn(path, t)
      return (prediction === 'image' ? place.beta : place.alpha) < leastDenominator(place, objective.clamp)
    }
    const where = spansOf(acts)
    if (where === '') return []
    const does = isLinear(path) ? `divides by ${objective.clamp} at least` : `holds errors of its velocity to ${Number((1 / objective.clamp).toPrecision(3))} times those of its answer`
    return [`${method.label} ${does}, in its target too, which acts ${where}: there it is trained towards a velocity shorter than the true one.`]
  }))]
}

/** Levels on both sides of any edge, close at low noise. */
const SOUGHT = [0, ...Array.from({ length: 257 }, (_, i) => LEAST_LEVEL ** (1 - i / 256))]

/** Where something holds, in words; empty where it does nowhere. */
function spansOf(holds: (t: number) => boolean): string {
  const edges = SOUGHT.slice(1).flatMap((to, i) => {
    let [low, high] = [SOUGHT[i], to]
    if (holds(low) === holds(high)) return []
    while (high - low > 1e-4 * high) {
      const middle = (low + high) / 2
      if (holds(middle) === holds(low)) low = middle
      else high = middle
    }
    return [Number(high.toPrecision(3))]
  })
  const ends = [...(holds(0) ? [0] : []), ...edges, ...(holds(1) ? [1] : [])]
  return Array.from({ length: ends.length / 2 }, (_, i) => [ends[2 * i], ends[2 * i + 1]])
    .map(([from, to]) => (from === 0 ? (to === 1 ? 'at every t' : `below t = ${to}`) : to === 1 ? `above t = ${from}` : `from t = ${from} to ${to}`)).join(' and ')
}
