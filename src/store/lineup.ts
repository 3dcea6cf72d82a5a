/** Ready-made sets of replicas: designs side by side, more seeds of what is there, and a grid over two knobs. Pure. */
import { type Config, type ReplicaConfig, knobOf, replicaSchema, seedGroups } from '../config.ts'
import { methodOf } from './catalog.ts'

/** As many replicas as a run may have. */
export const mostReplicas = 16

/** From one start, so that the loss is all that differs. */
export const designs: { label: string; methods: string[] }[] = [
  { label: 'FM and LCF', methods: ['fm', 'lcf'] },
  { label: 'All four designs', methods: ['fm', 'fm-truncated', 'fm-contrast', 'lcf'] },
]

export const withDesigns = (methods: readonly string[]): ReplicaConfig[] => methods.map((method) => ({ method }))

/** Every thing that is compared, once for each of so many seeds, beginning with the run's. @throws RangeError in one sentence when they are more than a run may have */
export function withSeeds(config: Config, count: number): ReplicaConfig[] {
  const kinds = seedGroups(config).map(([first]) => config.replicas[first])
  const start = knobOf(config, kinds[0], 'seed')
  if (kinds.length * count > mostReplicas) throw new RangeError(`${kinds.length} replicas × ${count} seeds = ${kinds.length * count}, more than the ${mostReplicas} that a run may have.`)
  const seeds = Array.from({ length: count }, (_, i) => (start + i) % 2 ** 32)
  return seeds.flatMap((seed) => kinds.map((kind) => ({ ...kind, seed })))
}

/** Every T_min with every λ. @throws RangeError in one sentence when there are none, or more than a run may have */
export function withSweep(method: string, tMins: readonly number[], lambdas: readonly number[]): ReplicaConfig[] {
  const [columns, rows] = [[...new Set(tMins)], [...new Set(lambdas)]]
  if (columns.length === 0 || rows.length === 0) throw new RangeError('At least one T_min and one λ are needed.')
  if (columns.length * rows.length > mostReplicas) throw new RangeError(`${columns.length} × ${rows.length} = ${columns.length * rows.length} replicas are more than the ${mostReplicas} that a run may have.`)
  const { short } = methodOf(method)
  return rows.flatMap((lambda) => columns.map((tMin): ReplicaConfig => ({ method, tMin, lambda, label: `${short} ${columns.length > 1 ? `T ${tMin}` : ''}${columns.length > 1 && rows.length > 1 ? ' ' : ''}${rows.length > 1 ? `λ ${lambda}` : ''}`.trim() })))
}

/** Numbers as a list: `0.02 0.05, .1`. @throws RangeError in one sentence */
export function readList(text: string, field: 'tMin' | 'lambda'): number[] {
  const schema = replicaSchema.shape[field].unwrap()
  return text.split(/[\s,;]+/).filter(Boolean).map((part) => {
    const value = Number(part)
    if (!schema.safeParse(value).success) throw new RangeError(`“${part}” is no ${field === 'tMin' ? 'T_min' : 'λ'}; numbers from ${schema.minValue} to ${schema.maxValue} are.`)
    return value
  })
}
