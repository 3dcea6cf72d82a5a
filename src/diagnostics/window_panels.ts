/** Panels of the windows: by how much samples change, where their mean goes, whether they leave the training images. */
import { type Estimate, meanOf } from '../flow/estimate.ts'
import type { Axis, Curve, Panel, Pictures } from '../panel.ts'
import type { Bench } from './diagnostic.ts'
import { level } from './drop.ts'
import type { Perturbation } from './perturbation.ts'
import { dimensionsOf } from './semantic.ts'
import { few, finite, overSeeds, seedsSaid } from './words.ts'

/** What a window did to n samples of one net. */
export interface Outcome {
  kind: Perturbation
  replica: number
  /** Where the window begins. */
  from: number
  /** x' − x from the same noise (n,d) */
  difference: Float64Array
  /** By how much the energy distance from held-out images is larger than without a window; null for too few samples. */
  worse: Estimate | null
  /** By how much the nearest training image is farther away, for as many samples as were searched for. */
  farther: Float64Array
  /** The first sample (d) */
  first: Float64Array
}

interface Findings {
  images: number
  steps: number
  length: number
  drop: number
  starts: number[]
  outcomes: Outcome[]
  /** Without a window: distances to the nearest training image, and the first sample (d), [replica] */
  before: Float64Array[]
  first: Float64Array[]
  /** Where the last step begins. */
  end: number
}

const WINDOW: Axis = { label: 'noise level t in the middle of the window', scale: 'linear', domain: [0, 1] }

/** Root mean square of the change of each sample. */
function changeOf({ difference }: Outcome, n: number): Estimate {
  const d = difference.length / n
  return meanOf(Float64Array.from({ length: n }, (_, i) => Math.sqrt(difference.subarray(i * d, (i + 1) * d).reduce((sum, value) => sum + value * value, 0) / d)))
}

/**
 * Root mean square of the mean change, freed of what chance puts into it: ‖mean‖² = Σ_{i≠j} x_i·x_j/(n(n−1)). Its square may come out below 0, which
 * counts as 0. The doubt is what the jackknife's of the square adds to the root, so that a shift of 0 has one too.
 */
export function shiftOf({ difference }: Pick<Outcome, 'difference'>, n: number): Estimate {
  const d = difference.length / n
  const sum = new Float64Array(d)
  for (let i = 0; i < n * d; i++) sum[i % d] += difference[i]
  const dot = (a: Float64Array, b: Float64Array) => a.reduce((total, value, k) => total + value * b[k], 0)
  const rows = Array.from({ length: n }, (_, i) => difference.subarray(i * d, (i + 1) * d))
  const own = rows.map(row => dot(row, row))
  const whole = dot(sum, sum)
  const squares = own.reduce((total, value) => total + value, 0)
  const squareOf = (pairs: number, count: number) => pairs / (count * (count - 1) * d)
  const square = Math.max(0, squareOf(whole - squares, n))
  const without = rows.map((row, i) => squareOf(whole - 2 * dot(sum, row) + own[i] - (squares - own[i]), n - 1))
  const mean = without.reduce((total, one) => total + one / n, 0)
  const doubt = Math.sqrt((without.reduce((total, one) => total + (one - mean) ** 2, 0) * (n - 1)) / n)
  return { value: Math.sqrt(square), standardError: Math.sqrt(square + doubt) - Math.sqrt(square), count: n }
}

