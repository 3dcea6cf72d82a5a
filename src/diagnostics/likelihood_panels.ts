/** Panels of the likelihood: by training time, image by image, and how volume shrinks on the way. */
import { type Estimate, meanOf } from '../flow/estimate.ts'
import type { Path } from '../flow/paths.ts'
import { pathsOf, placeOn } from '../flow/place.ts'
import { solvers } from '../flow/solvers.ts'
import { untrainedBelow } from '../model/sampler.ts'
import type { Curve, Panel, Pictures } from '../panel.ts'
import type { Bench } from './diagnostic.ts'
import { overTime, stepsOf } from './quality_panels.ts'
import { dimensionsOf } from './semantic.ts'
import { few, finite, onPath, overSeeds, seedsSaid, withSpread } from './words.ts'

/** Of one net over n images, by P estimates of the divergence. */
export interface Walk {
  /** −log p by the dimension (n,P): nats, or bits where pixels are bytes */
  rates: Float64Array
  /** div v/d (n,P) at the beginning of each step */
  way: { t: number; divergence: Float64Array }[]
}

/** Of the best velocity on a path. */
export interface Best extends Walk {
  path: Path
}

export interface Walks {
  nets: Walk[]
  /** With half the steps, and with twice as much cut off near t = 0. */
  coarse: Walk[]
  cut: Walk[]
  /** Along the best velocity on the path of each net, where the data set knows it; nets of one path have the same. */
  best: readonly Best[] | null
  bytes: boolean
  /** At the field, on the way that counts. */
  looks: number
  /** P of the nets */
  estimates: number
}

interface Chosen {
  images: number
  steps: number
  solver: 'rk4' | 'heun'
  tMin: number
  divergence: 'probes' | 'exact'
  probes: number
}

const SHOWN = 3

/** Of each image, over its estimates. values: (n,P) */
const byImage = (values: Float64Array, n: number) => Array.from({ length: n }, (_, i) => meanOf(values.subarray((i * values.length) / n, ((i + 1) * values.length) / n)))
const valuesOf = (values: Float64Array, n: number) => Float64Array.from(byImage(values, n), ({ value }) => value)
const said = ({ value, standardError }: Estimate) => withSpread(value, standardError)
/** By how much a net's rates are above those of the best velocity on the same images. */
function above(net: Walk, best: Walk, n: number): Estimate {
  const known = valuesOf(best.rates, n)
  return meanOf(valuesOf(net.rates, n).map((value, i) => value - known[i]))
}

/** Curves of the best velocity, one for each path; told apart where there are several. */
function bestCurves(best: readonly Best[] | null, label: string, curve: (own: Best) => Pick<Curve, 'x' | 'y' | 'spread'>): Curve[] {
  const all = [...new Set(best)]
  return all.map(own => ({ replica: null, kind: 'theory', label: onPath(label, own.path, all), ...curve(own) }))
}

export function likelihoodPanels(bench: Bench, chosen: Chosen, walks: Walks): Panel[] {
  const { labels, groups, step } = bench
  const { images: n } = chosen
  const { nets, best, bytes } = walks
  const unit = bytes ? 'bits per dimension' : 'nats per dimension, −log p / d'
  const rates = nets.map(net => valuesOf(net.rates, n))
  const rate = rates.map(meanOf)
  const density: Panel = {
    id: 'density', title: 'How likely new images are', x: stepsOf(bench), y: { label: unit, scale: 'linear' },
    curves: [
      ...overTime(bench, { ...chosen }, 'density', labels.map((_, replica) => ({ replica, kind: 'measured', label: '', y: [finite(rate[replica].value)], spread: [finite(rate[replica].standardError)] }))),
      ...bestCurves(best, 'the data’s own density', own => {
        const { value, standardError } = meanOf(valuesOf(own.rates, n))
        return { x: [0, bench.config.train.steps], y: [value, value], spread: [standardError, standardError] }
      }),
    ],
    spread: `± standard error over ${n} held-out images`,
    summary: `At step ${step.toLocaleString('en')}: ${groups.map(group => `${group.label} ${overSeeds(group, r => rate[r].value)}${best ? `, ${overSeeds(group, r => above(nets[r], best[r], n).value)} above the data’s own density` : ''}`).join('; ')}${seedsSaid(groups)}, in ${bytes ? 'bits' : 'nats'} per dimension; less is likelier.`,
    notes: notesOf(bench, chosen, walks),
  }
  return [density, imagesPanel(bench, walks, n, unit), divergencePanel(bench, walks, n)]
}

