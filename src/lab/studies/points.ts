/** Points of the plane, where the best velocity is known and thousands of samples cost little. */
import { alike, type Findings, LOSS, lossAt, noLess, onTheWay, ORDER, pushed, slopeOver, type Study, valueAt, withSeeds } from './study.ts'

/** What counts as none: of an energy distance, about that of two sets of 1,024 points of one kind; of a place on the way to a class. */
const NEAR = 0.01
const PLACE = 0.05

const GRADIENTS = { diagnostic: 'gradients', panel: 'difference' }
const ERROR = { diagnostic: 'solver', panel: 'error', label: 'Midpoint' }
const COST = { diagnostic: 'solver', panel: 'quality', label: 'Midpoint' }
const PLANE = { diagnostic: 'plane', panel: 'plane' }
const BENT = { diagnostic: 'solver', panel: 'straight' }

/** Energy distance of the points that a net draws from held-out ones, where they end. */
const off = (findings: Findings, replica: number, step?: number) => valueAt(findings, { ...PLANE, step }, replica, 1e-6)

const likely = (findings: Findings, replica: number) => valueAt(findings, { diagnostic: 'likelihood', panel: 'density' }, replica, findings.config.train.steps)

/** Evaluations of the midpoint rule for this error, between those that were tried on a log scale, and beyond them along the last two. */
function evaluationsFor(findings: Findings, replica: number, error: number): number {
  const tried = [8, 16, 32, 64, 128].map(n => ({ n, error: valueAt(findings, ERROR, replica, n) }))
  const next = Math.max(1, Math.min(tried.length - 1, tried.findIndex(one => one.error <= error) < 0 ? tried.length - 1 : tried.findIndex(one => one.error <= error)))
  const [before, after] = [tried[next - 1], tried[next]]
  return before.n * (after.n / before.n) ** (Math.log(error / before.error) / Math.log(after.error / before.error))
}

/** E‖(x_1 − x_0) − v‖² over the way, by its values at even levels. */
function bentOf(findings: Findings, replica: number): number {
  const levels = Array.from({ length: 16 }, (_, i) => (i + 0.5) / 16)
  return levels.reduce((sum, t) => sum + valueAt(findings, BENT, replica, t) / levels.length, 0)
}

/** Distance from the exact solution, and energy distance of the samples from held-out points, of a solver after so many evaluations. */
const errorOf = (findings: Findings, replica: number, label: string, evaluations: number) => valueAt(findings, { ...ERROR, label }, replica, evaluations)
const costOf = (findings: Findings, replica: number, label: string, evaluations: number) => valueAt(findings, { ...COST, label }, replica, evaluations)

/** How far from the middle the points of a net end, on average over those that a record keeps. */
function reach({ measurements }: Findings, replica: number): number {
  const { ways, classes: { length: n } } = measurements.find(({ id }) => id === PLANE.diagnostic)!.panels[0].plane!.views.find(view => view.replica === replica)!
  const ends = ways.slice(-2 * n)
  return Array.from({ length: Math.min(n, KEPT) }, (_, i) => Math.hypot(ends[2 * i], ends[2 * i + 1])).reduce((sum, r, _, { length }) => sum + r / length, 0)
}

/** So many that two sets of one kind are 0.01 apart at most; a record keeps 64 of them. */
const ENDS = { points: 1024, arrows: 0 }
const KEPT = 64
const EXACT = { ...ENDS, solver: 'rk4', steps: 64 }

