/** From `--preset`, `--config` and `--set` to a Config. */
import { distance } from 'fastest-levenshtein'
import { type Config, configSchema, parseConfig, type SectionName, sections } from '../config.ts'
import { presets } from '../lab/presets.ts'
import { isCorrectable } from '../model/guidance.ts'
import { CommandError } from './failure.ts'
import { readJson } from './files.ts'

/** What a config holds besides its sections, each as JSON. */
const LISTS = ['replicas', 'measures'] as const

/** Every `section.field`, and the lists. */
export const settingNames: string[] = [
  ...Object.entries(sections).flatMap(([section, { shape }]) => Object.keys(shape).map(field => `${section}.${field}`)), ...LISTS,
]

/** Up to three of `names` that were probably meant, by their letters. */
export const nearTo = (word: string, names: readonly string[]) => nearest(names, Math.max(2, 0.3 * word.length), name => distance(name.toLowerCase(), word.toLowerCase()))

/** The same for settings, whose field counts more than its section. */
function nearSettings(word: string): string[] {
  const last = (name: string) => name.slice(name.lastIndexOf('.') + 1).toLowerCase()
  const field = last(word)
  return nearest(settingNames, Math.max(2, 0.4 * field.length), name => {
    if (last(name) === field) return 0
    if (field.length > 2 && (last(name).startsWith(field) || field.startsWith(last(name)))) return 1
    return Math.min(distance(name.toLowerCase(), word.toLowerCase()), 0.5 + distance(last(name), field))
  })
}

function nearest(names: readonly string[], most: number, off: (name: string) => number): string[] {
  return names.map(name => ({ name, off: off(name) })).filter(near => near.off <= most).sort((a, b) => a.off - b.off).slice(0, 3).map(near => near.name)
}

/** `section.key=value`, the value as JSON or else as text. @throws CommandError */
export function parseSetting(text: string): { key: string; value: unknown } {
  const at = text.indexOf('=')
  if (at < 1) throw new CommandError(`--set ${text}: section.key=value is expected, for example train.batch=32`)
  const [key, raw] = [text.slice(0, at), text.slice(at + 1)]
  if (!settingNames.includes(key)) {
    const near = nearSettings(key)
    throw new CommandError(`--set ${key}: there is no such setting; ${near.length > 0 ? `near it: ${near.join(', ')}` : `the sections are ${Object.keys(sections).join(', ')}, and ${LISTS.join(', ')}`}`)
  }
  try {
    return { key, value: JSON.parse(raw) as unknown }
  } catch {
    return { key, value: raw }
  }
}

type Loose = Partial<Record<SectionName, Record<string, unknown>>> & Partial<Record<(typeof LISTS)[number], unknown>>

const isList = (name: string): name is (typeof LISTS)[number] => (LISTS as readonly string[]).includes(name)

/** A copy of `input` with these settings put in; later ones win. Bounds are the schema's business. @throws CommandError */
export function withSettings(input: unknown, settings: readonly string[]): unknown {
  if (settings.length === 0) return input
  if (typeof input !== 'object' || input === null) return input // the schema says what is wrong with it
  const result: Loose = structuredClone(input)
  for (const { key, value } of settings.map(parseSetting)) {
    if (isList(key)) result[key] = value
    else {
      const [section, field] = key.split('.') as [SectionName, string]
      result[section] = { ...result[section], [field]: value }
    }
  }
  return result
}

/** Whether a setting is of how a run is evaluated. */
export const isEvaluation = (text: string) => text.startsWith('evaluate.')

/** A stored run's config with these settings of `evaluate`. @throws CommandError, ConfigError */
export function evaluatedAs(config: Config, settings: readonly string[]): Config {
  if (settings.length === 0) return config
  const other = settings.find(text => !isEvaluation(text))
  if (other !== undefined) throw new CommandError(`--set ${other}: a stored run takes settings of evaluate, for example evaluate.rtol=1e-5`)
  const asked = parseConfig(withSettings(config, settings))
  if (asked.evaluate.correction && settings.some(text => text.startsWith('evaluate.correction=')) && !isCorrectable(asked)) throw new CommandError('evaluate.correction: no replica of this run was trained by ΔFM, so there is nothing to put back; leave it out')
  return asked
}

/** @throws CommandError */
export function presetConfig(name: string): unknown {
  const preset = presets.find(({ id }) => id === name)
  if (preset) return preset.config
  const near = nearTo(name, presets.map(({ id }) => id))
  throw new CommandError(`there is no preset “${name}”; ${near.length > 0 ? `near it: ${near.join(', ')}` : `there are ${presets.map(({ id }) => id).join(', ')}`}`)
}

/** A config file, or the config inside a run.json. @throws CommandError */
export function fileConfig(path: string): unknown {
  const value = readJson(path)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new CommandError(`${path}: a config is an object of sections (${Object.keys(configSchema.shape).join(', ')})`)
  return 'format' in value && 'config' in value ? value.config : value
}

/** JSON of one replica, as `--replica` gives it. @throws CommandError */
export function parseReplica(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    throw new CommandError(`--replica ${text}: this is not JSON; an example is --replica '{"method":"lcf","lambda":0.05}'`)
  }
}

/** Where two configs differ, as `section.field`. */
export function differences(a: Config, b: Config): string[] {
  const same = (x: unknown, y: unknown) => JSON.stringify(x) === JSON.stringify(y)
  return settingNames.filter(name => {
    if (isList(name)) return !same(a[name], b[name])
    const [section, field] = name.split('.') as [SectionName, string]
    return !same((a[section] as Record<string, unknown>)[field], (b[section] as Record<string, unknown>)[field])
  })
}

/** A whole number from `least` on. @throws CommandError */
export function parseCount(option: string, text: string, least = 1): number {
  const value = Number(text)
  if (text.trim() === '' || !Number.isSafeInteger(value) || value < least) throw new CommandError(`${option} ${text}: a whole number from ${least} is expected`)
  return value
}

