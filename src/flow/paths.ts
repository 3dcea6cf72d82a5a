/** Paths from the clean image (t = 0) to noise (t = 1): x_t = α(t) x0 + β(t) ε, with the conditional velocity v* = α'(t) x0 + β'(t) ε. */
import type { PathFamily, PathFunctions } from './paths/path.ts'

export interface Path extends PathFunctions {
  id: string
  label: string
  /** For the end of a line. */
  short: string
  /** The values it was built with. */
  parameters: Readonly<Record<string, number>>
}

const modules = import.meta.glob<PathFamily>('./paths/*.path.ts', { eager: true, import: 'default' })

/** Whether two are the same path, parameters and all. */
export const samePath = (one: Path, other: Path): boolean => one.id === other.id && Object.entries(one.parameters).every(([name, value]) => other.parameters[name] === value)

/** Every family of paths, by id, found by glob, in the order of lists. */
export const pathFamilies: Readonly<Record<string, PathFamily>> = Object.fromEntries(Object.values(modules).sort((a, b) => a.order - b.order).map(family => [family.id, family]))

/**
 * @param values those that differ from the defaults
 * @throws RangeError for an unknown path or parameter, or a value out of bounds
 */
export function makePath(id: string, values: Readonly<Record<string, number>> = {}): Path {
  const family = Object.hasOwn(pathFamilies, id) ? pathFamilies[id] : undefined
  if (!family) throw new RangeError(`There is no path "${id}"; there are ${Object.keys(pathFamilies).join(', ')}.`)
  for (const name of Object.keys(values)) {
    if (!family.parameters.some(parameter => parameter.id === name)) {
      const known = family.parameters.map(parameter => parameter.id).join(', ')
      throw new RangeError(`Path ${id} has no parameter "${name}"; ${known ? `it has ${known}` : 'it has none'}.`)
    }
  }
  const parameters: Record<string, number> = {}
  for (const { id: name, default: usual, min, max } of family.parameters) {
    const value = values[name] ?? usual
    if (!(value >= min && value <= max)) throw new RangeError(`Path ${id}: ${name} must be between ${min} and ${max}, not ${value}.`)
    parameters[name] = value
  }
  return { id, label: family.label, short: family.short, parameters, ...family.functions(parameters) }
}
