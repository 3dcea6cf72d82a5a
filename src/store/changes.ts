/** What separates the draft from the run on the GPU, apart from live knobs, which never need a restart. */
import { type Config, type ReplicaConfig, type SectionName, isLive, sections } from '../config.ts'
import { knobOf, methodIdOf, replicaLabel } from './replicas.ts'

export interface Change {
  title: string
  from: string
  to: string
}

export function restartChanges(draft: Config, running: Config): Change[] {
  const changes: Change[] = []
  for (const section of Object.keys(sections) as SectionName[]) {
    const before = running[section] as Record<string, unknown>
    const shape = sections[section].shape as Record<string, { meta(): { title?: string } | undefined }>
    for (const [field, value] of Object.entries(draft[section])) {
      if (value === before[field] || isLive(section, field) || field === 'method') continue
      changes.push({ title: shape[field].meta()?.title ?? field, from: String(before[field]), to: String(value) })
    }
  }
  return [...changes, ...replicaChanges(draft, running)]
}

/** Method, seed and number of replicas are built in at the start; their knob values are not. */
function replicaChanges(draft: Config, running: Config): Change[] {
  const cast = (config: Config) => config.replicas.map((replica) => replicaLabel(config, replica)).join(', ')
  if (draft.replicas.length !== running.replicas.length) return [{ title: 'Replicas', from: cast(running), to: cast(draft) }]
  // A new seed of the whole run is told once, not by each replica that follows it.
  const follows = (replica: ReplicaConfig) => replica.seed === undefined && draft.train.seed !== running.train.seed
  return draft.replicas.flatMap((replica, i) => {
    const before = running.replicas[i]
    const [from, to] = [knobOf(running, before, 'seed'), knobOf(draft, replica, 'seed')]
    const changes: Change[] = []
    if (methodIdOf(draft, replica) !== methodIdOf(running, before)) {
      changes.push({ title: `Replica ${i + 1}`, from: replicaLabel(running, before), to: replicaLabel(draft, replica) })
    }
    if (from !== to && !follows(replica)) changes.push({ title: `Seed of replica ${i + 1}`, from: String(from), to: String(to) })
    return changes
  })
}
