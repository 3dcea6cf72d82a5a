/**
 * The one description of a run. Controls, permalink, command-line flags, run records and the metadata of exported
 * files are all derived from this schema; nothing else states a bound or a default.
 *
 * Letters as everywhere: R replicas, B batch, T tokens, C width, H heads, L blocks, P patch side, K classes.
 * t is the noise level in [0,1]: 0 is clean, 1 is noise.
 */
import { z } from 'zod'
import { pathFamilies } from './flow/paths.ts'
import { isAdaptive, solvers } from './flow/solvers.ts'

/** What a control needs to know besides the bounds, which zod holds. */
export interface FieldMeta {
  title: string
  /** One sentence, shown next to the control. */
  help: string
  /** A live field acts on the next step; every other one needs a restart. */
  live?: boolean
  /** A logarithmic slider; with `min` 0 the left end stop is exactly 0. */
  scale?: 'linear' | 'log'
  step?: number
  unit?: string
  /** Where the idea stands in the papers. */
  source?: string
  /** LaTeX; `npm run formulas` after a change. */
  formula?: string
  /** Not shown among the first controls. */
  advanced?: boolean
}

declare module 'zod' {
  interface GlobalMeta extends Partial<FieldMeta> {}
}

const KINDS: Record<string, string> = { string: 'text', number: 'a number', boolean: 'true or false', array: 'a list', object: 'an object', record: 'an object' }
const told = (value: unknown) => (typeof value === 'string' ? `“${value.slice(0, 60)}”` : Array.isArray(value) ? 'a list' : typeof value === 'object' && value !== null ? 'an object' : String(value))
const bound = (value: number) => (Number.isInteger(value) ? value.toLocaleString('en') : String(value))

/** What is accepted in place of a value, by any schema of the lab: the second half of a sentence that names the field. */
z.config({
  customError(issue) {
    const { code, input, schema } = issue
    if (code === 'unrecognized_keys') return `${issue.keys.map(told).join(', ')} ${issue.keys.length > 1 ? 'are' : 'is'} not known here`
    if (code === 'not_multiple_of') return `must be a multiple of ${issue.divisor}, not ${told(input)}`
    if (code === 'invalid_value') return `must be ${issue.values.length > 1 ? 'one of ' : ''}${issue.values.join(', ')}, not ${told(input)}`
    if (schema instanceof z.ZodNumber) {
      const { minValue: min, maxValue: max, isInt } = schema
      const range = max! < Number.MAX_SAFE_INTEGER ? ` from ${bound(min!)} to ${bound(max!)}` : min! > Number.MIN_SAFE_INTEGER ? ` from ${bound(min!)} on` : ''
      return `must be${isInt ? ' a whole number' : range ? '' : ' a number'}${range}, not ${told(input)}`
    }
    if (code === 'invalid_type') return `must be ${KINDS[issue.expected] ?? issue.expected}, not ${told(input)}`
    if (code === 'too_small') return issue.minimum === 1 ? 'must not be empty' : `must have at least ${issue.minimum} entries`
    if (code === 'too_big') return `must have at most ${issue.maximum} ${issue.origin === 'string' ? 'letters' : 'entries'}`
    return `cannot be ${told(input)}`
  },
})

const finite = (min: number, max: number) => z.number().min(min).max(max)
const whole = (min: number, max: number) => z.number().int().min(min).max(max)

