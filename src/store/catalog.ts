/** What the page may choose from: methods, presets and data sets, found where the lab keeps them. */
import type { Dataset } from '../datasets/dataset.ts'
import { datasets } from '../datasets/index.ts'
import { presets } from '../lab/presets.ts'
import { methods } from '../methods/index.ts'
import type { Method } from '../methods/method.ts'

export { presets }

/** The preset for slow machines. */
export const smallPreset = presets.find(({ id }) => id === 'small')

export const methodChoices: Method[] = Object.values(methods).sort((a, b) => a.order - b.order)

/** A link may name a method that this page does not have; it is shown by its id until the run refuses it. */
export function methodOf(id: string): Pick<Method, 'label' | 'short' | 'look' | 'summary' | 'paper' | 'uses'> {
  return methods[id] ?? { label: id, short: id, look: { colour: 'grey', marker: 'diamond' }, summary: '', paper: '', uses: [] }
}

/** Whether the flow loss of this method leaves out the samples below T_min. */
export function leavesOut(id: string): boolean {
  const knobs = methods[id]?.knobs({ tMin: 0.1, lambda: 1 })
  return knobs !== undefined && knobs.tMin > 0 && !knobs.flowBelow
}

export function datasetOf(id: string): Dataset | undefined {
  return datasets[id]
}

export const datasetChoices = Object.values(datasets).map(({ id, label }) => ({ value: id, label }))

/** Fields that at least one method ignores and another reads; every other field always counts. */
const methodFields = new Set<string>(methodChoices.flatMap(({ uses }) => uses))

/** Why a field of the objective has no effect with these methods; null when it has one. */
export function ignoredBecause(field: string, chosen: readonly string[]): string | null {
  if (!methodFields.has(field) || chosen.some((id) => (methodOf(id).uses as readonly string[]).includes(field))) return null
  const names = [...new Set(chosen.map((id) => methodOf(id).label))]
  return `No effect: ${names.join(' and ')} ${names.length > 1 ? 'do' : 'does'} not use it.`
}
