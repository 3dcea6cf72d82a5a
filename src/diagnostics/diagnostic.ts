/**
 * A diagnostic looks at frozen nets and says what it finds in panels. One file `<id>.diagnostic.ts` in this folder is all it takes to add one:
 * `export default defineDiagnostic({…})` says what it is, and the page builds its controls, charts, tables and exports from that; beside it
 * `export const measure` does the work, and `export const theory` where there is something to say without a net. The page takes only the first
 * and leaves the work, with all that it imports, to the training thread.
 */
import type { z } from 'zod'
import type { Config } from '../config.ts'
import type { Dataset, DatasetBatch, RunData, Split } from '../datasets/dataset.ts'
import type { Recorder } from '../engine/recorder.ts'
import type { Table } from '../engine/table.ts'
import type { Classifier } from '../model/classifier.ts'
import type { Training } from '../model/training.ts'
import type { Measurement, Panel } from '../panel.ts'

export type { Table }

/** One thing trained from several seeds, or from one. */
export interface Group {
  label: string
  replicas: readonly number[]
}

/** What a diagnostic may touch: the nets of a run, its images, and GPU memory of its own. */
export interface Bench {
  readonly config: Config
  readonly step: number
  /** Weights to record with (`training.optimizer.ema`, `training.parameters`) and the net (`training.dit`). Never add to its recorder. */
  readonly training: Training
  /** Of each replica, as the page names them. */
  readonly labels: readonly string[]
  /** Replicas that differ in their seed only. */
  readonly groups: readonly Group[]
  readonly data: RunData
  /** Earlier measurements of the same diagnostic in this run, oldest first. */
  readonly earlier: readonly Measurement[]
  /** The lab's own classifier of such images; null where it has none. */
  classifier(): Promise<Classifier | null>
  /** Images start … start + count − 1 of a split; kept, so that asking again costs nothing. */
  images(count: number, from: { split: Split; start?: number }): Promise<DatasetBatch>
  /** Made once in a run, and the same again for the same key: for what depends on nothing that trains. */
  kept<Made>(key: string, make: () => Promise<Made>): Promise<Made>
  recorder(): Recorder
  /** Allocates what was recorded since the last table and makes these recorders ready. @throws RangeError in one sentence when the GPU has not the memory */
  lay(...recorders: Recorder[]): Promise<Table>
  /** Between pieces of work: waits for the GPU so that the page's frames get their turn, and ends the measurement when it was cancelled. */
  progress(done: number, total: number): Promise<void>
}

/** Work of one measurement, counted. */
export interface Work {
  /** Images through the whole net, forward, of one replica; a backward counts as two. */
  forwards: number
  /** Floating point operations besides, of one replica. */
  flops?: number
}

/** The task by itself, what the features hold, how the net does as a denoiser, what it draws. */
export type Subject = 'problem' | 'representation' | 'denoiser' | 'samples'

export interface Diagnostic<Schema extends z.ZodObject = z.ZodObject> {
  id: string
  title: string
  /** A word or two for its tab, where its id is no such word. */
  tab?: string
  /** Where it stands in lists, least first. */
  order: number
  /** What it is about: diagnostics of one group stand together. */
  group: Subject
  /** One sentence. */
  summary: string
  paper: string
  /** LaTeX by panel; `npm run formulas` after a change. */
  formulas?: Record<string, string>
  /** Its controls: every field with a default and `meta` (title, help), as in config.ts. */
  settings: Schema
  /** Training steps between two measurements, 0 for on request only. */
  every: number
  /** Of a run that measures it by itself, also before the first step: there is something to see at once. */
  atStart?: boolean
  work(config: Config, settings: z.output<Schema>): Work
  /** Why it cannot be measured with these settings, in one sentence; undefined when it can. */
  refuse?(config: Config, dataset: Dataset, settings: z.output<Schema>): string | undefined
  /** Answers without a run and without a GPU too, by its `theory`. */
  withoutRun?: boolean
}

/** Panels of a run. */
export type Measure<Schema extends z.ZodObject> = (bench: Bench, settings: z.output<Schema>) => Promise<Panel[]>

/** Panels that need no net: theory and exact test beds. */
export type Theory<Schema extends z.ZodObject> = (settings: z.output<Schema>) => Panel[]

/** The same with its settings' type forgotten, which only `parseSettings` (index.ts) can vouch for. */
export function defineDiagnostic<Schema extends z.ZodObject>(diagnostic: Diagnostic<Schema>): Diagnostic {
  return diagnostic as unknown as Diagnostic
}
