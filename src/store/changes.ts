/** What separates the draft from the run on the GPU, apart from live knobs, which never need a restart. */
import { type Config, type ReplicaConfig, type SectionName, isLive, sections } from '../config.ts'
import { replicaLabel } from './replicas.ts'

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
  const cast = (config: Config) => config.replicas.map((replica) => replicaLabel(config, replica)).join(', ')
  if (needsRestart(draft.replicas, running.replicas)) changes.push({ title: 'Replicas', from: cast(running), to: cast(draft) })
  return changes
}

/** Method, seed and number of replicas are built in at the start; their knob values are not. */
function needsRestart(draft: readonly ReplicaConfig[], running: readonly ReplicaConfig[]): boolean {
  if (draft.length !== running.length) return true
  return draft.some((replica, i) => replica.method !== running[i].method || replica.seed !== running[i].seed)
}
