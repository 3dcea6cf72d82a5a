/** Panels of what the label does. */
import type { RunData } from '../datasets/dataset.ts'
import { type Estimate, meanOf } from '../flow/estimate.ts'
import { guidanceSaid } from '../model/guidance.ts'
import type { Axis, Curve, Panel, Pictures } from '../panel.ts'
import type { Bench } from './diagnostic.ts'
import { type ClassMeans, classMeansOf } from './separation.ts'
import { few, finite, overSeeds, seedsSaid } from './words.ts'

interface Asked {
  t: number[]
  images: number
}

/** A class mean nearer to the mean of all than this many times what chance alone gives, in squares, says nothing. */
const CLEAR = 4

const LEVEL: Axis = { label: 'noise level t', scale: 'log' }
const times = (value: number | null, factor: number) => (value === null ? null : factor * value)
const measured = (t: number[], found: readonly Estimate[], replica: number): Curve =>
  ({ replica, kind: 'measured', label: '', x: t, y: found.map(({ value }) => finite(value)), spread: found.map(({ standardError }) => finite(standardError)) })
const most = ({ x, y }: Curve) => x[y.reduce<number>((best, value, i) => (value !== null && value > (y[best] ?? -Infinity) ? i : best), 0)]

/** @param target of the targets by level; null where the replicas' paths, and with them their targets, differ */
export function separationPanel({ groups, config: { net } }: Bench, { t, images }: Asked, found: Estimate[][], target: { found: Estimate[]; label: string } | null): Panel {
  const curves = found.map((own, r) => measured(t, own, r))
  const low = t.findIndex(value => value >= 0.1)
  const at = low < 0 ? t.length - 1 : low
  return {
    id: 'separation', title: 'Share of the velocity that tells classes apart', x: LEVEL, y: { label: 'between / total variance', scale: 'linear', domain: [0, 0.1], percent: true },
    curves: [...curves, ...(target ? [{ ...measured(t, target.found, 0), replica: null, kind: 'baseline', label: target.label } as const] : [])],
    spread: `± jackknife standard error over 8 blocks of ${images} held-out images`,
    summary: `At t = ${few(t[at])} of the velocity’s variance lies between classes: ${groups.map(group => `${group.label} ${overSeeds(group, r => times(curves[r].y[at], 100))} %`).join(', ')}${target ? `; of the targets’ ${few(100 * target.found[at].value)} %` : ''}${seedsSaid(groups)}.`,
    notes: [
      'Sums over all pixels, less what classes would differ by chance: (SS_between − (K−1) MS_within) / SS_total. EMA weights.',
      net.classes > 0 ? 'Every image is told its own class.' : 'These networks are told no class: what tells classes apart here they have read from the image.',
    ],
  }
}

export function labelPanel({ groups }: Bench, { t, images }: Asked, found: Estimate[][]): Panel {
  const curves = found.map((own, r) => measured(t, own, r))
  return {
    id: 'label', title: 'How much a label changes the velocity', x: LEVEL, y: { label: 'root mean square per pixel', scale: 'linear', domain: [0, 0.05] }, curves,
    spread: `± standard error over ${images} held-out images`,
    summary: `The label counts most at ${groups.map(({ label, replicas }) => `t = ${replicas.map(r => few(most(curves[r]))).join(', ')} in ${label}`).join('; ')}.`,
    notes: ['v_y − v_∅, the velocity told the image’s own class less that told none, on the same x_t; guidance w adds w − 1 times this. EMA weights, before any correction.'],
  }
}

