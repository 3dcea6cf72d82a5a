/** Asking for measurements, and for what theory says of the settings in the draft. */
import type { Settings } from '../panel.ts'
import { post } from './bridge.ts'
import { diagnosticOf } from './catalog.ts'
import { setConfig, useDraft } from './draft.ts'
import { settingsOf, withMeasure } from './measurements.ts'
import { dismissUnmeasured, hasRun, useRun } from './run.ts'

/** Measures one diagnostic on the run as it is, with the draft's settings. */
export function measure(id: string): void {
  dismissUnmeasured(id)
  useRun.setState({ asked: id })
  post({ type: 'measure', id, settings: settingsOf(useDraft.getState().config, id) })
}

export function cancelMeasure(): void {
  useRun.setState({ asked: null })
  post({ type: 'cancel-measure' })
}

let waiting: ReturnType<typeof setTimeout> | undefined

/** Changes how often a diagnostic is measured, or with which settings; a run there is follows. */
export function changeMeasure(id: string, change: { every?: number; settings?: Settings }): void {
  const { config } = useDraft.getState()
  setConfig({ ...config, measures: withMeasure(config, id, change) })
  clearTimeout(waiting)
  waiting = setTimeout(schedule, 250) // one gesture, one command
}

function schedule(): void {
  const { phase } = useRun.getState()
  if (hasRun(phase)) post({ type: 'schedule', measures: useDraft.getState().config.measures })
}

/** Questions that theory is at work on; the newest settings wait here meanwhile. */
const underWay = new Map<string, { next: Settings | null }>()

/** What a diagnostic says without a run. A slider asks many times: one question is under way, and only the last one waits. */
export function askTheory(id: string, settings: Settings): void {
  if (!diagnosticOf(id)?.withoutRun) return
  const busy = underWay.get(id)
  if (busy) {
    busy.next = settings
    return
  }
  underWay.set(id, { next: null })
  const stop = useRun.subscribe(({ theory, unmeasured, phase }, before) => {
    const answered = theory[id] !== before.theory[id] || (unmeasured[id] !== undefined && unmeasured[id] !== before.unmeasured[id])
    if (!answered && phase !== 'failed') return
    stop()
    const next = underWay.get(id)?.next ?? null
    underWay.delete(id)
    if (next) askTheory(id, next)
  })
  post({ type: 'measure', id, settings, theory: true })
}
