/** From a panel to lines, axes and table rows: what every chart by noise level, and every measurement, is drawn from. Pure. */
import type { Axis, Panel } from '../../panel.ts'
import { type SeedCurve, overSeeds } from '../../store/seeds.ts'
import { percent, percentPlusMinus, plusMinus, short, signed } from '../numbers.ts'
import { shortNames } from './endLabels.ts'
import { type Domain, decades, forLinear, forLog, linearDomain, linearTicks, logDomain, logTicks } from './scale.ts'
import type { MarkerShape, Series } from './series.ts'

export interface LinePoint {
  /** Where it is drawn; `at` is where it belongs. They differ only for 0 on a logarithmic axis. */
  x: number
  at: number
  y: number | null
  band: [number, number] | null
  spread: number | null
}

export interface PanelLine {
  key: string
  label: string
  /** The label without the seed: lines of one arm look alike. */
  arm: string
  kind: SeedCurve['kind']
  colour: string
  marker?: MarkerShape
  /** A second and third curve of one replica have hollow and small marks. */
  rank: number
  dash?: string
  points: LinePoint[]
  seeds?: number
}

export interface PanelAxes {
  x: Domain
  y: Domain
  xTicks: number[]
  yTicks: number[]
  /** Where 0 stands on a logarithmic x axis; null when there is none. */
  zeroAt: number | null
}

/** Theory is dashed, and several theories by different dashes; baselines and ceilings are dotted. */
const theoryDashes = ['5 4', '10 3', '2 3', '10 3 2 3', '6 2 2 2 2 2', '14 4', '1 2', '4 1']
const baselineDash = '1 4'
/** Networks from files are of one colour, each with a dash of its own. */
const fileDashes = ['7 3', '2 2', '10 2 2 2', '3 5']

/** Replicas that differ only in seed are drawn as one line when `groups` has them together. */
export function linesOf(panel: Panel, series: readonly Series[], groups: readonly (readonly number[])[], axes: PanelAxes): PanelLine[] {
  const visible = panel.curves.filter(({ replica }) => replica === null || series.some(({ index, hidden }) => index === replica && !hidden))
  const curves = overSeeds(visible, groups)
  const ranks = [...new Set(curves.filter(({ replica, kind }) => replica !== null && kind === 'measured').map(({ label }) => label))]
  const clean = panel.y.scale === 'log' ? forLog : forLinear
  let theories = 0
  return curves.map((curve, i): PanelLine => {
    const own = series.find(({ index }) => index === curve.replica)
    const theory = curve.kind === 'theory'
    const file = curve.kind === 'file'
    return {
      key: `l${i}`,
      label: labelOf(curve, own),
      arm: own ? [own.name, curve.label].filter(Boolean).join(' ') : labelOf(curve, own),
      kind: curve.kind,
      colour: own ? own.colour : theory ? 'var(--theory)' : file ? 'var(--file)' : 'var(--ink-3)',
      marker: curve.kind === 'measured' ? (own?.marker ?? 'circle') : file ? 'diamond' : undefined,
      rank: file ? curves.filter((other, k) => k < i && other.kind === 'file' && other.file === curve.file).length : Math.max(0, ranks.indexOf(curve.label)),
      dash: file ? fileDashes[(curve.file ?? 0) % fileDashes.length] : theory ? theoryDashes[theories++ % theoryDashes.length] : curve.kind === 'baseline' ? baselineDash : own?.dash,
      seeds: curve.seeds,
      points: curve.x.flatMap((at, k): LinePoint[] => {
        const x = panel.x.scale === 'log' ? (at > 0 ? at : at === 0 ? axes.zeroAt : null) : forLinear(at)
        if (x === null) return []
        const y = clean(curve.y[k])
        const spread = curve.spread?.[k] ?? null
        const band: LinePoint['band'] = y !== null && spread !== null && spread > 0 ? [panel.y.scale === 'log' ? Math.max(axes.y[0], y - spread) : y - spread, y + spread] : null
        return [{ x, at, y, band, spread }]
      }).sort((a, b) => a.x - b.x), // whichever way it was measured, a line ends at the right, where its name is
    }
  })
}

/** For a chart, whose legend and note say what all names have in common. */
export function briefly(lines: readonly PanelLine[], longest: number): PanelLine[] {
  const own = lines.filter(({ kind }) => kind === 'measured')
  const names = shortNames(own.map(({ label }) => label), longest)
  return lines.map((line) => (own.includes(line) ? { ...line, label: names[own.indexOf(line)] } : line))
}

function labelOf({ label, seeds, replica }: SeedCurve, series: Series | undefined): string {
  const name = series ? (seeds ? `${series.name} ×${seeds}` : series.label) : replica === null ? '' : `replica ${replica + 1}`
  return name && label ? `${name} ${label}` : name || label
}

/** Axes that hold all of these panels, so that they do not jump while the same chart is replayed. */
export function axesOf(panel: Panel, history: readonly Panel[] = []): PanelAxes {
  const all = [panel, ...history]
  const xs = all.flatMap(({ curves }) => curves.flatMap(({ x }) => x))
  const hasZero = panel.x.scale === 'log' && xs.includes(0)
  const x = xDomain(panel.x, xs)
  const zeroAt = hasZero ? x[0] : null
  const y = yDomain(panel, all)
  const xTicks = panel.x.scale === 'log' ? (zeroAt === null ? logTicks(x) : [zeroAt, ...decades([x[0] * 2, x[1]])]) : linearTicks(x)
  return { x, y, xTicks, yTicks: panel.y.scale === 'log' ? logTicks(y) : linearTicks(y, 4), zeroAt }
}

