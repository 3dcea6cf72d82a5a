/** Panels of the denoising view: error by noise level with pictures of the answers, and slope of the field. */
import type { Config } from '../config.ts'
import { type Estimate, meanOf } from '../flow/estimate.ts'
import type { Path } from '../flow/paths.ts'
import { fromImage, isLinear, linearLevel, pathsOf, type Place, placeOn } from '../flow/place.ts'
import { clampsSaid } from '../model/replica.ts'
import { untrainedBelow } from '../model/sampler.ts'
import type { Axis, Curve, Panel, Pictures, Reading } from '../panel.ts'
import type { Bench } from './diagnostic.ts'
import { ratioOf } from './masses.ts'
import { readings, type Slope } from './slopes.ts'
import { few, finite, onPath, overPaths, overSeeds, pathsSaid, seedsSaid } from './words.ts'

/** Squared errors (mean over pixels) [level][image], and x̂0 of the first image [level] (ch,h,w). */
interface Answers {
  errors: Float64Array[]
  shown: Float32Array[]
}

/** Along one of the replicas' paths. */
export interface ClosedForms {
  path: Path
  /** Of the training set; null for a slope that would take too long. */
  heart: Answers & { slopes: Record<Reading, (Slope | null)[][]> }
  /** The best velocity of the data, where it is known. */
  best: { slopes: Record<Reading, Slope[][]> } | null
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
  slopes: Record<Reading, Slope[][][]>
  /** Of each path that replicas go along. */
  known: ClosedForms[]
}

/** Of pixels on [−1,1], squared. */
const PEAK = 4
/** Levels whose pictures are shown: the nearest to these. */
const SHOWN_AT = [0.05, 0.1, 0.3, 0.5, 0.7, 0.9]
/** Losses beyond this, in dB, would press everything else together. */
const LEAST_SHOWN = -6
const LEVEL: Axis = { label: 'noise level t', scale: 'log' }

/** Decibels of a mean squared error, its doubt by the delta method. */
export function psnrOf({ value, standardError, count }: Estimate): Estimate {
  return { value: 10 * Math.log10(PEAK / value), standardError: (10 / Math.LN10) * (standardError / value), count }
}

const curveOf = (t: number[], estimates: (Estimate | null)[], rest: Pick<Curve, 'replica' | 'kind' | 'label'>): Curve =>
  ({ ...rest, x: t, y: estimates.map(one => finite(one && one.value)), spread: estimates.map(one => finite(one && one.standardError)) })

export function denoisingPanels(bench: Bench, findings: Findings): Panel[] {
  const all = findings.known.map(({ path, heart }): Errors => ({ path, heart: heart.errors, ...errorsOn(path, bench, findings) }))
  return [errorPanel(bench, findings, all), gainPanel(bench, findings, all), ...answerPanels(bench, findings), ...readings.map(as => slopePanel(bench, findings, as))]
}

const heartLabel = ({ data }: Config) => `by heart, ${data.count.toLocaleString('en')} training images`
const leastLabel = (exact: boolean) => (exact ? 'least possible error (MMSE)' : 'no denoiser is better')

/** Mean squared errors beside those of networks on a path, by level. */
interface Errors {
  path: Path
  /** Of the training set, [level][image] */
  heart: Float64Array[]
  /** Of x_t as it is, [level][image] */
  untouched: Float64Array[]
  /** The least there can be, or a bound below it; null where nothing is known. */
  least: Estimate[] | null
  /** Whether it is reached by the best velocity; otherwise no more than a bound. */
  exact: boolean
}

const placesOn = (path: Path, t: number[]): Place[] => t.map(level => placeOn(path, level))

function errorsOn(path: Path, { config: { net }, data: { dataset, heldOut } }: Bench, { t, images: n, noise }: Findings): Pick<Errors, 'untouched' | 'least' | 'exact'> {
  const d = noise.length / n
  const told = net.classes > 0
  const places = placesOn(path, t)
  const untouched = places.map(({ alpha, beta }) => Float64Array.from({ length: n }, (_, i) => {
    let sum = 0
    for (let k = i * d; k < (i + 1) * d; k++) sum += (beta * noise[k] - (1 - alpha) * heldOut[k]) ** 2
    return sum / d
  }))
  // The loss of the velocity on the linear path is the denoiser's error over t².
  const least = dataset.floor ? places.map(linearLevel).map(at => {
    const { value, standardError, count } = dataset.floorEstimate?.(at, net.size, told) ?? { value: dataset.floor!(at, net.size, told), standardError: 0, count: Infinity }
    return { value: at * at * value, standardError: at * at * standardError, count }
  }) : null
  return { untouched, least, exact: dataset.field !== undefined }
}

