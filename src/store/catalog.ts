/** What the page may choose from: methods, presets, data sets and diagnostics, found where the lab keeps them. */
import { type Config, ConfigError, knobOf, objectiveSchema, pathParameters, type ReplicaConfig } from '../config.ts'
import { GRID, drawingId, drawingProblem, isDrawn, type Stroke } from '../datasets/drawn.ts'
import { fittedTo } from '../datasets/fitting.ts'
import { datasetOf, datasets, forgetDataset, registerDataset } from '../datasets/index.ts'
import { isOwn, previewDataset } from '../datasets/own.ts'
import { chartOf } from '../datasets/plane.ts'
import type { Diagnostic } from '../diagnostics/diagnostic.ts'
import { diagnostics, parseSettings } from '../diagnostics/index.ts'
import { type Preset, presets } from '../lab/presets.ts'
import { methods } from '../methods/index.ts'
import type { Method } from '../methods/method.ts'
import type { OwnSet } from '../file_protocol.ts'
import type { Settings } from '../panel.ts'

export { presets }
export type { Preset }

/** The preset for slow machines. */
export const smallPreset = presets.find(({ id }) => id === 'small')

export const methodChoices: Method[] = Object.values(methods).sort((a, b) => a.order - b.order)

/** A file may name a method that this page does not have; it is shown by its id until the run refuses it. */
export function methodOf(id: string): Pick<Method, 'label' | 'short' | 'look' | 'summary' | 'paper' | 'formula' | 'uses' | 'termName'> {
  return methods[id] ?? { label: id, short: id, look: { colour: 'grey', marker: 'diamond' }, summary: '', paper: '', uses: [] }
}

/** What stands beside the flow loss of these methods, in the methods' own words. */
export function secondTerm(chosen: readonly string[]): string {
  const names = [...new Set(chosen.flatMap((id) => methodOf(id).termName ?? []))]
  return names.length === 1 ? names[0] : `second term${names.length > 1 ? ` (${names.join('; ')})` : ''}`
}

/** Whether the flow loss of this method leaves out the samples below T_min. */
export function leavesOut(id: string): boolean {
  const knobs = methods[id]?.knobs(objectiveSchema.parse({ tMin: 0.1 }))
  return knobs !== undefined && knobs.tMin > 0 && !knobs.flowBelow
}

/** The data that settings name, in words. */
export const dataIn = ({ data: { dataset } }: Config) => datasetOf(dataset)?.label ?? dataset

/** Images (n,ch,size,size) of a data set as points (n,2) in a square of half the side `extent`; null where they are pictures. */
export function pointsOf(id: string, images: Float32Array, dimensions: number, size: number): { extent: number; points: Float32Array } | null {
  const dataset = datasetOf(id)
  if (!dataset?.plane) return null
  const { extent, flatten } = chartOf(dataset, dimensions, size)
  return { extent, points: flatten(images) }
}

export const datasetChoices = Object.values(datasets).map(({ id, label }) => ({ value: id, label }))

/** Why nothing goes by this name, which the config takes as any text; null where something does, or may yet: sets of one's own are found a moment later. */
export function nameProblem(field: string, name: unknown): string | null {
  const among = (ids: readonly string[]) => (ids.includes(String(name)) ? null : `must be one of ${ids.join(', ')}, not “${String(name).slice(0, 60)}”`)
  if (name === undefined) return null
  if (field === 'method') return among(methodChoices.map(({ id }) => id))
  if (field !== 'dataset' || isOwn(String(name))) return null
  return isDrawn(String(name)) ? drawingProblem(String(name)) : among(datasetChoices.map(({ value }) => value))
}

export { GRID, datasetOf, drawingId, drawingProblem, fittedTo, isDrawn, isOwn }
export type { Stroke }

/** The page knows these sets of the visitor's own, and no others; of their images it has those of the preview. */
export function knowOwn(sets: readonly OwnSet[]): void {
  for (const id of Object.keys(datasets)) if (isOwn(id)) forgetDataset(id)
  for (const set of sets) registerDataset(previewDataset(set))
}

/** The first `count` images of a set's preview with the names of their classes, in [−1,1]. */
export function previewOf(set: OwnSet, count: number): { image: Float32Array; label: string }[] {
  const shown = Math.min(count, set.preview.labels.length)
  const { images, labels } = previewDataset(set).generate(shown, { seed: 0, split: 'test' })
  const each = images.length / shown
  return Array.from(labels, (label, i) => ({ image: images.slice(i * each, (i + 1) * each), label: set.classes[label] }))
}

/** Fields that at least one method ignores and another reads; every other field always counts. */
const methodFields = new Set<string>(methodChoices.flatMap(({ uses }) => uses))

const pathFields = new Set(Object.values(pathParameters).flat())

/** Why a field of the objective has no effect on these replicas of a run; null when it has one. */
export function ignoredBecause(field: string, config: Config, replicas: readonly ReplicaConfig[] = config.replicas): string | null {
  if (pathFields.has(field)) {
    const paths = replicas.map((replica) => knobOf(config, replica, 'path'))
    const used = paths.some((path) => pathParameters[path].includes(field))
    return used ? null : `No effect: the ${[...new Set(paths)].join(' and ')} path${new Set(paths).size > 1 ? 's have' : ' has'} no such parameter.`
  }
  const chosen = replicas.map(({ method = config.objective.method }) => method)
  if (!methodFields.has(field) || chosen.some((id) => (methodOf(id).uses as readonly string[]).includes(field))) return null
  if ((field === 'timeMean' || field === 'timeScale') && replicas.some((replica) => knobOf(config, replica, 'times') === 'logit-normal')) return null
  const names = [...new Set(chosen.map((id) => methodOf(id).label))]
  return `No effect: ${names.join(' and ')} ${names.length > 1 ? 'do' : 'does'} not use it.`
}

/** In the order in which they are listed. */
export const diagnosticChoices: Diagnostic[] = Object.values(diagnostics)

export function diagnosticOf(id: string): Diagnostic | undefined {
  return Object.hasOwn(diagnostics, id) ? diagnostics[id] : undefined
}

/** All settings of a diagnostic, with its defaults for what is absent; as given where they do not fit, for the lab to refuse. */
export function settingsWith(id: string, settings: Settings): Settings {
  const diagnostic = diagnosticOf(id)
  if (!diagnostic) return settings
  const result = diagnostic.settings.safeParse(settings)
  return result.success ? (result.data as Settings) : settings
}

/** Why a diagnostic cannot be measured with these settings on such a run, in one sentence; null when it can. */
export function refusalOf(id: string, config: Config, settings: Settings): string | null {
  const diagnostic = diagnosticOf(id)
  const dataset = datasetOf(config.data.dataset)
  if (!diagnostic || !dataset) return null
  try {
    return diagnostic.refuse?.(config, dataset, parseSettings(diagnostic, settings)) ?? null
  } catch (error) {
    return error instanceof ConfigError ? error.message : String(error)
  }
}
