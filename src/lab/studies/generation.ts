/** What labels do to samples, and stages of generation. */
import { seedGroups } from '../../config.ts'
import { presetOf } from '../presets.ts'
import { alike, apartAt, DOUBLINGS, type Findings, LOSS, lossAt, nearer, NEARER, noLess, onTheWay, pushed, SAMPLED, SEEDS, type Study, valueAt, withSeeds } from './study.ts'

/** Slope of the net's field, and of the training set's own. */
const SLOPE = { diagnostic: 'denoising', panel: 'slope' }
const APART = { diagnostic: 'classes', panel: 'separation' }
const NEW = { diagnostic: 'hybrid', panel: 'nearest' }

/** Of samples guided by w: their place on the way to the mean of their class, their variance within it, or their distance from real images. */
const guidedAt = (findings: Findings, replica: number, panel: 'place' | 'variety' | 'distance', w: number) => valueAt(findings, { diagnostic: 'guided', panel }, replica, w)

const GUIDED = (one: string, other: string) => `log2 of the Fréchet distance of ${one} over ${other}, classifier features, 500 samples`

/** Energy distance from held-out images, after so many steps of Euler’s. */
const costAt = (findings: Findings, replica: number, steps: number) => valueAt(findings, { diagnostic: 'solver', panel: 'quality', label: 'Euler' }, replica, steps)

/** Distance of two networks' samples of the same noise. */
const sameNoise = ({ measurements }: Findings, one: number, other: number) => measurements.findLast(({ id }) => id === 'same-noise')!.panels[0].heat![0].values[one][other] ?? NaN

/** To the networks that differ by their seed alone. */
function meanToOthers(findings: Findings, replica: number): number {
  const others = seedGroups(findings.config).find(group => group.includes(replica))!.filter(other => other !== replica)
  return others.reduce((sum, other) => sum + sameNoise(findings, replica, other) / others.length, 0)
}

const psnrAt = (findings: Findings, replica: number, t: number) => valueAt(findings, { diagnostic: 'denoising', panel: 'psnr' }, replica, t)

/** log2 of what drift does to samples over what noise does, in a window about t; and how far from real ones drift puts them. */
const phaseAt = (findings: Findings, replica: number, t: number) => valueAt(findings, { diagnostic: 'windows', panel: 'phase', label: 'drift' }, replica, t)
const HARMED = 256
const HARM = (other: string) => `log2 of the Fréchet distance under drift, window about 0.5 over about ${other}, classifier features, ${HARMED} samples`
const harmAt = (findings: Findings, replica: number, t: number) => valueAt(findings, { diagnostic: 'windows', panel: 'worse', label: 'drift' }, replica, t)

/** Share of the distance to the nearest training image that is left when the way is followed by heart down to t. */
const leftAt = (findings: Findings, replica: number, t: number) => valueAt(findings, NEW, replica, t) / valueAt(findings, NEW, replica, 1)