function errorPanel(bench: Bench, { t, images: n, draws, nets }: Findings, all: Errors[]): Panel {
  const { labels, groups, config, data: { dataset } } = bench
  const [bounded, exact] = [all[0].least !== null, all[0].exact]
  const estimates = nets.map(({ errors }) => errors.map(errors => psnrOf(meanOf(errors))))
  const middle = t.reduce((nearest, at, i) => (Math.abs(at - 0.5) < Math.abs(t[nearest] - 0.5) ? i : nearest), 0)
  const untrained = untrainedBelow(config).flatMap((below, r) => (below > t[0] ? [`${labels[r]} below t = ${below}`] : []))
  return {
    id: 'psnr', title: 'How near the denoised image comes', x: LEVEL, y: { label: 'PSNR, dB', scale: 'linear' },
    curves: [
      ...estimates.map((own, replica) => curveOf(t, own, { replica, kind: 'measured', label: '' })),
      ...all.flatMap(({ path, least }) => (least ? [curveOf(t, least.map(psnrOf), { replica: null, kind: 'theory', label: onPath(leastLabel(exact), path, all) })] : [])),
      ...all.map(({ path, heart }) => curveOf(t, heart.map(errors => psnrOf(meanOf(errors))), { replica: null, kind: 'theory', label: onPath(heartLabel(config), path, all) })),
      // Of several paths they would drown the rest; what is gained over each is in the next panel.
      ...(all.length > 1 ? [] : all).map(({ untouched }) => curveOf(t, untouched.map(errors => psnrOf(meanOf(errors))), { replica: null, kind: 'baseline', label: 'x_t as it is' })),
    ],
    spread: `± standard error over ${n} held-out images; by heart: over the first ${draws} of them`,
    summary: `At t = ${few(t[middle])} ${groups.map(group => `${group.label} comes to ${overSeeds(group, r => estimates[r][middle].value)} dB`).join(', ')}${seedsSaid(groups)}${bounded ? `; ${exact ? 'the best denoiser has' : 'none can have more than'} ${overPaths(all, ({ least }) => few(psnrOf(least![middle]).value))}` : ''}.`,
    notes: [
      'PSNR = 10 log10(2²/mean squared error), of the mean over images, for pixels on [−1,1]; EMA weights, the same noise for an image at every level.',
      ...(bounded && !exact ? [`No denoiser is better: ${dataset.floorAssumes ?? 'a bound'}`] : []),
      'By heart: the best denoiser of this very training set (closed form), asked about images that are not in it. It answers with training images where there is little noise, so a network that generalises is above it there; it is no goal.',
      ...(untrained.length > 0 ? [`The velocity was not trained in ${untrained.join(', ')}.`] : []),
      ...clampsSaid(config),
      ...pathsSaid(all),
      ...(config.net.classes > 0 ? ['The network is told the class of each image.'] : []),
    ],
  }
}

