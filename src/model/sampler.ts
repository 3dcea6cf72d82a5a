/** Samples of several nets from the same noise, with EMA weights: recordings of a look at the field and of what a solver makes of it, and their use. */
import type { Config } from '../config.ts'
import { PhiloxStream, STREAM_SAMPLE } from '../engine/philox.ts'
import type { Recorder, Tensor } from '../engine/recorder.ts'
import type { Table } from '../engine/table.ts'
import { isLinear, pathsOf, placeOn } from '../flow/place.ts'
import { type Carrier, follow, type Journey, type SolverSettings, stagesOf } from '../flow/solver.ts'
import { isAdaptive } from '../flow/solvers.ts'
import type { RunData } from '../datasets/dataset.ts'
import { mixVelocity, MOST_PLANES, packRow, ROW_WORDS, solverCombine, solverError } from '../ops/solver.ts'
import { isCorrectable, isGuidable, isPlain, meanTargets, mixOf } from './guidance.ts'
import { resolveReplica } from './replica.ts'
import type { Training } from './training.ts'

export interface Sampler {
  /** The nets' velocity at y and t. */
  look: Recorder
  /** Guidance and correction of that velocity; nothing in it for nets that allow neither. */
  mix: Recorder
  /** y from x and the velocities so far. */
  combine: Recorder
  /** Error norms of a step; nothing in it when the steps are fixed. */
  measure: Recorder
  velocity: Tensor
  /** The first of two velocities (R,n,d), where labels can be left out; mean targets (R,n,d), where something can be put back; factors (R,4). */
  first: Tensor | null
  mean: Tensor | null
  factors: Tensor
  /** States (R,n,d): where the step began, and where it looks. */
  x: Tensor
  y: Tensor
  /** Velocities (planes,R,n,d). */
  k: Tensor
  planes: number
  /** (R,n) */
  t: Tensor
  labels: Tensor | null
  /** (R,12) and (R,8) */
  rows: Tensor
  along: Tensor
  norm: Tensor
  replicas: number
  count: number
  dimensions: number
  settings: SolverSettings
}

export interface SamplerOptions {
  /** Images of each replica. */
  count: number
  settings: SolverSettings
  /** Makes recorders whose tensors are allocated together. */
  recorder: () => Recorder
  name?: string
}

export function recordSampler(config: Config, training: Training, { count: n, settings, recorder, name = 'sampler ' }: SamplerOptions): Sampler {
  const { replicas: R } = training
  const d = training.batch.dimensions
  const length = n * d
  const [look, mix, combine, measure] = [recorder().at('sampler, velocity'), recorder().at('sampler, guidance'), recorder().at('sampler, step'), recorder().at('sampler, error')]
  const tensor = (part: string, size: number) => look.tensor(`${name}${part}`, size)
  const planes = stagesOf(settings.solver)
  const [x, y, k, t] = [tensor('x', R * length), tensor('y', R * length), tensor('velocities', planes * R * length), tensor('t', R * n)]
  const [rows, along, norm] = [tensor('rows', ROW_WORDS * R), tensor('error weights', MOST_PLANES * R), tensor('error', R)]
  const labels = config.net.classes > 0 ? tensor('labels', R * n) : null
  const { velocity } = training.dit.forward(look, training.optimizer.ema, { image: y, t, labels, capacity: n }, { extent: { replicas: R, samples: n }, keep: false, name })
  const [first, mean] = [isGuidable(config) ? tensor('first velocity', R * length) : null, isCorrectable(config) ? tensor('mean target', R * length) : null]
  const factors = tensor('factors', 4 * R)
  if (first || mean) mixVelocity(mix, R, length, factors, first, mean, velocity)
  solverCombine(combine, R, length, planes, rows, x, k, y)
  if (isAdaptive(settings.solver)) solverError(measure, R, length, planes, settings, along, x, y, k, norm)
  return { look, mix, combine, measure, velocity, first, mean, factors, x, y, k, planes, t, labels, rows, along, norm, replicas: R, count: n, dimensions: d, settings }
}

export const recordersOf = ({ look, combine, mix, measure }: Sampler): Recorder[] => [look, combine, ...[mix, measure].filter(({ dispatches }) => dispatches.length > 0)]

/** Samples (R,n,d) and how they were come by. */
export interface Drawn extends Journey {
  images: Float32Array[]
}

export interface DrawOptions {
  seed: number
  /** The run's training images, whose mean is what ΔFM's correction puts back. */
  data: Pick<RunData, 'train' | 'trainLabels'>
  /** Images of the seed's noise to leave out, for samples in pieces. */
  first?: number
  /** Awaited after each attempted step. */
  between?: () => Promise<void>
  /** Sees the time of each replica at the beginning of each step, and reads what it wants of the velocity and the state (R,n,d) there. */
  watch?: (t: readonly number[], read: (what: 'velocity' | 'state') => Promise<Float32Array>) => Promise<void>
  /** Sees which replicas came to their next time, and reads where they are (R,n,d). */
  passed?: (replicas: readonly boolean[], read: () => Promise<Float32Array>) => Promise<void>
}

