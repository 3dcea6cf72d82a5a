/** The loss by noise level as a panel, and its sentence. Pure. */
import type { Panel } from '../../panel.ts'
import { floorOf, type LossByT } from '../../protocol.ts'
import { count, fixed, lossText, percent, short } from '../numbers.ts'
import { tell } from './sentences.ts'
import type { Series } from './series.ts'

export type LossView = 'raw' | 'excess' | 'denoiser'

/** Floor by noise level while nothing has been measured. */
export interface FloorPreview {
  t: number[]
  floor: number[]
  note: string
}

/** An excess smaller than this share of the greatest is the floor, by luck of the draw; it must not squeeze the rest. */
const asGoodAsFloor = 1e-4

/** The same net seen as a denoiser, D = x_t − t v on the linear path: its squared error is t² times that of the velocity (Generation Phases, arXiv 2510.24830). */
export function asDenoiser<Loss extends Pick<LossByT, 't' | 'floor'> & Partial<Pick<LossByT, 'mean' | 'standardError'>>>(loss: Loss): Loss {
  const scaled = <Value extends number | null>(values: readonly Value[]) => values.map((value, i) => (value === null ? null : value * loss.t[i] ** 2) as Value)
  return {
    ...loss, floor: loss.floor && scaled(loss.floor),
    ...(loss.mean && { mean: loss.mean.map(scaled) }), ...(loss.standardError && { standardError: loss.standardError.map(scaled) }),
  }
}

/** `excess` is loss − floor, which takes the floor's own line away. */
export function lossPanel(measured: LossByT | null, known: FloorPreview | null, view: LossView): Panel {
  const denoiser = view === 'denoiser'
  const [loss, preview] = denoiser ? [measured && asDenoiser(measured), known && asDenoiser(known)] : [measured, known]
  const floors = floorsOf(loss ?? preview)
  const t = loss?.t ?? preview?.t ?? []
  const excess = view === 'excess' && floors.length > 0
  const above = (loss?.mean ?? []).map((means, replica) => (excess ? aboveFloor(means, floorOf(loss!, replica)) : means))
  const least = excess ? asGoodAsFloor * Math.max(0, ...above.flat().map((value) => value ?? 0)) : 0
  const notes: string[] = []
  const floorNote = loss?.floorNote || preview?.note
  if (floorNote) notes.push(floors.length > 0 ? `Floor, dashed${floors.length > 1 ? ', along each path' : ''}: ${floorNote}` : floorNote)
  notes.push(...(loss?.notes ?? []))
  if (denoiser) notes.push('D = x_t − t v, so that its squared error is t² times that of the velocity: what weighs alike in training here counts for less, the lower the noise.')
  if (excess) notes.push('Above floor: loss − floor, what a better model could still learn.')
  const lost = excess ? above.flat().filter((value) => value !== null && value <= least).length : 0
  if (lost > 0) notes.push(`${lost} ${lost > 1 ? 'values' : 'value'} at or below the floor not shown.`)
  return {
    id: 'lossByT',
    title: denoiser ? 'Error of the denoiser by noise level' : 'Loss by noise level',
    x: { label: 't', scale: 'log', domain: [0.001, 1] },
    y: { label: denoiser ? '‖D(x_t) − x0‖² per pixel' : excess ? 'loss per pixel − floor' : 'loss per pixel', scale: 'log', ...(loss || denoiser ? {} : { domain: excess ? [0.002, 1] : [0.2, 1.5] }) },
    curves: [
      ...above.map((y, replica): Panel['curves'][number] => ({ replica, kind: 'measured', label: '', x: t, y: y.map((value) => (value !== null && value > least ? value : null)), spread: loss!.standardError[replica] })),
      ...(excess ? [] : floors.map(({ label, values }): Panel['curves'][number] => ({ replica: null, kind: 'theory', label, x: t, y: values }))),
    ],
    spread: loss ? `± standard error of ${count(loss.count)} held-out images per level, same images and noise for all` : '',
    summary: '',
    notes,
  }
}

/** The lines of theory: one, or one for each path. */
const floorsOf = (of: Pick<LossByT, 'floor' | 'floors'> | null): { label: string; values: number[] }[] =>
  of?.floor ? [{ label: 'floor', values: of.floor }] : (of?.floors ?? []).map(({ path, values }) => ({ label: `floor, ${path}`, values }))

const aboveFloor = (means: readonly (number | null)[], floor: number[] | null) => means.map((mean, i) => (mean === null || !floor ? null : mean - floor[i]))

function nearest(levels: readonly number[], t: number): number {
  return levels.reduce((best, level, i) => (Math.abs(Math.log(level / t)) < Math.abs(Math.log(levels[best] / t)) ? i : best), 0)
}

/** One sentence, from the numbers on the chart: how the low end compares with the middle, and with what is possible at all. */
export function lossSentence(loss: LossByT, series: readonly Series[]): string {
  const low = nearest(loss.t, loss.t[0])
  const middle = nearest(loss.t, 0.3)
  const valueAt = (level: number) => ({ replica }: Series) => loss.mean[replica]?.[level]
  const told = (level: number, seeds: boolean) => tell(series, valueAt(level), (value) => lossText(value, 2), seeds)
  const lowest = told(low, true)
  if (lowest === '') return 'No finite loss has been measured yet.'
  const best = series.reduce((one, other) => ((valueAt(low)(other) ?? Infinity) < (valueAt(low)(one) ?? Infinity) ? other : one))
  const [value, floor] = [valueAt(low)(best)!, loss.floor?.[low]]
  const whose = new Set(series.map(({ arm }) => arm)).size > 1 ? `${best.name}’s` : 'it'
  const left = floor ? `; ${value > floor ? `at most ${percent((value - floor) / value)} of ${whose} could still be learned` : `nothing of ${whose} could still be learned`}` : ''
  return `Loss at t = ${short(loss.t[low])}: ${lowest}${left}. At t = ${fixed(loss.t[middle], 1)}: ${told(middle, false)}.`
}