export const netSchema = z.strictObject({
  channels: whole(1, 16).default(1).meta({ title: 'Channels', help: 'Colour channels of an image.', advanced: true }),
  size: whole(1, 256).default(12).meta({ title: 'Image side', source: 'LCF §6.1', help: 'Pixels along one side of the square image; points of the plane are images of one pixel.', unit: 'pixels', advanced: true }),
  patch: z.literal([1, 2, 4, 8]).default(2)
    .meta({ title: 'Patch side', source: 'DiT §3.2, arXiv 2212.09748', formula: 'T = (s/P)^2', help: 'The image is cut into squares of this side; each becomes one token.', unit: 'pixels', advanced: true }),
  width: whole(8, 1152).default(48).meta({ title: 'Width', source: 'DiT §3.2; LCF A.4.1', help: 'Length of a token’s vector inside the network; a multiple of 4 × heads.', step: 4 }),
  blocks: whole(1, 28).default(4).meta({ title: 'Blocks', source: 'DiT §3.2; LCF A.4.1', help: 'Transformer blocks stacked on each other.' }),
  attention: z.boolean().default(true).meta({ title: 'Attention', source: 'DiT §3.2', help: 'Blocks let tokens look at each other. Without it a block is a perceptron alone, for networks of one token, as those of points: there attention would be one more linear layer.', advanced: true }),
  heads: whole(1, 16).default(4).meta({ title: 'Heads', source: 'DiT §3.2; LCF A.4.1', formula: 'D = C/H', help: 'Attention heads per block.', advanced: true }),
  classes: whole(0, 1000).default(0).meta({ title: 'Classes', source: 'LCF §6.1', help: 'Labels the network is told; 0 trains it without labels, as the paper does.', advanced: true }),
  labelDrop: finite(0, 0.9).default(0).meta({
    title: 'Label drop', source: 'DiT §3.1; arXiv 2207.12598', formula: 'y \\mapsto \\varnothing \\;\\text{with probability}\\; p', step: 0.05, advanced: true,
    help: 'How often training leaves an image’s label out, so that one network also learns the velocity without labels, which guidance needs; DiT takes 0.1. 0 tells every label.',
  }),
  selfCondition: whole(0, 27).default(0).meta({
    title: 'Self-conditioned after block', source: 'DDAE++, arXiv 2505.10999, reconstructed', formula: 'c_{\\text{late}} = c + W\\,\\big(\\gamma(t) \\odot \\operatorname{LN}(\\bar h_\\ell) + \\beta(t)\\big)', advanced: true,
    help: 'The mean token after this block joins what all later blocks are conditioned on, so that decoding knows what encoding found. W starts at 0 and learns only under the method of that name. Our reconstruction, for the paper’s code is not public. 0 leaves it out.',
  }),
})

export const dataSchema = z.strictObject({
  dataset: z.string().min(1).max(4096).default('gratings').meta({ title: 'Data', source: 'LCF §6.1', help: 'Which images to learn.' }),
  count: whole(16, 262144).default(16384).meta({ title: 'Training images', source: 'LCF A.6, fig. 13', help: 'How many images are drawn for training; fresh ones cost nothing but memory.', advanced: true }),
  heldOut: whole(16, 65536).default(2048).meta({ title: 'Held-out images', help: 'Images never trained on, used for every evaluation.', advanced: true }),
  seed: whole(0, 0xffffffff).default(0).meta({ title: 'Data seed', help: 'The same seed makes the same images.', advanced: true }),
})

const paths = Object.values(pathFamilies)

