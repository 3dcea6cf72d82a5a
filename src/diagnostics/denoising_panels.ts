/** Panels of the denoising view: error by noise level with pictures of the answers, and slope of the field. */
import { type Estimate, meanOf } from '../flow/estimate.ts'
import { untrainedBelow } from '../model/sampler.ts'
import type { Axis, Curve, Panel, Pictures } from '../protocol.ts'
import type { Bench } from './diagnostic.ts'
import { level } from './drop.ts'
import { dimensionsOf } from './semantic.ts'
import type { Slope } from './slopes.ts'
import { few, finite, overSeeds, seedsSaid } from './words.ts'

/** Squared errors (mean over pixels) [level][image], and x̂0 of the first images [level] (images,ch,h,w). */
interface Answers {
  errors: Float64Array[]
  shown: Float32Array[]
}

export interface Findings {
  t: number[]
  images: number
  draws: number
  turns: number
  /** (images,ch,h,w) */
  noise: Float32Array
  nets: Answers[]
  /** [replica][level][image] */
  slopes: Slope[][][]
  /** The training set's closed form; null for a slope that would take too long. */
  heart: Answers & { slopes: (Slope | null)[][] }
  /** The best velocity of the data, where it is known. */
  best: { slopes: Slope[][] } | null
}

/** Of pixels on [−1,1], squared. */
const PEAK = 4
/** Levels whose pictures are shown: the nearest to these. */
const SHOWN_AT = [0.1, 0.3, 0.5, 0.7, 0.9]
const LEVEL: Axis = { label: 'noise level t', scale: 'log' }

/** Decibels of a mean squared error, its doubt by the delta method. */
export function psnrOf({ value, standardError, count }: Estimate): Estimate {
  return { value: 10 * Math.log10(PEAK / value), standardError: (10 / Math.LN10) * (standardError / value), count }
}

const curveOf = (t: number[], estimates: (Estimate | null)[], rest: Pick<Curve, 'replica' | 'kind' | 'label'>): Curve =>
  ({ ...rest, x: t, y: estimates.map(one => finite(one && one.value)), spread: estimates.map(one => finite(one && one.standardError)) })

export function denoisingPanels(bench: Bench, findings: Findings): Panel[] {
  return [errorPanel(bench, findings), slopePanel(bench, findings)]
}

function errorPanel(bench: Bench, { t, images: n, draws, noise, nets, heart }: Findings): Panel {
  const { labels, groups, config, data } = bench
  const { dataset } = data
  const d = dimensionsOf(config)
  const [told, size] = [config.net.classes > 0, config.net.size]
  const estimates = nets.map(({ errors }) => errors.map(errors => psnrOf(meanOf(errors))))
  const untouched = t.map(at => psnrOf(meanOf(Float64Array.from({ length: n }, (_, i) => {
    let sum = 0
    for (let k = i * d; k < (i + 1) * d; k++) sum += (at * (noise[k] - data.heldOut[k])) ** 2
    return sum / d
  }))))
  // The loss of the velocity is the denoiser's error over t².
  const least = dataset.floor && t.map(at => {
    const { value, standardError, count } = dataset.floorEstimate?.(at, size, told) ?? { value: dataset.floor!(at, size, told), standardError: 0, count: Infinity }
    return psnrOf({ value: at * at * value, standardError: at * at * standardError, count })
  })
  const exact = dataset.field !== undefined
  const gap = (r: number) => t.reduce((most, _, at) => (least![at].value - estimates[r][at].value > least![most].value - estimates[r][most].value ? at : most), 0)
  const middle = t.reduce((nearest, at, i) => (Math.abs(at - 0.5) < Math.abs(t[nearest] - 0.5) ? i : nearest), 0)
  const untrained = untrainedBelow(config).flatMap((below, r) => (below > t[0] ? [`${labels[r]} below t = ${below}`] : []))
  return {
    id: 'psnr', title: 'How near the denoised image comes', x: LEVEL, y: { label: 'PSNR, dB', scale: 'linear' },
    curves: [
      ...estimates.map((own, replica) => curveOf(t, own, { replica, kind: 'measured', label: '' })),
      ...(least ? [curveOf(t, least, { replica: null, kind: 'theory', label: exact ? 'least possible error (MMSE)' : 'no denoiser is better' })] : []),
      curveOf(t, heart.errors.map(errors => psnrOf(meanOf(errors))), { replica: null, kind: 'theory', label: `by heart, ${config.data.count.toLocaleString('en')} training images` }),
      curveOf(t, untouched, { replica: null, kind: 'baseline', label: 'x_t as it is' }),
    ],
    spread: `± standard error over ${n} held-out images; by heart: over the first ${draws} of them`,
    summary: `At t = ${level(t[middle])} ${groups.map(group => `${group.label} comes to ${overSeeds(group, r => estimates[r][middle].value)} dB`).join(', ')}${seedsSaid(groups)}${least
      ? `, where ${few(least[middle].value)} is the most; furthest below the most: ${groups.map(group => `${overSeeds(group, r => least[gap(r)].value - estimates[r][gap(r)].value)} dB in ${group.label} at t = ${[...new Set(group.replicas.map(r => level(t[gap(r)])))].join(', ')}`).join('; ')}` : ''}.`,
    notes: [
      'PSNR = 10 log10(2²/mean squared error), of the mean over images, for pixels on [−1,1]; EMA weights, the same noise for an image at every level.',
      ...(least && !exact ? [`No denoiser is better: ${dataset.floorAssumes ?? 'a bound'}`] : []),
      'By heart: the best denoiser of this very training set (closed form), asked about images that are not in it. It answers with training images where there is little noise, so a network that generalises is above it there; it is no goal.',
      ...(untrained.length > 0 ? [`The velocity was not trained in ${untrained.join(', ')}.`] : []),
      ...(told ? ['The network is told the class of each image.'] : []),
    ],
    pictures: picturesOf(bench, { t, noise, nets, heart }),
  }
}

