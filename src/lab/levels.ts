/** From single errors to loss by noise level with its count and spread. */
import type { NetConfig } from '../config.ts'
import type { Dataset } from '../datasets/dataset.ts'
import type { Path } from '../flow/paths.ts'
import { floorOn } from '../flow/place.ts'
import type { LossByT } from '../protocol.ts'

const mean = (values: Float32Array) => values.reduce((sum, v) => sum + v, 0) / values.length

/** Of the mean, from the sample's own spread. */
function standardError(values: Float32Array): number {
  const centre = mean(values)
  return Math.sqrt(values.reduce((sum, v) => sum + (v - centre) ** 2, 0) / (values.length - 1) / values.length)
}

/** Why nothing is dashed. */
const NO_FLOOR = 'No floor is drawn: the replicas’ paths differ, and with them how large a velocity is and how much of its loss is left at best.'

/**
 * errors[level][replica][image] of held-out images → means, standard errors and the floor, where the data set knows one
 * @param path that all replicas go along; null where they differ
 */
export function summariseLevels(step: number, levels: Float32Array, errors: Float32Array[][], dataset: Dataset, { size, classes }: NetConfig, path: Path | null): LossByT {
  const t = Array.from(levels)
  const statistic = (of: (values: Float32Array) => number) => errors[0].map((_, r) => errors.map(level => {
    const value = of(level[r])
    return Number.isFinite(value) ? value : null
  }))
  return {
    step, t, count: errors[0][0].length, mean: statistic(mean), standardError: statistic(standardError),
    floor: dataset.floor && path ? t.map(level => floorOn(path, level, at => dataset.floor!(at, size, classes > 0))) : null, floorNote: !dataset.floor ? '' : path ? (dataset.floorAssumes ?? '') : NO_FLOOR,
  }
}