export const objectiveSchema = z.strictObject({
  method: z.string().min(1).max(64).default('lcf').meta({ title: 'Method', source: 'LCF §5; Lipman et al. 2022', help: 'What the network is asked to minimise.' }),
  tMin: finite(0, 0.9).default(0.05).meta({
    title: 'T_min', formula: 'L_{\\text{FM}} = \\operatorname{E}_{x_0,\\varepsilon,\\,t \\ge T_{\\min}}\\,\\lVert v_\\theta(x_t,t) - (\\varepsilon - x_0)\\rVert^2', live: true, scale: 'log', source: 'LCF §5',
    help: 'Below this noise level the velocity is not regressed; features are pulled to those at T_min instead. 0 turns it off.',
  }),
  lambda: finite(0, 10).default(0.05).meta({
    title: 'λ', formula: 'L = L_{\\text{FM}} + \\lambda\\,\\operatorname{E}_{t<T_{\\min}} L_{\\text{cons}}', live: true, scale: 'log', source: 'LCF eq. 15',
    help: 'Weight of the method’s second term against the flow-matching loss.',
  }),
  tau: finite(0.01, 100).default(0.5).meta({
    title: 'τ', formula: '\\exp\\big(-\\lVert z_i - z_j\\rVert^2/\\tau\\big)', live: true, scale: 'log', source: 'LCF eq. 14',
    help: 'Temperature: how near two features must be to count as similar.',
  }),
  lambdaStart: whole(0, 1_000_000).default(0).meta({ title: 'λ starts at step', help: 'The contrastive term is off before this step.', live: true, unit: 'steps', advanced: true }),
  lambdaRamp: whole(0, 1_000_000).default(0).meta({ title: 'λ ramp', help: 'Steps over which λ grows from 0 to its value.', live: true, unit: 'steps', advanced: true }),
  layer: whole(1, 28).default(3).meta({ title: 'Layer', formula: 'z = h_\\ell(x_t)', help: 'Features are read after this block (1 is the first).', source: 'LCF A.4' }),
  feature: z.enum(['pooled', 'flattened']).default('pooled').meta({ title: 'Feature', source: 'LCF eq. 13', formula: 'h_\\ell = \\tfrac{1}{T}\\textstyle\\sum_{k=1}^{T} h_{\\ell,k}', help: 'Mean over the tokens, or all tokens side by side; the paper does not say which.', advanced: true }),
  normalise: z.boolean().default(true).meta({ title: 'Unit length', source: 'LCF eq. 14', formula: 'z \\mapsto z/\\lVert z\\rVert', help: 'Scale each feature to length 1 before distances are taken.', advanced: true }),
  distance: z.enum(['divided', 'raw']).default('raw').meta({ title: 'Distance', source: 'LCF eq. 14', formula: '\\lVert z_i - z_j\\rVert^2 \\;\\text{or}\\; \\tfrac{1}{C}\\lVert z_i - z_j\\rVert^2', help: 'Squared distance as it is, or divided by the number of feature dimensions.', live: true, advanced: true }),
  variant: z.enum(['algorithm1', 'equation14', 'infonce']).default('algorithm1').meta({
    title: 'Denominator', formula: '\\begin{gathered} \\ell_i = -\\log\\frac{\\exp(-\\lVert z_i - a_i\\rVert^2/\\tau)}{\\sum_{j} \\exp(-\\lVert z_i - z_j\\rVert^2/\\tau)} \\\\ j = 1 \\dots B \\;\\text{or}\\; j \\ne i \\end{gathered}', live: true, advanced: true, source: 'LCF Algorithm 1, eq. 14',
    help: 'The paper prints two denominators: Algorithm 1 sums over all j (never negative), eq. 14 leaves out j = i (unbounded below).',
  }),
  detach: z.boolean().default(true).meta({ title: 'Detach', source: 'LCF §5', formula: '\\frac{\\partial L_{\\text{cons}}}{\\partial a_i} = \\frac{\\partial L_{\\text{cons}}}{\\partial z_j} = 0, \\quad j \\ne i', help: 'Let the gradient reach only the low-noise feature, not its anchor or its negatives.', advanced: true }),
  noise: z.enum(['same', 'fresh']).default('same').meta({ title: 'Anchor noise', source: 'LCF Algorithm 1', formula: 'a = h_\\ell\\big((1-T_{\\min})\\,x_0 + T_{\\min}\\,\\varepsilon\\big)', help: 'The anchor at T_min uses the same noise as its sample, or a fresh draw.', live: true, advanced: true }),
  negatives: z.enum(['any', 'other-class', 'permutation']).default('any').meta({ title: 'Negatives', help: 'ΔFM: whose target the velocity is pushed from: any other image of the batch, one of another class, or a permutation that may hit the image itself.', live: true, source: 'arXiv 2506.05350', advanced: true }),
  nullSkip: z.boolean().default(false).meta({ title: 'No push without label', help: 'ΔFM: an image whose label was left out (label drop) is not pushed from any other, so that the velocity without labels stays that of flow matching. The authors’ code scales the other pushes up by batch/labelled; here they keep their λ, with which the correction of samples is exact.', live: true, source: 'arXiv 2506.05350', advanced: true }),
  candidates: whole(1, 1024).default(512).meta({ title: 'Candidates N', help: 'ExFM: the target is averaged over so many images that x_t may have come from; over all there are, where N reaches them, which it does up to 1,024 and not for the usual 16,384. With 1 and the own image it is flow matching.', live: true, scale: 'log', source: 'arXiv 2402.03232, eq. 16', advanced: true }),
  ownCandidate: z.boolean().default(true).meta({ title: 'Own image among them', help: 'ExFM: without the image that x_t was made of, the average no longer has flow matching’s minimum.', live: true, source: 'arXiv 2506.03719', advanced: true }),
  path: z.enum(paths.map(({ id }) => id)).default('linear').meta({
    title: 'Path', source: [...new Set(paths.flatMap(({ paper = [] }) => paper))].join('; '), formula: 'x_t = \\alpha_t\\,x_0 + \\beta_t\\,\\varepsilon, \\quad v = \\alpha_t\'\\,x_0 + \\beta_t\'\\,\\varepsilon', advanced: true,
    help: `How the image turns into noise. ${paths.map(({ label, formula }) => `${label}: ${formula}.`).join(' ')} On all but the linear, levels below 2⁻¹⁷ count as that one, for some velocities are infinite at 0; there samplers end at t = 0.001 and jump.`,
  }),
  power: finite(0.25, 4).default(2).meta({ title: 'Power p', help: 'Of the power paths, β = tᵖ: above 1 noise comes late, below 1 early.', step: 0.25, source: 'LCF §4.1', advanced: true }),
  b0: finite(0.001, 10).default(0.1).meta({ title: 'VP rate b₀', help: 'Of the variance preserving path: how fast noise comes at t = 0.', scale: 'log', source: 'Song et al. 2021; Lipman et al. 2022', formula: '\\alpha_t = e^{-T/2}, \\quad \\beta_t = \\sqrt{1-e^{-T}}, \\quad T = \\tfrac12 t^2(b_1-b_0) + b_0 t', advanced: true }),
  b1: finite(0.001, 100).default(20).meta({ title: 'VP rate b₁', help: 'Of the variance preserving path: how fast noise comes at t = 1. With 0.1 and 20, α(1) = 0.0066 of the image is left there.', scale: 'log', source: 'Song et al. 2021; Lipman et al. 2022', advanced: true }),
  sigmaMin: finite(0.0001, 0.5).default(0.01).meta({ title: 'σ_min', help: 'Noise that is left at t = 0 on Lipman’s path and on the variance exploding one.', scale: 'log', source: 'Lipman et al. 2022', formula: '\\beta_t = \\sigma_{\\min} + (1-\\sigma_{\\min})\\,t \\quad\\text{or}\\quad \\sigma_{\\min}\\,(\\sigma_{\\max}/\\sigma_{\\min})^t', advanced: true }),
  sigmaMax: finite(1, 400).default(50).meta({ title: 'σ_max', help: 'Noise at t = 1 of the variance exploding path, beside the image and not in its place; its velocity, and with it the loss, is that large.', scale: 'log', source: 'Song et al. 2021', advanced: true }),
  noiseScale: finite(0.01, 10).default(1).meta({ title: 'Size of noise', help: 'Standard deviation of noise at t = 1 on the path “scaled”, linear otherwise; JiT takes more for larger images, and data of small extent want less.', scale: 'log', source: 'JiT, arXiv 2511.13720', formula: 'x_t = (1-t)\\,x_0 + t\\,s\\,\\varepsilon', advanced: true }),
  loss: z.enum(['velocity', 'image', 'noise', 'middle']).default('velocity').meta({
    title: 'Error of', source: 'JiT, arXiv 2511.13720; Generation Phases, arXiv 2510.24830', formula: 'w(t)\\,\\lVert \\hat x_0 - x_0\\rVert^2: \\quad 1/t^2, \\quad 1, \\quad (1-t)^2/t^2, \\quad \\tfrac{1}{t^2}\\exp\\big(-\\tfrac12\\big(\\tfrac{t-1/2}{0.15}\\big)^2\\big)', advanced: true,
    help: 'Whose squared error is minimised, whatever the network predicts. As weights on a denoiser’s error: that of the velocity is 1/t², of the image 1, and of the velocity in the middle a bump around t = ½ of it (our reading of the paper).',
  }),
  clamp: finite(0.001, 0.5).default(0.05).meta({ title: 'Least denominator', help: 'Networks that predict image or noise divide by t or 1 − t to get the velocity; by no less than this, c. On other paths too the velocity is then no more than 1/c times as far off as the answer, or as much more as it is larger itself.', live: true, scale: 'log', source: 'JiT, arXiv 2511.13720', advanced: true }),
  times: z.enum(['uniform', 'logit-normal', 'jit', 'low-noise', 'sigma-uniform']).default('uniform').meta({ title: 'Noise levels', help: 'How training draws t: evenly, logit-normal with m and s, as JiT does (m = s = 0.8, high noise), mostly low noise (m = −1.2, s = 1.2), or as a denoiser of x0 + σε with σ even up to 4 would see them.', live: true, source: 'LCF eq. 16', advanced: true }),
  timeMean: finite(-4, 4).default(0).meta({ title: 'Logit mean m', help: 'Of logit-normal noise levels; half of them lie below sigmoid(m), so m < 0 favours low noise.', live: true, step: 0.1, source: 'LCF eq. 16', advanced: true }),
  timeScale: finite(0.1, 4).default(1).meta({ title: 'Logit scale s', help: 'Of logit-normal noise levels; how widely they spread.', live: true, step: 0.1, source: 'LCF eq. 16', advanced: true }),
  stratified: z.boolean().default(false).meta({ title: 'Stratified t', source: 'LCF Algorithm 1 draws t evenly', help: 'Guarantee ⌈T_min·B⌉ samples below T_min in every batch.', live: true, advanced: true }),
  reduction: z.enum(['mean', 'sum']).default('mean').meta({ title: 'Loss reduction', source: 'LCF eq. 12', formula: '\\tfrac{1}{d}\\lVert u\\rVert^2 \\;\\text{or}\\; \\lVert u\\rVert^2', help: 'Mean over pixels, or the sum that the paper prints; λ means something else in each.', live: true, advanced: true }),
})

