/** What a turned knob makes of a run's config: a live field, of all replicas or of one. */
import { type Config, ConfigError, isLive, isOverridable, overridable, parseConfig } from '../config.ts'
import type { KnobPatch } from '../protocol.ts'
import { checkConfig } from './data.ts'

/** Turned for all, what single replicas had of their own is gone. @throws ConfigError when the field is not live or the value is out of bounds */
export function patched(before: Config, { replica, section, field, value }: KnobPatch): Config {
  if (!isLive(section, field)) throw new ConfigError(`${section}.${field} needs a restart`)
  const replicas = before.replicas.map(r => ({ ...r }))
  const own = isOverridable(field) && overridable[field] === section ? field : null
  let next: unknown
  if (replica === 'all') {
    if (own) for (const r of replicas) delete r[own]
    next = { ...before, replicas, [section]: { ...before[section], [field]: value } }
  } else {
    if (!own || !replicas[replica]) throw new ConfigError(`${section}.${field} cannot be set for replica ${replica} alone`)
    next = { ...before, replicas: replicas.map((r, i) => (i === replica ? { ...r, [own]: value } : r)) }
  }
  const config = parseConfig(next)
  checkConfig(config)
  return config
}
