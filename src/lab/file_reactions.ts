/**
 * How a network that only answers forward reacts to its input: the gain of the answer over two noises of one image, and the Jacobian of the
 * features along directions, by central differences. The same images, noises and definitions as the diagnostics condition and jacobian.
 */
import { type Config, ConfigError } from '../config.ts'
import type { Dataset, DatasetBatch, ProceduralDataset } from '../datasets/dataset.ts'
import { gainOf } from '../diagnostics/condition.diagnostic.ts'
import { logLevels, normalNoise } from '../diagnostics/look.ts'
import { ratioOf, root } from '../diagnostics/masses.ts'
import { dimensionsOf, fromClassMeans, fromClassSwap, type Semantic, STATISTICS } from '../diagnostics/semantic.ts'
import { few, finite } from '../diagnostics/words.ts'
import { untoldLabel } from '../model/parameters.ts'
import { PhiloxStream, STREAM_EVALUATION } from '../engine/philox.ts'
import { conditionNumberAt } from '../flow/condition.ts'
import { type Estimate, meanOf } from '../flow/estimate.ts'
import { makePath } from '../flow/paths.ts'
import type { FilePanel } from '../file_protocol.ts'
import type { Ask } from '../onnx/ask.ts'
import type { Axis, Curve } from '../panel.ts'

/** Noise levels and images of the two diagnostics as they stand; fewer images where every one costs ten forward passes. */
const GAIN_LEVELS = 16
const PAIRS = 64
const LEVELS = 8
const IMAGES = 32
/** Random directions beside the class's, per image. */
const PROBES = 4
/** ‖Δx‖ to either side, pixels from −1 to 1: float32's rounding and the curvature both stay below a thousandth of ‖Jv‖ on nets of this size. */
export const STEP = 0.02

const LEVEL: Axis = { label: 'noise level t', scale: 'log' }

export interface Reacting {
  ask: Ask
  name: string
  config: Config
  /** Training and held-out images in the lab's range. */
  images: (count: number, split: 'train' | 'test') => Promise<DatasetBatch>
  dataset: Dataset
  /** From the lab's range to the network's own. */
  toRange: (images: Float32Array) => Float32Array
  /** Pixels of the network's range for one of the lab's: ½ from 0 to 1. */
  scale: number
  /** What counts as features, in words; null for none. */
  features: string | null
  batch: number
  tell: (label: string, done: number, total: number) => Promise<void>
}

/** x_t = (1 − t) x0 + t ε in float32, as the engine has it */
function noised(images: Float32Array, noise: Float32Array, t: number): Float32Array {
  return images.map((value, i) => (1 - t) * value + t * noise[i])
}

/** All rows of x (n,d) asked about in batches, each with the label that tells nothing. */
async function answers(ask: Ask, { net }: Config, x: Float32Array, d: number, t: number, batch: number, pick: (answer: Awaited<ReturnType<Ask>>) => Float32Array): Promise<Float32Array> {
  const n = x.length / d
  const parts: Float32Array[] = []
  for (let first = 0; first < n; first += batch) {
    const count = Math.min(batch, n - first)
    parts.push(pick(await ask(x.slice(first * d, (first + count) * d), t, new Uint16Array(count).fill(untoldLabel(net)))))
  }
  const all = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}

