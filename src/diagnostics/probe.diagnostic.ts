/**
 * How well a linear probe reads the class from frozen features, by noise level. At this scale the drop towards t = 0 is one of ease of read-out:
 * it is there with few labels or few steps, and gone with many of both.
 */
import { z } from 'zod'
import type { Config } from '../config.ts'
import type { DatasetBatch, RunData } from '../datasets/dataset.ts'
import { datasetOf } from '../datasets/index.ts'
import { meanOf } from '../flow/estimate.ts'
import { commonPath, linearLevel, placeOn } from '../flow/place.ts'
import { PART } from '../ops/probe.ts'
import type { Axis, Curve, HeatMap, Panel } from '../panel.ts'
import { byHeartSource } from './by_heart.ts'
import { type Bench, defineDiagnostic, type Measure } from './diagnostic.ts'
import { dropOf, dropsInWords } from './drop.ts'
import { BATCH, type Effort, type Exam, fitAdamW, fitFewLabels, type Fits, MOST_STEPS, NEAR, TOLERANCE } from './fit.ts'
import { LARGEST_BINDING } from './look.ts'
import { DEFAULT_LEVELS, levelsOf, LEVELS_WANTED, netSource, noiseOf, pixelSource, refuseSweep, type Sight, type Source } from './sweep.ts'
import { untoldSaid } from './words.ts'

/** λ that a validation split chooses among. */
const PENALTIES = [0.1, 0.01, 0.001]
/** Labelled images that are looked at, at most, unless one draw takes more. */
const MOST_LABELLED = 8192
/** Steps that a fit takes, for the estimate of its cost. */
const USUAL_STEPS = 500

const settings = z.strictObject({
  protocol: z.enum(['few labels', 'paper']).default('few labels').meta({ title: 'Protocol', help: 'Few labels, fitted until converged; or the paper’s: many labels, a fixed number of AdamW steps.' }),
  labels: z.number().int().min(2).max(8192).default(128).meta({ title: 'Labelled images', help: 'Few labels: how many images of each draw have a label. With thousands the drop vanishes.', scale: 'log' }),
  draws: z.number().int().min(1).max(32).default(16).meta({ title: 'Label draws', help: `Few labels: disjoint sets of labelled images, as many as ${MOST_LABELLED.toLocaleString('en')} images give.`, advanced: true }),
  penalty: z.enum(['0.01', 'validated']).default('0.01').meta({ title: 'L2', help: `Few labels: λ = 0.01, or the best of ${PENALTIES.join(', ')} on images kept for choosing.`, advanced: true }),
  images: z.number().int().min(BATCH).max(65536).multipleOf(BATCH).default(2048).meta({ title: 'Training images of the probe', help: `The paper’s protocol: all labelled; a multiple of ${BATCH}.`, scale: 'log', advanced: true }),
  steps: z.number().int().min(1).max(20000).default(240).meta({ title: 'Probe steps', help: `The paper’s protocol: AdamW steps of ${BATCH} images; 15 epochs of 2,048 images are 240.`, scale: 'log' }),
  optimiser: z.enum(['adamw', 'adam']).default('adamw').meta({ title: 'Optimiser', help: 'The paper’s table says AdamW with decay 0.01, its text Adam.', advanced: true }),
  cosine: z.boolean().default(false).meta({ title: 'Cosine', help: 'The paper’s protocol: the learning rate falls to 0 by a cosine, epoch by epoch.', advanced: true }),
  normalise: z.boolean().default(false).meta({ title: 'Z-score', help: 'The paper’s protocol: features with mean 0 and deviation 1. With few labels always.', advanced: true }),
  freshNoise: z.boolean().default(false).meta({ title: 'Fresh noise', help: 'The paper’s protocol: new noise for every epoch, at the cost of new forward passes.', advanced: true }),
  noiseDraws: z.number().int().min(1).max(8).default(1).meta({ title: 'Noise draws', help: 'The paper’s protocol: how often all is repeated with other noise, for the spread.', advanced: true }),
  layer: z.number().int().min(0).max(28).default(0).meta({ title: 'Layer', help: 'Features after this block; 0 takes the run’s own.' }),
  allLayers: z.boolean().default(false).meta({ title: 'All layers', help: 'Every block, as a map of layer against t.', advanced: true }),
  neighbours: z.boolean().default(false).meta({ title: 'Nearest neighbours', help: `Ask the ${NEAR} nearest labelled images too.`, advanced: true }),
  byHeart: z.boolean().default(false).meta({ title: 'By heart', help: 'Read the class off the answer of the best denoiser of the training set too, which knows every image and has learned nothing else; it looks at all of them for each image.', advanced: true }),
  t: z.string().max(200).default(DEFAULT_LEVELS).refine(text => levelsOf(text), LEVELS_WANTED).meta({ title: 'Noise levels', help: 'Values of t; 0 is the clean image.', advanced: true }),
  test: z.number().int().min(16).max(65536).default(2048).meta({ title: 'Test images', help: 'Held-out images behind each accuracy.', scale: 'log', advanced: true }),
})

