/** From single errors to loss by noise level with its count and spread. */
import type { NetConfig } from '../config.ts'
import type { Dataset } from '../datasets/dataset.ts'
import type { Path } from '../flow/paths.ts'
import { distinct, floorOn } from '../flow/place.ts'
import type { LossByT } from '../protocol.ts'

const mean = (values: Float32Array) => values.reduce((sum, v) => sum + v, 0) / values.length

/** Of the mean, from the sample's own spread. */
function standardError(values: Float32Array): number {
  const centre = mean(values)
  return Math.sqrt(values.reduce((sum, v) => sum + (v - centre) ** 2, 0) / (values.length - 1) / values.length)
}

/**
 * errors[level][replica][image] of held-out images → means, standard errors and the floor, where the data set knows one
 * @param paths of the replicas
 */
export function summariseLevels(step: number, levels: Float32Array, errors: Float32Array[][], dataset: Dataset, net: NetConfig, paths: readonly Path[]): LossByT {
  const t = Array.from(levels)
  const statistic = (of: (values: Float32Array) => number) => errors[0].map((_, r) => errors.map(level => {
    const value = of(level[r])
    return Number.isFinite(value) ? value : null
  }))
  return {
    step, t, count: errors[0][0].length, mean: statistic(mean), standardError: statistic(standardError), ...floorsOf(t, dataset, net, paths),
  }
}

/** One for all replicas, or one for each path. */
function floorsOf(t: number[], { floor, floorAssumes = '' }: Dataset, { size, classes }: NetConfig, paths: readonly Path[]): Pick<LossByT, 'floor' | 'floors' | 'floorNote'> {
  if (!floor) return { floor: null, floorNote: '' }
  const floors = distinct(paths).map(path => ({
    path: path.short, replicas: paths.flatMap(({ id }, r) => (id === path.id ? [r] : [])), values: t.map(level => floorOn(path, level, at => floor(at, size, classes > 0))),
  }))
  return floors.length === 1 ? { floor: floors[0].values, floorNote: floorAssumes } : { floor: null, floors, floorNote: floorAssumes }
}
