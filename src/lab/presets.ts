/** Starting points, each with what to look for. Figures are from our own runs at this scale; see the README. */
import type { ConfigInput } from '../config.ts'

export interface Preset {
  id: string
  title: string
  /** Heading that it stands under in lists; presets of one group stand together. */
  group: string
  /** What to notice, one sentence. */
  notice: string
  config: ConfigInput
  /** Study whose record the page shows until there is a run of one's own. */
  study?: string
  /** What of the page is shown first; the overview when left out. */
  view?: string
}

/** Experiments with many replicas: patches of 4 × 4 make a quarter of the work, and all shows earlier. */
const STUDIED = { net: { patch: 4 }, train: { steps: 800 } } satisfies ConfigInput

/** LCF by each of the two denominators that its paper prints, and by the usual one. */
const FORMULAS = [{ method: 'fm' }, ...([['algorithm1', 'Algorithm 1'], ['equation14', 'equation 14'], ['infonce', 'InfoNCE']] as const).map(([variant, name]) => ({ method: 'lcf', variant, label: `LCF, ${name}` }))]

/** What samples are worth, once at the end. */
const SAMPLED = { id: 'quality', every: 800, settings: { count: 500 } }

/** How arXiv 2506.09027 takes distances: all tokens side by side, over their number. */
const DISPERSIVE = { feature: 'flattened', normalise: false, distance: 'divided' } satisfies ConfigInput['objective']

/** Points of the plane: one token and no attention, so that the net is a perceptron with residual blocks. */
const POINTS = {
  net: { channels: 2, size: 1, patch: 1, width: 48, blocks: 3, heads: 1, attention: false }, objective: { layer: 2 }, train: { batch: 128, steps: 1500, learningRate: 0.003, emaDecay: 0.99 },
  evaluate: { perLevel: 256, samples: 64, solverSteps: 24 },
} satisfies ConfigInput

/** What is seen on the plane, and nothing that takes longer. */
const plane = (settings?: Record<string, number | string>) => [{ id: 'plane', every: 50, ...(settings && { settings }) }, ...['probe', 'features', 'latents', 'jacobian'].map(id => ({ id, every: 0 }))]

/**
 * A network of the LCF paper (A.4, tables 1 and 2) on shapes, not CIFAR-10 or Tiny-ImageNet: batch, layer, rate, clip, decay and T_min are theirs, the number of steps is not.
 * Micro-batches keep activations below 3 GiB; training images come to 96 MiB, which every GPU can hold in one buffer.
 */
function ofPaper(width: 384 | 768, size: 32 | 64, microBatches: number, notice: string): Preset {
  const batch = size === 32 ? 256 : 32
  const rarely = [{ id: 'condition', settings: { levels: 12, pairs: 16 } }, { id: 'features', settings: { images: 64 } }].map(one => ({ ...one, every: 1000 }))
  return {
    id: `paper-${width}-${size}`,
    title: `The paper’s net: 12 × ${width}, ${size}²`,
    group: 'Other data and sizes',
    notice,
    config: {
      net: { channels: 3, size, patch: 2, width, blocks: 12, heads: width / 64 }, data: { dataset: 'shapes', count: 2 ** 23 / size ** 2 }, objective: { layer: 8, tMin: size === 32 ? 0.02 : 0.1 },
      train: { batch, microBatches, steps: 2000, learningRate: 1e-4, warmup: 200, beta2: 0.999, emaDecay: 0.999 }, replicas: [{ method: 'lcf' }],
      evaluate: { every: 500, perLevel: size === 32 ? 16 : 8, samplesEvery: 500, samples: 4 }, measures: [...rarely, ...['probe', 'latents', 'jacobian'].map(id => ({ id, every: 0 }))],
    },
  }
}

