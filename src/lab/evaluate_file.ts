/** A network from a file, evaluated as a run is: the same held-out images, noise and levels, so that its curve lies on the run's where it is the run's. */
import { type Config, ConfigError } from '../config.ts'
import { datasetOf } from '../datasets/index.ts'
import { NEAR } from '../diagnostics/fit.ts'
import quality from '../diagnostics/quality.diagnostic.ts'
import type { Features } from '../diagnostics/quality_features.ts'
import { DEFAULT_LEVELS, levelsOf, noiseOf } from '../diagnostics/sweep.ts'
import { PhiloxStream, STREAM_EVALUATION, STREAM_SAMPLE } from '../engine/philox.ts'
import { meanOf } from '../flow/estimate.ts'
import { noiseLevels } from '../model/evaluation.ts'
import { untoldSaid } from '../diagnostics/words.ts'
import { isLinear, LINEAR, pathsOf } from '../flow/place.ts'
import { guidanceSaid, isCorrectable, meanTargets, mixOf } from '../model/guidance.ts'
import { untoldLabel } from '../model/parameters.ts'
import { type Ask, fromRange, peakOf, toRange } from '../onnx/ask.ts'
import { errorsByLevel, featuresAt, psnrOf, type Shown, solve, type Steering } from '../onnx/evaluate.ts'
import { type Exam, neighboursRight, probeRight } from '../onnx/few_labels.ts'
import type { FileEvaluation, FilePanel, ModelReading } from '../file_protocol.ts'
import type { Axis, Curve } from '../panel.ts'
import type { LossByT } from '../protocol.ts'
import { checkConfig, drawImages } from './data.ts'
import { componentsOf, qualityPanels } from './file_quality.ts'
import { gainPanel, jacobianPanels, type Reacting } from './file_reactions.ts'
import { summariseLevels } from './levels.ts'

export interface FileTask {
  name: string
  reading: ModelReading
  config: Config
  /** Labelled images, and as many held-out ones, for what features say; 0 leaves that out. */
  labelled: number
  /** The level below which its method trains no velocity. */
  untrainedBelow: number
  /** Images the network takes at once. */
  batch: number
  /** How many samples are compared with as many held-out images, and in which features besides the pixels; absent where that is left out. */
  compare?: { count: number; features: Features[] }
}

/** Hears how far it is and lets others through; throws to stop. */
export type Telling = (label: string, done: number, total: number) => Promise<void>

/** Images of one probe that have a label, as the probe diagnostic takes by default. */
const LABELS = 128
const PENALTY = 0.01

/** What can be asked of a file. Probe and Jacobian are about features, and left out where there are none; quality where nothing is to be compared. */
export const FILE_QUESTIONS = ['loss', 'gain', 'samples', 'probe', 'jacobian', 'quality'] as const
export type FileQuestion = (typeof FILE_QUESTIONS)[number]

/** @throws ConfigError with one sentence when settings do not fit, or the network's answers do not */
export async function evaluateFile(ask: Ask, task: FileTask, tell: Telling): Promise<Omit<FileEvaluation, 'ran' | 'duration'>> {
  const { loss, samples, panels } = await askFile(ask, task, FILE_QUESTIONS, tell)
  return { name: task.name, loss: loss!, samples: samples!, panels }
}

export interface FileAnswers extends Partial<Pick<FileEvaluation, 'loss' | 'samples'>> {
  panels: FilePanel[]
}

/** Some of the questions. @throws ConfigError with one sentence when settings do not fit, or the network's answers do not */
export async function askFile(ask: Ask, task: FileTask, questions: readonly FileQuestion[], tell: Telling): Promise<FileAnswers> {
  const { config, reading, labelled } = task
  checkConfig(config)
  if (task.compare && questions.includes('quality')) checkCompared(config, task.compare.count)
  const asked = (question: FileQuestion) => questions.includes(question)
  const features = labelled > 0 && reading.features !== null
  const answers: FileAnswers = { panels: [] }
  if (asked('loss')) {
    const { loss, psnr } = await byLevel(ask, task, tell)
    answers.loss = loss
    answers.panels.push(psnr)
  }
  if (asked('gain')) answers.panels.push(await gainPanel(reactingOf(ask, task, tell)))
  if (asked('samples')) answers.samples = await draw(ask, task, tell)
  if (asked('probe') && features) answers.panels.push(...await readFeatures(ask, task, tell))
  if (asked('jacobian') && features) answers.panels.push(...await jacobianPanels(reactingOf(ask, task, tell)))
  if (asked('quality') && task.compare) answers.panels.push(...await compareSamples(ask, task, task.compare, tell))
  return answers
}

/** @throws ConfigError when there are not so many real images, as the diagnostic says */
function checkCompared(config: Config, count: number): void {
  const refusal = quality.refuse!(config, datasetOf(config.data.dataset)!, { count, components: 2 })
  if (refusal) throw new ConfigError(`${quality.title}: ${refusal}`)
}