export const generationStudies: readonly Study[] = [
  {
    id: 'guidance',
    title: 'Contrastive flow matching of ten classes, three seeds',
    figure: 'ΔFM, tables 1 and 2, fig. 2',
    config: withSeeds('guidance'),
    measures: { classes: { samples: 64 }, guided: { w: '1 2 4', samples: 64 } },
    claims: [
      { id: 'half-way', text: 'With labels and no guidance samples of FM fall short of the mean of their class', source: 'asked here', unit: '1 less the place of samples between the mean of all images (0) and that of their class (1), FM', effect: (f, of) => 1 - pushed(f, of('fm')) },
      { id: 'a-little', text: 'λ = 0.05 moves them towards it', source: 'ΔFM §4', unit: 'place between the mean of all images (0) and that of the class (1), ΔFM 0.05 less FM', effect: (f, of) => pushed(f, of('contrastive-fm')) - pushed(f, of('fm')) },
      { id: 'a-lot', text: 'λ = 0.5 moves them further', source: 'ΔFM fig. 3', unit: 'place between the mean of all images (0) and that of the class (1), ΔFM 0.5 less FM', effect: (f, of) => pushed(f, of('ΔFM λ = 0.5')) - pushed(f, of('fm')) },
      { id: 'separates', text: 'Its velocity tells classes better apart in the middle of the way', source: 'ΔFM §3', unit: 'share of variance between classes at t = 0.5, ΔFM 0.05 less FM', effect: (f, of) => valueAt(f, APART, of('contrastive-fm'), 0.5) - valueAt(f, APART, of('fm'), 0.5) },
      { id: 'earlier', text: 'And near the noise, where classes part first', source: 'ΔFM fig. 4', unit: 'share of variance between classes at t = 0.8, ΔFM 0.05 less FM', effect: (f, of) => valueAt(f, APART, of('contrastive-fm'), 0.8) - valueAt(f, APART, of('fm'), 0.8) },
      { id: 'told', text: 'With λ = 0.5 a label changes its velocity more', source: 'ΔFM §3', unit: 'root mean square per pixel at t = 0.3, ΔFM 0.5 less FM', effect: (f, of) => valueAt(f, { ...APART, panel: 'label' }, of('ΔFM λ = 0.5'), 0.3) - valueAt(f, { ...APART, panel: 'label' }, of('fm'), 0.3) },
      { id: 'guided', text: 'Guidance w = 2 moves samples of FM further towards the mean of their class', source: 'arXiv 2207.12598', unit: 'place between the mean of all images (0) and that of the class (1), w = 2 less w = 1, FM', effect: (f, of) => guidedAt(f, of('fm'), 'place', 2) - guidedAt(f, of('fm'), 'place', 1) },
      { id: 'beyond', text: 'w = 4 moves them beyond it', source: 'arXiv 2207.12598', unit: 'place between the mean of all images (0) and that of the class (1) at w = 4, less 1, FM', effect: (f, of) => guidedAt(f, of('fm'), 'place', 4) - 1 },
      { id: 'variety', text: 'At the cost of variety within the class', source: 'arXiv 2207.12598', unit: 'log2 of the variance within a class, w = 1 over 2, FM', effect: (f, of) => Math.log2(guidedAt(f, of('fm'), 'variety', 1) / guidedAt(f, of('fm'), 'variety', 2)) },
      { id: 'over-contrast', text: 'w = 2 moves them further than λ = 0.5 does', source: 'asked here', unit: 'place between the mean of all images (0) and that of the class (1), FM at w = 2 less ΔFM 0.5 at w = 1', effect: (f, of) => guidedAt(f, of('fm'), 'place', 2) - guidedAt(f, of('ΔFM λ = 0.5'), 'place', 1) },
      { id: 'loss', text: 'It learns flow matching’s velocity no worse', source: 'ΔFM has another minimum', unit: 'loss at t = 0.5, FM less ΔFM 0.05', margin: noLess(LOSS), effect: (f, of) => lossAt(f, of('fm'), 0.5) - lossAt(f, of('contrastive-fm'), 0.5) },
    ],
  },
  {
    id: 'contrast',
    title: 'ΔFM by λ on labelled gratings, three seeds',
    figure: 'ΔFM, tables 1 and 3',
    config: onTheWay(withSeeds('contrast'), { id: 'quality', every: 400, settings: SAMPLED }),
    measures: { quality: SAMPLED, guided: { w: '1 1.5 2', samples: 50 }, solver: { images: 64, doublings: 3, reference: 64 } },
    claims: [
      { id: 'nearer', text: 'λ = 0.05 brings samples nearer to real images', source: 'ΔFM table 1', unit: NEARER('FM', 'ΔFM 0.05'), effect: (f, of) => nearer(f, of('fm'), of('ΔFM λ = 0.05')) },
      { id: 'over-less', text: 'Nearer than λ = 0.01 does', source: 'ΔFM, ablation of λ', unit: NEARER('ΔFM 0.01', 'ΔFM 0.05'), effect: (f, of) => nearer(f, of('ΔFM λ = 0.01'), of('ΔFM λ = 0.05')) },
      { id: 'over-more', text: 'And than λ = 0.1', source: 'ΔFM, ablation of λ', unit: NEARER('ΔFM 0.1', 'ΔFM 0.05'), effect: (f, of) => nearer(f, of('ΔFM λ = 0.1'), of('ΔFM λ = 0.05')) },
      { id: 'too-much', text: 'With λ = 0.5 samples are farther than flow matching’s', source: 'ΔFM, ablation of λ', unit: NEARER('ΔFM 0.5', 'FM'), effect: (f, of) => nearer(f, of('ΔFM λ = 0.5'), of('fm')) },
      { id: 'sooner', text: 'After half of training λ = 0.05 is as near as flow matching at the end', source: 'ΔFM: 9 times sooner', unit: `log2 of FM’s Fréchet distance at the end over ΔFM 0.05’s at step 400, classifier features, ${SAMPLED.count} samples`, margin: noLess(DOUBLINGS), effect: (f, of) => Math.log2(apartAt(f, of('fm'), 800) / apartAt(f, of('ΔFM λ = 0.05'), 400)) },
      { id: 'few-steps', text: 'With 8 Euler steps λ = 0.05 is as near as flow matching with 32', source: 'ΔFM: 5 times fewer steps', unit: 'log2 of FM’s energy distance after 32 over ΔFM 0.05’s after 8, pixels', margin: noLess(DOUBLINGS), effect: (f, of) => Math.log2(costAt(f, of('fm'), 32) / costAt(f, of('ΔFM λ = 0.05'), 8)) },
      { id: 'guided', text: 'Guidance w = 1.5 brings flow matching’s samples nearer', source: 'arXiv 2207.12598', unit: GUIDED('FM at w = 1', 'FM at w = 1.5'), effect: (f, of) => Math.log2(guidedAt(f, of('fm'), 'distance', 1) / guidedAt(f, of('fm'), 'distance', 1.5)) },
      { id: 'guided-contrast', text: 'And ΔFM’s as well', source: 'ΔFM: it and guidance add up', unit: GUIDED('ΔFM 0.05 at w = 1', 'ΔFM 0.05 at w = 1.5'), effect: (f, of) => Math.log2(guidedAt(f, of('ΔFM λ = 0.05'), 'distance', 1) / guidedAt(f, of('ΔFM λ = 0.05'), 'distance', 1.5)) },
      { id: 'guided-alike', text: 'Guided alike, λ = 0.05 lies nearer than flow matching', source: 'ΔFM: FID 2.09 and 1.97', unit: GUIDED('FM', 'ΔFM 0.05, both at w = 1.5'), effect: (f, of) => Math.log2(guidedAt(f, of('fm'), 'distance', 1.5) / guidedAt(f, of('ΔFM λ = 0.05'), 'distance', 1.5)) },
      { id: 'loss', text: 'It learns flow matching’s velocity no worse', source: 'ΔFM has another minimum', unit: 'loss at t = 0.5, FM less ΔFM 0.05', margin: noLess(LOSS), effect: (f, of) => lossAt(f, of('fm'), 0.5) - lossAt(f, of('ΔFM λ = 0.05'), 0.5) },
    ],
  },
  {
    id: 'phases',
    title: 'Stages of generation, three seeds',
    figure: 'Generation Phases §5; closed-form flow matching fig. 3',
    config: withSeeds('phases'),
    measures: { windows: { images: HARMED }, hybrid: {}, denoising: { draws: 12, slopes: 2, turns: 8 } },
    claims: [
      { id: 'drift-early', text: 'Near the noise a drift changes samples more than a flicker as large does', source: 'Generation Phases', unit: 'log2 of drift over noise, window about t = 0.85', effect: (f, of) => phaseAt(f, of('fm'), 0.85) },
      { id: 'noise-late', text: 'Near the image it is the other way round', source: 'Generation Phases', unit: 'log2 of noise over drift, window about t = 0.15', effect: (f, of) => -phaseAt(f, of('fm'), 0.15) },
      { id: 'harm-middle', text: 'Errors do more harm in the middle than near the noise', source: 'Generation Phases, of learned models', unit: HARM('0.85'), effect: (f, of) => Math.log2(harmAt(f, of('fm'), 0.5) / harmAt(f, of('fm'), 0.85)) },
      { id: 'harm-late', text: 'And than near the image', source: 'Generation Phases, of learned models', unit: HARM('0.15'), effect: (f, of) => Math.log2(harmAt(f, of('fm'), 0.5) / harmAt(f, of('fm'), 0.15)) },
      { id: 'peak', text: 'The best field of the training set has a peak where ways to its images part, which nets smooth away', source: 'Generation Phases, of Jacobians', unit: 'log2 of the slope at t = 0.4 by heart over the net’s, at 2 images', effect: (f, of) => Math.log2(valueAt(f, { ...SLOPE, label: 'by heart' }, null, 0.4) / valueAt(f, SLOPE, of('fm'), 0.4)) },
      { id: 'by-heart', text: 'Led by the training set’s own best velocity down to t = 0.6, samples have lost more than half of what is new in them', source: 'closed-form flow matching fig. 3', unit: '½ less the share of the distance to the nearest training image that is left', effect: (f, of) => 0.5 - leftAt(f, of('fm'), 0.6) },
      { id: 'still-new', text: 'Led down to t = 0.9, not yet', source: 'closed-form flow matching fig. 3', unit: 'share of the distance to the nearest training image that is left, less ½', effect: (f, of) => leftAt(f, of('fm'), 0.9) - 0.5 },
    ],
  },
  {
    id: 'weightings',
    title: 'Weightings of a denoiser, three seeds',
    figure: 'Generation Phases, table 1',
    // Without the last two: a run has 16 replicas at most.
    config: { ...withSeeds('weightings'), replicas: SEEDS.flatMap(seed => presetOf('weightings').config.replicas!.slice(0, 5).map(replica => ({ ...replica, seed }))) },
    measures: { quality: SAMPLED, denoising: { draws: 4, slopes: 2, turns: 4 }, 'same-noise': { count: 256 } },
    claims: [
      { id: 'even-low', text: 'Weighed evenly the image is found worse at low noise than by 1/t²', source: 'Generation Phases §3', unit: 'loss at t = 0.1, residual even less residual 1/t²', effect: (f, of) => lossAt(f, of('residual, even'), 0.1) - lossAt(f, of('residual, 1/t²'), 0.1) },
      { id: 'even-high', text: 'At high noise, where it puts its weight, better', source: 'Generation Phases §3', unit: 'loss at t = 0.8, residual 1/t² less residual even', effect: (f, of) => lossAt(f, of('residual, 1/t²'), 0.8) - lossAt(f, of('residual, even'), 0.8) },
      { id: 'residual', text: 'Answering with the velocity makes better samples than with the image', source: 'Generation Phases, table 1', unit: NEARER('plain 1/t²', 'residual 1/t²'), effect: (f, of) => nearer(f, of('plain, 1/t²'), of('residual, 1/t²')) },
      { id: 'weight', text: '1/t² makes better samples than an even weight', source: 'Generation Phases, table 1', unit: NEARER('residual even', 'residual 1/t²'), effect: (f, of) => nearer(f, of('residual, even'), of('residual, 1/t²')) },
      { id: 'psnr', text: 'It also finds the image best at the middle of the way', source: 'Generation Phases, table 1: best by both', unit: 'PSNR at t = 0.5, residual 1/t² less the best of the others, dB', margin: noLess(0.1), effect: (f, of) => psnrAt(f, of('residual, 1/t²'), 0.5) - Math.max(...['residual, even', 'residual, middle', 'plain, 1/t²', 'plain, even'].map(arm => psnrAt(f, of(arm), 0.5))) },
      { id: 'middle', text: 'A weight in the middle makes about as good ones', source: 'Generation Phases §6.2', unit: NEARER('residual middle', 'residual 1/t²'), margin: alike(DOUBLINGS), effect: (f, of) => nearer(f, of('residual, middle'), of('residual, 1/t²')) },
      { id: 'others', text: 'Yet other ones: from the same noise and start they lie farther from those of 1/t² than these lie from themselves by another seed', source: 'Generation Phases, of equal FID and other behaviour', unit: 'log2 of the distance of samples of the same noise, middle to 1/t² of one seed over 1/t² to 1/t² of two', effect: (f, of) => Math.log2(sameNoise(f, of('residual, middle'), of('residual, 1/t²')) / meanToOthers(f, of('residual, 1/t²'))) },
    ],
  },
]
