/** Ctrl-C asks once; asked again later, the process ends at once. */
import { EXIT } from './failure.ts'

/** The launcher passes the signal on that the terminal has already sent, so two in quick succession are one. */
const SAME_PRESS_MS = 1000

export interface Interrupt {
  /** Back to the signals' usual meaning. */
  release(): void
}

export function onInterrupt(ask: () => void): Interrupt {
  let first = 0
  const heard = () => {
    if (first > 0) {
      if (performance.now() - first > SAME_PRESS_MS) process.exit(EXIT.interrupted)
      return
    }
    first = performance.now()
    ask()
  }
  const signals = ['SIGINT', 'SIGTERM'] as const
  for (const signal of signals) process.on(signal, heard)
  return {
    release() {
      for (const signal of signals) process.off(signal, heard)
    },
  }
}