type Chosen = z.output<typeof settings>

const few = ({ protocol }: Chosen) => protocol === 'few labels'
const layersOf = ({ objective, net }: Config, { layer, allLayers }: Chosen) => (allLayers ? Array.from({ length: net.blocks }, (_, i) => i + 1) : [layer || objective.layer])
const penaltiesOf = ({ penalty }: Chosen) => (penalty === 'validated' ? PENALTIES : [0.01])
const validationOf = (chosen: Chosen) => (few(chosen) && chosen.penalty === 'validated' ? 1024 : 0)

/** Draws of labels that the training images give. */
function drawsOf({ data }: Config, chosen: Chosen): number {
  if (!few(chosen)) return 1
  const most = Math.min(data.count - validationOf(chosen), Math.max(MOST_LABELLED, chosen.labels))
  return Math.min(chosen.draws, Math.floor(most / chosen.labels))
}

const trainCount = (config: Config, chosen: Chosen) => (few(chosen) ? drawsOf(config, chosen) * chosen.labels : chosen.images)

export default defineDiagnostic({
  id: 'probe',
  title: 'How readable the class is',
  order: 30,
  group: 'representation',
  summary: 'Accuracy of linear probes on frozen features, by noise level, beside raw pixels and chance.',
  paper: 'LCF A.4.3, fig. 1 and 12 (arXiv 2509.20952); DDAE (arXiv 2303.09769)',
  formulas: {
    accuracy: '\\hat y = \\arg\\max_c\\; w_c^{\\top} h_\\ell(x_t) + b_c',
  },
  settings,
  every: 1000,

  work(config, chosen) {
    const levels = levelsOf(chosen.t)!.length
    const layers = layersOf(config, chosen)
    const [train, draws] = [trainCount(config, chosen), drawsOf(config, chosen)]
    const { net: { blocks, width, channels, size }, replicas } = config
    const epochs = Math.ceil((chosen.steps * BATCH) / chosen.images)
    const seen = few(chosen) ? train + validationOf(chosen) + chosen.test : chosen.noiseDraws * (train * (chosen.freshNoise ? epochs : 1) + chosen.test)
    const rows = few(chosen) ? USUAL_STEPS * penaltiesOf(chosen).length * draws * chosen.labels : chosen.noiseDraws * chosen.steps * BATCH
    const classes = datasetOf(config.data.dataset)?.classes.length ?? 10
    const each = (features: number) => levels * (4 * rows + 2 * draws * chosen.test) * features * classes
    const d = channels * size * size
    const asked = chosen.byHeart ? levels * seen * 5 * config.data.count * d : 0
    return { forwards: levels * seen * (Math.max(...layers) / blocks), flops: layers.length * each(width) + ((chosen.byHeart ? 2 : 1) * each(d) + asked) / replicas.length }
  },

  refuse(config, dataset, chosen) {
    const { data } = config
    const labelled = few(chosen) ? chosen.labels : chosen.images
    if (labelled + validationOf(chosen) > data.count) {
      return `${labelled} labelled images${validationOf(chosen) ? ` and ${validationOf(chosen)} for choosing λ` : ''} are more than the ${data.count} training images; take fewer`
    }
    const images = trainCount(config, chosen) + validationOf(chosen) + Math.min(PART, chosen.test) // the others can follow
    const layers = layersOf(config, chosen).length
    const probes = layers * config.replicas.length * Math.max(trainCount(config, chosen), drawsOf(config, chosen) * (config.net.width + 4)) * dataset.classes.length
    const pixels = images * Math.ceil((config.net.channels * config.net.size ** 2) / 4) * 4
    const bytes = 4 * Math.max(probes, pixels)
    return refuseSweep(config, dataset, { layer: chosen.layer, test: chosen.test, images: images * layers })
      ?? (bytes > LARGEST_BINDING ? `${images.toLocaleString('en')} images and their probes take ${Math.ceil(bytes / 2 ** 20)} MiB at one noise level, and 128 is the most; take fewer labelled images` : undefined)
  },
})