export const presets: Preset[] = [
  {
    id: 'gratings',
    title: 'FM beside LCF',
    group: 'Low noise',
    notice: 'Below T_min LCF stops regressing the velocity and shapes features instead: how far from the floor does each loss stay, and how much of the difference is the seed?',
    config: { replicas: [0, 1, 2].flatMap(seed => [{ method: 'fm', seed }, { method: 'lcf', seed }]) },
    study: 'low-noise',
  },
  {
    id: 'pair',
    title: 'FM beside LCF, one seed',
    group: 'Low noise',
    notice: 'The same from one start only: a third of the work, and no word on what the seed does.',
    config: {},
  },
  {
    id: 'small',
    title: 'Small, for slow machines',
    group: 'Low noise',
    notice: 'A narrow network on few images a step: correct everywhere, and quick enough for a software GPU; its measurements look at few images.',
    config: {
      net: { width: 32, blocks: 2, heads: 2 }, objective: { layer: 1 }, train: { batch: 16, steps: 600 }, evaluate: { perLevel: 32, samples: 8, every: 100, samplesEvery: 100, solverSteps: 12 },
      // On few images: at their usual size the measurements would take three times as long as the training.
      measures: [
        { id: 'condition', every: 200, settings: { levels: 12, pairs: 32 } },
        { id: 'probe', every: 600, settings: { t: '0.001 0.01 0.05 0.1 0.3', draws: 6, test: 512 } },
        { id: 'features', settings: { images: 128 } },
        { id: 'latents', every: 600, settings: { train: 512, test: 256 } },
        { id: 'jacobian', every: 300, settings: { levels: 6, images: 32 } },
      ],
    },
  },
  {
    id: 'designs',
    title: 'All four designs',
    group: 'Low noise',
    notice: 'Flow matching, flow matching cut off below T_min, flow matching with the contrastive pull, and LCF: what does each part do?',
    config: { ...STUDIED, measures: [SAMPLED], replicas: [{ method: 'fm' }, { method: 'fm-truncated' }, { method: 'fm-contrast' }, { method: 'lcf' }] },
    study: 'designs',
  },
  {
    id: 'late',
    title: 'LCF switched on late',
    group: 'Low noise',
    notice: 'λ is 0 for 800 steps and then ramps up, for LCF and for the contrastive pull with the regression kept: can they be a finishing touch on features that exist already?',
    config: { ...STUDIED, objective: { lambdaStart: 800, lambdaRamp: 100 }, train: { steps: 1200 }, replicas: [{ method: 'fm' }, { method: 'fm-contrast' }, { method: 'lcf' }] },
    study: 'late',
  },
  {
    id: 'too-strong',
    title: 'λ = 1 on the mean loss',
    group: 'Low noise',
    notice: 'The paper’s λ = 1 assumes a loss summed over pixels; on the mean it drowns the flow term. After 400 steps that had cost loss (0.05 at t = 0.3) and 41 points of the probe at t = 0.001: what does it do to samples?',
    config: { ...STUDIED, replicas: [{ method: 'fm' }, { method: 'lcf', lambda: 0.05, label: 'LCF λ = 0.05' }, { method: 'lcf', lambda: 1, label: 'LCF λ = 1' }] },
    study: 'too-strong',
  },
  {
    id: 'late-degradation',
    title: 'Does it come late?',
    group: 'Low noise',
    notice: 'Flow matching alone, its probe measured every 400 steps: move the time slider and see whether reading the class near t = 0 gets harder as training goes on.',
    config: { ...STUDIED, replicas: [0, 1, 2].map(seed => ({ method: 'fm', seed })), train: { steps: 2400 }, measures: [{ id: 'probe', every: 400 }] },
    study: 'late-degradation',
  },
  {
    id: 'data-size',
    title: 'How much data?',
    group: 'Low noise',
    notice: 'The same net on the first 64, on 512 and on all 16,384 images: which curves need many images, and which net learns by heart?',
    config: { ...STUDIED, replicas: [64, 512, 0].map(images => ({ method: 'fm', images, label: images === 0 ? 'all images' : `${images} images` })) },
    study: 'data-size',
  },
  {
    id: 't-min',
    title: 'Where to cut?',
    group: 'Low noise',
    notice: 'LCF with T_min from 0.02 to 0.2 beside plain flow matching: a larger T_min gives the features more anchors and the velocity fewer levels.',
    config: { ...STUDIED, replicas: [{ method: 'fm' }, ...[0.02, 0.05, 0.1, 0.2].map(tMin => ({ method: 'lcf', tMin, label: `LCF T_min ${tMin}` }))] },
    study: 't-min',
  },
  {
    id: 'lcf-formulas',
    title: 'Which formula is LCF’s?',
    group: 'Low noise',
    notice: 'The paper’s algorithm sums its denominator over the whole batch, its equation 14 leaves the image itself out, and InfoNCE would count the anchor instead: do the three make features that read alike at t = 0.001?',
    config: { ...STUDIED, replicas: FORMULAS },
    study: 'lcf-formulas',
  },
  {
    id: 'lcf-unbounded',
    title: 'LCF without unit length',
    group: 'Low noise',
    notice: 'The same formulas on features as long as they are, as the paper writes them: Algorithm 1 cannot fall below 0, equation 14 falls as far as features move apart, and over three seeds here they ran away and took the velocity with them. Which of the others still helps?',
    config: { ...STUDIED, objective: { normalise: false }, replicas: FORMULAS },
    study: 'lcf-unbounded',
  },
  {
    id: 'remedies',
    title: 'Remedies side by side',
    group: 'Other objectives',
    notice: 'What LCF is held against in its paper, from one start: explicit flow matching, the image as the answer, noise levels drawn logit-normal (m = −0.5), beside plain flow matching. Who reads the class at t = 0.001, and whose samples are nearest to real images?',
    config: { ...STUDIED, measures: [SAMPLED], objective: { timeMean: -0.5 }, replicas: [{ method: 'fm' }, { method: 'lcf' }, { method: 'exfm' }, { method: 'x-prediction' }, { method: 'fm-logit-normal' }] },
    study: 'remedies',
  },
  {
    id: 'predictions',
    title: 'What should the net answer?',
    group: 'Other objectives',
    notice: 'The velocity, the image or the noise: each is turned into the same velocity, but the image is divided by t on the way and the noise by 1 − t. Who pays at which end, and does it matter whether the error of the velocity is made small or that of the answer itself (own loss)?',
    config: {
      ...STUDIED, measures: [SAMPLED],
      replicas: [{ method: 'fm' }, { method: 'x-prediction' }, { method: 'noise-prediction' }, { method: 'x-prediction', loss: 'image', label: 'x-prediction, own loss' }, { method: 'noise-prediction', loss: 'noise', label: 'ε-prediction, own loss' }],
    },
    study: 'predictions',
  },
  {
    id: 'exfm',
    title: 'A target with less noise',
    group: 'Other objectives',
    notice: 'Explicit flow matching averages the target over the images that x_t may have come from, which takes noise out of it at large t, and none at small t, where only one image counts: does low noise gain anything?',
    config: { ...STUDIED, measures: [SAMPLED, { id: 'memory', every: 800 }], replicas: [{ method: 'fm' }, { method: 'exfm' }] },
    study: 'exfm',
  },
  {
    id: 'logit-normal',
    title: 'Which noise levels to train on?',
    group: 'Other objectives',
    notice: 'Even with its favour for low noise (m = −0.5) a logit-normal draws fewer levels below 0.1 than an even draw does, and with m = 0 and 0.5 hardly any (Problem, Noise levels): is that seen in the loss there, in what features hold and in samples?',
    config: { ...STUDIED, measures: [SAMPLED, { id: 'times', every: 800 }], replicas: [{ method: 'fm' }, ...[-0.5, 0, 0.5].map(timeMean => ({ method: 'fm-logit-normal', timeMean, label: `m = ${String(timeMean).replace('-', '−')}` }))] },
    study: 'logit-normal',
  },
  {
    id: 'dispersive',
    title: 'Dispersive loss, as published',
    group: 'Other objectives',
    notice: 'All features of a batch are pushed apart at every noise level, after the first quarter of the blocks, with λ = τ = 0.5: does it lift the probe as the pull of LCF does?',
    config: { ...STUDIED, objective: { ...DISPERSIVE, layer: 1, lambda: 0.5, tau: 0.5 }, replicas: [{ method: 'fm' }, { method: 'dispersive' }] },
    study: 'dispersive',
  },
  {
    id: 'dispersive-code',
    title: 'Dispersive loss, as released',
    group: 'Other objectives',
    notice: 'The authors’ code pushes after the last block, with λ = 0.25 and τ = 1, which is not what the paper says: does it matter?',
    config: { ...STUDIED, objective: { ...DISPERSIVE, layer: 4, lambda: 0.25, tau: 1 }, replicas: [{ method: 'fm' }, { method: 'dispersive' }] },
    study: 'dispersive-code',
  },
  {
    id: 'self-conditioned',
    title: 'Told what was found',
    group: 'Other objectives',
    notice: 'DDAE++, reconstructed: the mean token after block 2 conditions blocks 3 and 4 besides t. The probe is asked after every block (its map of block against t): over three seeds here, at t = 0.001 the class was 12 ± 7 points harder to read after block 1 (at the best block the seeds do not agree), samples were no nearer to real images, and LCF’s class was 13 ± 6 points easier to read.',
    config: {
      ...STUDIED, net: { ...STUDIED.net, selfCondition: 2 }, replicas: [{ method: 'fm' }, { method: 'self-conditioned' }, { method: 'lcf' }],
      measures: [{ id: 'probe', every: 800, settings: { allLayers: true, draws: 8, t: '0.001 0.03 0.1 0.2 0.5' } }],
    },
    study: 'self-conditioned',
  },
  {
    id: 'guidance',
    title: 'Labels and guidance',
    group: 'Other objectives',
    notice: 'Networks that are told the class, but for one image in ten. After 800 steps samples get 61 ± 12 % of the way to the mean of their class (Samples, Classes): how far do guidance (Samples, Guidance), λ and ΔFM corrected move them, and what does it cost in variety?',
    config: {
      net: { patch: 4, classes: 10, labelDrop: 0.1 }, data: { dataset: 'mixture' }, train: { steps: 800 },
      replicas: [{ method: 'fm' }, { method: 'contrastive-fm', lambda: 0.05 }, { method: 'contrastive-fm', lambda: 0.5, label: 'ΔFM λ = 0.5' }], measures: [{ id: 'classes', every: 400 }, { id: 'guided', every: 800, settings: { w: '1 2 4' } }, { id: 'latents', every: 0 }],
    },
    study: 'guidance',
  },
  {
    id: 'contrast',
    title: 'How much contrast?',
    group: 'Other objectives',
    notice: 'ΔFM’s λ from 0 to 0.5, on gratings whose class the nets are told: which λ brings samples nearest to real images (Samples, Quality), how much sooner, and from where on does it do harm?',
    config: {
      ...STUDIED, net: { ...STUDIED.net, classes: 10, labelDrop: 0.1 }, measures: [{ id: 'quality', every: 400 }],
      replicas: [{ method: 'fm' }, ...[0.01, 0.05, 0.1, 0.5].map(lambda => ({ method: 'contrastive-fm', lambda, label: `ΔFM λ = ${lambda}` }))],
    },
    study: 'contrast',
  },
  {
    id: 'batch-size',
    title: 'How many others to push from?',
    group: 'Other objectives',
    notice: 'Flow matching and ΔFM, each learning from all 128 images of a step or from the first 16 alone. A velocity is pushed from one other image however many there are, so a larger batch makes the push steadier and not another one: does ΔFM gain more from it than flow matching does (Samples, Quality)? Over three seeds here it took samples as far from real images with either batch.',
    config: {
      ...STUDIED, net: { ...STUDIED.net, classes: 10, labelDrop: 0.1 }, train: { ...STUDIED.train, batch: 128 }, measures: [SAMPLED],
      replicas: [16, 128].flatMap(batch => [['fm', 'FM'], ['contrastive-fm', 'ΔFM']].map(([method, name]) => ({ method, batch, label: `${name}, ${batch} images` }))),
    },
    study: 'batch-size',
  },
  {
    id: 'paths',
    title: 'Which way to noise?',
    group: 'Paths and stages',
    notice: 'The same net along five ways from image to noise. Their losses are not of one size, because their velocities are not: compare demand and answer near t = 0 (Problem, Condition), what features hold, and samples. At t = 0.001 the linear path demands a slope of 1,000, of which the net here has 0.5 after 800 steps; VE demands 6.2, and its net has 0.8.',
    config: {
      ...STUDIED, objective: { sigmaMax: 5 },
      replicas: [{ method: 'fm', label: 'linear' }, { method: 'fm', path: 'cosine', label: 'cosine' }, { method: 'fm', path: 'vp', label: 'VP' }, { method: 'fm', path: 'lipman', label: 'Lipman σ_min = 0.01' }, { method: 'fm', path: 've', label: 'VE up to σ = 5' }],
    },
    study: 'paths',
  },
  {
    id: 'weightings',
    title: 'Weightings of a denoiser',
    group: 'Paths and stages',
    notice: 'A velocity is a denoiser, x̂₀ = x_t − t v. Its error is weighed by 1/t², evenly or in the middle, and the net answers with the velocity (residual) or with the image (plain): who comes nearest to the image at which t (Denoiser)? Beside them a denoiser trained as denoisers were, on noise of any σ up to 4 alike.',
    config: {
      ...STUDIED, measures: [{ id: 'denoising', every: 800, settings: { draws: 4, slopes: 2, turns: 4 } }],
      replicas: [
        { method: 'fm', label: 'residual, 1/t²' }, { method: 'fm', loss: 'image', label: 'residual, even' }, { method: 'fm', loss: 'middle', label: 'residual, middle' },
        { method: 'x-prediction', label: 'plain, 1/t²' }, { method: 'x-prediction', loss: 'image', label: 'plain, even' }, { method: 'x-prediction', loss: 'middle', label: 'plain, middle' },
        { method: 'fm', loss: 'image', times: 'sigma-uniform', label: 'residual, even in σ' },
      ],
    },
    study: 'weightings',
  },
  {
    id: 'phases',
    title: 'Stages of generation',
    group: 'Paths and stages',
    notice: 'On the way from noise the same error of the denoiser does different harm by stage: a steady drift near the noise, a flicker near the image? And down to which t may the training set known by heart lead, and the net still makes something new (Denoiser)?',
    config: { ...STUDIED, replicas: [{ method: 'fm' }], measures: [{ id: 'windows', every: 800, settings: { images: 128, windows: 4 } }, { id: 'hybrid', every: 800 }, { id: 'denoising', every: 800, settings: { draws: 4, slopes: 2, turns: 4 } }] },
    study: 'phases',
    view: 'windows',
  },
  {
    id: 'plane',
    title: 'Points of the plane',
    group: 'Points of the plane',
    notice: 'A checkerboard from noise: training pairs go straight and cross, points that follow a velocity bend and never do. How near does each net come to the best velocity, and who blurs the edges?',
    config: { ...POINTS, data: { dataset: 'checkerboard' }, replicas: [{ method: 'fm' }, { method: 'lcf' }, { method: 'x-prediction' }], measures: [...plane(), { id: 'gradients', every: 750 }] },
    study: 'plane',
    view: 'plane',
  },
  {
    id: 'straight',
    title: 'Straight ways and bent ones',
    group: 'Points of the plane',
    notice: 'The optimal-transport path of Lipman et al. beside the diffusion path (VP), which is learned as a velocity and as noise. The plane takes 8 steps: whose points get to the checkerboard with so few, and whose ways are straight (Samples, Solver error)?',
    config: {
      ...POINTS, data: { dataset: 'checkerboard' }, measures: [...plane({ steps: 8, solver: 'midpoint' }), { id: 'solver', every: 1500, settings: { images: 128 } }, { id: 'likelihood', every: 1500 }],
      replicas: [{ method: 'fm', path: 'lipman', label: 'OT' }, { method: 'fm', path: 'vp', label: 'VP' }, { method: 'noise-prediction', path: 'vp', label: 'VP, noise' }],
    },
    study: 'straight',
    view: 'plane',
  },
  {
    id: 'solvers',
    title: 'Errors of a solver',
    group: 'Points of the plane',
    notice: 'Eight Gaussians, whose best velocity is known, followed with 6 Euler steps: points fall short of their places, here by 0.04 of 1.6. Ask for more steps, or for Heun’s, and measure again; on this net’s own field Heun’s error falls as 1/N² only with steps shorter than 0.006, the shortest wave of t that the net hears (Samples, Solver error).',
    config: { ...POINTS, data: { dataset: 'eight-gaussians' }, replicas: [{ method: 'fm' }], measures: plane({ steps: 6 }) },
    study: 'solvers',
    view: 'plane',
  },
  {
    id: 'two-classes',
    title: 'Pushed apart by ΔFM',
    group: 'Points of the plane',
    notice: 'The two classes of contrastive flow matching’s notebook, λ = 0.5 as there: ΔFM’s points end more than twice as far from the middle as their class is: its velocity is 1/(1 − λ) = 2 times as large, and points leave the places where it was learned (its minimum in closed form, followed exactly, leads to 2.57 times). LCF, which knows nothing of classes, left both in place from two seeds of three here, and moved them aside from the third. Switch “ΔFM corrected” on and they come back: the push is a change of scale, not knowledge.',
    config: {
      ...POINTS, net: { ...POINTS.net, classes: 2 }, data: { dataset: 'two-classes' }, objective: { layer: 2, path: 'scaled', noiseScale: 0.05 },
      replicas: [{ method: 'fm' }, { method: 'contrastive-fm', lambda: 0.05 }, { method: 'contrastive-fm', lambda: 0.5, label: 'ΔFM λ = 0.5' }, { method: 'lcf' }, { method: 'x-prediction' }], measures: [...plane(), { id: 'classes', every: 300 }],
    },
    study: 'two-classes',
    view: 'plane',
  },
  {
    id: 'notebook',
    title: 'ΔFM’s notebook',
    group: 'Points of the plane',
    notice: 'The same two classes by the notebook’s own numbers, but for residual blocks in place of its tanh layers, weight decay beside Adam’s step and not in its gradient, and noise drawn anew each time: over three seeds here ΔFM’s points ended 2.43 ± 0.08 times as far from the middle as their class is.',
    // The notebook’s are points, batch, steps, rate, λ, permutation, sum and Euler's 1,000 steps.
    config: {
      ...POINTS, net: { ...POINTS.net, width: 64, blocks: 2, classes: 2 }, data: { dataset: 'two-classes', count: 10_000 }, objective: { layer: 2, path: 'scaled', noiseScale: 0.05, negatives: 'permutation', reduction: 'sum' },
      train: { batch: 2048, steps: 2000, learningRate: 0.005, warmup: 0, beta2: 0.999, clip: 0, emaDecay: 0 }, evaluate: { ...POINTS.evaluate, samplesEvery: 1000, solverSteps: 1000 },
      replicas: [{ method: 'fm' }, { method: 'contrastive-fm', lambda: 0.5, label: 'ΔFM λ = 0.5' }], measures: [...plane(), { id: 'classes', every: 1000 }],
    },
    study: 'notebook',
    view: 'plane',
  },
  {
    id: 'buried',
    title: 'A plane in 64 dimensions',
    group: 'Points of the plane',
    notice: 'The net is narrower than what it answers: a velocity or noise has 64 independent numbers, an image only the 2 of its plane. Which net still finds the spiral?',
    config: {
      ...POINTS, net: { ...POINTS.net, channels: 1, size: 8, patch: 8, width: 32 }, data: { dataset: 'buried' },
      replicas: [{ method: 'fm' }, { method: 'x-prediction' }, { method: 'noise-prediction' }], measures: plane({ solver: 'heun' }),
    },
    study: 'buried',
    view: 'plane',
  },
  {
    id: 'subspace',
    title: 'Data on a subspace',
    group: 'Other data and sizes',
    notice: 'Gaussian classes in 10 of 144 dimensions, where every floor is exact: switch the loss to its excess and see what could still be learned.',
    config: {
      ...STUDIED, data: { dataset: 'subspace' }, replicas: [{ method: 'fm' }, { method: 'lcf' }],
      measures: ['hessian', 'propositions'].map(id => ({ id, every: 800 })),
    },
    study: 'subspace',
  },
  {
    id: 'shapes',
    title: 'Coloured shapes',
    group: 'Other data and sizes',
    notice: 'Three colour channels, 16 × 16 pixels, eight kinds of shape: does what LCF does to the probe at t = 0.001 and to samples of gratings hold on other images? After 800 steps nets here told 18 % of kinds by 128 labels, LCF’s 1 point more.',
    config: { data: { dataset: 'shapes' }, net: { channels: 3, size: 16, patch: 4, width: 64 }, replicas: [{ method: 'fm' }, { method: 'lcf' }] },
    study: 'shapes',
  },
  ofPaper(384, 32, 32, 'LCF in the size of the paper’s CIFAR-10 network, for a real GPU and patience: 256 images a step in 32 micro-batches. How do memory and time beside Run compare with the small nets above?'),
  ofPaper(384, 64, 8, 'The same network on images of twice the side: four times the tokens, so 4 images pass at once where there were 8. T_min is five times as large; what becomes of detail?'),
  ofPaper(768, 32, 32, 'Twice the width makes four times the weights, and four times the work of every token: for a GPU with 6 GiB to spare. Is the loss lower after as many steps?'),
  ofPaper(768, 64, 16, 'The paper’s largest, for Tiny-ImageNet: 130 million weights, 1,024 tokens. Who wants to see the whole claim at its own size needs this, and days of a fast GPU.'),
]

/** @throws RangeError when there is none of this name */
export function presetOf(id: string): Preset {
  const preset = presets.find(known => known.id === id)
  if (!preset) throw new RangeError(`there is no preset "${id}"; there are ${presets.map(known => known.id).join(', ')}`)
  return preset
}
