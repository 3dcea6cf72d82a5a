import type { Panel } from '../../panel.ts'
import { Figure } from '../charts/Figure.tsx'
import { PanelPlot } from '../charts/PanelPlot.tsx'
import { usePanel } from '../charts/usePanel.ts'

/** One chart of what a file did, with its numbers. */
export default function FilePanel({ name, panel }: { name: string; panel: Panel }) {
  const { lines, axes, tables, csv, spread } = usePanel(panel)
  return (
    <Figure name={`file.${panel.id}`} title={panel.title} summary={panel.summary} note={<>{spread}. {panel.notes.join(' ')} {name}.</>} tables={tables} csv={csv} compact={false}>
      <PanelPlot panel={panel} lines={lines} axes={axes} compact />
    </Figure>
  )
}
