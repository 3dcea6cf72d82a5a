/** Studies of the papers' figures at this scale: what is run, what is measured, and what each claim comes to, seed by seed. */
import type { Config, ConfigInput } from '../config.ts'
import { diagnostics } from '../diagnostics/index.ts'
import { resolveReplica } from '../model/knobs.ts'
import type { LossByT, Measurement, Settings } from '../protocol.ts'
import type { ClaimResult } from '../record_schema.ts'
import { presetOf } from './presets.ts'

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

const SEEDS = [0, 1, 2]

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

/** Fewer levels, draws and test images than usual: these studies have many replicas. */
const SPARSE = { t: '0.001 0.003 0.01 0.03 0.05 0.1 0.3', draws: 8, test: 1024 }

/** Samples of each net, and real images that they are compared with. */
const SAMPLED = { count: 500 }

const NEARER = (one: string, other: string) => `log2 of ${one}’s Fréchet distance over ${other}’s, classifier features, ${SAMPLED.count} samples`

/** How much nearer the samples of the second are to real images. */
const nearer = (findings: Findings, one: number, other: number) => {
  const distance = (replica: number) => valueAt(findings, { diagnostic: 'quality', panel: 'distance-classifier' }, replica, findings.config.train.steps)
  return Math.log2(distance(one) / distance(other))
}

/** Probe accuracy at the lowest level, in points. */
const read = (findings: Findings, replica: number) => 100 * valueAt(findings, PROBE, replica, 0.001)

/** How much of it is lost from a level to the lowest one, in points. */
const fall = (findings: Findings, replica: number, from: number, step?: number) =>
  100 * (valueAt(findings, { ...PROBE, step }, replica, from) - valueAt(findings, { ...PROBE, step }, replica, 0.001))

/** Energy distance of the points that a net draws from held-out ones, where they end. */
const off = (findings: Findings, replica: number) => valueAt(findings, { diagnostic: 'plane', panel: 'plane' }, replica, 1e-6)

/** How far samples of a class stand from the middle, with the class itself at 1; over both classes. */
const pushed = (findings: Findings, replica: number) => [1, 2].reduce((sum, one) => sum + valueAt(findings, { diagnostic: 'classes', panel: 'means' }, replica, one) / 2, 0)

/** Few enough for a record. */
const ENDS = { points: 64, arrows: 0 }

/** A preset's replicas, each from every seed; for so many steps where it need not be as many as there. */
function withSeeds(preset: string, steps?: number): ConfigInput {
  const { config } = presetOf(preset)
  return { ...config, ...(steps && { train: { ...config.train, steps } }), replicas: SEEDS.flatMap(seed => (config.replicas ?? []).map(replica => ({ ...replica, seed }))) }
}

