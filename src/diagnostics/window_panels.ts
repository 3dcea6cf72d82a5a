/** Panels of the windows: by how much samples change, where their mean goes, how far from real images they end, whether they leave the training images. */
import { type Estimate, meanOf } from '../flow/estimate.ts'
import { distinctPaths } from '../flow/place.ts'
import type { Axis, Curve, Panel, Pictures } from '../panel.ts'
import type { Bench } from './diagnostic.ts'
import { type Perturbation, PERTURBATIONS } from './perturbation.ts'
import type { Reference } from './quality_features.ts'
import { dimensionsOf } from './semantic.ts'
import { few, finite, overSeeds, seedsSaid } from './words.ts'

/** Samples of one net without a window. */
export interface Undisturbed {
  /** From held-out images; null where samples are no finite numbers. */
  distance: Estimate | null
  /** Of as many samples as were searched for. */
  nearest: Float64Array
  /** The first sample (d) */
  first: Float64Array
}

/** What a window did to n samples of one net. */
export interface Outcome {
  kind: Perturbation
  replica: number
  /** Where the window begins. */
  from: number
  /** Root mean square of x′ − x from the same noise, and of its mean. */
  change: Estimate
  meanChange: Estimate
  /** Fréchet distance from held-out images; null where samples are no finite numbers. */
  distance: Estimate | null
  /** By how much the nearest training image is farther away, for as many samples as were searched for. */
  farther: Estimate
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
  /** [replica] */
  before: Undisturbed[]
  reference: Reference
  /** Where the last step begins. */
  end: number
}

const WINDOW: Axis = { label: 'noise level t in the middle of the window', scale: 'linear', domain: [0, 1] }

