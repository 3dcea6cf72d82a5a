/**
 * A path from the clean image (t = 0) to noise (t = 1). One file in this folder with a `definePath` default export is all it takes to add one: choices,
 * controls, the GPU's table, floors, samplers and condition numbers follow. Parameters are controls of their own, fields of the config's objective.
 */
import type { ObjectiveConfig } from '../../config.ts'

type NumberField = { [Field in keyof ObjectiveConfig]: ObjectiveConfig[Field] extends number ? Field : never }[keyof ObjectiveConfig]

export interface PathParameter {
  id: string
  /** Where the config has it. */
  field: NumberField
  label: string
  default: number
  /** Least and greatest value that makes sense; both are accepted. */
  min: number
  max: number
  help: string
}

/** x_t = α(t) x0 + β(t) ε and its derivative; where β' has a pole at t = 0 it is Infinity there. */
export interface PathFunctions {
  alpha(t: number): number
  beta(t: number): number
  dalpha(t: number): number
  dbeta(t: number): number
}

export interface PathFamily {
  id: string
  label: string
  /** For the end of a line. */
  short: string
  /** Where it stands in lists, least first. */
  order: number
  paper?: string
  /** α, β in symbols. */
  formula: string
  parameters: readonly PathParameter[]
  functions(values: Record<string, number>): PathFunctions
}

export function definePath(path: PathFamily): PathFamily {
  return path
}