export const trainSchema = z.strictObject({
  batch: whole(1, 2048).default(64).meta({ title: 'Batch', source: 'LCF A.4.2, table 2', help: 'Images per training step. A replica with a smaller batch of its own learns from the first images of the run’s batch; it takes as long as the whole.' }),
  microBatches: whole(1, 64).default(1).meta({
    title: 'Micro-batches', source: 'Gradient accumulation', formula: '\\nabla L = \\textstyle\\sum_{p=1}^{P} \\nabla L_p', advanced: true,
    help: 'The batch passes through the network in so many parts, whose gradients add up: less memory, the same step but for rounding. Where features of all images are compared (LCF, dispersive loss), each part first passes as far as its features, once more. Only ΔFM takes its other images from the same part.',
  }),
  steps: whole(1, 10_000_000).default(2000).meta({ title: 'Steps', source: 'LCF A.4.2, table 2', help: 'Training stops after this many.', unit: 'steps' }),
  learningRate: finite(0, 1).default(1e-3).meta({ title: 'Learning rate', source: 'LCF A.4.2; AdamW, arXiv 1711.05101', formula: '\\theta \\leftarrow \\theta - \\eta\\,\\big(\\hat m/(\\sqrt{\\hat v} + \\epsilon) + w\\,\\theta\\big)', help: 'Step size of the optimiser, AdamW.', live: true, scale: 'log' }),
  schedule: z.enum(['constant', 'cosine']).default('constant').meta({ title: 'Rate schedule', help: 'Constant after warm-up, or a cosine to zero at the last step.', live: true, advanced: true }),
  warmup: whole(0, 1_000_000).default(100).meta({ title: 'Warm-up', source: 'LCF A.4.2, table 2', formula: '\\eta_k = \\eta\\,k/W \\quad (k \\le W)', help: 'Steps over which the learning rate grows from 0.', live: true, unit: 'steps', advanced: true }),
  beta1: finite(0, 0.9999).default(0.9).meta({ title: 'β₁', source: 'AdamW, arXiv 1711.05101', formula: 'm \\leftarrow \\beta_1 m + (1-\\beta_1)\\,g', help: 'Memory of the gradient mean in AdamW.', live: true, advanced: true }),
  beta2: finite(0, 0.99999).default(0.99).meta({ title: 'β₂', source: 'AdamW, arXiv 1711.05101', formula: 'v \\leftarrow \\beta_2 v + (1-\\beta_2)\\,g^2', help: 'Memory of the squared gradient in AdamW.', live: true, advanced: true }),
  epsilon: finite(1e-12, 1e-2).default(1e-8).meta({ title: 'ε', source: 'AdamW, arXiv 1711.05101', formula: '\\frac{\\hat m}{\\sqrt{\\hat v} + \\epsilon}', help: 'Keeps AdamW from dividing by zero.', live: true, advanced: true }),
  weightDecay: finite(0, 1).default(0.01).meta({ title: 'Weight decay', source: 'LCF A.4.2; AdamW, arXiv 1711.05101', formula: '\\theta \\leftarrow \\theta - \\eta\\,w\\,\\theta', help: 'Decoupled decay of every weight, times the learning rate.', live: true, advanced: true }),
  clip: finite(0, 1e9).default(1).meta({ title: 'Gradient clip', source: 'LCF A.4.2', formula: 'g \\leftarrow g\\,\\min(1,\\, c/\\lVert g\\rVert)', help: 'The gradient of a replica is scaled down to this length; 0 turns clipping off.', live: true, advanced: true }),
  emaDecay: finite(0, 0.99999).default(0.997).meta({ title: 'EMA decay', source: 'LCF A.4.2', formula: '\\bar\\theta \\leftarrow a\\,\\bar\\theta + (1-a)\\,\\theta', help: 'Samples and evaluations use a running mean of the weights with this memory.', live: true, advanced: true }),
  images: whole(0, 262144).default(0).meta({ title: 'Images used', source: 'LCF A.6, fig. 13', help: 'Training draws from the first so many images only; 0 uses all. Give replicas different ones to see what little data does.', live: true, advanced: true }),
  seed: whole(0, 0xffffffff).default(0).meta({ title: 'Seed', help: 'It decides the start weights, the batches, the noise levels and the noise.' }),
})