export const measure: Measure<typeof settings> = async (bench, chosen) => {
  const { config, training: { replicas: R } } = bench
  const t = levelsOf(chosen.t)!
  const layers = layersOf(config, chosen)
  const exam = await examOf(bench, chosen)
  const nets = netSource(bench, layers)
  const fit = (source: Source, effort: Effort) => (few(chosen)
    ? fitFewLabels(bench, source, exam, penaltiesOf(chosen), effort)
    : fitAdamW(bench, source, exam, {
      ...chosen, learningRate: 1e-3, weightDecay: chosen.optimiser === 'adamw' ? 0.01 : 0, noise: ({ count }, part, draw) => noiseOf(config, count, part, draw),
    }, effort))
  const epochs = Math.ceil((chosen.steps * BATCH) / chosen.images)
  const repeats = few(chosen) ? 1 : chosen.noiseDraws
  const images = exam.train.count + (exam.validation?.count ?? 0) + exam.test.count
  const heart = chosen.byHeart ? byHeartSource(bench) : null
  // Fits take as many pieces as they need; each counts as one so that progress never goes back.
  const total = repeats * (nets.pieces(t.length, images) + (heart?.pieces(t.length, images) ?? 0)) + (few(chosen) ? 10 * penaltiesOf(chosen).length : repeats * epochs)
  let done = 0
  const effort = { between: () => bench.progress(Math.min(++done, total), total), t, neighbours: chosen.neighbours }
  const found = await fit(nets, effort)
  const asBefore = (what: string, source: Source) => remembered(bench.data, `${what} ${JSON.stringify([chosen, commonPath(config)])} ${config.data.seed}`, () => fit(source, effort))
  const baseline = await asBefore('pixels', pixelSource(bench))
  const byHeart = heart && await asBefore('by heart', heart)
  // Groups are (layers,R); the curves are of the chosen layer, the last one where all were asked for and none was named.
  const main = chosen.allLayers ? layers.indexOf(chosen.layer || config.objective.layer) : 0
  return panelsOf(bench, chosen, t, { nets: found, pixels: baseline, byHeart }, r => main * R + r, layers)
}

/** What has nothing to do with a net does not change while one trains. */
const known = new WeakMap<RunData, Map<string, Fits>>()
async function remembered(data: RunData, key: string, make: () => Promise<Fits>): Promise<Fits> {
  const own = known.get(data) ?? new Map<string, Fits>()
  known.set(data, own)
  const fits = own.get(key) ?? await make()
  own.set(key, fits)
  return fits
}

async function examOf(bench: Bench, chosen: Chosen): Promise<Exam> {
  const { config, data } = bench
  const train = await bench.images(trainCount(config, chosen), { split: 'train' })
  const validation = validationOf(chosen) ? await bench.images(validationOf(chosen), { split: 'train', start: train.labels.length }) : null
  const test = await bench.images(chosen.test, { split: 'test' })
  const sight = ({ images, labels }: DatasetBatch, part: number): Sight => ({ count: labels.length, images, noise: noiseOf(config, labels.length, part) })
  return {
    classes: data.dataset.classes.length, labelled: few(chosen) ? chosen.labels : chosen.images, draws: drawsOf(config, chosen),
    train: sight(train, 0), validation: validation && sight(validation, 1), test: sight(test, 2),
    labels: Uint32Array.from([train, validation, test].flatMap(batch => (batch ? [...batch.labels] : []))),
  }
}

const LEVEL: Axis = { label: 'noise level t', scale: 'log' }
const ACCURACY: Axis = { label: 'test accuracy', scale: 'linear', domain: [0, 1], percent: true }

