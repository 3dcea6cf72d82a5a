/** Which diagnostics are due when, and which one is under way. */
import { type Config, ConfigError } from '../config.ts'
import type { Dataset } from '../datasets/dataset.ts'
import type { Bench } from '../diagnostics/diagnostic.ts'
import { diagnosticOf, diagnostics, parseSettings } from '../diagnostics/index.ts'
import { works } from '../diagnostics/work.ts'
import type { Measurement, Panel, Settings } from '../panel.ts'

/** Measurements of one diagnostic that are kept. */
const KEPT = 200

interface Task {
  id: string
  settings: Settings
  signal: AbortSignal
  work: (bench: Bench) => Promise<Panel[]>
}

/** Those that a run makes by itself, and how often. */
export function scheduled(config: Config): { id: string; every: number; settings: Settings }[] {
  if (!config.evaluate.measure) return []
  return Object.values(diagnostics).map(({ id, every }) => {
    const own = config.measures.find(measure => measure.id === id)
    return { id, every: own?.every ?? every, settings: own?.settings ?? {} }
  }).filter(({ every }) => every > 0)
}

export class Measurements {
  /** What measurements have made that does not change while training, as images drawn for them, by what was asked for. */
  readonly kept = new Map<string, unknown>()
  private current: { id: string; controller: AbortController } | null = null

  /** @param all where what is found goes, oldest first */
  constructor(private readonly all: Measurement[]) {}

  /** Steps until the next one is due. */
  toNext(config: Config, step: number): number {
    return Math.min(Infinity, ...scheduled(config).map(({ every }) => every - (step % every)))
  }

  /** Those to measure before the first step. */
  first(config: Config): string[] {
    return scheduled(config).filter(({ id }) => diagnosticOf(id).atStart && !this.all.some(one => one.id === id)).map(({ id }) => id)
  }

  /** Those to measure at this step: at their own pace, and all once more at the end. */
  due(config: Config, step: number, end: number): string[] {
    return scheduled(config).filter(({ every }) => step % every === 0 || step >= end).map(({ id }) => id)
  }

  settingsOf(config: Config, id: string): Settings {
    return config.measures.find(measure => measure.id === id)?.settings ?? {}
  }

  /** @throws ConfigError when another is under way, or this one does not go with these settings or this run */
  begin(id: string, settings: Settings, config: Config, dataset: Dataset): Task {
    const diagnostic = diagnosticOf(id)
    const { refuse, title } = diagnostic
    if (this.current) throw new ConfigError(`“${diagnosticOf(this.current.id).title}” is being measured; wait for it or cancel it before asking for “${title}”`)
    const parsed = parseSettings(diagnostic, settings)
    const reason = refuse?.(config, dataset, parsed)
    if (reason) throw new ConfigError(`${title}: ${reason}`)
    const controller = new AbortController()
    this.current = { id, controller }
    return { id, settings: parsed, signal: controller.signal, work: bench => works[id].measure(bench, parsed) }
  }

  /** Runs what was begun, and keeps what it finds. */
  async finish({ id, settings }: Task, step: number, work: () => Promise<Panel[]>): Promise<Measurement> {
    const began = performance.now()
    try {
      const panels = await work()
      const measurement: Measurement = { id, step, settings, panels, duration: (performance.now() - began) / 1000 }
      this.all.push(measurement)
      const same = this.all.filter(other => other.id === id)
      if (same.length > KEPT) this.all.splice(this.all.indexOf(same[0]), 1)
      return measurement
    } finally {
      this.current = null
    }
  }

  cancel(): void {
    this.current?.controller.abort()
  }
}

/**
 * What a diagnostic says without a run: theory and exact test beds.
 * @throws ConfigError when it needs a trained net
 */
export function measureTheory(id: string, settings: Settings): Measurement {
  const diagnostic = diagnosticOf(id)
  const { theory } = works[id]
  if (!theory) throw new ConfigError(`“${diagnostic.title}” looks at a trained net: start a run first`)
  const parsed = parseSettings(diagnostic, settings)
  const began = performance.now()
  return { id, step: null, settings: parsed, panels: theory(parsed), duration: (performance.now() - began) / 1000 }
}
