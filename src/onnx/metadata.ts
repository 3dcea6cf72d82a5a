/**
 * What an exported file says of itself besides its weights: the run it is from, and what its inputs and outputs mean. Kept as text by name, which
 * ONNX calls metadata_props and safetensors __metadata__.
 */
import { type Config, ConfigError, parseConfig } from '../config.ts'
import { pathFamilies } from '../flow/paths.ts'
import { isLinear } from '../flow/place.ts'
import { resolveReplica } from '../model/replica.ts'

/** Which weights: the running mean that samples and evaluations use, or those the optimiser works on. */
export type WeightKind = 'ema' | 'raw'

export interface Source {
  config: Config
  /** Which replica of the config, 0 for the first. */
  replica: number
  weights: WeightKind
  /** Training steps behind the weights. */
  step: number
  /** Of the lab that writes the file. */
  version: string
}

const FORMAT = 'low-noise-lab weights'

/** @throws RangeError when there is no such replica */
export function writeMetadata({ config, replica, weights, step, version }: Source): Record<string, string> {
  const chosen = config.replicas[replica]
  if (!chosen) throw new RangeError(`there is no replica ${replica}; there are ${config.replicas.length}, counted from 0`)
  const { train, method, objective, path } = resolveReplica(config, chosen)
  const { prediction = 'velocity' } = method.knobs(objective)
  return {
    format: FORMAT, version, config: JSON.stringify(config), replica: String(replica), label: chosen.label ?? method.label, method: method.id, dataset: config.data.dataset,
    seed: String(train.seed), step: String(step), weights,
    path: path.id, ...(Object.keys(path.parameters).length > 0 ? { pathParameters: JSON.stringify(path.parameters) } : {}), prediction, ...(prediction === 'velocity' ? {} : { clamp: String(objective.clamp) }),
    time: `t from 0 (clean) to 1 (noise): ${isLinear(path) ? 'x_t = (1 − t) x0 + t ε, velocity = ε − x0' : `x_t = α x0 + β ε, velocity = α′ x0 + β′ ε, ${pathFamilies[path.id].formula}`}`,
  }
}

/** What `writeMetadata` wrote; null for files of others. @throws ConfigError with one sentence when our own note in the file is damaged */
export function readMetadata(metadata: Readonly<Record<string, string>>): Source | null {
  if (metadata.format !== FORMAT) return null
  const fail = (what: string) => new ConfigError(`the file says that this lab wrote it, but ${what}`)
  let value: unknown
  try {
    value = JSON.parse(metadata.config ?? '')
  } catch {
    throw fail('the config inside is not JSON')
  }
  const config = parseConfig(value)
  const count = (name: string) => {
    const number = Number(metadata[name])
    if (!Number.isSafeInteger(number) || number < 0) throw fail(`its ${name} is “${String(metadata[name])}”; a whole number from 0 is expected`)
    return number
  }
  const replica = count('replica')
  if (replica >= config.replicas.length) throw fail(`its replica is ${replica}, and its config has ${config.replicas.length}`)
  if (metadata.weights !== 'ema' && metadata.weights !== 'raw') throw fail('it does not say whether its weights are ema or raw')
  return { config, replica, weights: metadata.weights, step: count('step'), version: metadata.version ?? '' }
}
