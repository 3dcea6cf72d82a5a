import type { Fault } from '../../store/run.ts'

/** What went wrong and what helps; the worker's own message stands between the two. */
export function faultWords({ kind, step }: Fault): { headline: string; advice: string } {
  const at = step === undefined ? '' : ` at step ${step}`
  switch (kind) {
    case 'config':
      return { headline: 'These settings cannot be run.', advice: 'The run before, if there was one, is untouched.' }
    case 'saved':
      return { headline: 'This run could not be gone on with.', advice: 'Other runs, if there are any, are untouched.' }
    case 'measure':
      return { headline: 'This could not be measured.', advice: 'The run is untouched.' }
    case 'memory':
      return { headline: 'The GPU has not enough memory for this run.', advice: 'A smaller width, batch or number of replicas needs less.' }
    case 'device-lost':
      return { headline: `The GPU was reset${at}.`, advice: 'Drivers do that when the computer sleeps, when memory runs out or when a program takes too long.' }
    case 'non-finite':
      return { headline: `The loss stopped being a number${at}.`, advice: 'A lower learning rate usually helps.' }
    case 'kernel':
      return { headline: `The GPU refused a kernel${at}.`, advice: 'That is a fault of this page or of the driver, not of your settings.' }
    case 'internal':
      return { headline: `The training program stopped${at}.`, advice: 'That is a fault of this page, not of your settings. Starting again makes a new one.' }
  }
}
