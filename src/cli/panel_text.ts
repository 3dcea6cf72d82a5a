/** A panel of a measurement as text: its sentence, and its curves side by side where they share their x. */
import type { Curve, Panel } from '../panel.ts'
import { figure, spreadFigure, table } from './output.ts'

export function panelText({ title, summary, spread, x, curves, heat, notes }: Panel, labels: readonly string[]): string {
  const name = ({ replica, label }: Curve) => [replica === null ? '' : labels[replica], label].filter(Boolean).join(' ')
  const groups: Record<string, Curve[]> = {}
  for (const curve of curves) (groups[curve.x.join()] ??= []).push(curve)
  const tables = Object.values(groups).map(group => table([
    [x.label, ...group.map(name)],
    ...group[0].x.map((at, i) => [figure(at), ...group.map(({ y, spread: band }) => spreadFigure(y[i], band?.[i]))]),
  ]))
  const heats = (heat ?? []).map(map => `${map.label} (${map.unit})\n${table([
    [`${map.y.label} \\ ${map.x.label}`, ...map.x.at.map(figure)], ...map.y.at.map((at, row) => [figure(at), ...map.values[row].map(figure)]),
  ])}`)
  return [title, summary, ...(spread ? [spread] : []), ...tables, ...heats, ...notes.map(note => `— ${note}`)].join('\n')
}
