/** Other objectives, targets, noise levels and paths. */
import { alike, bestRead, DOUBLINGS, type Findings, GAIN, LOSS, lossAt, nearer, NEARER, noLess, POINTS, PROBE, read, SAMPLED, SCANT, type Study, valueAt, withSeeds } from './study.ts'

const RANK = { diagnostic: 'features', panel: 'rank' }

/** LCF against each of what its paper holds it against. */
const rivals = [['fm', 'flow matching', 'LCF fig. 11'], ['exfm', 'ExFM', 'LCF fig. 11'], ['x-prediction', 'x-prediction', 'LCF fig. 11'], ['fm-logit-normal', 'logit-normal levels', 'LCF fig. 8, §6.2']] as const

export const rivalStudies: readonly Study[] = [
  {
    id: 'remedies',
    title: 'LCF among other remedies, three seeds',
    figure: 'LCF fig. 8 and 11',
    config: withSeeds('remedies'),
    measures: { probe: SCANT, quality: SAMPLED },
    claims: [
      ...rivals.map(([arm, name, source]) => ({ id: `reads-${arm}`, text: `LCF reads better at t = 0.001 than ${name}`, source, unit: `points at t = 0.001, LCF less ${name}`, effect: (f: Findings, of: (arm: string) => number) => read(f, of('lcf')) - read(f, of(arm)) })),
      ...rivals.map(([arm, name, source]) => ({ id: `samples-${arm}`, text: `Its samples lie nearer to real images than those of ${name}`, source, unit: NEARER(name, 'LCF'), effect: (f: Findings, of: (arm: string) => number) => nearer(f, of(arm), of('lcf')) })),
    ],
  },
  {
    id: 'predictions',
    title: 'Velocity, image or noise as the answer, three seeds',
    figure: 'JiT table 2, LCF fig. 11',
    config: withSeeds('predictions'),
    measures: { probe: SCANT, quality: SAMPLED },
    claims: [
      { id: 'image-low', text: 'Answering with the image costs at low noise, where its error is divided by t', source: 'x̂₀ − x₀ = −t (v̂ − v)', unit: 'loss at t = 0.01, x-prediction less FM', effect: (f, of) => lossAt(f, of('x-prediction'), 0.01) - lossAt(f, of('fm'), 0.01) },
      { id: 'image-middle', text: 'Further up it costs nothing', source: 'JiT §3', unit: 'loss at t = 0.3, FM less x-prediction', margin: noLess(LOSS), effect: (f, of) => lossAt(f, of('fm'), 0.3) - lossAt(f, of('x-prediction'), 0.3) },
      { id: 'noise-high', text: 'Answering with the noise costs at high noise, where its error is divided by 1 − t', source: 'ε̂ − ε = (1 − t)(v̂ − v)', unit: 'loss at t = 0.8, ε-prediction less FM', effect: (f, of) => lossAt(f, of('noise-prediction'), 0.8) - lossAt(f, of('fm'), 0.8) },
      { id: 'image-samples', text: 'Samples of x-prediction lie nearer to real images than FM’s', source: 'JiT table 2; LCF fig. 11 says the opposite', unit: NEARER('FM', 'x-prediction'), effect: (f, of) => nearer(f, of('fm'), of('x-prediction')) },
      { id: 'noise-samples', text: 'Those of ε-prediction lie farther', source: 'JiT table 2', unit: NEARER('ε-prediction', 'FM'), effect: (f, of) => nearer(f, of('noise-prediction'), of('fm')) },
      { id: 'image-loss', text: 'Which error is made small, the velocity’s or the image’s, matters little to its samples', source: 'JiT table 2', unit: NEARER('x-prediction with its own loss', 'x-prediction with the velocity’s'), margin: alike(DOUBLINGS), effect: (f, of) => nearer(f, of('x-prediction, own loss'), of('x-prediction')) },
      { id: 'noise-loss', text: 'Nor to those of ε-prediction', source: 'JiT table 2', unit: NEARER('ε-prediction with its own loss', 'ε-prediction with the velocity’s'), margin: alike(DOUBLINGS), effect: (f, of) => nearer(f, of('ε-prediction, own loss'), of('noise-prediction')) },
      { id: 'image-reads', text: 'At t = 0.001 features of x-prediction read worse, for there the net need only pass the image on', source: 'LCF A.5, fig. 11', unit: 'points at t = 0.001, FM less x-prediction', effect: (f, of) => read(f, of('fm')) - read(f, of('x-prediction')) },
      { id: 'image-reads-above', text: 'And at t = 0.1', source: 'LCF A.5, fig. 11', unit: 'points at t = 0.1, FM less x-prediction', effect: (f, of) => 100 * (valueAt(f, PROBE, of('fm'), 0.1) - valueAt(f, PROBE, of('x-prediction'), 0.1)) },
    ],
  },
  {
    id: 'exfm',
    title: 'A target averaged over images, three seeds',
    figure: 'ExFM; LCF fig. 11',
    config: withSeeds('exfm'),
    measures: { probe: SCANT, quality: SAMPLED },
    claims: [
      { id: 'high', text: 'Where many images count the velocity is learned sooner', source: 'ExFM §3', unit: 'loss at t = 0.8, FM less ExFM', effect: (f, of) => lossAt(f, of('fm'), 0.8) - lossAt(f, of('exfm'), 0.8) },
      { id: 'low', text: 'At low noise, where only one counts, it gains as well', source: 'ExFM reduces variance near t = 0, LCF A.5', unit: 'loss at t = 0.05, FM less ExFM', effect: (f, of) => lossAt(f, of('fm'), 0.05) - lossAt(f, of('exfm'), 0.05) },
      { id: 'reads', text: 'Features read better at t = 0.001', source: 'asked here', unit: 'points at t = 0.001, ExFM less FM', effect: (f, of) => read(f, of('exfm')) - read(f, of('fm')) },
      { id: 'samples', text: 'Samples lie nearer to real images', source: 'ExFM; LCF fig. 11 says the opposite', unit: NEARER('FM', 'ExFM'), effect: (f, of) => nearer(f, of('fm'), of('exfm')) },
    ],
  },
  {
    id: 'logit-normal',
    title: 'Noise levels drawn logit-normal, three seeds',
    figure: 'LCF eq. 16, fig. 8',
    config: withSeeds('logit-normal'),
    measures: { probe: SCANT, quality: SAMPLED },
    claims: [
      { id: 'lowest', text: 'At the lowest noise, which m = −0.5 draws more rarely than an even draw does, the loss is higher', source: 'density of eq. 16', unit: 'loss at t = 0.01, m = −0.5 less FM', effect: (f, of) => lossAt(f, of('m = −0.5'), 0.01) - lossAt(f, of('fm'), 0.01) },
      { id: 'middle', text: 'At t = 0.3, which it draws most, it is lower', source: 'density of eq. 16', unit: 'loss at t = 0.3, FM less m = −0.5', effect: (f, of) => lossAt(f, of('fm'), 0.3) - lossAt(f, of('m = −0.5'), 0.3) },
      { id: 'reads', text: 'Features do not read better at t = 0.001', source: 'LCF fig. 8', unit: 'points at t = 0.001, FM less m = −0.5', margin: noLess(POINTS), effect: (f, of) => read(f, of('fm')) - read(f, of('m = −0.5')) },
      { id: 'samples', text: 'Samples lie nearer to real images', source: 'SD3, arXiv 2403.03206', unit: NEARER('FM', 'm = −0.5'), effect: (f, of) => nearer(f, of('fm'), of('m = −0.5')) },
      { id: 'over-middle', text: 'm = −0.5 makes better samples than m = 0', source: 'LCF §6.2', unit: NEARER('m = 0', 'm = −0.5'), effect: (f, of) => nearer(f, of('m = 0'), of('m = −0.5')) },
      { id: 'over-high', text: 'And than m = 0.5, which draws high noise', source: 'LCF §6.2', unit: NEARER('m = 0.5', 'm = −0.5'), effect: (f, of) => nearer(f, of('m = 0.5'), of('m = −0.5')) },
      { id: 'starved', text: 'The fewer levels below 0.1 are drawn, the worse features read at t = 0.001', source: 'asked here', unit: 'points at t = 0.001, m = −0.5 less m = 0.5', effect: (f, of) => read(f, of('m = −0.5')) - read(f, of('m = 0.5')) },
    ],
  },
  {
    id: 'batch-size',
    title: 'ΔFM by the size of its batch, three seeds',
    figure: 'ΔFM, effect of batch size',
    config: withSeeds('batch-size'),
    measures: { quality: SAMPLED },
    claims: [
      ...[16, 128].map(batch => ({ id: `gains-${batch}`, text: `With ${batch} images a step samples of ΔFM, λ = 0.05, lie nearer to real images than flow matching’s`, source: 'ΔFM table 1', unit: NEARER('FM', 'ΔFM'), effect: (f: Findings, of: (arm: string) => number) => nearer(f, of(`FM, ${batch} images`), of(`ΔFM, ${batch} images`)) })),
      { id: 'more', text: 'It gains more with 128 than with 16', source: 'ΔFM, effect of batch size', unit: 'log2 of FM’s Fréchet distance over ΔFM’s with 128 images, less the same with 16', effect: (f, of) => nearer(f, of('FM, 128 images'), of('ΔFM, 128 images')) - nearer(f, of('FM, 16 images'), of('ΔFM, 16 images')) },
      { id: 'fm', text: 'Flow matching itself gains from the larger batch', source: 'asked here', unit: NEARER('FM with 16', 'FM with 128'), effect: (f, of) => nearer(f, of('FM, 16 images'), of('FM, 128 images')) },
    ],
  },
  ...(['dispersive', 'dispersive-code'] as const).map((id): Study => ({
    id,
    title: `Dispersive loss as ${id === 'dispersive' ? 'published' : 'released'}, three seeds`,
    figure: 'Dispersive loss, tables 2 and 5; LCF fig. 7',
    config: withSeeds(id),
    measures: { probe: SCANT, features: {}, quality: SAMPLED },
    claims: [
      { id: 'reads', text: 'Pushing features apart does not lift probe accuracy at low noise', source: 'LCF fig. 7', unit: 'points at t = 0.001, FM less dispersive', margin: noLess(POINTS), effect: (f, of) => read(f, of('fm')) - read(f, of('dispersive')) },
      { id: 'rank', text: 'Features use more directions', source: 'Dispersive loss §3', unit: 'log2 of the effective rank at t = 0.1, dispersive over FM', effect: (f, of) => Math.log2(valueAt(f, RANK, of('dispersive'), 0.1) / valueAt(f, RANK, of('fm'), 0.1)) },
      { id: 'cost', text: 'The velocity is learned no worse', source: 'Dispersive loss §4', unit: 'loss at t = 0.3, FM less dispersive', margin: noLess(LOSS), effect: (f, of) => lossAt(f, of('fm'), 0.3) - lossAt(f, of('dispersive'), 0.3) },
      { id: 'samples', text: 'Samples lie nearer to real images', source: 'Dispersive loss, table 2', unit: NEARER('FM', 'dispersive'), effect: (f, of) => nearer(f, of('fm'), of('dispersive')) },
    ],
  })),
  {
    id: 'self-conditioned',
    title: 'Self-conditioning after block 2 of 4, three seeds',
    figure: 'DDAE++ (arXiv 2505.10999), reconstructed',
    config: withSeeds('self-conditioned'),
    measures: { probe: { ...SCANT, allLayers: true, layer: 2 }, quality: SAMPLED },
    claims: [
      { id: 'peak', text: 'At the block and level where it reads best the class reads better', source: 'LCF fig. 7; DDAE++, README', unit: 'points, the best of blocks and levels, self-conditioned less FM', effect: (f, of) => bestRead(f, of('self-conditioned')) - bestRead(f, of('fm')) },
      { id: 'reads-low', text: 'At t = 0.001 no better', source: 'LCF fig. 7', unit: 'points at t = 0.001 after the best block, FM less self-conditioned', margin: noLess(POINTS), effect: (f, of) => bestRead(f, of('fm'), 0.001) - bestRead(f, of('self-conditioned'), 0.001) },
      { id: 'lcf-low', text: 'There LCF reads better than it', source: 'LCF fig. 7', unit: 'points at t = 0.001 after the best block, LCF less self-conditioned', effect: (f, of) => bestRead(f, of('lcf'), 0.001) - bestRead(f, of('self-conditioned'), 0.001) },
      { id: 'lcf-samples', text: 'And LCF’s samples lie nearer to real images', source: 'LCF fig. 7', unit: NEARER('self-conditioned', 'LCF'), effect: (f, of) => nearer(f, of('self-conditioned'), of('lcf')) },
      { id: 'loss', text: 'The velocity is learned better', source: 'asked here', unit: 'loss at t = 0.3, FM less self-conditioned', effect: (f, of) => lossAt(f, of('fm'), 0.3) - lossAt(f, of('self-conditioned'), 0.3) },
      { id: 'samples', text: 'Samples lie nearer to real images', source: 'DDAE++, README', unit: NEARER('FM', 'self-conditioned'), effect: (f, of) => nearer(f, of('fm'), of('self-conditioned')) },
    ],
  },
  {
    id: 'paths',
    title: 'Five ways to noise, three seeds',
    figure: 'LCF §4.1, prop. 1; SiT',
    config: withSeeds('paths'),
    measures: { probe: SCANT, quality: SAMPLED, condition: {} },
    claims: [
      { id: 'demand', text: 'At t = 0.001 VP demands less than the linear path, and its net gets nearer to what is demanded', source: 'LCF prop. 1', unit: 'log2 of the share of the demanded slope that is reached, VP over linear', effect: (f, of) => Math.log2(valueAt(f, GAIN, of('VP'), 0.001) / 545 / (valueAt(f, GAIN, of('linear'), 0.001) / 1000)) },
      { id: 'bounded', text: 'VE, whose demand is bounded, is read better at t = 0.001 than the linear path', source: 'LCF prop. 1, read as a remedy', unit: 'points at t = 0.001, VE less linear', effect: (f, of) => read(f, of('VE up to σ = 5')) - read(f, of('linear')) },
      { id: 'vp-reads', text: 'And VP', source: 'LCF prop. 1, read as a remedy', unit: 'points at t = 0.001, VP less linear', effect: (f, of) => read(f, of('VP')) - read(f, of('linear')) },
      { id: 'cosine-samples', text: 'Samples of the cosine path lie nearer to real images than those of the linear one', source: 'SiT table 3', unit: NEARER('linear', 'cosine'), effect: (f, of) => nearer(f, of('linear'), of('cosine')) },
      { id: 'vp-samples', text: 'Those of VP lie farther', source: 'SiT table 3', unit: NEARER('VP', 'linear'), effect: (f, of) => nearer(f, of('VP'), of('linear')) },
    ],
  },
]
