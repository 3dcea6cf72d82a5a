/** What a replica is, apart from how the GPU has it: the page's first load needs no more. */
import { type Config, knobOf, overridable, overridableFields, type ReplicaConfig } from '../config.ts'
import { pathOf, placeOn } from '../flow/place.ts'
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
    const acts = (t: number) => placeOn(path, t)[prediction === 'image' ? 'beta' : 'alpha'] < objective.clamp
    let [low, high] = [0, 1]
    if (acts(low) === acts(high)) return []
    while (high - low > 1e-6) {
      const middle = (low + high) / 2
      if (acts(middle) === acts(low)) low = middle
      else high = middle
    }
    return [`${method.label} divides by ${objective.clamp} at least, in its target too, which acts ${prediction === 'image' ? 'below' : 'above'} t = ${Number(low.toPrecision(3))}: there it is trained towards a velocity shorter than the true one.`]
  }))]
}
