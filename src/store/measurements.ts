/** Looking things up in what was measured, and writing down how it shall be. Pure. */
import type { Config, MeasureConfig } from '../config.ts'
import type { Measurement, Settings } from '../panel.ts'
import { diagnosticOf, settingsWith } from './catalog.ts'

/** Measurements of one diagnostic that are kept, as many as the lab keeps. */
const most = 200

export function withMeasurement(all: Readonly<Record<string, Measurement[]>>, one: Measurement): Record<string, Measurement[]> {
  return { ...all, [one.id]: [...(all[one.id] ?? []), one].slice(-most) }
}

/** The last one made at or before a step; the latest of all for null; none before the first. */
export function measuredAt<Entry extends { step: number | null }>(list: readonly Entry[] | undefined, step: number | null): Entry | null {
  if (!list || list.length === 0) return null
  if (step === null) return list.at(-1)!
  return list.findLast((entry) => entry.step !== null && entry.step <= step) ?? null
}

/** Steps at which something was measured, each once, ascending. */
export function stepsOf(...lists: (readonly { step: number | null }[])[]): number[] {
  const steps = new Set(lists.flat().flatMap(({ step }) => (step === null ? [] : [step])))
  return [...steps].sort((a, b) => a - b)
}

/** Settings of one diagnostic as this config has them, defaults in place. */
export function settingsOf(config: Config, id: string): Settings {
  return settingsWith(id, config.measures.find((measure) => measure.id === id)?.settings ?? {})
}

/** Training steps between two measurements; 0 on request only. */
export function everyOf(config: Config, id: string): number {
  return config.measures.find((measure) => measure.id === id)?.every ?? diagnosticOf(id)?.every ?? 0
}

/** The config's `measures` with one diagnostic's cadence or settings changed; what equals the default is left out. */
export function withMeasure(config: Config, id: string, change: { every?: number; settings?: Settings }): MeasureConfig[] {
  const every = change.every ?? everyOf(config, id)
  const standard = settingsWith(id, {})
  const wanted = { ...settingsOf(config, id), ...change.settings }
  const settings = Object.fromEntries(Object.entries(wanted).filter(([key, value]) => value !== standard[key]))
  const entry: MeasureConfig = { id }
  if (every !== (diagnosticOf(id)?.every ?? 0)) entry.every = every
  if (Object.keys(settings).length > 0) entry.settings = settings
  const others = config.measures.filter((measure) => measure.id !== id)
  return entry.every === undefined && entry.settings === undefined ? others : [...others, entry]
}

export function sameSettings(a: Settings, b: Settings): boolean {
  const keys = new Set([...Object.keys(a), ...Object.keys(b)])
  return [...keys].every((key) => a[key] === b[key])
}