function picturesOf({ groups, config: { net }, data }: Bench, { t, noise, nets, heart }: Pick<Findings, 't' | 'noise' | 'nets' | 'heart'>): Pictures[] {
  const { channels, size } = net
  const d = channels * size * size
  const shownAt = [...new Set(SHOWN_AT.map(wanted => t.reduce((nearest, at, i) => (Math.abs(at - wanted) < Math.abs(t[nearest] - wanted) ? i : nearest), 0)))]
  const count = heart.shown[0].length / d
  const row = (label: string, of: (at: number) => ArrayLike<number>): Pictures => {
    const pixels = new Float32Array(count * (shownAt.length + 1) * d)
    const captions: string[] = []
    for (let i = 0; i < count; i++) {
      const put = (caption: string, values: ArrayLike<number>) => {
        for (let k = 0; k < d; k++) pixels[captions.length * d + k] = values[i * d + k]
        captions.push(count > 1 ? `${caption} (${i + 1})` : caption)
      }
      put('image', data.heldOut)
      for (const at of shownAt) put(`t = ${level(t[at])}`, of(at))
    }
    return { label, channels, size, pixels, captions }
  }
  return [
    row('x_t, what is seen', at => noise.subarray(0, count * d).map((eps, k) => (1 - t[at]) * data.heldOut[k] + t[at] * eps)),
    ...groups.map(({ label, replicas: [r] }) => row(`x̂₀ of ${label}`, at => nets[r].shown[at])),
    row('x̂₀ of the training set by heart', at => heart.shown[at]),
  ]
}

function slopePanel({ labels, groups }: Bench, { t, turns, slopes, heart, best }: Findings): Panel {
  // A net at its start stands still, which a logarithm cannot show.
  const over = (found: (Slope | null)[]) => (found.some(one => !one?.value) ? null : meanOf(found.map(one => one!.value)))
  const nets = slopes.map(own => own.map(over))
  const known = heart.slopes.map(over)
  const count = slopes[0][0].length
  const skipped = t.filter((_, at) => heart.slopes[at].includes(null))
  const change = Math.max(...slopes.flat(2).map(one => one.change))
  const steepest = (r: number) => nets[r].reduce((most, one, at) => ((one?.value ?? 0) > (nets[r][most]?.value ?? 0) ? at : most), 0)
  return {
    id: 'slope', title: 'How steep the field is', x: LEVEL, y: { label: '‖∂v/∂x‖₂', scale: 'log' },
    curves: [
      ...nets.map((own, replica) => curveOf(t, own, { replica, kind: 'measured', label: '' })),
      ...(best ? [curveOf(t, best.slopes.map(over), { replica: null, kind: 'theory', label: 'best velocity of the data' })] : []),
      curveOf(t, known, { replica: null, kind: 'theory', label: 'by heart' }),
      { replica: null, kind: 'baseline', label: '1/t, a single image', x: t, y: t.map(at => 1 / at) },
    ],
    spread: `± standard error over ${count} held-out images`,
    summary: `The field is steepest at ${groups.map(group => `t = ${[...new Set(group.replicas.map(r => level(t[steepest(r)])))].join(', ')} in ${group.label} (${overSeeds(group, r => nets[r][steepest(r)]?.value ?? 0)})`).join(', ')}${seedsSaid(groups)}; learned by heart it would be 1/t at least where one training image is left, ${few(known[0]?.value ?? null)} at t = ${level(t[0])}.`,
    notes: [
      `Greatest singular value of the Jacobian, by ${turns} turns of power iteration with exact products: never above the truth; the last turn raised it by ${few(100 * change)} % at most.`,
      'Where the closed form rises above 1/t, ways to different training images part there; a trained network smooths that away.',
      ...(skipped.length > 0 ? [`By heart is left out at t = ${skipped.map(level).join(', ')}, where too many training images count.`] : []),
      ...(labels.length > 1 ? ['The same images, noise and first directions for every network.'] : []),
    ],
  }
}
