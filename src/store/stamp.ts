/** What every exported figure says of where it comes from. */
import { version } from '../../package.json'
import { type Config, knobOf } from '../config.ts'
import { useDraft } from './draft.ts'
import { plainPage } from './pageLink.ts'
import { toHash, toLink } from './permalink.ts'
import { useRun } from './run.ts'
import { overlaidNow, shownNow } from './shown.ts'

export interface Stamp {
  /** Program, settings, seeds, step and adapter, in one line. */
  line: string
  /** Opens the page with these settings. */
  link: string
}

/** Of the run shown, or of the settings on the page while there is none. */
export function stamp(step: number | null): Stamp {
  const { tick, record } = shownNow()
  const adapter = record ? `recorded ${record.date} on ${record.adapter}` : useRun.getState().capabilities?.adapter
  const config = tick?.config ?? useDraft.getState().config
  const parts = [`Low-Noise Lab ${version}`, `settings ${fingerprint(config)}`, seedsOf(config), step === null ? 'theory' : `step ${step}`]
  if (step !== null && adapter) parts.push(adapter)
  const beside = overlaidNow().map(({ tick: other }) => `settings ${fingerprint(other.config)} ${seedsOf(other.config)} step ${other.step}`)
  if (beside.length > 0) parts.push(`beside ${beside.join(', ')}`)
  return { line: parts.join(' · '), link: `${location.origin}${location.pathname}#${toLink(config, plainPage)}` }
}

function seedsOf(config: Config): string {
  const seeds = [...new Set(config.replicas.map((replica) => knobOf(config, replica, 'seed')))]
  return `${seeds.length > 1 ? 'seeds' : 'seed'} ${seeds.join(', ')}`
}

/** Eight hexadecimal digits that tell settings apart (FNV-1a of the link). */
export function fingerprint(config: Config): string {
  let hash = 0x811c9dc5
  for (const byte of new TextEncoder().encode(toHash(config))) hash = Math.imul(hash ^ byte, 0x01000193)
  return (hash >>> 0).toString(16).padStart(8, '0')
}
