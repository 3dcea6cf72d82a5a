/** Lines, axes and numbers of a panel as the page shows it now: replicas hidden, seeds together or single. */
import { useMemo } from 'react'
import type { HeatMap, Panel, PlaneViews } from '../../panel.ts'
import { short } from '../numbers.ts'
import type { TableData } from './DataTable.tsx'
import { type PanelAxes, type PanelLine, axesOf, gridOf, linesOf, longGridOf, write } from './panel.ts'
import { csvOf } from './save.ts'
import { linesSentence } from './sentences.ts'
import { type Series, useSeries } from './series.ts'
import { useSeedGroups } from './useSeedGroups.ts'

export interface ShownPanel {
  lines: PanelLine[]
  axes: PanelAxes
  tables: () => TableData[]
  csv: () => string
  /** The panel's sentence, which speaks of all replicas; while some of them are hidden, one about the others. */
  summary: string
  /** What the bands are; over seeds it is the spread over seeds that counts. */
  spread: string
}

/** `history` holds the same panel at other steps, so that the axes do not jump between them. */
export function usePanel(panel: Panel, history?: readonly Panel[]): ShownPanel {
  const series = useSeries()
  const groups = useSeedGroups()
  return useMemo(() => {
    const axes = axesOf(panel, history)
    const lines = linesOf(panel, series, groups, axes)
    const seeds = lines.find((line) => line.seeds)?.seeds
    const over = seeds ? `Mean ± SD over ${seeds} seeds` : ''
    return {
      lines, axes,
      tables: () => tablesOf(panel, lines),
      summary: panel.curves.some(({ replica }) => series.some((own) => own.run === 0 && own.replica === replica && own.hidden)) ? (linesSentence(panel, lines) ?? 'Some networks are hidden; the sentence needs all of them.') : panel.summary,
      csv: () => [csvOf(longGridOf(panel, lines)), ...(panel.heat ?? []).map((map) => csvOf(heatTable(map, String))), ...(panel.plane ? [csvOf(endsOf(panel.plane, series))] : [])].join('\n'),
      spread: [over, panel.spread && (over ? `(single replicas: ${panel.spread})` : panel.spread)].filter(Boolean).join(' '),
    }
  }, [panel, history, series, groups])
}

function tablesOf(panel: Panel, lines: readonly PanelLine[]): TableData[] {
  const curves = panel.curves.length > 0 ? [{ caption: `${panel.title}; ${panel.y.label}${panel.spread ? `, ${panel.spread}` : ''}`, ...gridOf(panel, lines) }] : []
  return [...curves, ...(panel.heat ?? []).map((map) => heatTable(map, short))]
}

/** Where the points of each view begin and end. */
function endsOf({ views, t, classes: names }: PlaneViews, series: readonly Series[]): Pick<TableData, 'columns' | 'rows'> {
  const rows = views.flatMap(({ replica, label, ways, classes }) => {
    const name = series.find((own) => own.run === 0 && own.replica === replica)?.label ?? label
    const last = 2 * classes.length * (t.length - 1)
    return classes.map((own, i) => [name, names[own], ...[2 * i, 2 * i + 1, last + 2 * i, last + 2 * i + 1].map((at) => String(ways[at]))])
  })
  return { columns: ['view', 'class', 'x at t = 1', 'y at t = 1', 'x at t = 0', 'y at t = 0'], rows }
}

function heatTable(map: HeatMap, text: (value: number) => string): TableData {
  return {
    caption: `${map.label}${map.unit && `, ${map.unit}`}`,
    columns: [`${map.y.label} \\ ${map.x.label}`, ...map.x.at.map((at) => write(map.x, at))],
    rows: map.y.at.map((at, row) => [write(map.y, at), ...map.values[row].map((value) => (value === null ? '–' : text(value)))]),
  }
}