/** What a replica may have for itself instead of the run's, and the section that it stands in. Schema, knobs, seed groups, links, controls and labels follow from this list. */
export const overridable = {
  path: 'objective', loss: 'objective', tMin: 'objective', lambda: 'objective', tau: 'objective', variant: 'objective', times: 'objective', timeMean: 'objective', timeScale: 'objective',
  candidates: 'objective', ownCandidate: 'objective', negatives: 'objective', nullSkip: 'objective', clamp: 'objective', learningRate: 'train', batch: 'train', images: 'train', seed: 'train',
} as const satisfies Record<string, 'objective' | 'train'>
export type Overridable = keyof typeof overridable
export const overridableFields = Object.keys(overridable) as Overridable[]
export const isOverridable = (field: string): field is Overridable => Object.hasOwn(overridable, field)

const shapes = { ...objectiveSchema.shape, ...trainSchema.shape }
type OwnShape = { [Field in Overridable]: z.ZodOptional<(typeof shapes)[Field] extends z.ZodDefault<infer Inner> ? Inner : never> }

/** One replica: a method, and what it changes of the run's knobs. Everything absent is the run's own value. */
export const replicaSchema = z.strictObject({
  method: z.string().min(1).max(64).optional(),
  label: z.string().max(40).optional(),
  ...(Object.fromEntries(overridableFields.map(field => [field, shapes[field].unwrap().optional()])) as unknown as OwnShape),
})

