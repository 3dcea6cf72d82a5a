/** Cadence and settings of diagnostics in the address: `probe:500,labels:256;gain:0`. Only what differs from a diagnostic's own defaults. */
import type { z } from 'zod'
import type { MeasureConfig } from '../config.ts'
import type { Settings } from '../panel.ts'
import { diagnosticChoices, diagnosticOf } from './catalog.ts'

/** The schema's own bound. */
const longest = 1_000_000
const most = 32

export function writeMeasures(measures: readonly MeasureConfig[]): string {
  return measures
    .map(({ id, every, settings = {} }) => [
      `${encode(id)}${every === undefined ? '' : `:${every}`}`,
      ...Object.entries(settings).map(([key, value]) => `${encode(key)}:${encode(String(value))}`),
    ].join(','))
    .join(';')
}

/** What cannot be used is left out or brought within its bounds, and a sentence says so. */
export function readMeasures(text: string, notices: string[]): MeasureConfig[] {
  const measures: MeasureConfig[] = []
  for (const part of text.split(';').slice(0, most)) {
    const [head, ...pairs] = part.split(',')
    const [id, pace] = head.split(':').map(decode)
    const diagnostic = diagnosticOf(id)
    if (!diagnostic) {
      notices.push(`The link asks for a diagnostic “${id}”, which this page does not know; there are ${diagnosticChoices.map((one) => one.id).join(', ')}.`)
      continue
    }
    if (measures.some((measure) => measure.id === id)) {
      notices.push(`The link asks for “${id}” twice; the first counts.`)
      continue
    }
    const measure: MeasureConfig = { id }
    if (pace !== undefined) {
      const every = paceOf(pace)
      if (every === null) notices.push(`The link measures ${id} every “${pace}” steps; a whole number from 0 is needed. The default is used.`)
      else measure.every = every
      if (every !== null && every !== Number(pace)) notices.push(`The link measures ${id} every ${pace} steps; ${every} is used.`)
    }
    const settings = readSettings(id, diagnostic.settings, pairs, notices)
    if (Object.keys(settings).length > 0) measure.settings = settings
    if (measure.every !== undefined || measure.settings !== undefined) measures.push(measure)
  }
  return measures
}

function paceOf(text: string): number | null {
  const every = text.trim() === '' ? Number.NaN : Number(text)
  return Number.isFinite(every) ? Math.min(longest, Math.max(0, Math.round(every))) + 0 : null
}

function readSettings(id: string, schema: z.ZodObject, pairs: readonly string[], notices: string[]): Settings {
  const standard = schema.parse({}) as Settings
  const settings: Settings = {}
  for (const pair of pairs) {
    const [key, text = ''] = pair.split(':').map(decode)
    if (!Object.hasOwn(schema.shape, key)) {
      notices.push(`The link sets ${id}.${key}, which does not exist.`)
      continue
    }
    const field = schema.shape[key] as z.ZodType
    const wanted = typeof standard[key] === 'number' ? (text.trim() === '' || Number.isNaN(Number(text)) ? text : Number(text) + 0) : typeof standard[key] === 'boolean' ? ({ true: true, false: false }[text] ?? text) : text
    const { success, error } = field.safeParse(wanted)
    const value = success ? wanted : withinBounds(field, wanted)
    if (value === null) notices.push(`The link asks for ${id}.${key} = ${text}: ${error!.issues[0].message}. The default, ${standard[key]}, is used.`)
    else {
      if (value !== wanted) notices.push(`The link asks for ${id}.${key} = ${text}; ${value} is used.`)
      if (value !== standard[key]) settings[key] = value
    }
  }
  return settings
}

/** The nearest number that the field takes, if the trouble was only its size. */
export function withinBounds(field: z.ZodType, wanted: number | string | boolean): number | null {
  if (typeof wanted !== 'number' || !Number.isFinite(wanted)) return null
  const { minValue, maxValue } = ((field as z.ZodDefault).unwrap?.() ?? field) as z.ZodNumber
  const inside = Math.min(Math.max(wanted, minValue ?? wanted), maxValue ?? wanted)
  return [inside, Math.round(inside) + 0].find(value => field.safeParse(value).success) ?? null
}

/** Twice, as in permalink.ts: once for the address, once for the marks used here. */
const encode = (text: string) => encodeURIComponent(encodeURIComponent(text))

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
