/** Studies of the papers' figures at this scale: what is run, what is measured, and what each claim comes to, seed by seed. */
import type { Config, ConfigInput } from '../config.ts'
import { resolveReplica } from '../model/knobs.ts'
import type { LossByT, Measurement, Settings } from '../protocol.ts'
import type { ClaimResult } from '../record_schema.ts'

/** What was found in one run of a study. */
export interface Findings {
  config: Config
  lossByT: LossByT
  measurements: readonly Measurement[]
}

export interface Claim extends Pick<ClaimResult, 'id' | 'text' | 'source' | 'unit'> {
  /** Size of the effect for one seed; `of` gives the replica of a method with that seed. */
  effect(findings: Findings, of: (method: string) => number): number
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

const SEEDS = [0, 1, 2]

/** The point of a replica's curve nearest to a level, on a log scale. */
export function valueAt({ measurements }: Findings, where: { diagnostic: string; panel: string; label?: string }, replica: number, t: number): number {
  const panel = measurements.findLast(({ id }) => id === where.diagnostic)?.panels.find(({ id }) => id === where.panel)
  const curve = panel?.curves.find(candidate => candidate.replica === replica && candidate.kind === 'measured' && candidate.label === (where.label ?? ''))
  if (!curve) throw new RangeError(`nothing was measured as ${where.diagnostic}, ${where.panel}, “${where.label ?? ''}” of replica ${replica}`)
  return curve.y[nearest(curve.x, t)] ?? NaN
}

const lossAt = ({ lossByT }: Findings, replica: number, t: number) => lossByT.mean[replica][nearest(lossByT.t, t)] ?? NaN

/** How far above the least possible loss. */
const excessAt = (findings: Findings, replica: number, t: number) => lossAt(findings, replica, t) - (findings.lossByT.floor?.[nearest(findings.lossByT.t, t)] ?? NaN)

function nearest(x: readonly number[], t: number): number {
  const distance = (value: number) => Math.abs(Math.log(Math.max(value, 1e-6) / t))
  return x.reduce((best, value, i) => (distance(value) < distance(x[best]) ? i : best), 0)
}

const PROBE = { diagnostic: 'probe', panel: 'accuracy' }
const CLASS = { diagnostic: 'jacobian', panel: 'gains', label: 'class' }
const OTHER = { diagnostic: 'jacobian', panel: 'gains', label: 'other' }
const GAIN = { diagnostic: 'condition', panel: 'condition' }

export const studies: Study[] = [
  {
    id: 'low-noise',
    title: 'Flow matching beside LCF, three seeds',
    figure: 'LCF fig. 2, 5, 9',
    config: { replicas: SEEDS.flatMap(seed => [{ method: 'fm', seed }, { method: 'lcf', seed }]) },
    measures: { condition: {}, probe: {}, features: {}, jacobian: { images: 256 } },
    claims: [
      { id: 'loss-rises', text: 'The loss is larger at low noise than at high', source: 'LCF §3', unit: 'loss', effect: (f, of) => lossAt(f, of('fm'), 0.001) - lossAt(f, of('fm'), 0.8) },
      { id: 'slow-at-lowest', text: 'Much of the loss at t = .001 could still be learned', source: 'LCF §3, read as slow convergence', unit: 'loss above the floor, less that at t = .8', effect: (f, of) => excessAt(f, of('fm'), 0.001) - excessAt(f, of('fm'), 0.8) },
      { id: 'slow-at-low', text: 'Much of the loss at t = .05 could still be learned', source: 'LCF §3, read as slow convergence', unit: 'loss above the floor, less that at t = .8', effect: (f, of) => excessAt(f, of('fm'), 0.05) - excessAt(f, of('fm'), 0.8) },
      { id: 'gain-bounded', text: 'No net follows the demanded 1/t: at t = .001 its gain is below it', source: 'LCF §4.2', unit: 'log10 of demanded over achieved gain', effect: (f, of) => Math.log10(1000 / valueAt(f, GAIN, of('fm'), 0.001)) },
      { id: 'probe-drops', text: 'Probe accuracy of FM falls towards t = 0', source: 'LCF fig. 2', unit: 'points, t = .03 less t = .001', effect: (f, of) => 100 * (valueAt(f, PROBE, of('fm'), 0.03) - valueAt(f, PROBE, of('fm'), 0.001)) },
      { id: 'probe-drops-from-peak', text: 'Probe accuracy of FM falls from t = .1, where these nets read best (level chosen after seeing the curves)', source: 'LCF fig. 2', unit: 'points, t = .1 less t = .001', effect: (f, of) => 100 * (valueAt(f, PROBE, of('fm'), 0.1) - valueAt(f, PROBE, of('fm'), 0.001)) },
      { id: 'lcf-probe', text: 'LCF lifts probe accuracy at low noise', source: 'LCF fig. 5', unit: 'points at t = .001, LCF less FM', effect: (f, of) => 100 * (valueAt(f, PROBE, of('lcf'), 0.001) - valueAt(f, PROBE, of('fm'), 0.001)) },
      { id: 'lcf-flat', text: 'With LCF the fall is smaller', source: 'LCF fig. 5', unit: 'points, FM’s fall less LCF’s', effect: (f, of) => 100 * (valueAt(f, PROBE, of('fm'), 0.03) - valueAt(f, PROBE, of('fm'), 0.001) - valueAt(f, PROBE, of('lcf'), 0.03) + valueAt(f, PROBE, of('lcf'), 0.001)) },
      { id: 'noise-gain-rises', text: 'The features’ reaction to other changes grows towards t = 0', source: 'LCF fig. 9', unit: 'log2 of the gain at t = .001 over that at .1', effect: (f, of) => Math.log2(valueAt(f, OTHER, of('fm'), 0.001) / valueAt(f, OTHER, of('fm'), 0.1)) },
      { id: 'class-gain-falls', text: 'Their reaction to the class falls towards t = 0', source: 'LCF fig. 9', unit: 'log2 of the gain at t = .1 over that at .001', effect: (f, of) => Math.log2(valueAt(f, CLASS, of('fm'), 0.1) / valueAt(f, CLASS, of('fm'), 0.001)) },
      { id: 'reallocation', text: 'Sensitivity moves from the class to the rest', source: 'LCF Prop. 5, fig. 9', unit: 'log2 of (other/class at t = .001) over (other/class at .1)', effect: (f, of) => Math.log2(valueAt(f, OTHER, of('fm'), 0.001) / valueAt(f, CLASS, of('fm'), 0.001) / (valueAt(f, OTHER, of('fm'), 0.1) / valueAt(f, CLASS, of('fm'), 0.1))) },
      { id: 'lcf-loss', text: 'LCF learns the velocity above T_min no worse', source: 'LCF §6', unit: 'loss at t = .1, FM less LCF', effect: (f, of) => lossAt(f, of('fm'), 0.1) - lossAt(f, of('lcf'), 0.1) },
      { id: 'lcf-just-above', text: 'Just above T_min LCF learns the velocity sooner (level chosen after seeing the curves)', source: 'LCF §6', unit: 'loss at t = .067, FM less LCF', effect: (f, of) => lossAt(f, of('fm'), 0.067) - lossAt(f, of('lcf'), 0.067) },
    ],
  },
]

/** Every claim's effect for each seed. @throws RangeError when the run has not what a claim speaks of */
export function judge({ claims }: Study, findings: Findings): ClaimResult[] {
  const replicas = findings.config.replicas.map(replica => resolveReplica(findings.config, replica))
  const seeds = [...new Set(replicas.map(({ train }) => train.seed))]
  return claims.map(({ effect, ...claim }) => {
    const effects = seeds.map(seed => effect(findings, method => {
      const index = replicas.findIndex(replica => replica.method.id === method && replica.train.seed === seed)
      if (index < 0) throw new RangeError(`the run has no replica of ${method} with seed ${seed}`)
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