export const evaluateSchema = z.strictObject({
  every: whole(0, 1_000_000).default(100).meta({ title: 'Evaluate every', source: 'LCF fig. 1a', help: 'Steps between two measurements of loss by noise level; 0 measures only on request.', unit: 'steps', advanced: true }),
  perLevel: whole(8, 4096).default(64).meta({ title: 'Images per noise level', source: 'LCF fig. 1a', help: 'Held-out images behind each point of the loss-by-t chart.', advanced: true }),
  levels: whole(24, 64).default(24).meta({ title: 'Noise levels', source: 'LCF fig. 1a', help: 'Points on the loss-by-t chart, evenly spaced in log t.', advanced: true }),
  measure: z.boolean().default(true).meta({ title: 'Measure while training', help: 'Condition numbers, probes and Jacobians at their own pace and at the end; off measures them on request only.', live: true, advanced: true }),
  samplesEvery: whole(0, 1_000_000).default(200).meta({ title: 'Sample every', help: 'Steps between two sample grids; 0 samples only on request.', unit: 'steps', advanced: true }),
  samples: whole(1, 64).default(16).meta({ title: 'Samples', source: 'LCF §6.1', help: 'Images drawn per replica, from the same noise.', advanced: true }),
  solver: z.enum(Object.keys(solvers)).default('euler').meta({ title: 'Solver', source: 'LCF §3, eq. 2 and 5', formula: '\\frac{\\mathrm{d}x_t}{\\mathrm{d}t} = v_\\theta(x_t,t)', help: 'How the sampler follows the velocity from noise to data: fixed steps, dopri5’s own steps, or the reverse SDE.', advanced: true }),
  solverSteps: whole(2, 1000).default(25).meta({ title: 'Sampler steps', source: 'LCF §3, eq. 2', formula: 'x_{t-\\Delta} = x_t - \\Delta\\,v_\\theta(x_t,t)', help: 'Steps from t = 1 to 0; dopri5 chooses its own.', unit: 'steps', advanced: true }),
  atol: finite(1e-7, 1).default(1e-5).meta({ title: 'Absolute tolerance', help: 'dopri5: error allowed in a step, whatever the value.', scale: 'log', source: 'Lipman et al. 2022, App. E', advanced: true }),
  rtol: finite(1e-7, 1).default(1e-3).meta({ title: 'Relative tolerance', help: 'dopri5: error allowed in a step, per unit of the value.', scale: 'log', source: 'SiT, arXiv 2401.08740', advanced: true }),
  diffusion: z.enum(['linear', 'sigma', 'constant', 'decreasing', 'hump', 'sbdm']).default('linear').meta({
    title: 'SDE noise', source: 'LCF eq. 5; SiT, arXiv 2401.08740', advanced: true,
    help: 'Shape of ω(t) in the reverse SDE: 2t, 2β, 2, (1 − cos πt)²/2, 2 sin² πt, or that of the path’s own SDE, on the linear path 2t/(1 − t). There 2t and 2β are one; on others older runs that say linear meant 2β.',
  }),
  diffusionScale: finite(0, 8).default(1).meta({ title: 'SDE noise scale', help: 'Times ω(t); 0 makes it the ODE.', step: 0.25, advanced: true }),
  lastStep: z.enum(['euler', 'mean', 'tweedie', 'none']).default('euler').meta({ title: 'SDE last step', help: 'Without noise to t = 0: Euler, the mean of an SDE step, Tweedie’s x̂₀ (on the linear path Euler’s step), or none.', source: 'SiT, arXiv 2401.08740', advanced: true }),
  lastStepSize: finite(0.001, 0.5).default(0.04).meta({ title: 'SDE last step from', help: 'Noise level at which the last step begins.', scale: 'log', source: 'REPA, arXiv 2410.06940', advanced: true }),
  guidance: finite(0, 10).default(1).meta({
    title: 'Guidance w', live: true, step: 0.25, source: 'arXiv 2207.12598', formula: 'v = v_\\varnothing + w\\,(v_y - v_\\varnothing)', advanced: true,
    help: 'Samples follow the velocity without labels plus w times what the label adds: 1 is the velocity with labels, 0 that without. Needs classes and a label drop, and takes two passes of the network.',
  }),
  guidanceFrom: finite(0, 1).default(0).meta({ title: 'Guided from t', help: 'Below this noise level samples follow the velocity with labels as it is.', live: true, step: 0.05, source: 'arXiv 2404.07724', advanced: true }),
  guidanceTo: finite(0, 1).default(1).meta({ title: 'Guided up to t', help: 'Above this noise level samples follow the velocity with labels as it is.', live: true, step: 0.05, source: 'arXiv 2404.07724', advanced: true }),
  correction: z.boolean().default(false).meta({
    title: 'ΔFM corrected', live: true, source: 'arXiv 2506.05350', formula: 'v = (1-\\lambda)\\,v_\\Delta + \\lambda\\operatorname{E}[\\alpha\'_t]\\operatorname{E}[x_0]', advanced: true,
    help: 'Samples of networks trained by ΔFM get back what training pushed away, so that they follow flow matching’s velocity again; at the minimum exactly. The mean of α′ is over the levels that were trained on, on the linear path −1.',
  }),
  belowTMin: z.enum(['jump', 'through']).default('jump').meta({ title: 'Sampler below T_min', source: 'LCF §5 leaves it open', formula: '\\hat x_0 = x_{T_{\\min}} - T_{\\min}\\,v_\\theta(x_{T_{\\min}}, T_{\\min})', help: 'Jump from T_min to the clean image in one step, x̂₀ by the path, or integrate through levels that were not trained.', advanced: true }),
})

