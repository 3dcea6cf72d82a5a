/** What a study of a paper's figures is, how its claims read what was found, and what they come to, seed by seed. */
import type { Config, ConfigInput } from '../../config.ts'
import { diagnostics } from '../../diagnostics/index.ts'
import { resolveReplica } from '../../model/replica.ts'
import type { Measurement, Settings } from '../../panel.ts'
import { floorOf, type LossByT } from '../../protocol.ts'
import type { ClaimResult } from '../../record_schema.ts'
import { presetOf } from '../presets.ts'

/** What was found in one run of a study. */
export interface Findings {
  config: Config
  lossByT: LossByT
  measurements: readonly Measurement[]
}

export interface Claim extends Pick<ClaimResult, 'id' | 'text' | 'source' | 'unit' | 'margin'> {
  /** Size of the effect for one seed; `of` gives the replica with that seed of an arm, which is called by its label, or by its method where it has none. */
  effect(findings: Findings, of: (arm: string) => number): number
}

export interface Study {
  id: string
  title: string
  /** Figures of the paper that it answers to. */
  figure: string
  config: ConfigInput
  /** Diagnostics measured on the final weights, with the settings that differ from the defaults. */
  measures: Record<string, Settings>
  claims: Claim[]
}

export const SEEDS = [0, 1, 2]

/** A preset's replicas, each from every seed; for so many steps where it need not be as many as there. */
export function withSeeds(preset: string, steps?: number): ConfigInput {
  const { config } = presetOf(preset)
  return { ...config, ...(steps && { train: { ...config.train, steps } }), replicas: SEEDS.flatMap(seed => (config.replicas ?? []).map(replica => ({ ...replica, seed }))) }
}

/** Nothing but these is measured on the way. */
export const onTheWay = (config: ConfigInput, ...measures: NonNullable<ConfigInput['measures']>): ConfigInput =>
  ({ ...config, evaluate: { ...config.evaluate, measure: true }, measures: Object.keys(diagnostics).map(id => measures.find(one => one.id === id) ?? { id, every: 0 }) })

interface Where {
  diagnostic: string
  panel: string
  label?: string
  /** Training step of the measurement; the last one if absent. */
  step?: number
}

/** The point of a replica's curve nearest to a level, or to a step, on a log scale; of a curve of theory or a baseline that all share where the replica is null. */
export function valueAt({ measurements }: Findings, where: Where, replica: number | null, t: number): number {
  const panel = measurements.findLast(({ id, step }) => id === where.diagnostic && step === (where.step ?? step))?.panels.find(({ id }) => id === where.panel)
  const curve = panel?.curves.find(candidate => candidate.replica === replica && candidate.label === (where.label ?? ''))
  if (!curve) throw new RangeError(`nothing was measured as ${where.diagnostic}, ${where.panel}, “${where.label ?? ''}” of ${replica === null ? 'theory' : `replica ${replica}`}${where.step === undefined ? '' : ` at step ${where.step}`}`)
  return curve.y[nearest(curve.x, t)] ?? NaN
}

/** Of log y over log x between two places. */
export const slopeOver = (findings: Findings, where: Where, replica: number, from: number, to: number) =>
  Math.log(valueAt(findings, where, replica, to) / valueAt(findings, where, replica, from)) / Math.log(to / from)

export const lossAt = ({ lossByT }: Findings, replica: number, t: number) => lossByT.mean[replica][nearest(lossByT.t, t)] ?? NaN

/** How far above the least possible loss. */
export const excessAt = (findings: Findings, replica: number, t: number) => lossAt(findings, replica, t) - (floorOf(findings.lossByT, replica)?.[nearest(findings.lossByT.t, t)] ?? NaN)

function nearest(x: readonly number[], t: number): number {
  const distance = (value: number) => Math.abs(Math.log(Math.max(value, 1e-6) / t))
  return x.reduce((best, value, i) => (distance(value) < distance(x[best]) ? i : best), 0)
}


/** Demanded and achieved change of the answer by that of the input. */
export const GAIN = { diagnostic: 'condition', panel: 'condition' }
export const PROBE = { diagnostic: 'probe', panel: 'accuracy' }

/** Fewer levels, draws and test images than usual: these studies have many replicas. */
export const SPARSE = { t: '0.001 0.003 0.01 0.03 0.05 0.1 0.3', draws: 8, test: 1024 }

