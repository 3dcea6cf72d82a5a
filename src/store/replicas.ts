/** A replica's knobs: its own value where it has one, the run's otherwise. */
import type { Config, ReplicaConfig, SectionName } from '../config.ts'
import { methodOf } from './catalog.ts'

/** Run-level home of every field that a replica may set for itself. */
export const overridable = {
  path: 'objective', loss: 'objective', tMin: 'objective', lambda: 'objective', tau: 'objective', learningRate: 'train', images: 'train', seed: 'train',
} as const satisfies Record<string, SectionName>
export type Overridable = keyof typeof overridable
/** Those that are chosen from a list; the others are numbers. */
export type Chosen = 'path' | 'loss'
export const isChosen = (field: string): field is Chosen => field === 'path' || field === 'loss'
export const overridableFields = Object.keys(overridable) as Overridable[]

export function methodIdOf(config: Config, replica: ReplicaConfig): string {
  return replica.method ?? config.objective.method
}

export function knobOf<Field extends Overridable>(config: Config, replica: ReplicaConfig, field: Field): NonNullable<ReplicaConfig[Field]> {
  const section = config[overridable[field]] as unknown as Record<Field, NonNullable<ReplicaConfig[Field]>>
  return replica[field] ?? section[field]
}

/** Path of every replica. */
export const pathIdsOf = (config: Config) => config.replicas.map((replica) => knobOf(config, replica, 'path'))

/** The replica's own name, or its method's. */
export function replicaLabel(config: Config, replica: ReplicaConfig): string {
  return replica.label ?? methodOf(methodIdOf(config, replica)).label
}

/** T_min of every replica whose method reads it, each value once, ascending; zero means off and is left out. */
export function activeTMins(config: Config): number[] {
  const values = config.replicas
    .filter((replica) => methodOf(methodIdOf(config, replica)).uses.includes('tMin'))
    .map((replica) => knobOf(config, replica, 'tMin'))
  return [...new Set(values)].filter((value) => value > 0).sort((a, b) => a - b)
}
