/** Local Contrastive Flow (arXiv 2509.20952): its figures, and what its knobs do at this scale. */
import { presetOf } from '../presets.ts'
import { alike, apartAt, DOUBLINGS, excessAt, type Findings, GAIN, LOSS, lossAt, nearer, NEARER, noLess, onTheWay, ORDER, POINTS, PROBE, read, SAMPLED, SCANT, SEEDS, slopeOver, SPARSE, type Study, valueAt, withSeeds } from './study.ts'

const CLASS = { diagnostic: 'jacobian', panel: 'gains', label: 'class' }
const OTHER = { diagnostic: 'jacobian', panel: 'gains', label: 'other' }

const UNEVEN = { diagnostic: 'hessian', panel: 'kappa', label: 'κ₊' }
const STEEPEST = { diagnostic: 'hessian', panel: 'greatest' }
const DEMANDED = { diagnostic: 'propositions', panel: 'demand', label: 'demanded, ‖P_S M‖' }
const UNDONE = { ...DEMANDED, label: 'left undone, r_t' }
const GREATEST = { diagnostic: 'propositions', panel: 'prop4', label: 'measured' }
const APART = { diagnostic: 'propositions', panel: 'prop5', label: 'measured, Q(t)' }
const WHOLE = { diagnostic: 'jacobian', panel: 'norm' }

/** By how many doublings a value at the lowest level is above that where low noise begins, a level that condition of the loss and the propositions are measured at. */
const BEGINS = 0.164
const rise = (findings: Findings, where: Parameters<typeof valueAt>[1], replica: number) => Math.log2(valueAt(findings, where, replica, 0.001) / valueAt(findings, where, replica, BEGINS))

const FORMULAS = [['algorithm1', 'Algorithm 1'], ['equation14', 'equation 14'], ['infonce', 'InfoNCE']] as const

/** What LCF by each formula adds to the probe of flow matching. */
const lifts = FORMULAS.map(([id, name]) => ({ id: `reads-${id}`, text: `LCF by ${name} lifts probe accuracy at low noise`, source: 'LCF fig. 4', unit: `points at t = 0.001, ${name} less FM`, effect: (f: Findings, of: (arm: string) => number) => read(f, of(`LCF, ${name}`)) - read(f, of('fm')) }))

/** How much of the probe's accuracy is lost from a level to the lowest one, in points. */
const fall = (findings: Findings, replica: number, from: number, step?: number) =>
  100 * (valueAt(findings, { ...PROBE, step }, replica, from) - valueAt(findings, { ...PROBE, step }, replica, 0.001))

