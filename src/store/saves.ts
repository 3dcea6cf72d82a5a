/** Which runs the browser keeps, as the worker last said. */
import { create } from 'zustand'
import type { Config } from '../config.ts'
import type { Report, SavedRun, Saves } from '../protocol.ts'
import { datasetOf, presets } from './catalog.ts'
import { presetWith } from './draft.ts'
import { replicaLabel } from './replicas.ts'
import type { Phase } from './run.ts'

export interface SavesState extends Saves {
  /** Runs that the visitor does not want to be asked about. */
  declined: readonly string[]
  /** The problem that the visitor has read. */
  read: string | null
}

export const useSaves = create<SavesState>(() => ({ runs: [], used: null, room: null, problem: null, unstored: null, declined: [], read: null }))

export function hearSaves(report: Report): void {
  if (report.type !== 'saves') return
  const { runs, used, room, problem, unstored } = report
  useSaves.setState(before => {
    // A new worker knows nothing of what the last one could not store.
    const held = before.unstored && runs.some(({ id }) => id === before.unstored?.run.id) ? null : before.unstored
    return { runs, used, room, problem, unstored: unstored ?? held }
  })
}

/** The unfinished run to offer to a visitor who has just come: the last one that can be gone on with here. */
export function offerOf({ runs, declined }: Pick<SavesState, 'runs' | 'declined'>, phase: Phase): SavedRun | null {
  if (phase !== 'idle') return null
  return runs.find(run => run.config !== null && !run.elsewhere && run.step < run.steps && !declined.includes(run.id)) ?? null
}

/** Where a run that failed was last kept. */
export function lastSaveOf({ runs, unstored }: Pick<SavesState, 'runs' | 'unstored'>, runId: string | null): SavedRun | null {
  if (unstored && unstored.run.id === runId) return unstored.run
  return runs.find(({ id, config }) => id === runId && config !== null) ?? null
}

/** What to call a run: its experiment, or its images and methods. */
export function nameOf(config: Config | null): string {
  if (!config) return 'A run that cannot be read'
  const preset = presetWith(config)
  if (preset) return `“${presets.find(({ id }) => id === preset)!.title}”`
  const labels = [...new Set(config.replicas.map(replica => replicaLabel(config, replica)))]
  return `${datasetOf(config.data.dataset)?.label ?? config.data.dataset}: ${labels.join(', ')}`
}