/** √E‖Δv‖² / √E‖Δx‖² over two noises of one image, by level. */
export async function gainPanel({ ask, name, config, images: draw, toRange, batch, tell }: Reacting): Promise<FilePanel> {
  const d = dimensionsOf(config)
  const pairs = Math.min(PAIRS, config.data.heldOut)
  const { images } = await draw(pairs, 'test')
  const twice = new Float32Array(2 * pairs * d)
  twice.set(toRange(images))
  twice.set(twice.subarray(0, pairs * d), pairs * d)
  const noise = normalNoise(2 * pairs * d, config.data.seed, STREAM_EVALUATION, 1)
  const t = logLevels(GAIN_LEVELS)
  const gains: Estimate[] = []
  for (const level of t) {
    const x = noised(twice, noise, level)
    gains.push(gainOf(await answers(ask, config, x, d, level, batch, ({ velocity }) => velocity), x, pairs))
    await tell('gain', gains.length, t.length)
  }
  const demanded: Curve = { replica: null, kind: 'theory', label: 'demanded', x: t, y: t.map(level => finite(conditionNumberAt(makePath('linear'), level))) }
  const y = gains.map(({ value }) => finite(value))
  return {
    diagnostic: 'condition', id: 'condition', title: 'How much the answer moves when the input does', x: LEVEL, y: { label: 'change of output / change of input', scale: 'log' },
    curves: [{ replica: null, kind: 'file', label: name, x: t, y, spread: gains.map(({ standardError }) => finite(standardError)) }, demanded],
    spread: `± standard error over ${pairs} pairs; theory is exact`,
    summary: `At t = ${t[0]}, for each unit of input, the target moves by ${few(demanded.y[0])}, ${name} by ${few(y[0])}.`,
    notes: ['Forward passes alone, two noises of each image: no derivative is needed.'],
  }
}

/** Sums of squares of each image: along the class directions, and along a Gaussian direction without them, mean over probes. */
interface Reactions {
  inside: Float64Array
  outside: Float64Array
}

/** Null where the images have no classes to change. */
async function directionsOf({ config, dataset, images: draw }: Reacting, shown: DatasetBatch): Promise<Semantic | null> {
  const d = dimensionsOf(config)
  if (dataset.classes.length < 2 || dataset.classes.length > d) return null
  if (dataset.swapClass) return fromClassSwap(dataset as ProceduralDataset, shown, config.net.size, d)
  return fromClassMeans(dataset, await draw(Math.min(STATISTICS, config.data.count), 'train'), d)
}

