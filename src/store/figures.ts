/** What a run came to, in a few numbers for each replica, and over seeds. Pure. */
import { type Config, knobOf, seedGroups } from '../config.ts'
import type { Measurement } from '../panel.ts'
import type { LossByT } from '../protocol.ts'
import { methodIdOf, replicaLabel } from './replicas.ts'
import { meanOf } from './seeds.ts'
import type { SeenRun } from './shown.ts'

export interface FinalFigure {
  id: string
  /** For a column's head. */
  title: string
  percent: boolean
  /** Step at which it was measured. */
  step: number
  /** [replica] */
  values: (number | null)[]
}

/** Bounds of the noise levels over which a loss is taken; the last has them all. */
const ranges = [
  { id: 'low', title: 'Loss, t < 0.01', from: 0, to: 0.01 },
  { id: 'middle', title: 'Loss, 0.01 ≤ t < 0.1', from: 0.01, to: 0.1 },
  { id: 'all', title: 'Loss, all t', from: 0, to: Infinity },
]

/** Those that were measured, each at the last time it was. */
export function figuresOf({ losses, measurements, tick }: Pick<SeenRun, 'losses' | 'measurements' | 'tick'>): FinalFigure[] {
  const loss = losses.at(-1) ?? tick.lossByT
  const probe = measurements.probe?.at(-1)
  return [
    ...(loss ? ranges.map(({ id, title, from, to }) => ({ id, title, percent: false, step: loss.step, values: loss.mean.map((_, replica) => meanLoss(loss, replica, from, to)) })) : []),
    ...(probe ? probeFigures(probe, tick.config.replicas.length) : []),
  ]
}

/** Over the levels within the bounds; they are evenly spaced in log t. */
function meanLoss({ t, mean }: LossByT, replica: number, from: number, to: number): number | null {
  const values = t.flatMap((level, i) => (level >= from && level < to ? [mean[replica][i]] : []))
  return values.length === 0 || values.some((value) => value === null || !Number.isFinite(value)) ? null : values.reduce((sum: number, value) => sum + value!, 0) / values.length
}

/** The first panel has one curve of accuracy by t for each replica. */
function probeFigures({ panels, step }: Measurement, replicas: number): FinalFigure[] {
  const curves = (panels[0]?.curves ?? []).filter(({ replica, kind }) => replica !== null && kind === 'measured')
  const of = (pick: (x: readonly number[], y: readonly (number | null)[]) => number | null) => Array.from({ length: replicas }, (_, index) => {
    const curve = curves.find(({ replica }) => replica === index)
    return curve ? pick(curve.x, curve.y) : null
  })
  const positive = (x: readonly number[]) => x.findIndex((at) => at > 0)
  return [
    { id: 'probe', title: 'Probe, least t', percent: true, step: step ?? 0, values: of((x, y) => y[positive(x)] ?? null) },
    { id: 'probe-best', title: 'Probe, best t', percent: true, step: step ?? 0, values: of((_, y) => Math.max(...y.map((value) => value ?? -Infinity))).map((value) => (value !== null && Number.isFinite(value) ? value : null)) },
  ]
}

/** Replicas that differ only in their seed. */
export interface SeedGroup {
  label: string
  method: string
  replicas: number[]
}

export const groupsOf = (config: Config): SeedGroup[] => seedGroups(config).map((replicas) => ({ label: replicaLabel(config, config.replicas[replicas[0]]), method: methodIdOf(config, config.replicas[replicas[0]]), replicas }))

/** Mean and, from two seeds on, standard deviation (n − 1). */
export function overGroup({ values }: FinalFigure, { replicas }: SeedGroup): { mean: number | null; deviation: number | null } {
  const { mean, deviation } = meanOf(replicas.map((replica) => values[replica] ?? null))
  return { mean, deviation: replicas.length > 1 ? deviation : null }
}

/** A run over a grid of two knobs: values of each, ascending, and which replicas stand at each crossing. */
export interface Sweep {
  method: string
  tMin: number[]
  lambda: number[]
  /** [λ][T_min] → replicas, several where there are several seeds */
  cells: number[][][]
}

/** The replicas of a method over T_min and λ, when there are at least four settings of it and each crossing has one. */
export function sweepOf(config: Config): Sweep | null {
  for (const method of new Set(config.replicas.map((replica) => methodIdOf(config, replica)))) {
    const own = config.replicas.flatMap((replica, index) => (methodIdOf(config, replica) === method ? [{ index, tMin: knobOf(config, replica, 'tMin'), lambda: knobOf(config, replica, 'lambda') }] : []))
    const ascending = (values: number[]) => [...new Set(values)].sort((a, b) => a - b)
    const [tMin, lambda] = [ascending(own.map((one) => one.tMin)), ascending(own.map((one) => one.lambda))]
    const cells = lambda.map((row) => tMin.map((column) => own.filter((one) => one.tMin === column && one.lambda === row).map(({ index }) => index)))
    if (tMin.length * lambda.length >= 4 && cells.flat().every((cell) => cell.length > 0)) return { method, tMin, lambda, cells }
  }
  return null
}
