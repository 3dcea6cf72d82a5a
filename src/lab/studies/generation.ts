/** What labels do to samples, stages of generation, and points whose best velocity is known. */
import { presetOf } from '../presets.ts'
import { type Findings, lossAt, nearer, NEARER, SAMPLED, SEEDS, type Study, valueAt, withSeeds } from './study.ts'

const APART = { diagnostic: 'classes', panel: 'separation' }
const NEW = { diagnostic: 'hybrid', panel: 'nearest' }

/** How far samples of a class stand from the middle, with the class itself at 1; over all classes. */
const pushed = (findings: Findings, replica: number) => {
  const { classes } = findings.config.net
  return Array.from({ length: classes }, (_, i) => valueAt(findings, { diagnostic: 'classes', panel: 'means' }, replica, i + 1) / classes).reduce((sum, value) => sum + value, 0)
}

/** log2 of what drift does to samples over what noise does, in a window about t; and how much farther from real ones drift puts them. */
const phaseAt = (findings: Findings, replica: number, t: number) => valueAt(findings, { diagnostic: 'windows', panel: 'phase' }, replica, t)
const harmAt = (findings: Findings, replica: number, t: number) => valueAt(findings, { diagnostic: 'windows', panel: 'worse', label: 'drift' }, replica, t)

/** Share of the distance to the nearest training image that is left when the way is followed by heart down to t. */
const leftAt = (findings: Findings, replica: number, t: number) => valueAt(findings, NEW, replica, t) / valueAt(findings, NEW, replica, 1)

/** Energy distance of the points that a net draws from held-out ones, where they end. */
const off = (findings: Findings, replica: number) => valueAt(findings, { diagnostic: 'plane', panel: 'plane' }, replica, 1e-6)

/** Few enough points for a record. */
const ENDS = { points: 64, arrows: 0 }