interface Found {
  nets: Fits
  pixels: Fits
  /** Of the training set's best denoiser; null where it was not asked. */
  byHeart: Fits | null
}

function panelsOf(bench: Bench, chosen: Chosen, t: number[], { nets: found, pixels: baseline, byHeart }: Found, group: (r: number) => number, layers: number[]): Panel[] {
  const { config, labels, data: { dataset } } = bench
  const chance = 1 / dataset.classes.length
  const draws = found.accuracy[0][0].length
  const spreadOf = (shares: number[]) => {
    const { value, standardError } = meanOf(shares)
    return shares.length > 1 ? standardError * Math.sqrt(shares.length) : Math.sqrt((value * (1 - value)) / chosen.test)
  }
  const curve = (accuracy: number[][][], g: number, rest: Pick<Curve, 'replica' | 'kind' | 'label'>): Curve =>
    ({ ...rest, x: t, y: accuracy.map(groups => meanOf(groups[g]).value), spread: accuracy.map(groups => spreadOf(groups[g])) })
  const others: Curve[] = [{ replica: null, kind: 'baseline', label: 'chance', x: t, y: t.map(() => chance) }]
  const path = commonPath(config)
  const raw = { replica: null, kind: 'baseline', label: path ? 'raw pixels' : 'raw pixels, linear path' } as const
  const heart = { replica: null, kind: 'theory', label: path ? 'x̂₀ by heart' : 'x̂₀ by heart, linear path' } as const
  if (dataset.bayesAccuracy && path) others.push({ replica: null, kind: 'baseline', label: 'best possible (Bayes)', x: t, y: t.map(level => dataset.bayesAccuracy!(linearLevel(placeOn(path, level)), config.net.size).value) })

  const noisy = t.map((level, l) => ({ level, l })).filter(({ level }) => level > 0)
  const drops = labels.map((_, r) => dropOf(noisy.map(({ level }) => level), noisy.map(({ l }) => found.accuracy[l][group(r)]), chosen.test))
  const effort = few(chosen) ? `With ${chosen.labels.toLocaleString('en')} labels` : `After ${chosen.steps.toLocaleString('en')} probe steps`
  const main: Panel = {
    id: 'accuracy', title: 'How readable the class is', x: LEVEL, y: ACCURACY,
    curves: [...labels.map((_, replica) => curve(found.accuracy, group(replica), { replica, kind: 'measured', label: '' })), curve(baseline.accuracy, 0, raw), ...(byHeart ? [curve(byHeart.accuracy, 0, heart)] : []), ...others],
    spread: spreadInWords(chosen, draws),
    summary: noisy.length > 1 ? `${effort} ${dropsInWords(config, labels, drops, chance, chosen.test)}.` : `${effort} at t = ${t[0]}: ${labels.map((label, r) => `${label} ${(100 * meanOf(found.accuracy[0][group(r)]).value).toFixed(1)} %`).join(', ')}.`,
    notes: [...notesOf(bench, chosen, [found, baseline, ...(byHeart ? [byHeart] : [])], draws), `Drops are from the best of ${noisy.length} levels, which favours the drop a little.`],
  }
  if (chosen.allLayers) main.heat = labels.map((label, r): HeatMap => ({
    label, unit: 'test accuracy', x: { ...LEVEL, at: t }, y: { label: 'block', scale: 'linear', at: layers },
    values: layers.map((_, i) => found.accuracy.map(groups => meanOf(groups[i * labels.length + r]).value)),
  }))
  if (!found.neighbours || !baseline.neighbours) return [main]
  const voted = (shares: number[][], g: number, rest: Pick<Curve, 'replica' | 'kind' | 'label'>) => curve(shares.map(groups => groups.map(share => [share])), g, rest)
  return [main, {
    id: 'neighbours', title: 'What the nearest labelled images say', x: LEVEL, y: ACCURACY,
    curves: [...labels.map((_, replica) => voted(found.neighbours!, group(replica), { replica, kind: 'measured', label: '' })), voted(baseline.neighbours, 0, raw), ...(byHeart?.neighbours ? [voted(byHeart.neighbours, 0, heart)] : []), ...others],
    spread: `± binomial standard error over ${chosen.test.toLocaleString('en')} test images`,
    summary: `By the ${NEAR} nearest of ${trainCount(config, chosen).toLocaleString('en')} labelled images ${dropsInWords(config, labels, labels.map((_, r) => dropOf(noisy.map(({ level }) => level), noisy.map(({ l }) => [found.neighbours![l][group(r)]]), chosen.test)), chance, chosen.test)}.`,
    notes: ['Plain Euclidean distance of features as they are. Neighbours among raw pixels can beat those among features: this is no headline.'],
  }]
}