function notesOf({ labels, config, data: { dataset } }: Bench, { images: n, tMin, solver, steps, probes, divergence }: Chosen, { nets, coarse, cut, looks, bytes, best }: Walks): string[] {
  const change = (others: Walk[]) => nets.map((net, r) => `${said(meanOf(valuesOf(others[r].rates.map((value, i) => value - net.rates[i]), n)))} in ${labels[r]}`).join(', ')
  const paths = pathsOf(config)
  const untrained = untrainedBelow(config).flatMap((level, r) => (level > tMin ? [`${labels[r]} below t = ${level}`] : []))
  // The doubt that the probes leave in the mean over images, were the images fixed.
  const fromProbes = ({ rates }: Walk) => Math.sqrt(byImage(rates, n).reduce((sum, { standardError }) => sum + standardError ** 2, 0)) / n
  return [
    bytes
      ? 'Pixels are bytes, a width of 2/255 each on [−1,1], which adds log₂ 127.5 = 6.994 bits where 2/256, as others take it, adds 7: noise uniform over that width is added, which makes this an upper bound on the bits that the bytes themselves take. Training saw them without such noise.'
      : `${dataset.label}: the pixels are continuous, so this is a density and no probability. It may be negative, and is to be compared on the same images only; bits per dimension are shown where pixels are bytes.`,
    `Cut off below t = ${tMin}, where the image itself is taken to lie; cutting off below ${2 * tMin} instead changes it by ${change(cut)}.`,
    ...(new Set(paths.map(({ id }) => id)).size > 1 ? [`Paths differ, and with them how much noise there is at t = ${tMin}: ${paths.map((path, r) => `β = ${few(placeOn(path, tMin).beta)} in ${labels[r]}`).join(', ')}.`] : []),
    `${solvers[solver].label}, ${steps} steps and ${looks} looks at the field, EMA weights; half the steps change it by ${change(coarse)}.`,
    divergence === 'exact'
      ? 'Exact divergence: every diagonal entry of the Jacobian.'
      : `${probes} vector${probes > 1 ? 's' : ''} of random signs for each image, the same all along the way and for every network${probes > 1 ? `; they alone leave a standard error of ${nets.map((net, r) => `${few(fromProbes(net))} in ${labels[r]}`).join(', ')}` : '; take 2 or more to see what doubt they leave'}.`,
    ...(best ? [`The data’s own density goes along the best velocity by the same solver and signs. What a network lies above it estimates the Kullback–Leibler divergence by the dimension, image by image: ${nets.map((net, r) => `${said(above(net, best[r], n))} in ${labels[r]}`).join(', ')}.`] : []),
    ...(untrained.length > 0 ? [`The velocity was not trained in ${untrained.join(', ')}; the way goes through these levels all the same. Start there to leave them out.`] : []),
    ...(config.net.classes > 0 ? [`The network is told the class of each image, without guidance${best ? '; the best velocity is not told' : ''}.`] : []),
  ]
}

function imagesPanel({ groups, config, data }: Bench, { nets, best, estimates }: Walks, n: number, unit: string): Panel {
  const share = Array.from({ length: n }, (_, i) => (i + 0.5) / n)
  const sorted = (values: Float64Array) => byImage(values, n).map((estimate, image) => ({ ...estimate, image })).sort((a, b) => a.value - b.value)
  const orders = nets.map(({ rates }) => sorted(rates))
  const { channels, size } = config.net
  const each = dimensionsOf(config)
  const shown = Math.min(SHOWN, Math.floor(n / 2))
  const pictures = groups.map(({ label, replicas: [r] }): Pictures => {
    const chosen = [...orders[r].slice(0, shown), ...orders[r].slice(-shown)]
    const pixels = new Float32Array(chosen.length * each)
    chosen.forEach(({ image }, i) => pixels.set(data.heldOut.subarray(image * each, (image + 1) * each), i * each))
    return { label: `${label}: the ${shown} likeliest, the ${shown} least likely`, channels, size, pixels, captions: chosen.map(({ value }, i) => `${i < shown ? i + 1 : n - 2 * shown + i + 1}: ${few(value)}`) }
  })
  return {
    id: 'images', title: 'Image by image', x: { label: 'share of images, likeliest first', scale: 'linear', domain: [0, 1], percent: true }, y: { label: unit, scale: 'linear' },
    curves: [
      ...orders.map((order, replica): Curve => ({ replica, kind: 'measured', label: '', x: share, y: order.map(({ value }) => finite(value)), ...(estimates > 1 && { spread: order.map(({ standardError }) => finite(standardError)) }) })),
      ...bestCurves(best, 'the data’s own density', own => ({ x: share, y: sorted(own.rates).map(({ value }) => value) })),
    ],
    spread: estimates > 1 ? `± standard error over ${estimates} probes of an image; ${n} images` : '',
    summary: `Between the likeliest and the least likely of ${n} images lie ${groups.map(group => `${overSeeds(group, r => orders[r][n - 1].value - orders[r][0].value)} in ${group.label}`).join(', ')}${seedsSaid(groups)}.`,
    notes: ['Likelihood is no measure of how good an image looks, nor of samples (Theis et al. 2016, arXiv 1511.01844).'],
    pictures,
  }
}

function divergencePanel({ labels, groups }: Bench, { nets, best }: Walks, n: number): Panel {
  const meanAt = ({ way }: Walk) => way.map(({ divergence }) => meanOf(valuesOf(divergence, n)))
  const curve = (walk: Walk): Pick<Curve, 'x' | 'y' | 'spread'> => {
    const estimates = meanAt(walk)
    return { x: walk.way.map(({ t }) => t), y: estimates.map(({ value }) => finite(value)), spread: estimates.map(({ standardError }) => finite(standardError)) }
  }
  const first = nets.map(net => meanAt(net)[0].value)
  const { t } = nets[0].way[0]
  return {
    id: 'divergence', title: 'How space grows and shrinks on the way to noise', x: { label: 'noise level t', scale: 'linear', domain: [0, 1] }, y: { label: 'divergence of the velocity / d', scale: 'linear' },
    curves: [...labels.map((_, replica): Curve => ({ replica, kind: 'measured', label: '', ...curve(nets[replica]) })), ...bestCurves(best, 'best velocity', curve)],
    spread: `± standard error over ${n} images`,
    summary: `At t = ${t} volume changes at the rate ${groups.map(group => `${overSeeds(group, r => first[r])} in ${group.label}`).join(', ')}${seedsSaid(groups)}${best ? `, along the best velocity ${[...new Set(best)].map(own => few(meanAt(own)[0].value)).join(', ')}` : ''}.`,
    notes: ['Its integral over t, times d, is what log p of an image has over that of its noise. A finite set of images fills no volume: there it would be 1/t.'],
  }
}