/** How often one diagnostic is measured while training, and with which settings; whatever is absent is the diagnostic's own default. */
export const measureSchema = z.strictObject({
  id: z.string().min(1).max(64),
  every: whole(0, 1_000_000).optional(),
  settings: z.record(z.string().max(40), z.union([z.number(), z.boolean(), z.string().max(200)])).optional(),
})

export const configSchema = z.strictObject({
  net: netSchema.prefault({}),
  data: dataSchema.prefault({}),
  objective: objectiveSchema.prefault({}),
  train: trainSchema.prefault({}),
  replicas: z.array(replicaSchema).min(1).max(16).default([{ method: 'fm' }, { method: 'lcf' }]),
  evaluate: evaluateSchema.prefault({}),
  measures: z.array(measureSchema).max(32).default([]),
}).superRefine((config, context) => {
  const complain = (path: string[], message: string) => context.addIssue({ code: 'custom', path, message })
  const { net, objective, data, train, evaluate } = config
  if (net.width % (4 * net.heads) !== 0) complain(['net', 'width'], `width ${net.width} must be divisible by 4 × heads = ${4 * net.heads}`)
  if (net.size % net.patch !== 0) complain(['net', 'patch'], `the image side ${net.size} must be divisible by the patch side ${net.patch}`)
  if (!net.attention && net.size !== net.patch) complain(['net', 'attention'], `without attention the ${(net.size / net.patch) ** 2} patches of an image would know nothing of each other; take a patch side of ${net.size}, or attention`)
  if (net.labelDrop > 0 && net.classes === 0) complain(['net', 'labelDrop'], `labels cannot be left out of a network that is told none; take net.classes above 0, or a label drop of 0`)
  if (net.selfCondition >= net.blocks) complain(['net', 'selfCondition'], `nothing is left to condition after block ${net.selfCondition} of ${net.blocks}; take a block before the last, or 0`)
  if (evaluate.guidance !== 1 && net.labelDrop === 0) complain(['evaluate', 'guidance'], `guidance ${evaluate.guidance} needs a network that was trained with and without labels; take net.classes and net.labelDrop above 0, or guidance 1`)
  if (evaluate.guidanceFrom > evaluate.guidanceTo) complain(['evaluate', 'guidanceFrom'], `guidance from t = ${evaluate.guidanceFrom} up to ${evaluate.guidanceTo} is no interval; the first must not be above the second`)
  if (objective.layer > net.blocks) complain(['objective', 'layer'], `layer ${objective.layer} does not exist: the network has ${net.blocks} blocks`)
  if (train.batch % train.microBatches !== 0) complain(['train', 'microBatches'], `a batch of ${train.batch} cannot be cut into ${train.microBatches} equal parts; take a number that divides it`)
  config.replicas.forEach(({ batch = train.batch }, r) => {
    if (batch > train.batch) complain(['replicas', `${r}`, 'batch'], `a replica’s batch is a part of the run’s, which has ${train.batch} images, so it cannot be ${batch}; take a larger train.batch`)
    else if (batch % train.microBatches !== 0) complain(['replicas', `${r}`, 'batch'], `a batch of ${batch} cannot be cut into the run’s ${train.microBatches} equal parts; take a number that they divide`)
  })
  if (train.batch > data.count) complain(['train', 'batch'], `a batch of ${train.batch} is larger than the ${data.count} training images`)
})