async function compareSamples(ask: Ask, task: FileTask, { count, features }: NonNullable<FileTask['compare']>, tell: Telling): Promise<FilePanel[]> {
  const { name, config } = task
  const samples = (await draw(ask, task, tell, count)).images
  const [held, train] = [await imagesOf(config, count, 'test'), await imagesOf(config, config.data.count, 'train')]
  return qualityPanels({ name, config, samples, held, train, features: [...features, await componentsOf(train, tell)] }, tell)
}

function reactingOf(ask: Ask, { name, reading, config, batch }: FileTask, tell: Telling): Reacting {
  return {
    ask, name, config, batch, tell, features: reading.features, dataset: datasetOf(config.data.dataset)!, images: (count, split) => imagesOf(config, count, split),
    toRange: images => toRange(images, reading.range), scale: peakOf(reading.range) / 2,
  }
}

async function imagesOf(config: Config, count: number, split: 'train' | 'test') {
  const dataset = datasetOf(config.data.dataset)!
  await dataset.load?.()
  return drawImages(dataset, count, { seed: config.data.seed, split, size: config.net.size }, async () => {})
}

async function byLevel(ask: Ask, { name, reading, config, batch }: FileTask, tell: Telling): Promise<{ loss: LossByT; psnr: FilePanel }> {
  const { net, data, evaluate: { perLevel, levels: count } } = config
  const { images, labels } = await imagesOf(config, perLevel, 'test')
  const noise = new Float32Array(images.length)
  new PhiloxStream(data.seed, STREAM_EVALUATION).fillNormal(noise)
  const levels = noiseLevels(count)
  const total = count * Math.ceil(perLevel / batch)
  let done = 0
  const errors = await errorsByLevel(ask, { images: toRange(images, reading.range), noise, labels }, levels, { batch, between: () => tell('loss by noise level', ++done, total) })
  if (errors.every(level => level.every(error => !Number.isFinite(error)))) throw new ConfigError('the answers are not finite numbers at any noise level')
  const summary = summariseLevels(0, levels, errors.map(level => [level]), datasetOf(data.dataset)!, net, [LINEAR])
  const signed = reading.range === 'signed' // the floor is known for pixels from −1 to 1
  const loss = signed ? summary : { ...summary, floor: null, floorNote: '' }
  const t = Array.from(levels)
  const decibels = errors.map((level, l) => meanOf(level.map(error => psnrOf(error, t[l], peakOf(reading.range)))))
  const finite = (value: number) => (Number.isFinite(value) ? value : null)
  const near = t.reduce((best, level, l) => (Math.abs(Math.log(level / 0.3)) < Math.abs(Math.log(t[best] / 0.3)) ? l : best), 0)
  const psnr: FilePanel = {
    diagnostic: null, id: 'psnr', title: 'How near one step comes to the image', x: { label: 'noise level t', scale: 'log', domain: [0.001, 1] }, y: { label: 'PSNR, dB', scale: 'linear' },
    curves: [{ replica: null, kind: 'file', label: name, x: t, y: decibels.map(({ value }) => finite(value)), spread: decibels.map(({ standardError }) => finite(standardError)) }],
    spread: `± standard error over ${perLevel} held-out images`, summary: `x̂0 = x_t − t v lies ${decibels[near].value.toFixed(1)} dB from the image at t = ${t[near].toFixed(2)}.`,
    notes: [`Mean of each image’s own PSNR, pixels from ${signed ? '−1' : '0'} to 1.`],
  }
  return { loss, psnr }
}

/** From the noise that a run’s samples come from, by the same solver. */
async function draw(ask: Ask, { reading, config, untrainedBelow, batch }: FileTask, tell: Telling, count = config.evaluate.samples): Promise<FileEvaluation['samples']> {
  const { net: { channels, size, classes }, data, evaluate } = config
  const { solverSteps } = evaluate
  const each = channels * size * size
  const noise = new Float32Array(count * each)
  new PhiloxStream(data.seed, STREAM_SAMPLE).fillNormal(noise)
  const images = new Float32Array(noise.length)
  const total = solverSteps * Math.ceil(count / batch)
  const steer = await steeringOf(config, reading.range)
  let done = 0
  for (let first = 0; first < count; first += batch) {
    const labels = Array.from({ length: Math.min(batch, count - first) }, (_, i) => (first + i) % Math.max(1, classes || datasetOf(data.dataset)!.classes.length))
    const part = <T extends Float32Array>(values: T) => values.slice(first * each, (first + labels.length) * each)
    const fresh = (draw: number) => {
      const all = new Float32Array(noise.length)
      new PhiloxStream(data.seed, STREAM_SAMPLE, draw).fillNormal(all)
      return part(all)
    }
    images.set(await solve(ask, { noise: part(noise), labels, untrainedBelow, fresh, steering: steer?.(labels) }, evaluate, () => tell('samples', Math.min(total, ++done), total)), first * each)
  }
  return { channels, size, count, images: fromRange(images, reading.range) }
}