export const pointStudies: readonly Study[] = [
  {
    id: 'two-classes',
    title: 'Two near classes pushed apart, three seeds',
    figure: 'ΔFM fig. 3',
    config: withSeeds('two-classes', 600),
    measures: { condition: {}, plane: ENDS, classes: { samples: 128 } },
    claims: [
      { id: 'apart', text: 'With λ = 0.5 samples of the classes stand further apart', source: 'ΔFM fig. 3', unit: 'distance from the middle, the class at 1, ΔFM 0.5 less FM', effect: (f, of) => pushed(f, of('ΔFM λ = 0.5')) - pushed(f, of('fm')) },
      { id: 'more-than-affine', text: 'Further than the factor 1/(1 − λ) = 2 of its velocity says, for points leave the places it was learned at', source: 'the minimum in closed form', unit: 'distance from the middle, the class at 1, of ΔFM 0.5, less 2', effect: (f, of) => pushed(f, of('ΔFM λ = 0.5')) - 2 },
      { id: 'as-exact', text: 'As far as its minimum in closed form leads when followed exactly, 1 + π/2', source: 'the minimum in closed form', unit: 'distance from the middle, the class at 1, of ΔFM 0.5, less 2.571', margin: alike(PLACE), effect: (f, of) => pushed(f, of('ΔFM λ = 0.5')) - 1 - Math.PI / 2 },
      { id: 'a-little', text: 'With λ = 0.05, the paper’s for images, a little', source: 'ΔFM §4', unit: 'distance from the middle, ΔFM 0.05 less FM', effect: (f, of) => pushed(f, of('contrastive-fm')) - pushed(f, of('fm')) },
      { id: 'nearer', text: 'The samples of λ = 0.5 are nearer to the data than flow matching’s', source: 'ΔFM, tables 1 and 2, of images', unit: 'energy distance, FM less ΔFM 0.5', effect: (f, of) => off(f, of('fm')) - off(f, of('ΔFM λ = 0.5')) },
      { id: 'lcf', text: 'LCF, which knows nothing of classes, leaves them where flow matching has them', source: 'asked here', unit: 'distance from the middle, LCF less FM', margin: alike(PLACE), effect: (f, of) => pushed(f, of('lcf')) - pushed(f, of('fm')) },
      { id: 'lcf-off', text: 'LCF’s points end no farther from the data', source: 'asked here', unit: 'energy distance, FM less LCF', margin: noLess(NEAR), effect: (f, of) => off(f, of('fm')) - off(f, of('lcf')) },
      { id: 'image', text: 'Answering with the image leaves classes where flow matching has them', source: 'asked here', unit: 'distance from the middle, x-prediction less FM', margin: alike(PLACE), effect: (f, of) => pushed(f, of('x-prediction')) - pushed(f, of('fm')) },
    ],
  },
  {
    id: 'notebook',
    title: 'Two near classes by the notebook’s numbers, three seeds',
    figure: 'ΔFM fig. 3',
    config: withSeeds('notebook'),
    measures: { condition: {}, plane: { ...ENDS, steps: 200 }, classes: { samples: 128 } },
    claims: [
      { id: 'there', text: 'Flow matching’s samples stand where their class does', source: 'ΔFM fig. 3', unit: 'distance from the middle, the class at 1, less 1', margin: alike(PLACE), effect: (f, of) => pushed(f, of('fm')) - 1 },
      { id: 'apart', text: 'With λ = 0.5 samples of the classes stand further apart', source: 'ΔFM fig. 3', unit: 'distance from the middle, the class at 1, ΔFM 0.5 less FM', effect: (f, of) => pushed(f, of('ΔFM λ = 0.5')) - pushed(f, of('fm')) },
      { id: 'more-than-affine', text: 'Further than the factor 1/(1 − λ) = 2 of its velocity says, for points leave the places it was learned at', source: 'the minimum in closed form', unit: 'distance from the middle, the class at 1, of ΔFM 0.5, less 2', effect: (f, of) => pushed(f, of('ΔFM λ = 0.5')) - 2 },
      { id: 'as-exact', text: 'As far as its minimum in closed form leads when followed exactly, 1 + π/2', source: 'the minimum in closed form', unit: 'distance from the middle, the class at 1, of ΔFM 0.5, less 2.571', margin: alike(PLACE), effect: (f, of) => pushed(f, of('ΔFM λ = 0.5')) - 1 - Math.PI / 2 },
      { id: 'nearer', text: 'The samples of λ = 0.5 are nearer to the data than flow matching’s', source: 'ΔFM, tables 1 and 2, of images', unit: 'energy distance, FM less ΔFM 0.5', effect: (f, of) => off(f, of('fm')) - off(f, of('ΔFM λ = 0.5')) },
    ],
  },
  {
    id: 'buried',
    title: 'A spiral in 64 dimensions, three seeds',
    figure: 'JiT fig. 2',
    config: withSeeds('buried', 600),
    measures: { condition: {}, plane: { ...ENDS, points: 256, solver: 'heun' } },
    claims: [
      { id: 'x-over-velocity', text: 'A net narrower than the space finds the plane when it answers with the image, and not with the velocity', source: 'JiT fig. 2', unit: 'log2 of FM’s energy distance over x-prediction’s', effect: (f, of) => Math.log2(off(f, of('fm')) / off(f, of('x-prediction'))) },
      { id: 'x-over-noise', text: 'And not with the noise', source: 'JiT fig. 2', unit: 'log2 of ε-prediction’s energy distance over x-prediction’s', effect: (f, of) => Math.log2(off(f, of('noise-prediction')) / off(f, of('x-prediction'))) },
      { id: 'loss', text: 'The velocity itself is learned better through the image', source: 'JiT §3', unit: 'loss at t = 0.3, FM less x-prediction', effect: (f, of) => lossAt(f, of('fm'), 0.3) - lossAt(f, of('x-prediction'), 0.3) },
      { id: 'loss-low', text: 'Also at the lowest noise', source: 'JiT §3', unit: 'loss at t = 0.001, FM less x-prediction', effect: (f, of) => lossAt(f, of('fm'), 0.001) - lossAt(f, of('x-prediction'), 0.001) },
    ],
  },
  {
    id: 'plane',
    title: 'A checkerboard, three seeds',
    figure: 'Lipman et al., theorem 2; JiT fig. 2',
    config: withSeeds('plane', 600),
    measures: { condition: {}, plane: ENDS, gradients: {} },
    claims: [
      { id: 'image', text: 'In two dimensions it makes no difference to samples whether the net answers with velocity or image', source: 'JiT fig. 2, D = 2', unit: 'energy distance, x-prediction less FM', margin: alike(NEAR), effect: (f, of) => off(f, of('x-prediction')) - off(f, of('fm')) },
      { id: 'lcf', text: 'LCF’s points end no farther from the data', source: 'asked here', unit: 'energy distance, FM less LCF', margin: noLess(NEAR), effect: (f, of) => off(f, of('fm')) - off(f, of('lcf')) },
      { id: 'one-gradient', text: 'The velocity of a pair and the mean velocity at its place lead to one gradient: they differ by noise that falls as 1/√n', source: 'Lipman et al., theorem 2', unit: 'slope of the difference over n, log-log, and ½', margin: alike(0.1), effect: (f, of) => slopeOver(f, GRADIENTS, of('fm'), 16, 512) + 0.5 },
      { id: 'lcf-loss', text: 'Above T_min it learns the velocity no worse', source: 'LCF §6.2', unit: 'loss at t = 0.1, FM less LCF', margin: noLess(LOSS), effect: (f, of) => lossAt(f, of('fm'), 0.1) - lossAt(f, of('lcf'), 0.1) },
    ],
  },
  {
    id: 'straight',
    title: 'Optimal transport beside diffusion on a checkerboard, three seeds',
    figure: 'Lipman et al. fig. 4, 5 and 7, table 1',
    config: onTheWay(withSeeds('straight', 1000), { id: 'plane', every: 500, settings: EXACT }),
    measures: { condition: {}, plane: EXACT, solver: { images: 512, reference: 256 }, likelihood: { images: 256 } },
    claims: [
      { id: 'error', text: 'After as many evaluations the solver’s error is smaller on the optimal-transport path than on the diffusion path', source: 'Lipman et al. fig. 7', unit: 'log2 of VP’s error over OT’s, midpoint, 16 evaluations', effect: (f, of) => Math.log2(valueAt(f, ERROR, of('VP'), 16) / valueAt(f, ERROR, of('OT'), 16)) },
      { id: 'fewer', text: 'For the same error it needs at most 60 % of the evaluations', source: 'Lipman et al. §6.2', unit: 'log2 of 0.6, and of the evaluations that OT needs for VP’s error at 32, over 32', effect: (f, of) => Math.log2(0.6) - Math.log2(evaluationsFor(f, of('OT'), valueAt(f, ERROR, of('VP'), 32)) / 32) },
      { id: 'few-steps', text: 'With 8 evaluations its points are nearer to the data', source: 'Lipman et al. fig. 7', unit: 'energy distance, VP less OT, midpoint', effect: (f, of) => valueAt(f, COST, of('VP'), 8) - valueAt(f, COST, of('OT'), 8) },
      { id: 'straight', text: 'Its ways are straighter', source: 'Lipman et al. fig. 3, of conditional ways', unit: 'log2 of VP’s straightness over OT’s', effect: (f, of) => Math.log2(bentOf(f, of('VP')) / bentOf(f, of('OT'))) },
      { id: 'exact', text: 'Followed exactly, its points are nearer to the data too', source: 'Lipman et al. table 1', unit: 'energy distance, VP less OT, 64 steps of RK4', effect: (f, of) => off(f, of('VP')) - off(f, of('OT')) },
      { id: 'sooner', text: 'After half of training they are as near as those of VP at the end', source: 'Lipman et al. §6.1', unit: 'energy distance, VP at the end less OT at step 500, 64 steps of RK4', margin: noLess(NEAR), effect: (f, of) => off(f, of('VP')) - off(f, of('OT'), 500) },
      { id: 'likelihood', text: 'It gives new points a greater likelihood', source: 'Lipman et al. table 1', unit: 'nats per dimension, OT less VP', effect: (f, of) => likely(f, of('OT')) - likely(f, of('VP')) },
      { id: 'regression', text: 'On the diffusion path the velocity is a better thing to learn than the noise', source: 'Lipman et al. fig. 4, table 1', unit: 'energy distance, VP answering with the noise less VP, 64 steps of RK4', effect: (f, of) => off(f, of('VP, noise')) - off(f, of('VP')) },
    ],
  },
  {
    id: 'solvers',
    title: 'Errors of a solver on eight Gaussians, three seeds',
    figure: 'Lipman et al. fig. 7; orders of the methods',
    config: withSeeds('solvers'),
    measures: { condition: {}, plane: { ...ENDS, steps: 6 }, solver: { images: 512, doublings: 8, reference: 2048 } },
    claims: [
      { id: 'euler', text: 'On the net’s own field Euler’s error falls as 1/N', source: 'order 1', unit: 'slope of the error over evaluations from 32 to 128, log-log, and 1', margin: alike(ORDER), effect: (f, of) => slopeOver(f, { ...ERROR, label: 'Euler' }, of('fm'), 32, 128) + 1 },
      { id: 'midpoint', text: 'The midpoint rule’s as 1/N²', source: 'order 2', unit: 'slope of the error over evaluations from 64 to 256, log-log, and 2', margin: alike(ORDER), effect: (f, of) => slopeOver(f, ERROR, of('fm'), 64, 256) + 2 },
      { id: 'heun', text: 'Heun’s as 1/N²', source: 'order 2', unit: 'slope of the error over evaluations from 63 to 255, log-log, and 2', margin: alike(ORDER), effect: (f, of) => slopeOver(f, { ...ERROR, label: 'Heun' }, of('fm'), 63, 255) + 2 },
      { id: 'euler-fine', text: 'With steps shorter than 0.006, the shortest wave of t that the net hears, Euler’s falls as 1/N', source: 'order 1', unit: 'slope of the error over evaluations from 256 to 1024, log-log, and 1', margin: alike(ORDER), effect: (f, of) => slopeOver(f, { ...ERROR, label: 'Euler' }, of('fm'), 256, 1024) + 1 },
      { id: 'midpoint-fine', text: 'The midpoint rule’s as 1/N² at least', source: 'order 2', unit: 'slope of the error over evaluations from 256 to 1024, log-log, against 2', margin: noLess(ORDER), effect: (f, of) => -slopeOver(f, ERROR, of('fm'), 256, 1024) - 2 },
      { id: 'heun-fine', text: 'And Heun’s', source: 'order 2', unit: 'slope of the error over evaluations from 255 to 1023, log-log, against 2', margin: noLess(ORDER), effect: (f, of) => -slopeOver(f, { ...ERROR, label: 'Heun' }, of('fm'), 255, 1023) - 2 },
      { id: 'few', text: 'With about 8 evaluations Heun is nearer to the exact solution than Euler', source: 'Lipman et al. fig. 7', unit: 'log2 of Euler’s error at 8 over Heun’s at 7', effect: (f, of) => Math.log2(errorOf(f, of('fm'), 'Euler', 8) / errorOf(f, of('fm'), 'Heun', 7)) },
      { id: 'many', text: 'With about 64 as well', source: 'Lipman et al. fig. 7', unit: 'log2 of Euler’s error at 64 over Heun’s at 63', effect: (f, of) => Math.log2(errorOf(f, of('fm'), 'Euler', 64) / errorOf(f, of('fm'), 'Heun', 63)) },
      { id: 'six', text: '6 Euler steps leave points farther from the data than two sets of data lie apart', source: 'asked here', unit: `energy distance, less ${NEAR}`, effect: (f, of) => off(f, of('fm')) - NEAR },
      { id: 'short', text: 'They fall short of their places', source: 'asked here', unit: `distance from the middle, 1.6 less that of ${KEPT} points`, effect: (f, of) => 1.6 - reach(f, of('fm')) },
      { id: 'more', text: 'More steps bring them nearer', source: 'Lipman et al. fig. 7', unit: 'energy distance, 8 Euler steps less 64', effect: (f, of) => costOf(f, of('fm'), 'Euler', 8) - costOf(f, of('fm'), 'Euler', 64) },
      { id: 'exact', text: 'Followed exactly, points are no farther from the data than training points are', source: 'asked here', unit: 'energy distance, training points less exact solution', margin: noLess(NEAR), effect: (f, of) => valueAt(f, { ...COST, label: 'training images' }, null, 64) - costOf(f, of('fm'), 'exact solution', 1024) },
    ],
  },
]
