/** A run's settings in the address: only what differs from the first experiment, checked on the way in. */
import type { z } from 'zod'
import { type Config, type ReplicaConfig, ConfigError, type SectionName, isOverridable, knobOf, parseConfig, replicaSchema, sections } from '../config.ts'
import { nameProblem, presets } from './catalog.ts'
import { lessonIn, stepIds } from './lesson.ts'
import { readMeasures, withinBounds, writeMeasures } from './measureLink.ts'
import { type PageLink, isPageKey, linkVersion, plainPage, readPage, writePage } from './pageLink.ts'

const { config: opening } = presets[0]

export const defaults: Config = parseConfig(opening)

export interface Link {
  config: Config
  page: PageLink
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

/** The whole of an address after the `#`: its version, what is looked at, the settings; empty when all is as the page opens. */
export function toLink(config: Config, page: PageLink): string {
  const settings = toHash(config)
  const run = settings || page.run === presets[0].study ? page.run : null // by itself it would bring its own settings
  const rest = [writePage({ ...page, run }), settings].filter(Boolean).join('&')
  return rest && `v=${linkVersion}&${rest}`
}

/** Longer than any link that this page makes; what is longer is something else. */
const longest = 16_000

export function fromHash(hash: string): Link {
  const notices: string[] = []
  const input: Record<string, unknown> = { ...opening }
  let page = plainPage
  let settled = false // by settings of its own
  let viewed = false
  if (hash.length > longest) notices.push(`The link is ${hash.length} letters long; the first ${longest} are read.`)
  for (const [key, text] of new URLSearchParams(hash.replace(/^#/, '').slice(0, longest))) {
    if (isPageKey(key)) {
      viewed ||= key === 'view'
      page = readPage(page, key, text, notices)
      continue
    }
    if (key === 'lesson') {
      if (lessonIn(`lesson=${text}`) === null) notices.push(`The link asks for step ${text} of the lesson; there are 1 to ${stepIds.length}.`)
      continue
    }
    settled = true
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
      notices.push(`The link names “${key.slice(0, 60)}”, which this page does not know.`)
      continue
    }
    const value = readValue(text, (defaults[section] as Record<string, unknown>)[field])
    const problem = shape[field].safeParse(value).error?.issues[0].message ?? nameProblem(field, value)
    if (problem === null) input[section] = { ...(input[section] as object), [field]: value }
    else {
      const near = withinBounds(shape[field], value as number | string | boolean)
      if (near !== null) input[section] = { ...(input[section] as object), [field]: near }
      notices.push(`The link asks for ${key} = ${text.slice(0, 60)}${near === null ? `: ${problem}. The default is used.` : `; ${near} is used.`}`)
    }
  }
  // A recorded run brings the settings that it is of, and its view, as where it is chosen.
  const recorded = settled ? undefined : presets.find(({ study }) => study !== undefined && study === page.run)
  if (recorded) return { config: parseConfig(recorded.config), page: { ...page, view: viewed ? page.view : (recorded.view ?? null) }, notices }
  const told = notices.length > mostNotices ? [...notices.slice(0, mostNotices), `So it is with ${notices.length - mostNotices} more.`] : notices
  try {
    return { config: parseConfig(input), page, notices: told }
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return { config: defaults, page, notices: [...told, `The link cannot be run: ${error.message}. The default run is shown.`] }
  }
}

/** More would hide the page. */
const mostNotices = 8

/** The default tells the type; text that does not fit goes through as text, for the schema to refuse. */
function readValue(text: string, like: unknown): unknown {
  if (typeof like === 'number') return text.trim() === '' || Number.isNaN(Number(text)) ? text : Number(text) + 0 // −0 is 0
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
      replica[key] = isOverridable(key) ? readValue(decode(value), knobOf(defaults, {}, key)) : decode(value)
    }
    for (const [key, value] of Object.entries(replica)) {
      const schema = Object.hasOwn(replicaSchema.shape, key) ? replicaSchema.shape[key as keyof typeof replicaSchema.shape] : null
      if (!schema || schema.safeParse(value).success) continue
      const near = withinBounds(schema, value as number | string)
      if (near === null) continue
      replica[key] = near
      notices.push(`The link asks for ${key} = ${String(value).slice(0, 60)} in a replica; ${near} is used.`)
    }
    const checked = replicaSchema.safeParse(replica)
    const strange = checked.success ? nameProblem('method', checked.data.method) : null
    if (checked.success && strange === null) replicas.push(checked.data)
    else notices.push(`The link describes a replica as “${part.slice(0, 60)}”: ${checked.success ? `method ${strange}` : said(checked.error.issues[0])}. It is left out.`)
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

const said = ({ path, message }: z.core.$ZodIssue) => [...path, message].join(' ')