export const lcfStudies: readonly Study[] = [
  {
    id: 'low-noise',
    title: 'Flow matching beside LCF, three seeds',
    figure: 'LCF fig. 1, 4, 5, 9',
    config: { replicas: SEEDS.flatMap(seed => [{ method: 'fm', seed }, { method: 'lcf', seed }]) },
    measures: { condition: {}, probe: {}, features: {}, jacobian: { images: 256 }, quality: SAMPLED },
    claims: [
      { id: 'loss-rises', text: 'The loss is larger at low noise than at high', source: 'LCF §3', unit: 'loss at t = 0.001 less that at 0.8', effect: (f, of) => lossAt(f, of('fm'), 0.001) - lossAt(f, of('fm'), 0.8) },
      { id: 'slow-at-lowest', text: 'Much of the loss at t = 0.001 could still be learned', source: 'LCF fig. 1b, read as slow convergence', unit: 'loss above the floor at t = 0.001, less that at 0.8', effect: (f, of) => excessAt(f, of('fm'), 0.001) - excessAt(f, of('fm'), 0.8) },
      { id: 'slow-at-low', text: 'Much of the loss at t = 0.05 could still be learned', source: 'LCF fig. 1b, read as slow convergence', unit: 'loss above the floor at t = 0.05, less that at 0.8', effect: (f, of) => excessAt(f, of('fm'), 0.05) - excessAt(f, of('fm'), 0.8) },
      { id: 'gain-bounded', text: 'No net follows the demanded 1/t: at t = 0.001 its gain is below it', source: 'LCF §4.2', unit: 'log10 of demanded over achieved gain at t = 0.001', effect: (f, of) => Math.log10(1000 / valueAt(f, GAIN, of('fm'), 0.001)) },
      { id: 'probe-drops', text: 'Probe accuracy of FM falls towards t = 0', source: 'LCF fig. 1c and 4', unit: 'points, t = 0.03 less t = 0.001', effect: (f, of) => 100 * (valueAt(f, PROBE, of('fm'), 0.03) - valueAt(f, PROBE, of('fm'), 0.001)) },
      { id: 'probe-drops-from-peak', text: 'Probe accuracy of FM falls from t = 0.1, where these nets read best (level chosen after seeing the curves)', source: 'LCF fig. 1c and 4', unit: 'points, t = 0.1 less t = 0.001', effect: (f, of) => 100 * (valueAt(f, PROBE, of('fm'), 0.1) - valueAt(f, PROBE, of('fm'), 0.001)) },
      { id: 'lcf-probe', text: 'LCF lifts probe accuracy at low noise', source: 'LCF fig. 4', unit: 'points at t = 0.001, LCF less FM', effect: (f, of) => 100 * (valueAt(f, PROBE, of('lcf'), 0.001) - valueAt(f, PROBE, of('fm'), 0.001)) },
      { id: 'lcf-flat', text: 'With LCF the fall is smaller', source: 'LCF fig. 4', unit: 'points, FM’s fall from t = 0.03 to 0.001 less LCF’s', effect: (f, of) => 100 * (valueAt(f, PROBE, of('fm'), 0.03) - valueAt(f, PROBE, of('fm'), 0.001) - valueAt(f, PROBE, of('lcf'), 0.03) + valueAt(f, PROBE, of('lcf'), 0.001)) },
      { id: 'noise-gain-rises', text: 'The features’ reaction to other changes grows towards t = 0', source: 'LCF fig. 9', unit: 'log2 of the gain at t = 0.001 over that at 0.1', effect: (f, of) => Math.log2(valueAt(f, OTHER, of('fm'), 0.001) / valueAt(f, OTHER, of('fm'), 0.1)) },
      { id: 'class-gain-falls', text: 'Their reaction to the class falls towards t = 0', source: 'LCF fig. 9', unit: 'log2 of the gain at t = 0.1 over that at 0.001', effect: (f, of) => Math.log2(valueAt(f, CLASS, of('fm'), 0.1) / valueAt(f, CLASS, of('fm'), 0.001)) },
      { id: 'bounded', text: 'Their whole sensitivity ‖J‖_F at most doubles towards t = 0', source: 'LCF fig. 9', unit: '1 less log2 of ‖J‖_F at t = 0.001 over that at 0.1', effect: (f, of) => 1 - Math.log2(valueAt(f, WHOLE, of('fm'), 0.001) / valueAt(f, WHOLE, of('fm'), 0.1)) },
      { id: 'reallocation', text: 'Sensitivity moves from the class to the rest', source: 'LCF Prop. 5, fig. 9', unit: 'log2 of (other/class at t = 0.001) over (other/class at 0.1)', effect: (f, of) => Math.log2(valueAt(f, OTHER, of('fm'), 0.001) / valueAt(f, CLASS, of('fm'), 0.001) / (valueAt(f, OTHER, of('fm'), 0.1) / valueAt(f, CLASS, of('fm'), 0.1))) },
      { id: 'lcf-loss', text: 'LCF learns the velocity above T_min no worse', source: 'LCF §6.2', unit: 'loss at t = 0.1, FM less LCF', margin: noLess(LOSS), effect: (f, of) => lossAt(f, of('fm'), 0.1) - lossAt(f, of('lcf'), 0.1) },
      { id: 'lcf-just-above', text: 'Just above T_min LCF learns the velocity sooner (level chosen after seeing the curves)', source: 'LCF §6.2', unit: 'loss at t = 0.067, FM less LCF', effect: (f, of) => lossAt(f, of('fm'), 0.067) - lossAt(f, of('lcf'), 0.067) },
      { id: 'lcf-samples', text: 'LCF’s samples lie nearer to real images', source: 'LCF fig. 5', unit: NEARER('FM', 'LCF'), effect: (f, of) => nearer(f, of('fm'), of('lcf')) },
    ],
  },
  {
    id: 'late-degradation',
    title: 'Flow matching over training time, three seeds',
    figure: 'LCF fig. 9 and 12',
    config: onTheWay(presetOf('late-degradation').config, { id: 'probe', every: 400, settings: SPARSE }, { id: 'jacobian', every: 400 }),
    measures: { probe: SPARSE, features: {}, jacobian: {} },
    claims: [
      { id: 'none-early', text: 'Early in training accuracy does not fall towards t = 0', source: 'LCF fig. 12', unit: 'points at step 400, t = 0.001 less t = 0.1', margin: noLess(POINTS), effect: (f, of) => -fall(f, of('fm'), 0.1, 400) },
      { id: 'late', text: 'Late in training it falls from t = 0.1', source: 'LCF fig. 12', unit: 'points at the end, t = 0.1 less t = 0.001', effect: (f, of) => fall(f, of('fm'), 0.1) },
      { id: 'late-near', text: 'Late in training it falls from t = 0.03', source: 'LCF fig. 12', unit: 'points at the end, t = 0.03 less t = 0.001', effect: (f, of) => fall(f, of('fm'), 0.03) },
      { id: 'grows', text: 'The fall grows as training goes on', source: 'LCF fig. 12', unit: 'points, fall from t = 0.1 at the end less that at step 400', effect: (f, of) => fall(f, of('fm'), 0.1) - fall(f, of('fm'), 0.1, 400) },
      { id: 'worse', text: 'Accuracy at t = 0.001 itself gets worse in the second half', source: 'LCF fig. 12', unit: 'points at t = 0.001, step 1,200 less the end', effect: (f, of) => 100 * (valueAt(f, { ...PROBE, step: 1200 }, of('fm'), 0.001) - valueAt(f, PROBE, of('fm'), 0.001)) },
      { id: 'bounded', text: 'The features’ whole sensitivity ‖J‖_F at most doubles towards t = 0', source: 'LCF fig. 9', unit: '1 less log2 of ‖J‖_F at t = 0.001 over that at 0.1', effect: (f, of) => 1 - Math.log2(valueAt(f, WHOLE, of('fm'), 0.001) / valueAt(f, WHOLE, of('fm'), 0.1)) },
      { id: 'bounded-late', text: 'And in the second half of training', source: 'LCF fig. 9', unit: '1 less log2 of ‖J‖_F at t = 0.001 at the end over that at step 1,200', effect: (f, of) => 1 - Math.log2(valueAt(f, WHOLE, of('fm'), 0.001) / valueAt(f, { ...WHOLE, step: 1200 }, of('fm'), 0.001)) },
    ],
  },
  {
    id: 'designs',
    title: 'Four designs of the low-noise loss, three seeds',
    figure: 'LCF fig. 5 and 6 c, d',
    config: onTheWay(withSeeds('designs'), { id: 'quality', every: 400, settings: SAMPLED }),
    measures: { probe: SPARSE, features: {}, quality: SAMPLED },
    claims: [
      { id: 'cut-alone', text: 'Cutting the regression below T_min is not enough to lift probe accuracy', source: 'LCF §6.2', unit: 'points at t = 0.001, FM less cut', margin: noLess(POINTS), effect: (f, of) => read(f, of('fm')) - read(f, of('fm-truncated')) },
      { id: 'pull-alone', text: 'The contrastive pull lifts it with the regression kept', source: 'LCF fig. 6 c', unit: 'points at t = 0.001, FM with contrast less FM', effect: (f, of) => read(f, of('fm-contrast')) - read(f, of('fm')) },
      { id: 'both-over-cut', text: 'LCF lifts it over the cut alone', source: 'LCF fig. 6 c', unit: 'points at t = 0.001, LCF less cut', effect: (f, of) => read(f, of('lcf')) - read(f, of('fm-truncated')) },
      { id: 'both-over-pull', text: 'LCF lifts it over contrast with the regression kept', source: 'LCF fig. 6 c', unit: 'points at t = 0.001, LCF less FM with contrast', effect: (f, of) => read(f, of('lcf')) - read(f, of('fm-contrast')) },
      { id: 'pull-costs', text: 'Where it is still regressed the velocity is learned no worse by LCF than by contrast with the regression kept', source: 'LCF fig. 6 d', unit: 'loss at t = 0.1, FM with contrast less LCF', margin: noLess(LOSS), effect: (f, of) => lossAt(f, of('fm-contrast'), 0.1) - lossAt(f, of('lcf'), 0.1) },
      { id: 'samples', text: 'LCF’s samples lie nearer to real images than those of FM', source: 'LCF fig. 6 d', unit: NEARER('FM', 'LCF'), effect: (f, of) => nearer(f, of('fm'), of('lcf')) },
      { id: 'sooner', text: 'After half of training LCF’s samples are as near as FM’s at the end', source: 'LCF fig. 5', unit: `log2 of FM’s Fréchet distance at the end over LCF’s at step 400, classifier features, ${SAMPLED.count} samples`, margin: noLess(DOUBLINGS), effect: (f, of) => Math.log2(apartAt(f, of('fm'), 800) / apartAt(f, of('lcf'), 400)) },
      { id: 'ahead', text: 'At that time they are nearer than FM’s', source: 'LCF fig. 5', unit: `log2 of FM’s Fréchet distance over LCF’s at step 400, classifier features, ${SAMPLED.count} samples`, effect: (f, of) => Math.log2(apartAt(f, of('fm'), 400) / apartAt(f, of('lcf'), 400)) },
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
      { id: 'smallest', text: 'T_min = 0.02 lifts probe accuracy over FM', source: 'LCF fig. 6 a', unit: 'points at t = 0.001, LCF 0.02 less FM', effect: (f, of) => read(f, of('LCF T_min 0.02')) - read(f, of('fm')) },
      { id: 'larger', text: 'T_min = 0.05 lifts it over 0.02', source: 'LCF fig. 6 a', unit: 'points at t = 0.001, T_min 0.05 less 0.02', effect: (f, of) => read(f, of('LCF T_min 0.05')) - read(f, of('LCF T_min 0.02')) },
      { id: 'larger-still', text: 'T_min = 0.1 lifts it over 0.05', source: 'LCF fig. 6 a', unit: 'points at t = 0.001, T_min 0.1 less 0.05', effect: (f, of) => read(f, of('LCF T_min 0.1')) - read(f, of('LCF T_min 0.05')) },
      { id: 'largest', text: 'T_min = 0.2 lifts it over 0.1', source: 'LCF fig. 6 a', unit: 'points at t = 0.001, T_min 0.2 less 0.1', effect: (f, of) => read(f, of('LCF T_min 0.2')) - read(f, of('LCF T_min 0.1')) },
      { id: 'cost', text: 'Above all these levels T_min = 0.2 costs nothing', source: 'LCF fig. 6 b, read as loss', unit: 'loss at t = 0.3, FM less LCF 0.2', margin: noLess(LOSS), effect: (f, of) => lossAt(f, of('fm'), 0.3) - lossAt(f, of('LCF T_min 0.2'), 0.3) },
      { id: 'samples', text: 'A larger T_min makes better samples', source: 'LCF fig. 6 b', unit: NEARER('LCF 0.02', 'LCF 0.2'), effect: (f, of) => nearer(f, of('LCF T_min 0.02'), of('LCF T_min 0.2')) },
    ],
  },
  {
    id: 'data-size',
    title: 'Flow matching by how many images there are, three seeds',
    figure: 'LCF fig. 13',
    config: withSeeds('data-size'),
    measures: { probe: SPARSE, features: {} },
    claims: [
      { id: 'none-with-few', text: 'With 64 images accuracy does not fall towards t = 0', source: 'LCF fig. 13', unit: 'points, t = 0.001 less t = 0.1', margin: noLess(POINTS), effect: (f, of) => -fall(f, of('64 images'), 0.1) },
      { id: 'falls-with-all', text: 'With all images it falls', source: 'LCF fig. 13', unit: 'points, t = 0.1 less t = 0.001', effect: (f, of) => fall(f, of('all images'), 0.1) },
      { id: 'more-with-more', text: 'The fall is larger with all images than with 64', source: 'LCF fig. 13', unit: 'points, fall from t = 0.1 to 0.001 with all images less that with 64', effect: (f, of) => fall(f, of('all images'), 0.1) - fall(f, of('64 images'), 0.1) },
      { id: 'reads-better', text: 'More images make features that read better at t = 0.001', source: 'LCF fig. 13', unit: 'points at t = 0.001, all images less 64', effect: (f, of) => read(f, of('all images')) - read(f, of('64 images')) },
      { id: 'by-heart', text: 'On held-out images the net of 64 does worse', source: 'learning by heart', unit: 'loss at t = 0.3, 64 less all', effect: (f, of) => lossAt(f, of('64 images'), 0.3) - lossAt(f, of('all images'), 0.3) },
    ],
  },
  {
    id: 'too-strong',
    title: 'λ = 1 on the mean loss, three seeds',
    figure: 'LCF §6.2, its λ = 1 read as that of a mean',
    config: withSeeds('too-strong', 400),
    measures: { probe: SCANT, quality: SAMPLED },
    claims: [
      { id: 'wrecked', text: 'λ = 1 on the mean loss keeps the velocity from being learned', source: 'loss is a sum in LCF eq. 12', unit: 'loss at t = 0.3, LCF λ = 1 less FM', effect: (f, of) => lossAt(f, of('LCF λ = 1'), 0.3) - lossAt(f, of('fm'), 0.3) },
      { id: 'mild', text: 'λ = 0.05 does not', source: 'asked here', unit: 'loss at t = 0.3, FM less LCF λ = 0.05', margin: noLess(LOSS), effect: (f, of) => lossAt(f, of('fm'), 0.3) - lossAt(f, of('LCF λ = 0.05'), 0.3) },
      { id: 'reads', text: 'The stronger pull reads better at t = 0.001', source: 'asked here', unit: 'points at t = 0.001, LCF λ = 1 less λ = 0.05', effect: (f, of) => read(f, of('LCF λ = 1')) - read(f, of('LCF λ = 0.05')) },
      { id: 'samples', text: 'Its samples lie farther from real images', source: 'asked here', unit: NEARER('LCF λ = 1', 'FM'), effect: (f, of) => nearer(f, of('LCF λ = 1'), of('fm')) },
    ],
  },
  {
    id: 'late',
    title: 'LCF switched on late, three seeds',
    figure: 'asked here: LCF as a finishing touch',
    config: withSeeds('late'),
    measures: { probe: SCANT, quality: SAMPLED },
    claims: [
      { id: 'lcf-reads', text: 'LCF in the last third alone lifts probe accuracy at low noise', source: 'asked here', unit: 'points at t = 0.001, LCF less FM', effect: (f, of) => read(f, of('lcf')) - read(f, of('fm')) },
      { id: 'pull-reads', text: 'So does the pull with the regression kept', source: 'asked here', unit: 'points at t = 0.001, FM with contrast less FM', effect: (f, of) => read(f, of('fm-contrast')) - read(f, of('fm')) },
      { id: 'cost', text: 'What was learned above T_min is not lost', source: 'asked here', unit: 'loss at t = 0.1, FM less LCF', margin: noLess(LOSS), effect: (f, of) => lossAt(f, of('fm'), 0.1) - lossAt(f, of('lcf'), 0.1) },
      { id: 'samples', text: 'LCF’s samples lie nearer to real images', source: 'LCF fig. 5', unit: NEARER('FM', 'LCF'), effect: (f, of) => nearer(f, of('fm'), of('lcf')) },
    ],
  },
  {
    id: 'lcf-formulas',
    title: 'LCF by three formulas, three seeds',
    figure: 'LCF Algorithm 1 and eq. 14, which differ',
    config: withSeeds('lcf-formulas'),
    measures: { probe: SCANT, features: {} },
    claims: [
      ...lifts,
      ...FORMULAS.slice(1).map(([id, name]) => ({ id: `alike-${id}`, text: `By ${name} the class reads as by Algorithm 1`, source: 'LCF Algorithm 1 and eq. 14', unit: `points at t = 0.001, ${name} less Algorithm 1`, margin: alike(POINTS), effect: (f: Findings, of: (arm: string) => number) => read(f, of(`LCF, ${name}`)) - read(f, of('LCF, Algorithm 1')) })),
      { id: 'loss', text: 'On features of unit length, where equation 14 is bounded too, it leaves the velocity above T_min learned no worse', source: 'asked here', unit: 'loss at t = 0.1, FM less equation 14', margin: noLess(LOSS), effect: (f, of) => lossAt(f, of('fm'), 0.1) - lossAt(f, of('LCF, equation 14'), 0.1) },
    ],
  },
  {
    id: 'lcf-unbounded',
    title: 'LCF by three formulas without unit length, three seeds',
    figure: 'LCF Algorithm 1 and eq. 14, as printed',
    config: withSeeds('lcf-unbounded'),
    measures: { probe: SCANT, jacobian: { images: 128 } },
    claims: [
      { id: 'bounded', text: 'Algorithm 1, never negative, leaves the velocity above T_min learned no worse', source: 'asked here', unit: 'loss at t = 0.3, FM less Algorithm 1', margin: noLess(LOSS), effect: (f, of) => lossAt(f, of('fm'), 0.3) - lossAt(f, of('LCF, Algorithm 1'), 0.3) },
      { id: 'unbounded', text: 'Equation 14, unbounded below, keeps it from being learned', source: 'eq. 14 has no least value', unit: 'loss at t = 0.3, equation 14 less FM', effect: (f, of) => lossAt(f, of('LCF, equation 14'), 0.3) - lossAt(f, of('fm'), 0.3) },
      { id: 'grows', text: 'Its features react more strongly, for it gains by their growth', source: 'eq. 14 has no least value', unit: 'log2 of ‖J‖_F at t = 0.001, equation 14 over Algorithm 1', effect: (f, of) => Math.log2(valueAt(f, WHOLE, of('LCF, equation 14'), 0.001) / valueAt(f, WHOLE, of('LCF, Algorithm 1'), 0.001)) },
      ...lifts,
      { id: 'alike', text: 'By equation 14 the class reads as by Algorithm 1', source: 'LCF Algorithm 1 and eq. 14', unit: 'points at t = 0.001, equation 14 less Algorithm 1', margin: alike(POINTS), effect: (f, of) => read(f, of('LCF, equation 14')) - read(f, of('LCF, Algorithm 1')) },
    ],
  },
  {
    id: 'subspace',
    title: 'Gaussian classes on a subspace, three seeds',
    figure: 'LCF Prop. 3, 4 and 5',
    config: withSeeds('subspace'),
    measures: { condition: {}, hessian: {}, propositions: {} },
    claims: [
      { id: 'slow-at-lowest', text: 'Much of the loss at t = 0.001 could still be learned', source: 'LCF fig. 1b, read as slow convergence', unit: 'loss above the floor at t = 0.001, less that at 0.8', effect: (f, of) => excessAt(f, of('fm'), 0.001) - excessAt(f, of('fm'), 0.8) },
      { id: 'slow-at-low', text: 'Much of the loss at t = 0.05 could still be learned', source: 'LCF fig. 1b, read as slow convergence', unit: 'loss above the floor at t = 0.05, less that at 0.8', effect: (f, of) => excessAt(f, of('fm'), 0.05) - excessAt(f, of('fm'), 0.8) },
      { id: 'gain-bounded', text: 'No net follows the demanded 1/t: at t = 0.001 its gain is below it', source: 'LCF §4.2', unit: 'log10 of demanded over achieved gain at t = 0.001', effect: (f, of) => Math.log10(1000 / valueAt(f, GAIN, of('fm'), 0.001)) },
      { id: 'uneven', text: 'The loss curves more unevenly in the weights towards t = 0', source: 'LCF Prop. 3', unit: 'log2 of κ₊ at t = 0.001 over that at 0.16', effect: (f, of) => rise(f, UNEVEN, of('fm')) },
      { id: 'law', text: 'As 1/t², which is the law of a linear model on a subspace', source: 'LCF Prop. 3', unit: 'slope of κ₊ over t from 0.16 to 0.001, log-log, and 2', margin: alike(ORDER), effect: (f, of) => slopeOver(f, UNEVEN, of('fm'), BEGINS, 0.001) + 2 },
      { id: 'steep', text: 'Its steepest direction gets steeper', source: 'LCF §4.1', unit: 'log2 of λ_max at t = 0.001 over that at 0.16', effect: (f, of) => rise(f, STEEPEST, of('fm')) },
      { id: 'prop4', text: 'Proposition 4 says something of the net at t = 0.001, which does a part of what is demanded there', source: 'LCF Prop. 4', unit: 'log2 of the demanded slope over what of it is left undone', effect: (f, of) => Math.log2(valueAt(f, DEMANDED, null, 0.001) / valueAt(f, UNDONE, of('fm'), 0.001)) },
      { id: 'noise-gain', text: 'The greatest reaction of tokens to other changes than those of the class grows towards t = 0', source: 'LCF Prop. 4', unit: 'log2 of the gain at t = 0.001 over that at 0.16', effect: (f, of) => rise(f, GREATEST, of('fm')) },
      { id: 'classes', text: 'The two nearest classes draw nearer in the tokens', source: 'LCF Prop. 5', unit: 'log2 of the distance of class means in features at t = 0.16 over that at 0.001', effect: (f, of) => -rise(f, APART, of('fm')) },
      { id: 'prop5', text: 'They lie no farther apart at t = 0.001 than Proposition 5 allows', source: 'LCF Prop. 5', unit: 'log2 of the upper bound over their distance', effect: (f, of) => Math.log2(valueAt(f, { ...APART, label: 'upper bound' }, of('fm'), 0.001) / valueAt(f, APART, of('fm'), 0.001)) },
      { id: 'lcf-apart', text: 'With LCF they draw together less', source: 'LCF §5', unit: 'log2 of the distance of class means at t = 0.001 over that at 0.16, LCF less FM', effect: (f, of) => rise(f, APART, of('lcf')) - rise(f, APART, of('fm')) },
      { id: 'lcf-loss', text: 'LCF learns the velocity above T_min no worse', source: 'LCF §6.2', unit: 'loss at t = 0.1, FM less LCF', margin: noLess(LOSS), effect: (f, of) => lossAt(f, of('fm'), 0.1) - lossAt(f, of('lcf'), 0.1) },
    ],
  },
  {
    id: 'shapes',
    title: 'Flow matching beside LCF on coloured shapes, three seeds',
    figure: 'LCF fig. 1, 4, 5, on other images',
    config: withSeeds('shapes', 800),
    measures: { condition: {}, probe: SPARSE, features: {}, jacobian: { images: 128 }, quality: SAMPLED },
    claims: [
      { id: 'slow-at-low', text: 'Much of the loss at t = 0.05 could still be learned', source: 'LCF fig. 1b, read as slow convergence', unit: 'loss above the floor at t = 0.05, less that at 0.8', effect: (f, of) => excessAt(f, of('fm'), 0.05) - excessAt(f, of('fm'), 0.8) },
      { id: 'probe-drops', text: 'Probe accuracy of FM falls towards t = 0', source: 'LCF fig. 1c and 4', unit: 'points, t = 0.03 less t = 0.001', effect: (f, of) => fall(f, of('fm'), 0.03) },
      { id: 'probe-drops-from-above', text: 'It falls from t = 0.1', source: 'LCF fig. 1c and 4', unit: 'points, t = 0.1 less t = 0.001', effect: (f, of) => fall(f, of('fm'), 0.1) },
      { id: 'lcf-probe', text: 'LCF lifts probe accuracy at low noise', source: 'LCF fig. 4', unit: 'points at t = 0.001, LCF less FM', effect: (f, of) => read(f, of('lcf')) - read(f, of('fm')) },
      { id: 'reallocation', text: 'Sensitivity moves from the class to the rest', source: 'LCF Prop. 5, fig. 9', unit: 'log2 of (other/class at t = 0.001) over (other/class at 0.1)', effect: (f, of) => Math.log2(valueAt(f, OTHER, of('fm'), 0.001) / valueAt(f, CLASS, of('fm'), 0.001) / (valueAt(f, OTHER, of('fm'), 0.1) / valueAt(f, CLASS, of('fm'), 0.1))) },
      { id: 'lcf-loss', text: 'LCF learns the velocity above T_min no worse', source: 'LCF §6.2', unit: 'loss at t = 0.1, FM less LCF', margin: noLess(LOSS), effect: (f, of) => lossAt(f, of('fm'), 0.1) - lossAt(f, of('lcf'), 0.1) },
      { id: 'lcf-samples', text: 'LCF’s samples lie nearer to real images', source: 'LCF fig. 5', unit: NEARER('FM', 'LCF'), effect: (f, of) => nearer(f, of('fm'), of('lcf')) },
      { id: 'lcf-no-farther', text: 'At least they lie no farther', source: 'LCF fig. 5', unit: NEARER('FM', 'LCF'), margin: noLess(DOUBLINGS), effect: (f, of) => nearer(f, of('fm'), of('lcf')) },
    ],
  },
]