/** The same less what x_t itself has, where differences between networks can be seen. */
function gainPanel({ groups, config }: Bench, { t, images: n, draws, nets }: Findings, all: Errors[]): Panel {
  const decibels = ({ value, standardError, count }: Estimate): Estimate => ({ value: 10 * Math.log10(value), standardError: (10 / Math.LN10) * (standardError / value), count })
  const gainsOver = (untouched: Float64Array[], errors: Float64Array[]) => errors.map((own, at) => decibels(ratioOf(untouched[at].subarray(0, own.length), own, 1)))
  const known = all.map(({ path, untouched, least, heart }) => ({ path, untouched, heart: gainsOver(untouched, heart), most: least?.map(({ value }, at) => decibels(meanOf(untouched[at].map(error => error / value)))) }))
  const own = pathsOf(config).map(({ id }) => known.find(({ path }) => path.id === id)!)
  const gains = nets.map(({ errors }, r) => gainsOver(own[r].untouched, errors))
  const [bounded, exact] = [all[0].least !== null, all[0].exact]
  const below = (r: number, at: number) => own[r].most![at].value - gains[r][at].value
  const gap = (r: number) => t.reduce((widest, _, at) => (below(r, at) > below(r, widest) ? at : widest), 0)
  const first = groups.map(group => `${overSeeds(group, r => gains[r][0].value)} dB in ${group.label}`).join(', ')
  return {
    id: 'gain', title: 'What denoising gains', x: LEVEL, y: { label: 'PSNR of x̂₀ less that of x_t, dB', scale: 'linear' },
    curves: [
      ...gains.map((own, replica) => curveOf(t, own, { replica, kind: 'measured', label: '' })),
      ...known.flatMap(({ path, most }) => (most ? [curveOf(t, most, { replica: null, kind: 'theory', label: onPath(leastLabel(exact), path, known) })] : [])),
      ...known.map(({ path, heart }) => curveOf(t, heart.map(one => (one.value > LEAST_SHOWN ? one : null)), { replica: null, kind: 'theory', label: onPath(heartLabel(config), path, known) })),
      { replica: null, kind: 'baseline', label: 'x_t as it is', x: t, y: t.map(() => 0) },
    ],
    spread: `± standard error over ${n} held-out images; by heart: over the first ${draws} of them`,
    summary: `At t = ${few(t[0])} it gains ${first}${bounded ? ` of ${overPaths(known, ({ most }) => few(most![0].value))} at most` : ''}${bounded && exact ? `; furthest below the best denoiser: ${groups.map(group => `${overSeeds(group, r => below(r, gap(r)))} dB in ${group.label} at t = ${[...new Set(group.replicas.map(r => few(t[gap(r)])))].join(', ')}`).join('; ')}` : ''}${seedsSaid(groups)}.`,
    notes: [
      `A network at 0 dB gives back what it got. How much can be gained where there is hardly any noise is what the objective weighs by 1/t²: the loss of the velocity is the squared error of x̂₀ over t²${known.every(({ path }) => isLinear(path)) ? '' : ' on the linear path, and times (W/β)², W = αβ′ − α′β, on another'}.`,
      `By heart is drawn where it loses no more than ${-LEAST_SHOWN} dB.`,
      ...pathsSaid(known),
    ],
  }
}

/** What comes of the first held-out image at some levels: the images that are answered, and the velocities that amount to the same. */
function answerPanels({ groups, config, data }: Bench, { t, noise, nets, known }: Findings): Panel[] {
  const { channels, size } = config.net
  if (data.dataset.plane) return []
  const d = channels * size * size
  const shownAt = [...new Set(SHOWN_AT.map(wanted => t.reduce((nearest, at, i) => (Math.abs(at - wanted) < Math.abs(t[nearest] - wanted) ? i : nearest), 0)))]
  const [image, eps] = [data.heldOut.subarray(0, d), noise.subarray(0, d)]
  const row = (label: string, first: string, whole: ArrayLike<number>, of: (at: number) => ArrayLike<number>): Pictures => {
    const pixels = new Float32Array((shownAt.length + 1) * d)
    pixels.set(whole)
    shownAt.forEach((at, i) => pixels.set(of(at), (i + 1) * d))
    return { label, channels, size, pixels, captions: [first, ...shownAt.map(at => `t = ${few(t[at])}`)] }
  }
  const paths = pathsOf(config)
  /** Of each path what is seen there, and who answers it. */
  const views = known.map(({ path, heart }) => {
    const places = placesOn(path, t)
    const noised = (at: number) => eps.map((value, k) => places[at].alpha * image[k] + places[at].beta * value)
    return {
      path, noised,
      velocity(answer: Float32Array, at: number) {
        const { keep, along } = fromImage(places[at])
        return noised(at).map((x, k) => keep * x + along * answer[k])
      },
      answers: [
        ...groups.flatMap(({ label, replicas: [r] }) => (paths[r].id === path.id ? [{ label, shown: nets[r].shown }] : [])),
        { label: onPath('the training set by heart', path, known), shown: heart.shown },
      ],
    }
  })
  const panel = (as: Reading, title: string, pictures: Pictures[], notes: string[]): Panel => ({
    id: as === 'denoiser' ? 'answers' : 'answers-velocity', reading: { of: 'answers', as }, title, x: LEVEL, y: { label: '', scale: 'linear' }, curves: [], spread: '',
    summary: `One held-out image, with the same noise at every level, and what each network ${as === 'denoiser' ? 'takes it for' : 'says to do about it'}.`, notes, pictures,
  })
  return [
    panel('denoiser', 'The image in the answer', views.flatMap(({ path, noised, answers }) => [
      row(onPath('x_t, what is seen', path, views), 'image', image, noised),
      ...answers.map(({ label, shown }) => row(`x̂₀ of ${label}`, 'image', image, at => shown[at])),
    ]), ['x̂₀ = x_t − t v on the linear path.']),
    panel('velocity', 'The velocity itself', views.flatMap(({ path, velocity, answers }) => [
      row(onPath('v, what was asked for', path, views), 'noise', eps, at => velocity(image, at)),
      ...answers.map(({ label, shown }) => row(`v of ${label}`, 'noise', eps, at => velocity(shown[at], at))),
    ]), ['v = (x_t − x̂₀)/t on the linear path, where it is the noise less the image: with little noise its errors are those of x̂₀ divided by t.']),
  ]
}