function xDomain(axis: Axis, xs: readonly number[]): Domain {
  const values = [...xs, ...(axis.domain ?? [])]
  if (axis.scale === 'linear') {
    const finite = values.filter(Number.isFinite)
    const [low, high] = [Math.min(...finite), Math.max(...finite)]
    return finite.length > 0 && low < high ? [low, high] : linearDomain(finite, [0, 1])
  }
  const [low, high] = logDomain(values, [0.001, 1])
  // 0 gets a place of its own, well left of the least level that has a logarithm.
  return values.includes(0) ? [low / 3, high] : [low, high]
}

/** Single values far below all others must not squeeze the rest. */
const mostDecades = 1e8

function yDomain({ y: axis }: Panel, all: readonly Panel[]): Domain {
  const values = all.flatMap(({ curves }) => curves.flatMap(({ y, spread }) => y.flatMap((value, i) => (value === null ? [] : axis.scale === 'log' || !spread?.[i] ? [value] : [value - spread[i], value + spread[i]]))))
  const ends = axis.domain ?? []
  if (axis.scale === 'linear') {
    // A share stays within 0 and 1, bands or not.
    const kept = axis.percent ? values.map((value) => Math.min(1, Math.max(0, value))) : values
    return linearDomain([...kept, ...ends], [0, 1])
  }
  const [low, high] = logDomain([...values, ...ends], [0.1, 10])
  return [Math.max(low, high / mostDecades), high]
}

/** Values that are there but cannot be drawn. */
export function notShown({ curves, y }: Panel): number {
  return y.scale === 'log' ? curves.reduce((sum, curve) => sum + curve.y.filter((value) => value !== null && value <= 0).length, 0) : 0
}

export function write(axis: Axis, value: number | null | undefined): string {
  return axis.percent && typeof value === 'number' && Number.isFinite(value) ? percent(value) : short(value)
}

/** The same in the five letters that an axis has room for, without a space to break at. */
export function writeTick(axis: Axis, value: number): string {
  const size = Math.abs(value)
  const brief = !axis.percent && value !== 0 && (size >= 1e4 || size < 1e-3)
  return brief ? signed(String(Number(value.toPrecision(1)).toExponential()).replace('e+', 'e')) : write(axis, value).replace(' ', '\u00a0')
}

/** A value with its spread, where it has one. */
export function writeWithSpread(axis: Axis, value: number, spread: number | null): string {
  return axis.percent ? percentPlusMinus(value, spread) : plusMinus(value, spread)
}

/** Where on the x axis everything was measured, if that is one place and all the rest is level; null for what is a line. */
export function measuredOnce(lines: readonly PanelLine[]): number | null {
  const drawn = ({ points }: PanelLine) => points.filter(({ y }) => y !== null)
  const own = lines.filter(({ marker }) => marker)
  const places = new Set(own.flatMap((line) => drawn(line).map(({ at }) => at)))
  const level = lines.every((line) => own.includes(line) || new Set(drawn(line).map(({ y }) => y)).size <= 1)
  return places.size === 1 && level ? [...places][0] : null
}

/** Value of a line at the point nearest to x. */
export function pointNear(points: readonly LinePoint[], x: number, scale: Axis['scale']): LinePoint | null {
  const far = (point: LinePoint) => (scale === 'log' ? Math.abs(Math.log(point.x / x)) : Math.abs(point.x - x))
  return points.reduce<LinePoint | null>((best, point) => (best === null || far(point) < far(best) ? point : best), null)
}

export interface Grid {
  columns: string[]
  rows: string[][]
}

/** One row per x of any line, one column per line; empty where a line has no point. */
export function gridOf(panel: Panel, lines: readonly PanelLine[]): Grid {
  const xs = [...new Set(lines.flatMap(({ points }) => points.map(({ at }) => at)))].sort((a, b) => a - b)
  const cell = (line: PanelLine, x: number) => {
    const point = line.points.find(({ at }) => at === x)
    if (!point || point.y === null) return '–'
    return writeWithSpread(panel.y, point.y, point.spread)
  }
  return { columns: [panel.x.label, ...lines.map(({ label }) => label)], rows: xs.map((x) => [write(panel.x, x), ...lines.map((line) => cell(line, x))]) }
}

/** One row per point, at full precision, for a file. */
export function longGridOf(panel: Panel, lines: readonly PanelLine[]): Grid {
  const text = (value: number | null) => (value === null ? '' : String(value))
  return {
    columns: ['series', 'kind', panel.x.label, panel.y.label, 'spread'],
    rows: lines.flatMap(({ label, kind, points }) => points.map(({ at, y, spread }) => [label, kind, text(at), text(y), text(spread)])),
  }
}

/** Whether the axis is the noise level, which T_min divides. */
export const isNoiseLevel = (axis: Axis) => /(^|\s)t$/.test(axis.label)
