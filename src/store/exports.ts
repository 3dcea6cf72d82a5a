/** What was asked for as a file and has come from the training worker, until it is saved. */
import { create } from 'zustand'
import type { ExportAsked, Report } from '../protocol.ts'
import { fingerprint } from './stamp.ts'
import { useRun } from './run.ts'

export type Exported = Extract<Report, { type: 'exported' }>

interface ExportsState {
  /** The request that is under way. */
  waiting: number | null
  /** What came last, for whoever saves it. */
  done: Exported | null
}

export const useExports = create<ExportsState>(() => ({ waiting: null, done: null }))

let requests = 0

export function nextRequest(): number {
  const waiting = ++requests
  useExports.setState({ waiting, done: null })
  return waiting
}

export function hearExported(report: Report): void {
  if (report.type !== 'exported' || report.requestId !== useExports.getState().waiting) return
  useExports.setState({ waiting: null, done: report })
}

// A run that failed does not answer any more: the way on begins with another worker.
useRun.subscribe(({ phase }, before) => {
  if (phase === 'failed' && before.phase !== 'failed') useExports.setState({ waiting: null })
})

const endings: Record<ExportAsked['what'], string> = { onnx: 'onnx', safetensors: 'safetensors', pytorch: 'pytorch.zip', run: 'run.zip' }

/** `low-noise-lab-gratings-lcf-ema-step-400-1a2b3c4d.onnx`: data, replica, weights, step, and a mark that tells settings apart. `labels` as charts have them. */
export function exportName({ asked, step }: Exported, labels: readonly string[]): string {
  const config = useRun.getState().tick?.config
  const replica = asked.what === 'run' ? '' : labels[asked.replica] ?? ''
  const weights = asked.what === 'onnx' || asked.what === 'safetensors' ? asked.weights : ''
  const layer = asked.what === 'onnx' && asked.layer !== undefined ? `block ${asked.layer}` : ''
  const parts = ['low-noise-lab', config?.data.dataset ?? '', replica, weights, layer, `step ${step}`, config ? fingerprint(config) : '']
  return `${parts.filter(Boolean).join('-').toLowerCase().replaceAll(/[^a-z0-9.]+/g, '-')}.${endings[asked.what]}`
}
