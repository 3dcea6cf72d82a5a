/** Panels of the samples' quality. Those over training time take the points that earlier measurements with the same settings left. */
import type { Estimate } from '../flow/estimate.ts'
import { MANIFOLD, type Nearest } from '../flow/neighbours.ts'
import { isAdaptive } from '../flow/solvers.ts'
import { guidanceSaid } from '../model/guidance.ts'
import type { Axis, Curve, Panel, Pictures, Settings } from '../panel.ts'
import type { Bench } from './diagnostic.ts'
import { type Features, type Manifold, MOST_PAIRED, type Reference } from './quality_features.ts'
import { few, finite, overSeeds, seedsSaid } from './words.ts'

interface Chosen {
  count: number
  components: number
}

/** Images (n,ch,h,w) with the nearest training image of each. */
export interface NearestFound {
  images: Float32Array
  found: Nearest[]
}

export const stepsOf = ({ config: { train } }: Bench): Axis => ({ label: 'training step', scale: 'linear', domain: [0, train.steps] })
const thousands = (value: number) => value.toLocaleString('en')

/** What real images give is the same at every step, and so is what the training set by heart does. */
const steady = (kind: Curve['kind']) => ({ config: { train } }: Bench, label: string, value: number, error: number): Curve =>
  ({ replica: null, kind, label, x: [0, train.steps], y: [value, value], spread: [error, error] })
const real = steady('baseline')
const byHeart = steady('theory')

/** One point of now after those of the last measurement before it with these settings. */
export function overTime({ earlier, step }: Bench, settings: Settings, panel: string, curves: Omit<Curve, 'x'>[]): Curve[] {
  const same = (other: Settings) => Object.keys(settings).every(key => other[key] === settings[key])
  const before = earlier.findLast(one => one.step !== null && one.step < step && same(one.settings))?.panels.find(({ id }) => id === panel)
  return curves.map(curve => {
    const past = before?.curves.find(({ replica, label }) => replica === curve.replica && label === curve.label)
    return { ...curve, x: [...(past?.x ?? []), step], y: [...(past?.y ?? []), ...curve.y], ...(curve.spread && { spread: [...(past?.spread ?? past?.y.map(() => null) ?? []), ...curve.spread] }) }
  })
}

const settingsOf = ({ count, components }: Chosen, { id }: Features): Settings => (id === 'pixels' ? { count, components } : { count })

export function distancePanel(bench: Bench, chosen: Chosen, { features, floor }: Reference, distances: readonly (Estimate | null)[], heart: Estimate | null, notes: readonly string[]): Panel {
  const { labels, groups, step, config: { evaluate: { solver, solverSteps } } } = bench
  const count = thousands(chosen.count)
  const id = `distance-${features.id}`
  const of = (r: number) => distances[r]?.value ?? null
  const measured = labels.map((_, replica) => ({ replica, kind: 'measured' as const, label: '', y: [finite(of(replica))], spread: [finite(distances[replica]?.standardError ?? null)] }))
  return {
    id, title: `How far samples are from real images: ${features.name}`, x: stepsOf(bench), y: { label: features.name, scale: 'log' },
    curves: [...overTime(bench, settingsOf(chosen, features), id, measured), ...(heart ? [byHeart(bench, 'by heart', heart.value, heart.standardError)] : []), real(bench, 'real against real', floor.value, floor.standardError)],
    spread: `± jackknife standard error over ${count} samples and as many held-out images`,
    summary: `At step ${thousands(step)}, in ${features.title}: ${groups.map(group => `${group.label} ${overSeeds(group, of)}`).join(', ')}${seedsSaid(groups)}; two real sets of this size lie ${few(floor.value)} apart.`,
    notes: [
      features.note,
      `‖μ1 − μ2‖² + tr(Σ1 + Σ2 − 2 (Σ1^½ Σ2 Σ1^½)^½) of ${features.width} features, not FID, which is in Inception’s. It shrinks as numbers grow: compare only at ${count} images on each side, and with the dotted line, ${count} training images against the same held-out ones.`,
      `EMA weights, ${[solver, ...(isAdaptive(solver) ? [] : [`${solverSteps} steps`]), ...guidanceSaid(bench.config)].join(', ')}, the same noise for every replica and at every step.`,
      ...notes,
    ],
  }
}

type Shares = Pick<Manifold, 'precision' | 'recall'>