export function windowPanels(bench: Bench, findings: Findings): Panel[] {
  const { labels, groups, config } = bench
  const { images: n, steps, length, drop, starts, outcomes, before, reference: { features, floor }, end } = findings
  const middles = starts.map(from => from + length / 2)
  const find = (replica: number, kind: Perturbation, at: number) => outcomes.find(one => one.replica === replica && one.kind === kind && one.from === starts[at])!
  const curve = (replica: number, label: string, x: number[], estimates: (Estimate | null)[]): Curve =>
    ({ replica, kind: 'measured', label, x, y: estimates.map(one => finite(one && one.value)), spread: estimates.map(one => finite(one && one.standardError)) })
  const curves = (of: (outcome: Outcome) => Estimate | null): Curve[] => labels.flatMap((_, replica) => PERTURBATIONS.map(kind => curve(replica, kind, middles, starts.map((__, at) => of(find(replica, kind, at))))))
  const strongest = (all: Curve[], kind: Perturbation) => groups.map(group => {
    const places = group.replicas.map(r => {
      const { y } = all.find(curve => curve.replica === r && curve.label === kind)!
      return y.reduce<number>((most, value, at) => ((value ?? 0) > (y[most] ?? 0) ? at : most), 0)
    })
    const values = (r: number) => all.find(curve => curve.replica === r && curve.label === kind)!.y[places[group.replicas.indexOf(r)]]
    return `${overSeeds(group, values)} in ${group.label} at t = ${[...new Set(places.map(at => few(middles[at])))].join(', ')}`
  }).join(', ')
  const strongestOfAll = (all: Curve[]) => PERTURBATIONS.map(kind => `under ${kind} ${strongest(all, kind)}`).join('; ')
  const spread = `± standard error over ${n} samples from the same noise`
  const phasePanel = (): Panel => {
    const steady = PERTURBATIONS.filter(kind => kind !== 'noise')
    const of = (replica: number, kind: Perturbation, at: number): Estimate => {
      const [noise, other] = [find(replica, 'noise', at).change, find(replica, kind, at).change]
      return { value: Math.log2(other.value / noise.value), standardError: Math.hypot(other.standardError / other.value, noise.standardError / noise.value) / Math.LN2, count: n }
    }
    const found = labels.map((_, replica) => steady.map(kind => starts.map((__, at) => of(replica, kind, at))))
    const minded = (k: number, replica: number) => {
      const at = middles.filter((_, i) => found[replica][k][i].value > 0).map(few)
      return at.length > 0 ? `t = ${at.join(', ')}` : 'no level'
    }
    return {
      id: 'phase', title: 'Phase map: which error each stage minds', x: WINDOW, y: { label: 'log2 of the change under drift or shift / under noise', scale: 'linear' },
      curves: found.flatMap((own, replica) => steady.map((kind, k) => curve(replica, kind, middles, own[k]))),
      spread: `± standard error over ${n} samples, of the two changes as if they were independent`,
      summary: `Samples change more than by noise ${steady.map((kind, k) => `by ${kind} at ${groups.map(({ label, replicas: [r] }) => `${minded(k, r)} in ${label}`).join(', ')}`).join('; ')}.`,
      notes: ['Above 0 a stage is one of drift, below 0 one of noise; the paper finds the first near the noise and the second near the image.'],
    }
  }
  const changes = curves(({ change }) => change)
  const shifts = curves(({ meanChange }) => meanChange)
  const apart = curves(({ distance }) => distance)
  const far = curves(({ farther }) => farther)
  const searched = before[0].nearest.length
  return [
    {
      id: 'change', title: 'How much samples change when the denoiser is worse for a while', x: WINDOW, y: { label: 'root mean square change of a pixel', scale: 'linear' }, curves: changes, spread,
      summary: `Made worse by ${drop} dB, it changes samples most: ${strongestOfAll(changes)}${seedsSaid(groups)}.`,
      notes: [
        `Within a window of ${length} in t, x̂₀ is off by a pattern as large as lowers the PSNR of this very network by ${drop} dB at that level (held-out images). Noise: a chequerboard of single pixels, its sign drawn anew for each step and sample. Drift: one of 2 × 2 large cells, the same all along and for all samples. Shift: what moving x̂₀ to the right does to it, −∂x̂₀/∂x, at that size.`,
        `Euler, ${steps} steps, EMA weights, no guidance${end > 0 ? `; the last step goes from t = ${few(end)} to the image` : ''}.${distinctPaths(config).length > 1 ? ' Paths differ, and with them how much noise there is at t.' : ''} After Generation Phases, of whose patterns only descriptions were at hand: chequerboards of small and of large cells, and shifts. There drift did most harm near the noise and noise near the image, by Fréchet distance on CIFAR-10.`,
      ],
      pictures: picturesOf(bench, findings, find),
    },
    {
      id: 'shift', title: 'Where their mean goes', x: WINDOW, y: { label: 'root mean square shift of the mean', scale: 'linear' }, curves: shifts, spread: `± jackknife standard error over ${n} samples`,
      summary: `The mean of the samples moves most: ${strongestOfAll(shifts)}${seedsSaid(groups)}.`,
      notes: ['Freed of what chance puts into a mean of so few; 0 where nothing else is left.'],
    },
    phasePanel(),
    {
      id: 'worse', title: `How far samples then are from real images: ${features.name}`, x: WINDOW, y: { label: features.name, scale: 'log' },
      curves: [
        ...apart, ...before.map(({ distance }, replica) => curve(replica, 'no window', [0, 1], [distance, distance])),
        { replica: null, kind: 'baseline', label: 'real against real', x: [0, 1], y: [floor.value, floor.value], spread: [floor.standardError, floor.standardError] },
      ],
      spread: `± jackknife standard error over ${n} samples and as many held-out images`,
      summary: `Samples end farthest from real images: ${strongestOfAll(apart)}. Without a window they lie ${groups.map(group => `${overSeeds(group, r => before[r].distance && before[r].distance.value)} (${group.label})`).join(', ')} from them${seedsSaid(groups)}, and two real sets of this size ${few(floor.value)} apart.`,
      notes: [features.note, `A Fréchet distance in ${features.width} features, not FID, which is in Inception’s. It shrinks as numbers grow: compare only at ${n} images on each side. The same noise and the same held-out images stand behind every point, so that points differ by less chance than their bands say.`],
    },
    {
      id: 'farther', title: 'Whether they leave the training images', x: WINDOW, y: { label: 'distance to the nearest training image, less that before', scale: 'linear' }, curves: far, spread: `± standard error over ${searched} samples, each less itself without a window`,
      summary: `Without a window samples lie ${groups.map(group => `${overSeeds(group, r => meanOf(before[r].nearest).value)} (${group.label})`).join(', ')} from the nearest training image; farther they are at most: ${strongestOfAll(far)}${seedsSaid(groups)}.`,
      notes: ['Root mean square difference of a pixel.'],
    },
  ]
}

function picturesOf({ groups, config }: Bench, { before, starts, length }: Findings, find: (replica: number, kind: Perturbation, at: number) => Outcome): Pictures[] {
  const { channels, size } = config.net
  const d = dimensionsOf(config)
  return groups.flatMap(({ label, replicas: [r] }) => PERTURBATIONS.map((kind): Pictures => {
    const pixels = new Float32Array((starts.length + 1) * d)
    pixels.set(before[r].first)
    starts.forEach((_, at) => pixels.set(find(r, kind, at).first, (at + 1) * d))
    const caption = (from: number) => `t ${few(from)} to ${few(from + length)}`
    return { label: `A sample of ${label}, ${kind} in`, channels, size, pixels, captions: ['no window', ...starts.map(caption)] }
  }))
}
