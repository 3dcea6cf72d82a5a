/** Euler's ways from anywhere to the image of all nets, each along its own path, where somebody may change the velocity before it is followed; by EMA weights, without guidance. */
import { STREAM_SAMPLE } from '../engine/philox.ts'
import { arrayCarrier } from '../flow/array_carrier.ts'
import type { Config } from '../config.ts'
import { timeGrid } from '../flow/grid.ts'
import type { Path } from '../flow/paths.ts'
import { endOf, pathsOf, placeOn } from '../flow/place.ts'
import { type Carrier, jumpFrom, march } from '../flow/solver.ts'
import { EULER } from '../flow/solvers/euler.solver.ts'
import { recordFrozen } from '../model/frozen.ts'
import { untrainedBelow } from '../model/sampler.ts'
import type { Bench } from './diagnostic.ts'
import { normalNoise, writeAll } from './look.ts'

/**
 * @param start (R,n,d) at the first time of the grid  @param between awaited after each step
 * @param change sees each velocity (R,n,d) before it is followed, and from where  @returns (R,n,d) at the last time
 */
export type Ways = (start: Float64Array, grid: ArrayLike<number>, between: () => Promise<void>, change?: (t: number, velocity: Float32Array, x: Float64Array) => void) => Promise<Float64Array>

/** Where all jump to the image: whoever was not trained below T_min must not be asked there, nor any where its path ends before 0. */
const lastLevel = (config: Config) => Math.max(...pathsOf(config).map(endOf), ...(config.evaluate.belowTMin === 'jump' ? untrainedBelow(config) : []))

/** Times of a way with so many steps, one grid for all replicas. */
export const gridFor = (config: Config, steps: number): Float32Array => timeGrid(steps, lastLevel(config), 'jump')

/** Follows Euler along the end of such a grid. @param paths of what the carrier has side by side */
export function walkToImage(carrier: Carrier, grid: ArrayLike<number>, config: Config, paths: readonly Path[]): Promise<unknown> {
  const jumps = lastLevel(config) > 0
  return march(carrier, paths.map(() => grid), () => EULER, (step, net) => (jumps && step === grid.length - 2 ? jumpFrom(placeOn(paths[net], grid[step])) : undefined))
}

/** The noise that the sampler begins with, (R,n,d): the same for every replica, times the β(1) of its path. */
export function firstNoise({ training: { replicas: R, batch: { dimensions: d } }, config }: Bench, n: number): Float64Array {
  const noise = normalNoise(n * d, config.data.seed, STREAM_SAMPLE)
  const all = new Float64Array(R * n * d)
  for (const [r, path] of pathsOf(config).entries()) {
    const { beta } = placeOn(path, 1)
    all.set(noise.map(value => beta * value), r * n * d)
  }
  return all
}

/** n samples of each replica; labels go through the classes in turn. */
export async function eulerWays(bench: Bench, n: number): Promise<Ways> {
  const { training, config } = bench
  const { replicas: R, batch: { dimensions: d } } = training
  const look = bench.recorder().at('ways')
  const frozen = recordFrozen(look, training, { samples: n, weights: training.optimizer.ema, name: 'ways ' })
  const table = await bench.lay(look)
  if (frozen.labels) writeAll(table, R, frozen.labels, Uint32Array.from({ length: n }, (_, i) => i % config.net.classes))
  return async (start, grid, between, change) => {
    const carrier = arrayCarrier(start, async (x, t) => {
      table.write(frozen.image, Float32Array.from(x))
      table.write(frozen.t, new Float32Array(R * n).fill(t))
      table.submit(look)
      const velocity = await table.read(frozen.velocity!, 0, R * n * d)
      change?.(t, velocity, x)
      return velocity
    }, () => [], between)
    await walkToImage(carrier, grid, config, pathsOf(config))
    return carrier.x
  }
}
