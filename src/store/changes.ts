/** What separates one run's settings from another's, in the words of the controls. Pure. */
import { type Config, type Overridable, type ReplicaConfig, type SectionName, isLive, knobOf, overridable, overridableFields, sections } from '../config.ts'
import { methodIdOf, replicaLabel } from './replicas.ts'

export interface Change {
  title: string
  from: string
  to: string
}

/** Between the run on the GPU and the draft, apart from live knobs, which need no restart. */
export function restartChanges(draft: Config, running: Config): Change[] {
  return [...fieldChanges(running, draft, (section, field) => !isLive(section, field)), ...replicaChanges(running, draft, overridableFields.filter((field) => !isLive(overridable[field], field)))]
}

/** Live knobs that stand otherwise in the draft than on the GPU, where the two have the same replicas. */
export function liveChanges(draft: Config, running: Config): Change[] {
  if (!sameCast(running, draft)) return []
  const ownable = overridableFields.filter((field) => isLive(overridable[field], field))
  const together = fieldChanges(running, draft, (section, field) => isLive(section, field) && !ownable.some((one) => one === field))
  // Of those that a replica may have for itself it is each replica's value that counts.
  return [...together, ...ownable.flatMap((field): Change[] => {
    const nobody = (config: Config) => config.replicas.every((replica) => replica[field] === undefined)
    if (!nobody(draft) || !nobody(running)) return ownChanges(running, draft, [field], true)
    const [from, to] = [knobOf(running, {}, field), knobOf(draft, {}, field)]
    return from === to ? [] : [{ title: titleOf(overridable[field], field), from: String(from), to: String(to) }]
  })]
}

/** All of it, but for how the replicas are measured on the way when that is by default. */
export function differences(from: Config, to: Config): Change[] {
  const measures = JSON.stringify(from.measures) === JSON.stringify(to.measures) ? [] : [{ title: 'Diagnostics', from: measuresOf(from), to: measuresOf(to) }]
  return [...fieldChanges(from, to, () => true), ...replicaChanges(from, to, overridableFields), ...measures]
}

function fieldChanges(from: Config, to: Config, counts: (section: SectionName, field: string) => boolean): Change[] {
  return (Object.keys(sections) as SectionName[]).flatMap((section) => {
    const before = from[section] as Record<string, unknown>
    // The method is each replica's own business.
    return Object.entries(to[section]).flatMap(([field, value]) => (value === before[field] || field === 'method' || !counts(section, field) ? [] : [{ title: titleOf(section, field), from: String(before[field]), to: String(value) }]))
  })
}

function titleOf(section: SectionName, field: string): string {
  const shape = sections[section].shape as Record<string, { meta(): { title?: string } | undefined }>
  return shape[field].meta()?.title ?? field
}

const castOf = (config: Config) => config.replicas.map((replica) => replicaLabel(config, replica))

/** Replica by replica the same methods. */
const sameCast = (a: Config, b: Config) => a.replicas.length === b.replicas.length && a.replicas.every((replica, i) => methodIdOf(a, replica) === methodIdOf(b, b.replicas[i]))

function replicaChanges(from: Config, to: Config, fields: readonly Overridable[]): Change[] {
  if (to.replicas.length !== from.replicas.length) return [{ title: 'Replicas', from: brief(castOf(from)), to: brief(castOf(to)) }]
  const methods = to.replicas.flatMap((replica, i): Change[] => {
    const before = from.replicas[i]
    return methodIdOf(to, replica) === methodIdOf(from, before) ? [] : [{ title: `Replica ${i + 1}`, from: replicaLabel(from, before), to: replicaLabel(to, replica) }]
  })
  return [...methods, ...ownChanges(from, to, fields)]
}

/** Of replicas with a value of their own; what all of them follow is told once, as the run's, unless `each` is to be told. */
function ownChanges(from: Config, to: Config, fields: readonly Overridable[], each = false): Change[] {
  return to.replicas.flatMap((replica, i) => fields.flatMap((field): Change[] => {
    const before = from.replicas[i]
    const [was, is] = [knobOf(from, before, field), knobOf(to, replica, field)]
    const follows = (one: ReplicaConfig) => one[field] === undefined
    const runs = knobOf(from, {}, field) !== knobOf(to, {}, field)
    return was === is || (!each && runs && follows(replica) && follows(before)) ? [] : [{ title: `${titleOf(overridable[field], field)} of replica ${i + 1}`, from: String(was), to: String(is) }]
  }))
}

const measuresOf = ({ measures }: Config) => (measures.length === 0 ? 'as usual' : measures.map(({ id, every }) => (every === undefined ? id : every === 0 ? `${id} off` : `${id} every ${every}`)).join(', '))

/** A long list of replicas, by how many there are of each. */
function brief(cast: readonly string[]): string {
  const counts = new Map<string, number>()
  for (const one of cast) counts.set(one, (counts.get(one) ?? 0) + 1)
  return [...counts].map(([label, count]) => (count > 1 ? `${label} ×${count}` : label)).join(', ')
}