/** Three levels, where little more is asked than whether features differ. */
export const SCANT = { ...SPARSE, t: '0.001 0.03 0.1' }

/** The best of blocks and levels on the probe's map of them, or of blocks at one level, in points. */
export function bestRead({ measurements }: Findings, replica: number, t?: number): number {
  const { x: { at }, values } = measurements.findLast(({ id }) => id === PROBE.diagnostic)!.panels.find(({ id }) => id === PROBE.panel)!.heat![replica]
  return 100 * Math.max(...values.flatMap(block => block.filter((_, i) => t === undefined || i === nearest(at, t)).map(value => value ?? NaN)))
}

/** Probe accuracy at the lowest level, in points. */
export const read = (findings: Findings, replica: number) => 100 * valueAt(findings, PROBE, replica, 0.001)

/** How far samples of a class stand from the middle, with the class itself at 1; over all classes. */
export const pushed = (findings: Findings, replica: number) => {
  const { classes } = findings.config.net
  return Array.from({ length: classes }, (_, i) => valueAt(findings, { diagnostic: 'classes', panel: 'means' }, replica, i + 1) / classes).reduce((sum, value) => sum + value, 0)
}

/** Samples of each net, and real images that they are compared with. */
export const SAMPLED = { count: 500 }

export const NEARER = (one: string, other: string) => `log2 of ${one}’s Fréchet distance over ${other}’s, classifier features, ${SAMPLED.count} samples`

/** Fréchet distance in classifier features at a training step. */
export const apartAt = (findings: Findings, replica: number, step: number) => valueAt(findings, { diagnostic: 'quality', panel: 'distance-classifier' }, replica, step)

/** How much nearer the samples of the second are to real images. */
export function nearer(findings: Findings, one: number, other: number): number {
  const { steps } = findings.config.train
  return Math.log2(apartAt(findings, one, steps) / apartAt(findings, other, steps))
}

/** What counts as none, of claims that something is no worse or alike: of a loss, of points of the probe, of log2 of a distance (15 %), of the power of a law. Set once for all studies. */
export const noLess = (by: number): NonNullable<Claim['margin']> => ({ kind: 'no less', by })
export const alike = (by: number): NonNullable<Claim['margin']> => ({ kind: 'alike', by })
export const LOSS = 0.01
export const POINTS = 5
export const DOUBLINGS = 0.2
export const ORDER = 0.2

/** Every claim's effect for each seed. @throws RangeError when the run has not what a claim speaks of, or what it has makes no number */
export function judge({ claims }: Study, findings: Findings): ClaimResult[] {
  const { config } = findings
  const replicas = config.replicas.map(replica => resolveReplica(config, replica))
  const seeds = [...new Set(replicas.map(({ train }) => train.seed))]
  return claims.map(({ effect, ...claim }) => {
    const effects = seeds.map(seed => effect(findings, arm => {
      const index = replicas.findIndex(({ method, train }, r) => (config.replicas[r].label ?? method.id) === arm && train.seed === seed)
      if (index < 0) throw new RangeError(`the run has no replica of ${arm} with seed ${seed}`)
      return index
    }))
    if (!effects.every(Number.isFinite)) throw new RangeError(`the effect of “${claim.text}” is ${effects.join(', ')} over the seeds, and that is no number to judge`)
    const mean = effects.reduce((sum, value) => sum + value, 0) / effects.length
    const deviation = Math.sqrt(effects.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (effects.length - 1))
    return { ...claim, effects, mean, deviation, verdict: verdictOf(effects, mean, (2 * deviation) / Math.sqrt(effects.length), claim.margin) }
  })
}

/** A sign shared by all seeds, and a mean two standard errors (`doubt`) from 0; with a margin, a mean that far within or beyond it. Anything less is unclear. */
function verdictOf(effects: number[], mean: number, doubt: number, margin?: Claim['margin']): ClaimResult['verdict'] {
  const agree = effects.every(effect => effect > 0) || effects.every(effect => effect < 0)
  if (!margin) return !agree || Math.abs(mean) < doubt ? 'unclear' : mean > 0 ? 'appears' : 'opposite'
  const least = margin.kind === 'alike' ? -Math.abs(mean) : mean
  if (least - doubt > -margin.by) return 'appears'
  return agree && least + doubt < -margin.by ? 'opposite' : 'unclear'
}
