/** Turns state changes into sentences for the polite live region, and holds the training lock only while training. */
import { diagnosticOf } from './catalog.ts'
import { type RunState, useRun } from './run.ts'
import { freeTrainingLock } from './tabs.ts'
import { announce } from './ui.ts'

export function watchRun(): () => void {
  return useRun.subscribe((now, before) => {
    if (now.phase === 'running' && before.phase !== 'running') void keepAwake()
    if (now.phase !== 'running' && before.phase === 'running') {
      freeTrainingLock()
      letSleep()
    }
    const sentence = sentenceFor(now, before)
    if (sentence) announce(sentence)
  })
}

/** Null when nothing happened that is worth an interruption; a tick by itself is not. */
export function sentenceFor(now: RunState, before: RunState): string | null {
  if (now.phase !== before.phase) {
    const at = now.tick ? ` at step ${now.tick.step}` : ''
    if (now.phase === 'idle') return 'Ready to train.'
    if (now.phase === 'starting') return 'Preparing the run.'
    if (now.phase === 'running') return `Training${at}.`
    if (now.phase === 'paused') return `Paused${at}.`
    if (now.phase === 'finished') return `Finished${at}.`
    return null // faults and obstacles speak for themselves, as alerts
  }
  const asked = before.asked // what comes at its own pace is no interruption
  if (asked && now.measurements[asked] !== before.measurements[asked]) {
    const found = now.measurements[asked]?.at(-1)
    return found ? `${diagnosticOf(asked)?.title ?? asked}, measured at step ${found.step}. ${found.panels[0]?.summary ?? ''}` : null
  }
  if (now.phase === 'paused' && now.tick && before.tick && now.tick.step !== before.tick.step) return `Step ${now.tick.step}.`
  const tenth = tenthOf(now)
  return now.phase === 'running' && tenth > tenthOf(before) ? `${tenth * 10} percent of the steps done.` : null
}

function tenthOf({ tick }: RunState): number {
  return tick && tick.steps > 0 ? Math.floor((10 * tick.step) / tick.steps) : 0
}

let wakeLock: WakeLockSentinel | null = null

/** A laptop that sleeps in the middle of a run loses the GPU. Refusal (low battery) is no error. */
async function keepAwake(): Promise<void> {
  wakeLock = (await navigator.wakeLock?.request('screen').catch(() => null)) ?? null
}

function letSleep(): void {
  void wakeLock?.release()
  wakeLock = null
}