export function windowPanels(bench: Bench, findings: Findings): Panel[] {
  const { labels, groups } = bench
  const { images: n, steps, length, drop, starts, outcomes, before, end } = findings
  const middles = starts.map(from => from + length / 2)
  const kinds: Perturbation[] = ['noise', 'drift']
  const find = (replica: number, kind: Perturbation, at: number) => outcomes.find(one => one.replica === replica && one.kind === kind && one.from === starts[at])!
  const curves = (of: (outcome: Outcome) => Estimate): Curve[] => labels.flatMap((_, replica) => kinds.map((kind): Curve => {
    const estimates = starts.map((__, at) => of(find(replica, kind, at)))
    return { replica, kind: 'measured', label: kind, x: middles, y: estimates.map(({ value }) => finite(value)), spread: estimates.map(({ standardError }) => finite(standardError)) }
  }))
  const strongest = (all: Curve[], kind: Perturbation) => groups.map(group => {
    const places = group.replicas.map(r => {
      const { y } = all.find(curve => curve.replica === r && curve.label === kind)!
      return y.reduce<number>((most, value, at) => ((value ?? 0) > (y[most] ?? 0) ? at : most), 0)
    })
    const values = (r: number) => all.find(curve => curve.replica === r && curve.label === kind)!.y[places[group.replicas.indexOf(r)]]
    return `${overSeeds(group, values)} in ${group.label} at t = ${[...new Set(places.map(at => level(Number(middles[at].toFixed(2)))))].join(', ')}`
  }).join(', ')
  const spread = `± standard error over ${n} samples from the same noise`
  const phasePanel = (): Panel => {
    const of = (replica: number, at: number): Estimate => {
      const [noise, drift] = kinds.map(kind => changeOf(find(replica, kind, at), n))
      return { value: Math.log2(drift.value / noise.value), standardError: Math.hypot(drift.standardError / drift.value, noise.standardError / noise.value) / Math.LN2, count: n }
    }
    const found = labels.map((_, replica) => starts.map((__, at) => of(replica, at)))
    const driven = (replica: number) => middles.filter((_, at) => found[replica][at].value > 0).map(at => level(Number(at.toFixed(2))))
    return {
      id: 'phase', title: 'Which error each stage minds', x: WINDOW, y: { label: 'log2 of the change under drift / under noise', scale: 'linear' },
      curves: found.map((values, replica): Curve => ({ replica, kind: 'measured', label: '', x: middles, y: values.map(({ value }) => finite(value)), spread: values.map(({ standardError }) => finite(standardError)) })),
      spread: `± standard error over ${n} samples, of noise and drift as if they were independent`,
      summary: `Drift changes samples more than noise does at ${groups.map(({ label, replicas: [r] }) => `${driven(r).length > 0 ? `t = ${driven(r).join(', ')}` : 'no level'} in ${label}`).join('; ')}.`,
      notes: ['Above 0 a stage is one of drift, below 0 one of noise; the paper finds the first near the noise and the second near the image.'],
    }
  }
  const changes = curves(outcome => changeOf(outcome, n))
  const shifts = curves(outcome => shiftOf(outcome, n))
  const searched = before[0].length
  const far = searched < 2 ? null : curves(({ farther }) => meanOf(farther))
  const nearest = before.map(meanOf)
  return [
    {
      id: 'change', title: 'How much samples change when the denoiser is worse for a while', x: WINDOW, y: { label: 'root mean square change of a pixel', scale: 'linear' }, curves: changes, spread,
      summary: `Made worse by ${drop} dB, it changes samples most, as noise: ${strongest(changes, 'noise')}; as drift: ${strongest(changes, 'drift')}${seedsSaid(groups)}.`,
      notes: [
        `Within a window of ${length} in t, x̂₀ is off by a pattern as large as lowers the PSNR of this very network by ${drop} dB at that level (held-out images). Noise: a chequerboard of single pixels, its sign drawn anew for each step and sample. Drift: one of 2 × 2 large cells, the same all along and for all samples.`,
        `Euler, ${steps} steps, EMA weights, no guidance${end > 0 ? `; the last step goes from t = ${few(end)} to the image` : ''}. After Generation Phases, whose patterns are known from its text alone; there drift did most harm near the noise and noise near the image, by Fréchet distance on CIFAR-10.`,
      ],
      pictures: picturesOf(bench, findings, kinds, find),
    },
    {
      id: 'shift', title: 'Where their mean goes', x: WINDOW, y: { label: 'root mean square shift of the mean', scale: 'linear' }, curves: shifts, spread: `± jackknife standard error over ${n} samples`,
      summary: `The mean of the samples moves most, under noise: ${strongest(shifts, 'noise')}; under drift: ${strongest(shifts, 'drift')}${seedsSaid(groups)}.`,
      notes: ['Freed of what chance puts into a mean of so few; 0 where nothing else is left.'],
    },
    phasePanel(),
    ...(outcomes[0].worse ? [{
      id: 'worse', title: 'How much farther from real images samples are', x: WINDOW, y: { label: 'energy distance, less that without a window', scale: 'linear' } as Axis, curves: curves(({ worse }) => worse!),
      spread: `± standard error over ${n} samples and as many held-out images, from four parts of them`,
      summary: `The distribution of the samples suffers most under noise: ${strongest(curves(({ worse }) => worse!), 'noise')}; under drift: ${strongest(curves(({ worse }) => worse!), 'drift')}${seedsSaid(groups)}.`,
      notes: ['In the place of the Fréchet distance, which of so few samples would say mostly how few they are: the energy distance of pixels has no such bias. What is below 0 is chance.'],
    } satisfies Panel] : []),
    ...(far ? [{
      id: 'farther', title: 'Whether they leave the training images', x: WINDOW, y: { label: 'distance to the nearest training image, less that before', scale: 'linear' } as Axis, curves: far, spread: `± standard error over ${searched} samples, each less itself without a window`,
      summary: `Without a window samples lie ${groups.map(group => `${overSeeds(group, r => nearest[r].value)} (${group.label})`).join(', ')} from the nearest training image; noise takes them farther by at most ${strongest(far, 'noise')}, drift by ${strongest(far, 'drift')}${seedsSaid(groups)}.`,
      notes: ['Root mean square difference of a pixel.'],
    } satisfies Panel] : []),
  ]
}

function picturesOf({ groups, config }: Bench, { first, starts, length }: Findings, kinds: Perturbation[], find: (replica: number, kind: Perturbation, at: number) => Outcome): Pictures[] {
  const { channels, size } = config.net
  const d = dimensionsOf(config)
  return groups.flatMap(({ label, replicas: [r] }) => kinds.map((kind): Pictures => {
    const pixels = new Float32Array((starts.length + 1) * d)
    pixels.set(first[r])
    starts.forEach((_, at) => pixels.set(find(r, kind, at).first, (at + 1) * d))
    const caption = (from: number) => `t ${level(Number(from.toFixed(2)))} to ${level(Number((from + length).toFixed(2)))}`
    return { label: `A sample of ${label}, ${kind} in`, channels, size, pixels, captions: ['no window', ...starts.map(caption)] }
  }))
}