export function coveragePanel(bench: Bench, chosen: Chosen, features: Features, { precision, recall }: Manifold, found: readonly (Shares | null)[], heart: Shares | null): Panel {
  const { labels, groups } = bench
  const n = Math.min(chosen.count, MOST_PAIRED)
  const binomial = (share: number) => Math.sqrt((share * (1 - share)) / n)
  const id = 'coverage'
  const measured = (of: 'precision' | 'recall') => labels.map((_, replica) => {
    const share = found[replica]?.[of] ?? null
    return { replica, kind: 'measured' as const, label: of as string, y: [share], spread: [share === null ? null : binomial(share)] }
  })
  return {
    id, title: 'Precision and recall', x: stepsOf(bench), y: { label: 'share', scale: 'linear', domain: [0, 1], percent: true },
    curves: [
      ...overTime(bench, settingsOf(chosen, features), id, [...measured('precision'), ...measured('recall')]),
      ...(heart ? [byHeart(bench, 'by heart, precision', heart.precision, binomial(heart.precision)), byHeart(bench, 'by heart, recall', heart.recall, binomial(heart.recall))] : []),
      real(bench, 'real, precision', precision, binomial(precision)), real(bench, 'real, recall', recall, binomial(recall)),
    ],
    spread: `± binomial standard error over ${thousands(n)} images`,
    summary: `${groups.map(group => `${group.label}: precision ${overSeeds(group, r => found[r]?.precision ?? null)}, recall ${overSeeds(group, r => found[r]?.recall ?? null)}`).join('; ')}${seedsSaid(groups)}; training images ${few(precision)} and ${few(recall)}.`,
    notes: [
      `Precision: samples that lie nearer to some held-out image than its ${MANIFOLD}rd nearest neighbour does. Recall: held-out images that do so to some sample. In ${features.title}.`,
      'Neither reaches 100 %: the dotted lines are what as many training images reach.',
    ],
  }
}

/** Numbers that the search for the nearest training image looks at, for all samples of a replica. */
export const NEAREST_WORK = 1e9
/** Points of a distribution that are drawn. */
const QUANTILES = 41
const SHOWN = 3

/** How many of `count` images are searched for among training images of so many numbers. */
export const searchedOf = (count: number, numbers: number) => Math.max(16, Math.min(256, count, Math.floor(NEAREST_WORK / numbers)))

export const SHARES = Array.from({ length: QUANTILES }, (_, q) => q / (QUANTILES - 1))
export const distancesOf = (found: readonly Nearest[]) => found.map(({ distance }) => distance).sort((a, b) => a - b)
/** The value below which a share of sorted ones lies. */
export const quantileOf = (values: readonly number[], share: number) => values[Math.round(share * (values.length - 1))]

export function nearestPanel({ labels, groups, config: { net, data } }: Bench, train: Float32Array, found: readonly (NearestFound | null)[], heart: NearestFound | null, held: NearestFound): Panel {
  const curve = (one: NearestFound | null, rest: Pick<Curve, 'replica' | 'kind' | 'label'>): Curve => {
    const values = one ? distancesOf(one.found) : []
    return { ...rest, x: SHARES, y: SHARES.map(share => (values.length > 0 ? finite(quantileOf(values, share)) : null)) }
  }
  const n = held.found.length
  const unseen = distancesOf(held.found)
  const median = (r: number) => (found[r] ? quantileOf(distancesOf(found[r].found), 0.5) : null)
  const near = quantileOf(unseen, 0.01)
  const copied = groups.flatMap(({ label, replicas }) => {
    const own = replicas.flatMap(r => found[r]?.found ?? [])
    return own.length > 0 ? [`${label} ${((100 * own.filter(({ distance }) => distance < near).length) / own.length).toFixed(1)} %`] : []
  })
  const pictures = groups.flatMap(({ label, replicas: [r] }): Pictures[] => {
    const own = found[r]
    return own ? [pairsOf(label, own, train, net)] : []
  })
  if (heart) pictures.push(pairsOf('By heart', heart, train, net))
  return {
    id: 'nearest', title: 'How near the nearest training image is', x: { label: 'share of images, nearest first', scale: 'linear', domain: [0, 1], percent: true }, y: { label: 'root mean square distance of a pixel', scale: 'linear' },
    curves: [...labels.map((_, replica) => curve(found[replica], { replica, kind: 'measured', label: '' })), ...(heart ? [curve(heart, { replica: null, kind: 'theory', label: 'by heart' })] : []), curve(held, { replica: null, kind: 'baseline', label: 'held-out images' })],
    spread: `${thousands(n)} images of each, ${thousands(data.count)} training images`,
    summary: `Half of the samples lie within ${groups.map(group => `${overSeeds(group, median)} (${group.label})`).join(', ')} of a training image${seedsSaid(groups)}; half of the held-out images within ${few(quantileOf(unseen, 0.5))}.`,
    notes: [
      `A net that has learned images by heart lies below the dotted line. Nearer to a training image than 99 % of held-out images are: ${copied.join(', ')} of samples.`,
    ],
    pictures,
  }
}

/** The samples that come nearest to a training image, each before that image. */
function pairsOf(label: string, { images, found }: NearestFound, train: Float32Array, { channels, size }: { channels: number; size: number }): Pictures {
  const d = channels * size * size
  const nearest = found.map((one, i) => ({ ...one, i })).sort((a, b) => a.distance - b.distance).slice(0, SHOWN)
  const pixels = new Float32Array(2 * nearest.length * d)
  nearest.forEach(({ i, row }, place) => {
    pixels.set(images.subarray(i * d, (i + 1) * d), 2 * place * d)
    pixels.set(train.subarray(row * d, (row + 1) * d), (2 * place + 1) * d)
  })
  return { label: `${label}: samples nearest to a training image`, channels, size, pixels, captions: nearest.flatMap(({ i, row, distance }) => [`sample ${i + 1}`, `training image ${row + 1}, ${few(distance)} away`]) }
}