/** How much v, or x̂₀ where that is read, changes with x_t at most. */
function slopePanel({ labels, groups }: Bench, { t, turns, slopes: allSlopes, known }: Findings, as: Reading): Panel {
  const denoiser = as === 'denoiser'
  const slopes = allSlopes[as]
  const single = known.every(({ path }) => isLinear(path)) ? '1/t' : 'β′/β'
  // A net at its start stands still, which a logarithm cannot show.
  const over = (found: (Slope | null)[]) => (found.some(one => !one?.value) ? null : meanOf(found.map(one => one!.value)))
  const nets = slopes.map(own => own.map(over))
  const hearts = known.map(({ path, heart }) => ({ path, slopes: heart.slopes[as].map(over), skipped: t.filter((_, at) => heart.slopes[as][at].includes(null)) }))
  const count = slopes[0][0].length
  const change = Math.max(...slopes.flat(2).map(one => one.change))
  const peakOf = (found: (Estimate | null)[]) => found.reduce((most, one, at) => ((one?.value ?? 0) > (found[most]?.value ?? 0) ? at : most), 0)
  const steepest = (r: number) => peakOf(nets[r])
  const baselines = denoiser ? [{ replica: null, kind: 'baseline' as const, label: '1, gives back x_t', x: t, y: t.map(() => 1) }]
    : (known.length > 1 ? [] : known).map(({ path }): Curve => ({ replica: null, kind: 'baseline', label: `${single}, a single image`, x: t, y: placesOn(path, t).map(({ beta, dbeta }) => dbeta / beta) }))
  const named = denoiser ? { id: 'slope-denoiser', title: 'How steep the denoiser is', of: '‖∂x̂₀/∂x‖₂' } : { id: 'slope', title: 'How steep the field is', of: '‖∂v/∂x‖₂' }
  return {
    id: named.id, reading: { of: 'slope', as }, title: named.title, x: LEVEL, y: { label: named.of, scale: 'log' },
    curves: [
      ...nets.map((own, replica) => curveOf(t, own, { replica, kind: 'measured', label: '' })),
      ...known.flatMap(({ path, best }) => (best ? [curveOf(t, best.slopes[as].map(over), { replica: null, kind: 'theory', label: onPath(denoiser ? 'best denoiser of the data' : 'best velocity of the data', path, known) })] : [])),
      ...hearts.map(({ path, slopes: own }) => curveOf(t, own, { replica: null, kind: 'theory', label: onPath('by heart', path, known) })),
      ...baselines,
    ],
    spread: `± standard error over ${count} held-out images`,
    summary: `The ${denoiser ? 'denoiser' : 'field'} is steepest at ${groups.map(group => `t = ${[...new Set(group.replicas.map(r => few(t[steepest(r)])))].join(', ')} in ${group.label} (${overSeeds(group, r => nets[r][steepest(r)]?.value ?? 0)})`).join(', ')}${seedsSaid(groups)}${denoiser ? `; learned by heart at ${overPaths(hearts, ({ slopes: own }) => `t = ${few(t[peakOf(own)])} (${few(own[peakOf(own)]?.value ?? null)})`)}, where it must choose between training images` : `; learned by heart it would be ${single} at least where one training image is left, ${overPaths(hearts, ({ slopes: [first] }) => few(first?.value ?? null))} at t = ${few(t[0])}`}.`,
    notes: [
      `Greatest singular value of the Jacobian, by ${turns} turns of power iteration with exact products: never above the truth; the last turn raised it by ${few(100 * change)} % at most.`,
      denoiser ? 'By heart it is flat where one training image is left, and steep where ways to different ones part.' : `Where the closed form rises above ${single}, ways to different training images part there; a trained network smooths that away.`,
      ...hearts.flatMap(({ path, skipped }) => (skipped.length > 0 ? [`${onPath('By heart', path, known)} is left out at t = ${skipped.map(few).join(', ')}, where too many training images count.`] : [])),
      ...(labels.length > 1 ? ['The same images, noise and first directions for every network.'] : []),
      ...pathsSaid(known),
    ],
  }
}
