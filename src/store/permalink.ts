/** A run's settings in the address: only what differs from the first experiment, checked on the way in. */
import type { z } from 'zod'
import { type Config, type ReplicaConfig, ConfigError, type SectionName, parseConfig, replicaSchema, sections } from '../config.ts'
import { presets } from './catalog.ts'
import { lessonIn, stepIds } from './lesson.ts'
import { readMeasures, writeMeasures } from './measureLink.ts'

const { config: opening } = presets[0]

export const defaults: Config = parseConfig(opening)

export interface Link {
  config: Config
  /** One sentence for everything in the address that could not be used. */
  notices: string[]
}

const sectionNames = Object.keys(sections) as SectionName[]

/** `net.width=32&replicas=fm;lcf,tMin:0.1&measures=probe:500,labels:256`, or an empty string for the default run. */
export function toHash(config: Config): string {
  const pairs: string[] = []
  for (const section of sectionNames) {
    const standard = defaults[section] as Record<string, unknown>
    for (const [field, value] of Object.entries(config[section])) {
      if (value !== standard[field]) pairs.push(`${section}.${field}=${encodeURIComponent(String(value))}`)
    }
  }
  const replicas = writeReplicas(config.replicas)
  if (replicas !== writeReplicas(defaults.replicas)) pairs.push(`replicas=${replicas}`)
  const measures = writeMeasures(config.measures)
  if (measures !== writeMeasures(defaults.measures)) pairs.push(`measures=${measures}`)
  return pairs.join('&')
}

export function fromHash(hash: string): Link {
  const notices: string[] = []
  const input: Record<string, unknown> = { ...opening }
  for (const [key, text] of new URLSearchParams(hash.replace(/^#/, ''))) {
    if (key === 'lesson') {
      if (lessonIn(`lesson=${text}`) === null) notices.push(`The link asks for step ${text} of the lesson; there are 1 to ${stepIds.length}.`)
      continue
    }
    if (key === 'replicas') {
      const replicas = readReplicas(text, notices)
      if (replicas.length > 0) input.replicas = replicas
      continue
    }
    if (key === 'measures') {
      input.measures = readMeasures(text, notices)
      continue
    }
    const [section, field] = key.split('.') as [SectionName, string]
    const shape: Record<string, z.ZodType> = Object.hasOwn(sections, section) ? sections[section].shape : {}
    if (field === undefined || !Object.hasOwn(shape, field)) {
      notices.push(`The link names “${key}”, which this page does not know.`)
      continue
    }
    const value = readValue(text, (defaults[section] as Record<string, unknown>)[field])
    const checked = shape[field].safeParse(value)
    if (checked.success) input[section] = { ...(input[section] as object), [field]: value }
    else notices.push(`The link asks for ${key} = ${text}; ${lower(checked.error.issues[0].message)}. The default is used.`)
  }
  try {
    return { config: parseConfig(input), notices }
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return { config: defaults, notices: [...notices, `The link cannot be run: ${error.message}. The default run is shown.`] }
  }
}

/** The default tells the type; text that does not fit goes through as text, for the schema to refuse. */
function readValue(text: string, like: unknown): unknown {
  if (typeof like === 'number') return text.trim() === '' ? text : Number(text)
  if (typeof like === 'boolean') return text === 'true' ? true : text === 'false' ? false : text
  return text
}

function writeReplicas(replicas: readonly ReplicaConfig[]): string {
  return replicas
    .map(({ method = '', ...rest }) => {
      const own = Object.entries(rest).filter(([, value]) => value !== undefined)
      return [encode(method), ...own.map(([key, value]) => `${key}:${encode(String(value))}`)].join(',')
    })
    .join(';')
}

function readReplicas(text: string, notices: string[]): ReplicaConfig[] {
  const replicas: ReplicaConfig[] = []
  for (const part of text.split(';').slice(0, 16)) {
    const [method, ...own] = part.split(',')
    const replica: Record<string, unknown> = method ? { method: decode(method) } : {}
    for (const pair of own) {
      const [key, value = ''] = pair.split(':')
      replica[key] = key === 'label' ? decode(value) : readValue(value, 0)
    }
    const checked = replicaSchema.safeParse(replica)
    if (checked.success) replicas.push(checked.data)
    else notices.push(`The link describes a replica as “${part}”; ${lower(checked.error.issues[0].message)}. It is left out.`)
  }
  return replicas
}

/** Twice: once for the address, once more so that a label may hold the comma that separates a replica's values. */
const encode = (text: string) => encodeURIComponent(encodeURIComponent(text))

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

const lower = (text: string) => text.charAt(0).toLowerCase() + text.slice(1)
