/** What a study of a paper's figures is, how its claims read what was found, and what they come to, seed by seed. */
import type { Config, ConfigInput } from '../../config.ts'
import { resolveReplica } from '../../model/knobs.ts'
import type { LossByT, Measurement, Settings } from '../../protocol.ts'
import type { ClaimResult } from '../../record_schema.ts'
import { presetOf } from '../presets.ts'

/** What was found in one run of a study. */
export interface Findings {
  config: Config
  lossByT: LossByT
  measurements: readonly Measurement[]
}

export interface Claim extends Pick<ClaimResult, 'id' | 'text' | 'source' | 'unit'> {
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

interface Where {
  diagnostic: string
  panel: string
  label?: string
  /** Training step of the measurement; the last one if absent. */
  step?: number
}

/** The point of a replica's curve nearest to a level, or to a step, on a log scale. */
export function valueAt({ measurements }: Findings, where: Where, replica: number, t: number): number {
  const panel = measurements.findLast(({ id, step }) => id === where.diagnostic && step === (where.step ?? step))?.panels.find(({ id }) => id === where.panel)
  const curve = panel?.curves.find(candidate => candidate.replica === replica && candidate.kind === 'measured' && candidate.label === (where.label ?? ''))
  if (!curve) throw new RangeError(`nothing was measured as ${where.diagnostic}, ${where.panel}, “${where.label ?? ''}” of replica ${replica}${where.step === undefined ? '' : ` at step ${where.step}`}`)
  return curve.y[nearest(curve.x, t)] ?? NaN
}

export const lossAt = ({ lossByT }: Findings, replica: number, t: number) => lossByT.mean[replica][nearest(lossByT.t, t)] ?? NaN

/** How far above the least possible loss. */
export const excessAt = (findings: Findings, replica: number, t: number) => lossAt(findings, replica, t) - (findings.lossByT.floor?.[nearest(findings.lossByT.t, t)] ?? NaN)

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

/** Probe accuracy at the lowest level, in points. */
export const read = (findings: Findings, replica: number) => 100 * valueAt(findings, PROBE, replica, 0.001)

/** Samples of each net, and real images that they are compared with. */
export const SAMPLED = { count: 500 }

export const NEARER = (one: string, other: string) => `log2 of ${one}’s Fréchet distance over ${other}’s, classifier features, ${SAMPLED.count} samples`

/** How much nearer the samples of the second are to real images. */
export function nearer(findings: Findings, one: number, other: number): number {
  const distance = (replica: number) => valueAt(findings, { diagnostic: 'quality', panel: 'distance-classifier' }, replica, findings.config.train.steps)
  return Math.log2(distance(one) / distance(other))
}

/** Every claim's effect for each seed. @throws RangeError when the run has not what a claim speaks of */
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
    const mean = effects.reduce((sum, value) => sum + value, 0) / effects.length
    const deviation = Math.sqrt(effects.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (effects.length - 1))
    return { ...claim, effects, mean, deviation, verdict: verdictOf(effects, mean, deviation) }
  })
}

/** A sign shared by all seeds, and a mean two standard errors from 0; anything less is unclear. */
function verdictOf(effects: number[], mean: number, deviation: number): ClaimResult['verdict'] {
  const clear = Math.abs(mean) >= (2 * deviation) / Math.sqrt(effects.length)
  if (clear && effects.every(effect => effect > 0)) return 'appears'
  if (clear && effects.every(effect => effect < 0)) return 'opposite'
  return 'unclear'
}
