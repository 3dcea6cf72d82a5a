/** One description per control, read off a schema, the config's or a diagnostic's: bounds and defaults from zod, words from its metadata. */
import type { z } from 'zod'
import { type Config, type FieldMeta, type SectionName, sections } from '../../config.ts'
import { datasetChoices, datasetOf, methodChoices } from '../../store/catalog.ts'

interface Common extends Required<Pick<FieldMeta, 'title' | 'help' | 'live' | 'advanced'>> {
  field: string
  unit?: string
  source?: string
  formula?: string
}
export interface NumberField extends Common {
  kind: 'number'
  min: number
  max: number
  integer: boolean
  log: boolean
  step: number
  standard: number
}
export interface ChoiceField extends Common {
  kind: 'choice'
  choices: { value: string | number; label: string }[]
  standard: string | number
}
export interface SwitchField extends Common {
  kind: 'switch'
  standard: boolean
}
export interface TextField extends Common {
  kind: 'text'
  standard: string
}
export type Field = NumberField | ChoiceField | SwitchField | TextField
/** A field of the config, which has an address. */
export type ConfigField<Kind extends Field = Field> = Kind & { section: SectionName }


/** The config takes any id here; what there is to choose from, the lab knows. */
const known: Record<string, ChoiceField['choices']> = { dataset: datasetChoices, method: methodChoices.map(({ id, label }) => ({ value: id, label })) }

/** Controls of a schema whose fields all have a default. */
export function fieldsOf(schema: z.ZodObject): Field[] {
  return Object.entries(schema.shape).map(([field, type]) => describe(field, type as z.ZodDefault<Inner>))
}

type Inner = z.ZodNumber | z.ZodString | z.ZodBoolean | z.ZodEnum | z.ZodLiteral<string | number>

function describe(field: string, type: z.ZodDefault<Inner>): Field {
  const { title = field, help = '', live = false, advanced = false, unit, source, formula, scale, step } = type.meta() ?? {}
  const common: Common = { field, title, help, live, advanced, unit, source, formula }
  const standard = type.def.defaultValue
  const inner = type.unwrap()
  if (inner.type === 'enum' || inner.type === 'literal') {
    const values = inner.type === 'enum' ? inner.options : [...inner.values]
    return { ...common, kind: 'choice', choices: values.map((value) => ({ value, label: String(value) })), standard: standard as string }
  }
  if (inner.type === 'boolean') return { ...common, kind: 'switch', standard: standard as boolean }
  if (inner.type === 'string') {
    const choices = known[field]
    return choices ? { ...common, kind: 'choice', choices, standard: standard as string } : { ...common, kind: 'text', standard: standard as string }
  }
  const { minValue, maxValue, isInt: integer } = inner
  const [min, max] = [minValue ?? 0, maxValue ?? 1]
  // Whole numbers over two decades or more are chosen by factor, not by difference: 48 against 64, not 48 against 49.
  const log = scale === 'log' || (scale === undefined && integer && max / Math.max(min, 1) >= 100)
  return { ...common, kind: 'number', min, max, integer, log, step: step ?? 1, standard: standard as number }
}

const fieldsIn = (section: SectionName) => fieldsOf(sections[section]).map((field): ConfigField => ({ ...field, section }))

export const fields: Record<SectionName, ConfigField[]> = {
  net: fieldsIn('net'), data: fieldsIn('data'), objective: fieldsIn('objective'), train: fieldsIn('train'), evaluate: fieldsIn('evaluate'),
}

/** Bounds that other fields narrow, so that a slider cannot be put where no run exists. */
export function narrowed(field: ConfigField<NumberField>, config: Config): ConfigField<NumberField> {
  if (field.section === 'net' && field.field === 'width') {
    const step = 4 * config.net.heads
    return { ...field, step, min: Math.ceil(field.min / step) * step, max: Math.floor(field.max / step) * step }
  }
  if (field.section === 'objective' && field.field === 'layer') return { ...field, max: Math.min(field.max, config.net.blocks) }
  if (field.section === 'net' && field.field === 'size') {
    const sizes = datasetOf(config.data.dataset)?.sizes
    if (sizes && sizes.length > 0) return { ...field, min: Math.min(...sizes), max: Math.max(...sizes) }
  }
  return field
}