/** The Jacobian of the features by central differences along the class directions and random ones beside them. Empty where there are no classes. */
export async function jacobianPanels(reacting: Reacting): Promise<FilePanel[]> {
  const { ask, name, config, images: draw, toRange, scale, batch, tell, features } = reacting
  const d = dimensionsOf(config)
  const n = Math.min(IMAGES, config.data.heldOut)
  const shown = await draw(n, 'test')
  const semantic = await directionsOf(reacting, shown)
  if (!semantic) return []
  const r = semantic.rank
  const images = toRange(shown.images)
  const noise = normalNoise(n * d, config.data.seed, STREAM_EVALUATION, 2)
  const random = new PhiloxStream(config.data.seed, STREAM_EVALUATION, 4)
  const pick = (answer: Awaited<ReturnType<Ask>>) => {
    if (!answer.features) throw new ConfigError('the file was not asked for features')
    return answer.features
  }
  const t = logLevels(LEVELS)
  const total = t.length * (r + PROBES) + 1
  let done = 0
  /** ‖J v‖² of each image for v (n,d) of any length, by differences over ±h v/‖v‖. */
  const along = async (x: Float32Array, level: number, v: Float32Array, h: number) => {
    const lengths = Float64Array.from({ length: n }, (_, i) => Math.sqrt(v.subarray(i * d, (i + 1) * d).reduce((sum, value) => sum + value * value, 0)) || 1)
    const beside = (sign: number) => answers(ask, config, x.map((value, i) => value + (sign * h * v[i]) / lengths[Math.floor(i / d)]), d, level, batch, pick)
    const [up, down] = [await beside(1), await beside(-1)]
    const width = up.length / n
    return Float64Array.from({ length: n }, (_, i) => {
      let sum = 0
      for (let c = i * width; c < (i + 1) * width; c++) sum += ((up[c] - down[c]) / (2 * h)) ** 2
      return sum * lengths[i] ** 2
    })
  }
  const classDirection = (k: number) => {
    const v = new Float32Array(n * d)
    for (let i = 0; i < n; i++) v.set(semantic.basis(i).subarray(k * d, (k + 1) * d), i * d)
    return v
  }
  /** A Gaussian vector for each image, the class directions taken out. */
  const otherDirection = () => {
    const v = new Float32Array(n * d)
    random.fillNormal(v)
    for (let i = 0; i < n; i++) {
      const basis = semantic.basis(i)
      const row = v.subarray(i * d, (i + 1) * d)
      for (let k = 0; k < r; k++) {
        let dot = 0
        for (let p = 0; p < d; p++) dot += row[p] * basis[k * d + p]
        for (let p = 0; p < d; p++) row[p] -= dot * basis[k * d + p]
      }
    }
    return v
  }
  const h = STEP * scale
  const found: Reactions[] = []
  for (const level of t) {
    const x = noised(images, noise, level)
    const reactions: Reactions = { inside: new Float64Array(n), outside: new Float64Array(n) }
    for (let k = 0; k < r; k++) {
      for (const [i, square] of (await along(x, level, classDirection(k), h)).entries()) reactions.inside[i] += square
      await tell('Jacobian', ++done, total)
    }
    for (let p = 0; p < PROBES; p++) {
      for (const [i, square] of (await along(x, level, otherDirection(), h)).entries()) reactions.outside[i] += square / PROBES
      await tell('Jacobian', ++done, total)
    }
    found.push(reactions)
  }
  const halved = await halfStep(() => along(noised(images, noise, t[0]), t[0], classDirection(0), h), () => along(noised(images, noise, t[0]), t[0], classDirection(0), h / 2))
  await tell('Jacobian', total, total)

  const curve = (label: string, of: (reactions: Reactions) => Estimate): Curve => {
    const estimates = found.map(of)
    return { replica: null, kind: 'file', label: [label, name].filter(Boolean).join(', '), x: t, y: estimates.map(({ value }) => finite(value)), spread: estimates.map(({ standardError }) => finite(standardError)) }
  }
  const whole = ({ inside, outside }: Reactions) => inside.map((value, i) => value + outside[i])
  const gains = [curve('class', ({ inside }) => meanOf(inside.map(value => value / r))), curve('other', ({ outside }) => meanOf(outside.map(value => value / (d - r))))]
  const ratio = curve('', ({ inside, outside }) => ratioOf(outside, inside, r / (d - r)))
  const norm = curve('', reactions => root(meanOf(whole(reactions))))
  const share = curve('', reactions => ratioOf(reactions.inside, whole(reactions), 1))
  const spread = `± standard error over ${n} images, ${PROBES} probes each`
  const how = `Forward-only: central differences over ±${h} along unit directions, not the exact Jacobian; half that step changes the class gain at t = ${t[0]} by ${few(100 * halved)} %. Features: ${features}.`
  const common = { diagnostic: 'jacobian', x: LEVEL, spread } as const
  return [
    {
      ...common, id: 'gains', title: 'How strongly features react to a change of class, and to anything else', y: { label: 'squared gain per direction', scale: 'log' }, curves: gains,
      summary: `At t = ${t[0]} features of ${name} answer a change of class with a squared gain of ${few(gains[0].y[0])}, any other with ${few(gains[1].y[0])}.`, notes: [semantic.note, how],
    },
    { ...common, id: 'ratio', title: 'Reaction to other changes against reaction to the class', y: { label: 'gain of others / gain of class', scale: 'log' }, curves: [ratio], summary: `At t = ${t[0]}: ${few(ratio.y[0])}.`, notes: [how] },
    { ...common, id: 'norm', title: 'Whole sensitivity', y: { label: '‖J‖_F', scale: 'log' }, curves: [norm], summary: `‖J‖ at t = ${t[0]}: ${few(norm.y[0])}.`, notes: [how] },
    { ...common, id: 'share', title: 'Share of the sensitivity that goes to the class', y: { label: 'r·G_sem / ‖J‖_F²', scale: 'linear', percent: true }, curves: [share], summary: `Of ${d} dimensions ${r} carr${r > 1 ? 'y' : 'ies'} the class; at t = ${t[0]} ${few(100 * (share.y[0] ?? NaN))} % goes to ${r > 1 ? 'them' : 'it'}.`, notes: [how] },
  ]
}

/** By what share the sum of squares changes when the step is halved. */
async function halfStep(full: () => Promise<Float64Array>, half: () => Promise<Float64Array>): Promise<number> {
  const sum = (values: Float64Array) => values.reduce((total, value) => total + value, 0)
  const [a, b] = [sum(await full()), sum(await half())]
  return Math.abs(b - a) / (a || 1)
}