/** Guidance and correction, where the config asks for them and the network allows it; its weights are the config's first replica. */
async function steeringOf(config: Config, range: FileTask['reading']['range']): Promise<((labels: readonly number[]) => Steering) | null> {
  if (guidanceSaid(config).length === 0) return null
  if (config.evaluate.correction && isCorrectable(config) && !isLinear(pathsOf(config)[0])) throw new ConfigError('evaluate.correction: a file is asked along the linear path, where what ΔFM pushed away along another cannot be put back; turn the correction off')
  const train = config.evaluate.correction ? await imagesOf(config, config.data.count, 'train') : null
  const data = train && { train: toRange(train.images, range), trainLabels: train.labels }
  return labels => ({ mixAt: t => mixOf(config, 0, t), none: config.net.classes, mean: data && meanTargets(config, 0, data, labels) })
}

const LEVEL: Axis = { label: 'noise level t', scale: 'log' }
const ACCURACY: Axis = { label: 'test accuracy', scale: 'linear', domain: [0, 1], percent: true }

/** The probe diagnostic's questions on the same images, with the same noise: training images have labels, held-out ones are asked about. */
async function readFeatures(ask: Ask, { name, reading, config, batch, labelled }: FileTask, tell: Telling): Promise<FilePanel[]> {
  const { classes } = datasetOf(config.data.dataset)!
  if (classes.length < 2) return []
  const train = await imagesOf(config, Math.min(labelled, config.data.count), 'train')
  const test = await imagesOf(config, Math.min(labelled, config.data.heldOut), 'test')
  const [bank, asked] = [train.labels.length, test.labels.length]
  const shown = ({ images, labels }: typeof train, part: number): Shown => ({ images: toRange(images, reading.range), noise: noiseOf(config, labels.length, part), labels: new Uint16Array(labels.length).fill(untoldLabel(config.net)) })
  const t = levelsOf(DEFAULT_LEVELS)!
  const [seen, questions] = [shown(train, 0), shown(test, 2)]
  const labels = [...train.labels, ...test.labels]
  const each = Math.min(LABELS, bank)
  const draws = Math.max(1, Math.floor(bank / each))
  const total = t.length * (Math.ceil(bank / batch) + Math.ceil(asked / batch) + draws + 1)
  let done = 0
  const between = () => tell('features', ++done, total)
  const probes: number[][] = []
  const votes: number[] = []
  let unfinished = 0
  for (const level of t) {
    const parts = [await featuresAt(ask, seen, level, { batch, between }), await featuresAt(ask, questions, level, { batch, between })]
    const width = parts[0].length / bank
    const features = new Float32Array(parts[0].length + parts[1].length)
    features.set(parts[0])
    features.set(parts[1], parts[0].length)
    if (!features.every(Number.isFinite)) throw new ConfigError(`the features are not all finite at t = ${level}`)
    const exam: Exam = { features, labels, width, classes: classes.length, bank }
    votes.push(neighboursRight(exam, Math.min(NEAR, bank)))
    await between()
    const shares: number[] = []
    for (let draw = 0; draw < draws; draw++) {
      const { share, finished } = probeRight(exam, draw * each, each, PENALTY)
      shares.push(share)
      if (!finished) unfinished++
      await between()
    }
    probes.push(shares)
  }
  const binomial = (share: number) => Math.sqrt((share * (1 - share)) / asked)
  const own = (y: number[], spread: number[]): Curve => ({ replica: null, kind: 'file', label: name, x: t, y, spread })
  const chance: Curve = { replica: null, kind: 'baseline', label: 'chance', x: t, y: t.map(() => 1 / classes.length) }
  const said = (shares: number[]) => `${(100 * shares[0]).toFixed(1)} % at t = ${t[0]}, ${(100 * Math.max(...shares)).toFixed(1)} % at best, at t = ${t[shares.indexOf(Math.max(...shares))]}.`
  const means = probes.map(shares => meanOf(shares).value)
  const note = `Features: ${reading.features}${untoldSaid(config.net)}. The first ${bank} training images have labels.`
  return [
    {
      diagnostic: 'probe', id: 'accuracy', title: 'How readable the class is', x: LEVEL, y: ACCURACY,
      curves: [own(means, probes.map((shares, l) => (draws > 1 ? meanOf(shares).standardError * Math.sqrt(draws) : binomial(means[l])))), chance],
      spread: draws > 1 ? `± SD over ${draws} draws of ${each} labels; ${asked} test images` : `± binomial standard error over ${asked} test images`,
      summary: `With ${each} labels a linear probe is right in ${said(means)}`,
      notes: [note, `As the probe diagnostic with ${each} labels, ${draws} ${draws === 1 ? 'draw' : 'draws'} and ${asked} test images: λ = ${PENALTY}, features z-scored.${unfinished > 0 ? ` ${unfinished} fits did not converge.` : ''}`],
    },
    {
      diagnostic: 'probe', id: 'neighbours', title: 'What the nearest labelled images say', x: LEVEL, y: ACCURACY, curves: [own(votes, votes.map(binomial)), chance],
      spread: `± binomial standard error over ${asked} test images`, summary: `By the ${Math.min(NEAR, bank)} nearest of ${bank} labelled images ${said(votes)}`, notes: [note],
    },
  ]
}
