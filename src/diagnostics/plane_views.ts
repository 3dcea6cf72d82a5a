/** Points on their way over the plane: from states of any dimension to the two that are shown, at levels that all views share. */
import { arrayCarrier } from '../flow/array_carrier.ts'
import type { Path } from '../flow/paths.ts'
import { placeOn } from '../flow/place.ts'
import { follow, type SolverSettings } from '../flow/solver.ts'
import type { Field } from './best_field.ts'

/** States of n points at times from 1 down to 0. */
export interface Way {
  t: readonly number[]
  /** (n,d) at each time */
  states: readonly ArrayLike<number>[]
}

/** Middles of side × side squares, row by row from the lower left, (side²,2). */
export function middles(side: number, extent: number): Float32Array {
  const at = (i: number) => (2 * (i + 0.5) / side - 1) * extent
  return Float32Array.from({ length: 2 * side * side }, (_, k) => at(k % 2 === 0 ? (k >> 1) % side : Math.floor((k >> 1) / side)))
}

/** Where the points stand at each of these levels, (levels,n,d), straight between times. */
export function atLevels({ t, states }: Way, levels: readonly number[]): Float32Array {
  const length = states[0].length
  const out = new Float32Array(levels.length * length)
  levels.forEach((level, l) => {
    const next = Math.max(1, t.findIndex(time => time <= level))
    const share = Math.min(1, Math.max(0, (t[next - 1] - level) / (t[next - 1] - t[next])))
    for (let i = 0; i < length; i++) out[l * length + i] = (1 - share) * states[next - 1][i] + share * states[next][i]
  })
  return out
}

/** Classes of the data points nearest to each, for points that were drawn without a label. */
export function nearestClasses(points: ArrayLike<number>, data: ArrayLike<number>, classes: ArrayLike<number>): number[] {
  return Array.from({ length: points.length / 2 }, (_, i) => {
    let [best, least] = [0, Infinity]
    for (let k = 0; k < data.length / 2; k++) {
      const squares = (points[2 * i] - data[2 * k]) ** 2 + (points[2 * i + 1] - data[2 * k + 1]) ** 2
      if (squares < least) [best, least] = [k, squares]
    }
    return classes[best]
  })
}

/** Follows a field in closed form from this noise (n,d). */
export async function wayAlong(field: Field, noise: Float32Array, settings: SolverSettings, path: Path, between: () => Promise<void>): Promise<Way> {
  const start = noise.map(value => placeOn(path, 1).beta * value)
  const states: ArrayLike<number>[] = [start]
  const carrier = arrayCarrier(start, field, () => new Float32Array(noise.length), async () => {
    states.push(carrier.x)
    await between()
  })
  const { times: [t] } = await follow(carrier, settings, [0], [path])
  return { t, states }
}
