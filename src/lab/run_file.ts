/** A whole run as one .zip: what goes on (checkpoint.npz), and what people and other programs read of it. It comes back in whole from the checkpoint inside. */
import { strToU8, zipSync } from 'fflate'
import { ConfigError } from '../config.ts'
import { floorOf, type LossByT } from '../protocol.ts'
import { decodeCheckpoint, encodeCheckpoint } from './checkpoint.ts'
import { NAMES, type RunHistory } from './history.ts'
import { readArchive } from './npz.ts'
import { samplesPng } from './samples_png.ts'
import type { Checkpoint } from './session.ts'

const CHECKPOINT = 'checkpoint.npz'

/** @param labels of the replicas, as charts name them. The same run gives the same bytes. */
export function encodeRunFile(checkpoint: Checkpoint, labels: readonly string[], version: string): Uint8Array<ArrayBuffer> {
  const { config, step, history } = checkpoint
  const text = (value: unknown) => strToU8(`${JSON.stringify(value, null, 1)}\n`)
  return zipFiles({
    'config.json': text({ program: 'low-noise-lab', version, step, labels, config }),
    [CHECKPOINT]: new Uint8Array(encodeCheckpoint(checkpoint)),
    ...(history ? {
      'metrics.csv': strToU8(metricsCsv(history, labels)),
      'loss-by-t.csv': strToU8(lossCsv(history.losses, labels)),
      'measurements.json': text(history.measurements),
      ...(history.samples ? { 'samples.png': samplesPng(history.samples) } : {}),
    } : {}),
  })
}

/** Weights hardly shrink, so that only text is packed; a fixed date keeps the bytes the same. */
export function zipFiles(files: Record<string, Uint8Array>): Uint8Array<ArrayBuffer> {
  const entries = Object.entries(files).map(([name, bytes]) => [name, [bytes, { level: /\.(csv|json|py)$/.test(name) ? 6 : 0, mtime: new Date(1980, 0, 1) }]] as const)
  return zipSync(Object.fromEntries(entries) as Parameters<typeof zipSync>[0]) as Uint8Array<ArrayBuffer>
}

/** Of the lab's .zip, or of the checkpoint.npz by itself. @throws ConfigError with one sentence */
export function decodeRunFile(bytes: Uint8Array): Checkpoint {
  const entries = readArchive(bytes)
  const names = Object.keys(entries).filter(name => name === CHECKPOINT || name.endsWith(`/${CHECKPOINT}`)) // zipped again as a folder
  if (names.length > 1) throw new ConfigError(`the archive holds ${names.length} files called ${CHECKPOINT}: give the one to go on with`)
  if (names.length === 1) return decodeCheckpoint(entries[names[0]])
  if (Object.keys(entries).some(name => name.endsWith('.npy'))) return decodeCheckpoint(bytes)
  throw new ConfigError(`the archive is no run of the lab: ${CHECKPOINT} is missing inside`)
}

/** One row a step and replica; empty where a number was not finite. */
function metricsCsv({ replicas }: RunHistory, labels: readonly string[]): string {
  const rows = replicas.flatMap(({ from, ...record }, r) => Array.from(record.flow, (_, i) => [from + i + 1, quoted(labels[r]), ...NAMES.map(name => written(record[name][i]))].join(',')))
  return `${[['step', 'replica', ...NAMES].join(','), ...rows].join('\n')}\n`
}

/** One row a step, replica and noise level. */
function lossCsv(losses: readonly LossByT[], labels: readonly string[]): string {
  const rows = losses.flatMap(loss => loss.mean.flatMap((values, r) => loss.t.map((level, i) =>
    [loss.step, quoted(labels[r]), level, written(values[i]), written(loss.standardError[r][i]), loss.count, written(floorOf(loss, r)?.[i])].join(','))))
  return `${['step,replica,t,loss,standardError,images,floor', ...rows].join('\n')}\n`
}

const written = (value: number | null | undefined) => (value === null || value === undefined || !Number.isFinite(value) ? '' : String(value))
const quoted = (text: string) => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)