function spreadInWords({ test, labels, noiseDraws, protocol }: Chosen, draws: number): string {
  const tested = `${test.toLocaleString('en')} test images`
  if (draws === 1) return `± binomial standard error over ${tested}`
  return protocol === 'few labels' ? `± SD over ${draws} draws of ${labels.toLocaleString('en')} labels; ${tested}` : `± SD over ${noiseDraws} noise draws; ${tested}`
}

function notesOf({ config, data: { dataset } }: Bench, chosen: Chosen, all: Fits[], draws: number): string[] {
  const total = (of: (one: Fits) => number) => all.reduce((sum, one) => sum + of(one), 0)
  const fits = total(one => one.fits)
  const unfinished = total(one => one.unfinished)
  const notes = few(chosen)
    ? [
        'At very low noise the class is still in the features, but you need more labels to read it: with thousands of labels the curves meet.',
        `L2 logistic regression, mean cross-entropy + λ/2 ‖W‖², ${chosen.penalty === 'validated' ? `λ from ${PENALTIES.join(', ')} by 1,024 validation images, for each fit` : 'λ = 0.01'}, features z-scored with the ${chosen.labels.toLocaleString('en')} labelled images of each draw.`,
        'How strong λ is matters: shrinking hides what lies in directions of little variance, and a weaker λ reads more of it. Compare 0.01 with the validated choice.',
        unfinished === 0 ? `All ${fits.toLocaleString('en')} fits converged to a greatest |gradient| of ${TOLERANCE}, in at most ${Math.max(...all.map(({ steps }) => steps)).toLocaleString('en')} steps and ${Math.round(total(({ allSteps }) => allSteps) / fits).toLocaleString('en')} on average.`
          : `${unfinished.toLocaleString('en')} of ${fits.toLocaleString('en')} fits had a |gradient| above ${TOLERANCE} after ${MOST_STEPS.toLocaleString('en')} steps.`,
      ]
    : [
        'A probe that is stopped early measures how quickly the class can be read, not whether it is there: at very low noise it is still in the features. More steps close the gap.',
        `${chosen.optimiser === 'adamw' ? 'AdamW, decay 0.01' : 'Adam'}, learning rate 0.001${chosen.cosine ? ' falling by a cosine' : ''}, ${chosen.steps.toLocaleString('en')} steps of ${BATCH} of ${chosen.images.toLocaleString('en')} images, from weights 0; features ${chosen.normalise ? 'z-scored' : 'as they are'}; ${chosen.freshNoise ? 'new noise every epoch' : 'one noise draw per image'}.`,
      ]
  notes.push(`Mean over tokens after block ${chosen.layer || config.objective.layer}, EMA weights, x_t with its own t${untoldSaid(config.net)}. Labelled images are training images of the net, test images are not.`)
  if (few(chosen) && draws < chosen.draws) notes.push(`${draws} label ${draws === 1 ? 'draw' : 'draws'} and not ${chosen.draws}: more would take more than ${Math.min(config.data.count, MOST_LABELLED).toLocaleString('en')} labelled images.`)
  if (chosen.byHeart) notes.push(`By heart: x̂₀ of the best denoiser of the ${config.data.count.toLocaleString('en')} training images themselves (closed form). Near t = 0 it answers the nearest of them, the labelled ones with themselves.`)
  const assumed = dataset.bayesAccuracy?.(0.5, config.net.size)
  if (assumed && assumed.standardError > 0) notes.push(`The Bayes ceiling is sampled with ${assumed.count.toLocaleString('en')} draws, standard error about ${assumed.standardError.toPrecision(1)}.`)
  return notes
}
