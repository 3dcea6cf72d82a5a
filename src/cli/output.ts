/** Stdout is for results, as text or with `--json` as JSON; everything else goes to stderr. */
import { Presets, SingleBar } from 'cli-progress'
import { withSpread } from '../diagnostics/words.ts'

export interface OutputOptions {
  json?: boolean
}

/** Written whole before the process may end: a pipe takes its time. Nobody reading any more (`lab presets | head -1`) is no failure. */
export function print(options: OutputOptions, value: unknown, text: () => string): Promise<void> {
  const out = options.json ? JSON.stringify(value, null, 2) : text()
  return new Promise((resolve, reject) => {
    const closed = (error: Error) => ('code' in error && error.code === 'EPIPE' ? resolve() : reject(error))
    process.stdout.once('error', closed)
    process.stdout.write(`${out}\n`, error => (error ? closed(error) : resolve()))
  })
}

/** Columns padded to their widest cell. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0].map((_, column) => Math.max(...rows.map(row => row[column].length)))
  return rows.map(row => row.map((cell, column) => cell.padEnd(widths[column])).join('  ').trimEnd()).join('\n')
}

/** Few digits, whatever the magnitude. */
export const figure = (value: number | null | undefined) => (value === null || value === undefined || !Number.isFinite(value) ? '–' : Number(value.toPrecision(4)).toString())

/** A value to the place of its spread, where it has one. */
export const spreadFigure = (value: number | null | undefined, spread: number | null | undefined) =>
  (typeof value === 'number' && spread ? withSpread(value, spread).replace('−', '-') : figure(value))

export interface Bar {
  update(done: number, total: number, note?: string): void
  stop(): void
}

/** A bar on stderr where that is a terminal; elsewhere nothing, so that logs stay short. */
export function progressBar(label: string): Bar {
  if (!process.stderr.isTTY) return { update: () => {}, stop: () => {} }
  const bar = new SingleBar({ format: `${label} {bar} {value}/{total} {note}`, hideCursor: true, clearOnComplete: true, stopOnComplete: false, stream: process.stderr }, Presets.shades_classic)
  let started = false
  return {
    update(done, total, note = '') {
      if (!started) bar.start(total, done, { note })
      started = true
      bar.setTotal(total)
      bar.update(done, { note })
    },
    stop() {
      if (started) bar.stop()
    },
  }
}
