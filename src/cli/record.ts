/** run.json: what was run, where, for how long, and what came out. */
import { createRequire } from 'node:module'
import packageFile from '../../package.json'
import type { Config } from '../config.ts'
import type { Tiles } from '../engine/recorder.ts'
import type { Measurement } from '../panel.ts'
import type { BandSeries, Capabilities, LossByT, ReplicaTick, RunEvent, Tick } from '../protocol.ts'

export type Outcome = 'finished' | 'interrupted' | 'diverged'

export interface RunRecord {
  format: 'low-noise-lab run'
  version: 1
  outcome: Outcome
  command: string[]
  config: Config
  step: number
  steps: number
  /** The step and the file that this run went on from. */
  from: { step: number; file: string } | null
  versions: { lab: string; webgpu: string; node: string; platform: string }
  adapter: Capabilities
  tiles: Tiles
  startedAt: string
  /** Seconds spent on images and pipelines, and on training with its evaluations; steps per second as the GPU makes them. */
  duration: { preparation: number; training: number; stepsPerSecond: number }
  cost: Tick['cost']
  /** Each replica's series, thinned to 200 points, and its last values. */
  metrics: ReplicaTick[]
  /** Held-out loss by noise level, with the images behind each point and its standard error. */
  lossByT: LossByT | null
  bands: BandSeries[]
  /** What the diagnostics found, oldest first. */
  measurements: readonly Measurement[]
  events: RunEvent[]
}

export function versions(): RunRecord['versions'] {
  const require = createRequire(import.meta.url)
  let webgpu = 'unknown'
  try {
    webgpu = (require('webgpu/package.json') as { version: string }).version
  } catch {
    // The package may keep its manifest to itself; the run does not depend on it.
  }
  return { lab: packageFile.version, webgpu, node: process.version, platform: `${process.platform} ${process.arch}` }
}

/** Indented, but with every list of numbers on one line. */
export function recordText(record: RunRecord): string {
  return `${JSON.stringify(record, null, 1).replaceAll(/\[[-\d.e+,\snul]*\]/g, list => list.replaceAll(/\s+/g, ''))}\n`
}