export const generationStudies: readonly Study[] = [
  {
    id: 'guidance',
    title: 'Contrastive flow matching of ten classes, three seeds',
    figure: 'ΔFM, tables 1 and 2, fig. 2',
    config: withSeeds('guidance'),
    measures: { classes: { samples: 64 } },
    claims: [
      { id: 'half-way', text: 'With labels and no guidance samples of FM fall short of the mean of their class', source: 'asked here', unit: '1 less the place on the way to it, FM', effect: (f, of) => 1 - pushed(f, of('fm')) },
      { id: 'a-little', text: 'λ = .05 moves them towards it', source: 'ΔFM §4', unit: 'place on the way, ΔFM .05 less FM', effect: (f, of) => pushed(f, of('contrastive-fm')) - pushed(f, of('fm')) },
      { id: 'a-lot', text: 'λ = .5 moves them further', source: 'ΔFM fig. 3', unit: 'place on the way, ΔFM .5 less FM', effect: (f, of) => pushed(f, of('ΔFM λ = .5')) - pushed(f, of('fm')) },
      { id: 'separates', text: 'Its velocity tells classes better apart in the middle of the way', source: 'ΔFM §3', unit: 'share of variance between classes at t = .5, ΔFM .05 less FM', effect: (f, of) => valueAt(f, APART, of('contrastive-fm'), 0.5) - valueAt(f, APART, of('fm'), 0.5) },
      { id: 'loss', text: 'It learns flow matching’s velocity no worse', source: 'ΔFM has another minimum', unit: 'loss at t = .5, FM less ΔFM .05', effect: (f, of) => lossAt(f, of('fm'), 0.5) - lossAt(f, of('contrastive-fm'), 0.5) },
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
  {
    id: 'phases',
    title: 'Stages of generation, three seeds',
    figure: 'Generation Phases §5; closed-form flow matching fig. 3',
    config: withSeeds('phases'),
    measures: { windows: { images: 128 }, hybrid: {}, denoising: { draws: 12, slopes: 2, turns: 8 } },
    claims: [
      { id: 'drift-early', text: 'Near the noise a drift changes samples more than a flicker as large does', source: 'Generation Phases', unit: 'log2 of drift over noise, window about t = .85', effect: (f, of) => phaseAt(f, of('fm'), 0.85) },
      { id: 'noise-late', text: 'Near the image it is the other way round', source: 'Generation Phases', unit: 'log2 of noise over drift, window about t = .15', effect: (f, of) => -phaseAt(f, of('fm'), 0.15) },
      { id: 'harm-middle', text: 'Errors do more harm in the middle than near the noise', source: 'Generation Phases, of learned models', unit: 'energy distance under drift, window about .5 less about .85', effect: (f, of) => harmAt(f, of('fm'), 0.5) - harmAt(f, of('fm'), 0.85) },
      { id: 'by-heart', text: 'Led by the training set’s own best velocity down to t = .6, samples have lost more than half of what is new in them', source: 'closed-form flow matching fig. 3', unit: 'share of the distance to the nearest training image that is left, ½ less', effect: (f, of) => 0.5 - leftAt(f, of('fm'), 0.6) },
      { id: 'still-new', text: 'Led down to t = .9, not yet', source: 'closed-form flow matching fig. 3', unit: 'share that is left, less ½', effect: (f, of) => leftAt(f, of('fm'), 0.9) - 0.5 },
    ],
  },
  {
    id: 'weightings',
    title: 'Weightings of a denoiser, three seeds',
    figure: 'Generation Phases, table 1',
    // Without the sixth: a run has 16 replicas at most.
    config: { ...withSeeds('weightings'), replicas: SEEDS.flatMap(seed => presetOf('weightings').config.replicas!.filter(({ label }) => label !== 'plain, middle').map(replica => ({ ...replica, seed }))) },
    measures: { quality: SAMPLED },
    claims: [
      { id: 'even-low', text: 'Weighed evenly the image is found worse at low noise than by 1/t²', source: 'Generation Phases §3', unit: 'loss at t = .1, residual even less residual 1/t²', effect: (f, of) => lossAt(f, of('residual, even'), 0.1) - lossAt(f, of('residual, 1/t²'), 0.1) },
      { id: 'even-high', text: 'At high noise, where it puts its weight, better', source: 'Generation Phases §3', unit: 'loss at t = .8, residual 1/t² less residual even', effect: (f, of) => lossAt(f, of('residual, 1/t²'), 0.8) - lossAt(f, of('residual, even'), 0.8) },
      { id: 'residual', text: 'Answering with the velocity makes better samples than with the image', source: 'Generation Phases, table 1', unit: NEARER('plain 1/t²', 'residual 1/t²'), effect: (f, of) => nearer(f, of('plain, 1/t²'), of('residual, 1/t²')) },
      { id: 'weight', text: '1/t² makes better samples than an even weight', source: 'Generation Phases, table 1', unit: NEARER('residual even', 'residual 1/t²'), effect: (f, of) => nearer(f, of('residual, even'), of('residual, 1/t²')) },
      { id: 'middle', text: 'And than a weight in the middle', source: 'Generation Phases §6.2 finds both about as good', unit: NEARER('residual middle', 'residual 1/t²'), effect: (f, of) => nearer(f, of('residual, middle'), of('residual, 1/t²')) },
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
    id: 'plane',
    title: 'A checkerboard, three seeds',
    figure: 'design of the 2-D lab; JiT fig. 2',
    config: withSeeds('plane', 600),
    measures: { condition: {}, plane: ENDS },
    claims: [
      { id: 'image', text: 'In two dimensions it makes no difference to samples whether the net answers with velocity or image', source: 'JiT fig. 2, D = 2', unit: 'log2 of FM’s energy distance over x-prediction’s', effect: (f, of) => Math.log2(off(f, of('fm')) / off(f, of('x-prediction'))) },
      { id: 'lcf', text: 'LCF’s points end no nearer to the data', source: 'asked here', unit: 'log2 of LCF’s energy distance over FM’s', effect: (f, of) => Math.log2(off(f, of('lcf')) / off(f, of('fm'))) },
      { id: 'lcf-loss', text: 'Above T_min it learns the velocity no worse', source: 'LCF §6', unit: 'loss at t = .1, FM less LCF', effect: (f, of) => lossAt(f, of('fm'), 0.1) - lossAt(f, of('lcf'), 0.1) },
    ],
  },
]
