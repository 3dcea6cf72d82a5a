/** What the page reads off a run's replicas. */
import { apartBy, type Config, knobOf, type ReplicaConfig } from '../config.ts'
import { leavesOut, methodOf } from './catalog.ts'

export function methodIdOf(config: Config, replica: ReplicaConfig): string {
  return replica.method ?? config.objective.method
}

/** Path of every replica. */
export const pathIdsOf = (config: Config) => config.replicas.map((replica) => knobOf(config, replica, 'path'))

/** The replica's own name, or its method's with what sets it apart. */
export function replicaLabel(config: Config, replica: ReplicaConfig): string {
  return replica.label ?? methodOf(methodIdOf(config, replica)).label + apartBy(config, replica)
}

/** T_min of every replica that is not hidden and whose method reads it, each value once, ascending; zero means off and is left out. */
export function activeTMins(config: Config, hidden: readonly number[] = []): number[] {
  const values = config.replicas
    .filter((replica, index) => !hidden.includes(index) && methodOf(methodIdOf(config, replica)).uses.includes('tMin'))
    .map((replica) => knobOf(config, replica, 'tMin'))
  return [...new Set(values)].filter((value) => value > 0).sort((a, b) => a - b)
}

/** The level below which the flow loss leaves a replica untrained; 0 where there is none. */
export function untrainedBelow(config: Config, replica: number): number {
  const own = config.replicas[replica]
  return own && leavesOut(methodIdOf(config, own)) ? knobOf(config, own, 'tMin') : 0
}