export const studies: Study[] = [
  {
    id: 'low-noise',
    title: 'Flow matching beside LCF, three seeds',
    figure: 'LCF fig. 2, 5, 9',
    config: { replicas: SEEDS.flatMap(seed => [{ method: 'fm', seed }, { method: 'lcf', seed }]) },
    measures: { condition: {}, probe: {}, features: {}, jacobian: { images: 256 }, quality: SAMPLED },
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
      { id: 'lcf-samples', text: 'LCF’s samples lie nearer to real images', source: 'LCF fig. 5', unit: NEARER('FM', 'LCF'), effect: (f, of) => nearer(f, of('fm'), of('lcf')) },
    ],
  },
  {
    id: 'late-degradation',
    title: 'Flow matching over training time, three seeds',
    figure: 'LCF fig. 12',
    config: { ...presetOf('late-degradation').config, evaluate: { measure: true }, measures: Object.keys(diagnostics).map(id => (id === 'probe' ? { id, every: 400, settings: SPARSE } : { id, every: 0 })) },
    measures: { probe: SPARSE, features: {} },
    claims: [
      { id: 'none-early', text: 'Early in training accuracy does not fall towards t = 0', source: 'LCF fig. 12', unit: 'points at step 400, t = .001 less t = .1', effect: (f, of) => -fall(f, of('fm'), 0.1, 400) },
      { id: 'late', text: 'Late in training it falls from t = .1', source: 'LCF fig. 12', unit: 'points at the end, t = .1 less t = .001', effect: (f, of) => fall(f, of('fm'), 0.1) },
      { id: 'late-near', text: 'Late in training it falls from t = .03', source: 'LCF fig. 12', unit: 'points at the end, t = .03 less t = .001', effect: (f, of) => fall(f, of('fm'), 0.03) },
      { id: 'grows', text: 'The fall grows as training goes on', source: 'LCF fig. 12', unit: 'points, fall from t = .1 at the end less that at step 400', effect: (f, of) => fall(f, of('fm'), 0.1) - fall(f, of('fm'), 0.1, 400) },
      { id: 'worse', text: 'Accuracy at t = .001 itself gets worse in the second half', source: 'LCF fig. 12', unit: 'points at t = .001, step 1,200 less the end', effect: (f, of) => 100 * (valueAt(f, { ...PROBE, step: 1200 }, of('fm'), 0.001) - valueAt(f, PROBE, of('fm'), 0.001)) },
    ],
  },
  {
    id: 'designs',
    title: 'Four designs of the low-noise loss, three seeds',
    figure: 'LCF fig. 6 c, d',
    config: withSeeds('designs'),
    measures: { probe: SPARSE, features: {}, quality: SAMPLED },
    claims: [
      { id: 'cut-alone', text: 'Cutting the regression below T_min lifts probe accuracy by itself', source: 'LCF §6 says that it is not enough', unit: 'points at t = .001, cut less FM', effect: (f, of) => read(f, of('fm-truncated')) - read(f, of('fm')) },
      { id: 'pull-alone', text: 'The contrastive pull lifts it with the regression kept', source: 'LCF fig. 6 c', unit: 'points at t = .001, FM with contrast less FM', effect: (f, of) => read(f, of('fm-contrast')) - read(f, of('fm')) },
      { id: 'both-over-cut', text: 'LCF lifts it over the cut alone', source: 'LCF fig. 6 c', unit: 'points at t = .001, LCF less cut', effect: (f, of) => read(f, of('lcf')) - read(f, of('fm-truncated')) },
      { id: 'both-over-pull', text: 'LCF lifts it over contrast with the regression kept', source: 'LCF fig. 6 c', unit: 'points at t = .001, LCF less FM with contrast', effect: (f, of) => read(f, of('lcf')) - read(f, of('fm-contrast')) },
      { id: 'pull-costs', text: 'Where it is still regressed the velocity is learned no worse by LCF than by contrast with the regression kept', source: 'LCF fig. 6 d', unit: 'loss at t = .1, FM with contrast less LCF', effect: (f, of) => lossAt(f, of('fm-contrast'), 0.1) - lossAt(f, of('lcf'), 0.1) },
      { id: 'samples', text: 'LCF’s samples lie nearer to real images than those of FM', source: 'LCF fig. 6 d', unit: NEARER('FM', 'LCF'), effect: (f, of) => nearer(f, of('fm'), of('lcf')) },
      { id: 'samples-over-pull', text: 'LCF’s samples lie nearer than those of contrast with the regression kept', source: 'LCF fig. 6 d', unit: NEARER('FM with contrast', 'LCF'), effect: (f, of) => nearer(f, of('fm-contrast'), of('lcf')) },
    ],
  },
  {
    id: 't-min',
    title: 'LCF by T_min, three seeds',
    figure: 'LCF fig. 6 a, b',
    config: withSeeds('t-min'),
    measures: { probe: SPARSE, features: {}, quality: SAMPLED },
    claims: [
      { id: 'smallest', text: 'T_min = .02 lifts probe accuracy over FM', source: 'LCF fig. 6 a', unit: 'points at t = .001, LCF .02 less FM', effect: (f, of) => read(f, of('LCF T_min 0.02')) - read(f, of('fm')) },
      { id: 'larger', text: 'T_min = .05 lifts it over .02', source: 'LCF fig. 6 a', unit: 'points at t = .001', effect: (f, of) => read(f, of('LCF T_min 0.05')) - read(f, of('LCF T_min 0.02')) },
      { id: 'larger-still', text: 'T_min = .1 lifts it over .05', source: 'LCF fig. 6 a', unit: 'points at t = .001', effect: (f, of) => read(f, of('LCF T_min 0.1')) - read(f, of('LCF T_min 0.05')) },
      { id: 'largest', text: 'T_min = .2 lifts it over .1', source: 'LCF fig. 6 a', unit: 'points at t = .001', effect: (f, of) => read(f, of('LCF T_min 0.2')) - read(f, of('LCF T_min 0.1')) },
      { id: 'cost', text: 'Above all these levels T_min = .2 costs nothing', source: 'LCF fig. 6 b, read as loss', unit: 'loss at t = .3, FM less LCF .2', effect: (f, of) => lossAt(f, of('fm'), 0.3) - lossAt(f, of('LCF T_min 0.2'), 0.3) },
      { id: 'samples', text: 'A larger T_min makes better samples', source: 'LCF fig. 6 b', unit: NEARER('LCF .02', 'LCF .2'), effect: (f, of) => nearer(f, of('LCF T_min 0.02'), of('LCF T_min 0.2')) },
    ],
  },
  {
    id: 'data-size',
    title: 'Flow matching by how many images there are, three seeds',
    figure: 'LCF fig. 13',
    config: withSeeds('data-size'),
    measures: { probe: SPARSE, features: {} },
    claims: [
      { id: 'none-with-few', text: 'With 64 images accuracy does not fall towards t = 0', source: 'LCF fig. 13', unit: 'points, t = .001 less t = .1', effect: (f, of) => -fall(f, of('64 images'), 0.1) },
      { id: 'falls-with-all', text: 'With all images it falls', source: 'LCF fig. 13', unit: 'points, t = .1 less t = .001', effect: (f, of) => fall(f, of('all images'), 0.1) },
      { id: 'more-with-more', text: 'The fall is larger with all images than with 64', source: 'LCF fig. 13', unit: 'points', effect: (f, of) => fall(f, of('all images'), 0.1) - fall(f, of('64 images'), 0.1) },
      { id: 'reads-better', text: 'More images make features that read better at t = .001', source: 'LCF fig. 13', unit: 'points, all less 64', effect: (f, of) => read(f, of('all images')) - read(f, of('64 images')) },
      { id: 'by-heart', text: 'On held-out images the net of 64 does worse', source: 'learning by heart', unit: 'loss at t = .3, 64 less all', effect: (f, of) => lossAt(f, of('64 images'), 0.3) - lossAt(f, of('all images'), 0.3) },
    ],
  },
  {
    id: 'buried',
    title: 'A spiral in 64 dimensions, three seeds',
    figure: 'JiT fig. 2',
    config: withSeeds('buried', 600),
    measures: { condition: {}, plane: { ...ENDS, solver: 'heun' } },
    claims: [
      { id: 'x-over-velocity', text: 'A net narrower than the space finds the plane when it answers with the image, and not with the velocity', source: 'JiT fig. 2', unit: 'log2 of FM’s energy distance over x-prediction’s', effect: (f, of) => Math.log2(off(f, of('fm')) / off(f, of('x-prediction'))) },
      { id: 'x-over-noise', text: 'And not with the noise', source: 'JiT fig. 2', unit: 'log2 of ε-prediction’s energy distance over x-prediction’s', effect: (f, of) => Math.log2(off(f, of('noise-prediction')) / off(f, of('x-prediction'))) },
      { id: 'loss', text: 'The velocity itself is learned better through the image', source: 'JiT §3', unit: 'loss at t = .3, FM less x-prediction', effect: (f, of) => lossAt(f, of('fm'), 0.3) - lossAt(f, of('x-prediction'), 0.3) },
      { id: 'loss-low', text: 'Also at the lowest noise', source: 'JiT §3', unit: 'loss at t = .001, FM less x-prediction', effect: (f, of) => lossAt(f, of('fm'), 0.001) - lossAt(f, of('x-prediction'), 0.001) },
    ],
  },
  {
    id: 'two-classes',
    title: 'Two near classes pushed apart, three seeds',
    figure: 'ΔFM fig. 3',
    config: withSeeds('two-classes', 600),
    measures: { condition: {}, plane: ENDS, classes: { samples: 128 } },
    claims: [
      { id: 'apart', text: 'With λ = .5 samples of the classes stand further apart', source: 'ΔFM fig. 3', unit: 'distance from the middle, the class at 1, ΔFM .5 less FM', effect: (f, of) => pushed(f, of('ΔFM λ = .5')) - pushed(f, of('fm')) },
      { id: 'more-than-affine', text: 'Further than the minimum 1/(1 − λ) = 2 of the velocity says, for points leave the places it was learned at', source: 'the minimum in closed form', unit: 'distance from the middle, less 2', effect: (f, of) => pushed(f, of('ΔFM λ = .5')) - 2 },
      { id: 'a-little', text: 'With λ = .05, the paper’s for images, a little', source: 'ΔFM §4', unit: 'distance from the middle, ΔFM .05 less FM', effect: (f, of) => pushed(f, of('contrastive-fm')) - pushed(f, of('fm')) },
      { id: 'nearer', text: 'The samples of λ = .5 are nearer to the data than flow matching’s', source: 'ΔFM, tables 1 and 2, of images', unit: 'energy distance, FM less ΔFM .5', effect: (f, of) => off(f, of('fm')) - off(f, of('ΔFM λ = .5')) },
    ],
  },
]

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