/**
 * Draws from the noise of a seed, the same for every replica, times the β(1) of its path. Labels go through the classes in turn.
 * A net that was not trained below T_min jumps over those levels, if its settings say so.
 */
export async function drawSamples(table: Table, sampler: Sampler, config: Config, options: DrawOptions): Promise<Drawn> {
  const { seed, first = 0 } = options
  const { replicas: R, count: n, dimensions: d } = sampler
  const length = n * d
  const noise = new Float32Array((first + n) * d)
  new PhiloxStream(seed, STREAM_SAMPLE).fillNormal(noise)
  const paths = pathsOf(config)
  paths.forEach((path, r) => {
    const own = noise.subarray(first * d)
    const begun = isLinear(path) ? own : own.map(value => placeOn(path, 1).beta * value)
    for (const start of [sampler.x, sampler.y]) table.write(start, begun, r * length)
  })
  const journey = await follow(gpuCarrier(table, sampler, config, options), sampler.settings, untrainedBelow(config), paths)
  const all = await table.read(sampler.x, 0, R * length)
  return { ...journey, images: Array.from({ length: R }, (_, r) => all.slice(r * length, (r + 1) * length)) }
}

/** The level below which each replica's velocity is not trained; 0 where there is none. */
export function untrainedBelow(config: Config): number[] {
  return config.replicas.map(replica => {
    const { objective, method } = resolveReplica(config, replica)
    const { tMin, flowBelow } = method.knobs(objective)
    return flowBelow ? 0 : tMin
  })
}

/** More than the steps of any SDE, so that no two pieces of a sample share noise. */
const DRAWS = 1024

function gpuCarrier(table: Table, sampler: Sampler, config: Config, { seed, data, first = 0, between, watch, passed }: DrawOptions): Carrier {
  const { combine, measure, velocity, x, y, k, rows, along, norm, replicas: R, count: n, dimensions: d } = sampler
  const length = n * d
  const look = lookAtLevels(table, sampler, config, data, first)
  return {
    async look(plane, levels) {
      look(levels)
      table.copy(velocity, 0, k, plane * R * length, R * length)
      if (watch && plane === 0) await watch(levels, what => table.read(what === 'velocity' ? velocity : x, 0, R * length))
    },
    passes: (r, t) => (mixOf(config, r, t).twice ? 2 : 1),
    combine(combinations, draw) {
      combinations.forEach((one, r) => table.write(rows, packRow(one, seed, first * DRAWS + draw), r * ROW_WORDS))
      table.submit(combine)
    },
    async accept(nets, reuse) {
      nets.forEach((taken, r) => {
        if (!taken) return
        table.copy(y, r * length, x, r * length, length)
        if (reuse) table.copy(velocity, r * length, k, r * length, length) // what was looked at last
      })
      await passed?.(nets, () => table.read(x, 0, R * length))
    },
    async error(weights) {
      weights.forEach((own, r) => table.write(along, Float32Array.from({ length: MOST_PLANES }, (_, j) => own[j] ?? 0), r * MOST_PLANES))
      table.submit(measure)
      return Array.from(await table.read(norm, 0, R))
    },
    between,
  }
}

/** → the nets' velocity at y, each at its own level, guided and corrected as the config says. Sample i of all has the label i mod K. */
function lookAtLevels(table: Table, { look, mix, velocity, first, mean, factors, t, labels, replicas: R, count: n, dimensions: d }: Sampler, config: Config, data: DrawOptions['data'], start: number): (levels: readonly number[]) => void {
  const { classes } = config.net
  const own = Array.from({ length: n }, (_, i) => (start + i) % Math.max(1, classes))
  const corrected = mean !== null && config.evaluate.correction
  if (corrected) for (let r = 0; r < R; r++) table.write(mean, meanTargets(config, r, data, own), r * n * d)
  let told = ''
  const tell = (labelled: readonly boolean[]) => {
    if (!labels || told === labelled.join()) return
    told = labelled.join()
    table.write(labels, Uint32Array.from(labelled.flatMap(has => (has ? own : own.map(() => classes)))))
  }
  return levels => {
    const mixes = levels.map((level, r) => mixOf(config, r, level))
    table.write(t, Float32Array.from({ length: R * n }, (_, i) => levels[Math.floor(i / n)]))
    if (first && mixes.some(({ twice }) => twice)) {
      tell(mixes.map(() => true))
      table.submit(look)
      table.copy(velocity, 0, first, 0, R * n * d)
    }
    tell(mixes.map(({ labelled }) => labelled))
    table.submit(look)
    if (mixes.every(isPlain)) return
    table.write(factors, Float32Array.from(mixes.flatMap(one => [one.own, one.held, one.mean, 0])))
    table.submit(mix)
  }
}