/** @param drawn [replica] (n,ch,h,w), image i of class i mod K */
export function meansPanel(bench: Bench, samples: number, drawn: Float32Array[], data: RunData): Panel {
  const { config: { net: { classes: K } }, groups, labels } = bench
  const d = data.train.length / data.trainLabels.length
  const known = classMeansOf(data.train, data.trainLabels, d, K)
  const clear = clearOf(known)
  const x = Array.from({ length: K }, (_, c) => c + 1)
  const curveOf = (replica: number | null, label: string, found: Estimate[]): Curve =>
    ({ replica, kind: replica === null ? 'baseline' : 'measured', label, x, y: found.map(({ value }, c) => (clear[c] ? finite(value) : null)), spread: found.map(({ standardError }, c) => (clear[c] ? finite(standardError) : null)) })
  const own = drawn.map(images => alongMeans(known, images, Array.from({ length: images.length / d }, (_, i) => i % K), samples))
  const curves = own.map((found, r) => curveOf(r, '', found))
  const usable = clear.some(Boolean)
  const steered = guidanceSaid(bench.config)
  return {
    id: 'means', title: 'Where samples of a class stand on the way to its mean', x: { label: 'class', scale: 'linear', domain: [1, K] }, y: { label: '0 the mean of all images, 1 that of the class', scale: 'linear', domain: [0, 1.5] },
    curves: [...curves, curveOf(null, 'held-out images', alongMeans(known, data.heldOut, data.heldOutLabels, samples))],
    spread: `± standard error over ${samples} samples of a class, and as many held-out images`,
    summary: usable
      ? `Samples stand at ${groups.map(group => `${overSeeds(group, r => together(known, own[r]).value)} in ${group.label}`).join(', ')}, all classes together${seedsSaid(groups)}; images themselves at 1.`
      : `The class means of ${data.dataset.label} do not differ beyond chance, so that nothing can be said of those of samples.`,
    notes: [
      `Classes: ${data.dataset.classes.slice(0, K).map((name, c) => `${c + 1} ${name}`).join(', ')}. Class means of ${data.trainLabels.length.toLocaleString('en')} training images.`,
      `Samples by the run’s own sampler${steered.length > 0 ? `, ${steered.join(', ')}` : ', not guided'}. Beyond 1 they overshoot: ΔFM at its minimum moves the velocity away from the mean of all images by 1/(1 − λ), and guidance away from what no label would say.`,
      ...(usable && !clear.every(Boolean) ? ['Classes whose mean does not differ from that of all beyond chance are left out.'] : []),
    ],
    ...(data.dataset.plane ? {} : { pictures: picturesOf(bench, known, drawn, labels) }),
  }
}

/** ‖mean of class c − mean of all‖² */
const squared = ({ means, grand }: ClassMeans, c: number) => means[c].reduce((sum, value, k) => sum + (value - grand[k]) ** 2, 0)

/** The same without what chance adds to it, so that other images of the class stand at 1 on average. */
const lengthOf = (known: ClassMeans, c: number) => squared(known, c) - known.chance[c]

/** Which class means differ from that of all beyond chance. */
const clearOf = (known: ClassMeans): boolean[] => known.means.map((_, c) => squared(known, c) > CLEAR * known.chance[c])

/** Over the classes whose mean says something, the more the farther it is from that of all; not a number where none does. */
export function together(known: ClassMeans, places: readonly Estimate[]): Estimate {
  const weights = clearOf(known).map((clear, c) => (clear ? lengthOf(known, c) : 0))
  const whole = weights.reduce((sum, weight) => sum + weight, 0)
  const over = (of: (place: Estimate) => number) => places.reduce((sum, place, c) => sum + (weights[c] > 0 ? (weights[c] / whole) * of(place) : 0), whole > 0 ? 0 : NaN)
  return { value: over(({ value }) => value), standardError: Math.sqrt(weights.reduce((sum, weight, c) => sum + (weight > 0 ? ((weight / whole) * places[c].standardError) ** 2 : 0), 0)), count: places.reduce((sum, { count }) => sum + count, 0) }
}

/** Of each class: how far the first `count` images with this label stand on the way from the mean of all to its own. */
export function alongMeans(known: ClassMeans, images: Float32Array, labels: ArrayLike<number>, count: number): Estimate[] {
  const d = known.grand.length
  return known.means.map((mean, c) => {
    const length = lengthOf(known, c)
    const places: number[] = []
    for (let i = 0; i < labels.length && places.length < count; i++) {
      if (labels[i] !== c) continue
      let sum = 0
      for (let k = 0; k < d; k++) sum += (images[i * d + k] - known.grand[k]) * (mean[k] - known.grand[k])
      places.push(sum / length)
    }
    return meanOf(places)
  })
}

function picturesOf({ config: { net } }: Bench, known: ClassMeans, drawn: Float32Array[], labels: readonly string[]): Pictures[] {
  const d = known.grand.length
  const K = net.classes
  const row = (label: string, means: readonly ArrayLike<number>[]): Pictures => {
    const pixels = new Float32Array(K * d)
    means.forEach((mean, c) => pixels.set(mean, c * d))
    return { label, channels: net.channels, size: net.size, pixels, captions: means.map((_, c) => String(c + 1)) }
  }
  return [
    row('Class means of images', known.means),
    ...drawn.map((images, r) => row(`Class means of samples, ${labels[r]}`, classMeansOf(images, Array.from({ length: images.length / d }, (_, i) => i % K), d, K).means)),
  ]
}