export type Config = z.output<typeof configSchema>
export type ConfigInput = z.input<typeof configSchema>
export type NetConfig = z.output<typeof netSchema>
export type DataConfig = z.output<typeof dataSchema>
export type ObjectiveConfig = z.output<typeof objectiveSchema>
export type TrainConfig = z.output<typeof trainSchema>
export type ReplicaConfig = z.output<typeof replicaSchema>
/** Images that pass through the network at once in training. */
export const passOf = ({ batch, microBatches }: Pick<TrainConfig, 'batch' | 'microBatches'>) => batch / microBatches

export type EvaluateConfig = z.output<typeof evaluateSchema>
export type MeasureConfig = z.output<typeof measureSchema>

export class ConfigError extends Error {
  override name = 'ConfigError'
}

/**
 * Reads anything into a Config.
 * @throws ConfigError with one sentence: where, what is wrong, what would be accepted
 */
export function parseConfig(input: unknown): Config {
  const result = configSchema.safeParse(input)
  if (result.success) return result.data
  const issue = result.error.issues[0]
  const at = issue.path.length > 0 ? `${issue.path.join('.')}: ` : ''
  throw new ConfigError(`${at}${issue.message}`)
}

/** The sections whose fields are addressed as `section.field` by controls, flags and links. */
export const sections = {
  net: netSchema, data: dataSchema, objective: objectiveSchema, train: trainSchema, evaluate: evaluateSchema,
} as const
export type SectionName = keyof typeof sections

/** Which fields of the objective are a path's parameters, by path. */
export const pathParameters: Record<string, readonly string[]> = Object.fromEntries(paths.map(({ id, parameters }) => [id, parameters.map(({ field }) => field)]))

/** Solvers that choose their steps themselves. */
export const adaptiveSolvers: readonly string[] = Object.keys(solvers).filter(isAdaptive)

/** Fields that act on a running run, by section. */
export function isLive(section: SectionName, field: string): boolean {
  const shape = sections[section].shape as Record<string, z.ZodType>
  return shape[field]?.meta()?.live === true
}

/** A replica's own value where it has one, the run's otherwise. */
export function knobOf<Field extends Overridable>(config: Pick<Config, 'objective' | 'train'>, replica: ReplicaConfig, field: Field): NonNullable<ReplicaConfig[Field]> {
  const section = config[overridable[field]] as unknown as Record<Field, NonNullable<ReplicaConfig[Field]>>
  return replica[field] ?? section[field]
}

/** Replicas that differ in nothing but their seed, by index; each group in order, groups by their first. */
export function seedGroups(config: Config): number[][] {
  const groups = new Map<string, number[]>()
  config.replicas.forEach((replica, index) => {
    const key = JSON.stringify([replica.method ?? config.objective.method, replica.label, ...comparedFields.map(field => knobOf(config, replica, field))])
    groups.set(key, [...(groups.get(key) ?? []), index])
  })
  return [...groups.values()]
}

const comparedFields = overridableFields.filter(field => field !== 'seed')

/** A knob and its value in words: “candidates N 8”. */
export function knobSaid(field: Overridable, value: number | string | boolean): string {
  const title = shapes[field].meta()?.title ?? field
  const said = typeof value === 'boolean' ? (value ? 'on' : 'off') : String(value)
  return `${/^[A-Z][a-z]/.test(title) ? title[0].toLowerCase() + title.slice(1) : title} ${said}`
}

/** What sets a replica without a name apart from others of its method, besides the seed: “, candidates N 8”; empty where nothing does. */
export function apartBy(config: Config, replica: ReplicaConfig): string {
  const methodIn = ({ method = config.objective.method }: ReplicaConfig) => method
  const twins = config.replicas.filter(other => other.label === undefined && methodIn(other) === methodIn(replica))
  return comparedFields
    .filter(field => knobOf(config, replica, field) !== knobOf(config, {}, field) && twins.some(other => knobOf(config, other, field) !== knobOf(config, replica, field)))
    .map(field => `, ${knobSaid(field, knobOf(config, replica, field))}`).join('')
}
