import { useMemo } from 'react'
import type { Measurement, Panel } from '../../panel.ts'
import { diagnosticOf } from '../../store/catalog.ts'
import { Figure } from '../charts/Figure.tsx'
import { PanelPlot } from '../charts/PanelPlot.tsx'
import { ReadingChoice } from '../charts/ReadingChoice.tsx'
import { What } from '../charts/What.tsx'
import { usePanel } from '../charts/usePanel.ts'
import { useFilePanels } from '../files/useFilePanels.ts'
import { MeasureBar } from './MeasureBar.tsx'
import { NotYet } from './NotYet.tsx'
import { useRead, useShown } from './shown.ts'

/** The first panel of a diagnostic, in the central view. */
export function DiagnosticCell({ id }: { id: string }) {
  const { panels: measured, measurement, history } = useShown(id)
  const panels = useRead(useFilePanels(id, measured))
  const diagnostic = diagnosticOf(id)
  if (!diagnostic) return null
  if (panels.length === 0) {
    const { title, summary, formulas = {}, paper } = diagnostic
    return (
      <Figure compact name={id} title={title} summary={summary} tools={<What title={title} words={[summary]} formula={Object.values(formulas)[0]} paper={paper} />} tables={() => []} foot={<MeasureBar id={id} measurement={null} compact />}>
        <NotYet id={id} compact />
      </Figure>
    )
  }
  return <PanelFigure id={id} panel={panels[0]} measurement={measurement} history={history} compact />
}

interface Props {
  id: string
  panel: Panel
  measurement: Measurement | null
  history?: Measurement[]
  compact: boolean
}

/** One panel: its picture, its numbers, what it is. */
export function PanelFigure({ id, panel, measurement, history, compact }: Props) {
  const before = useMemo(() => history?.flatMap(({ panels }) => panels.filter((other) => other.id === panel.id)), [history, panel.id])
  const { lines, axes, tables, csv, summary, spread } = usePanel(panel, before)
  const looked = panel.curves.some(({ replica }) => replica !== null) || !panelIsTheory(panel)
  const diagnostic = diagnosticOf(id)
  const notes = panel.notes.map((note) => <span key={note}>{note} </span>)
  return (
    <Figure
      compact={compact}
      name={compact ? id : `${id}.${panel.id}`}
      title={panel.title}
      summary={summary}
      note={<>{spread && <span className={compact ? 'one-line' : undefined} title={compact ? spread : undefined}>{spread}. </span>}{!compact && notes}</>}
      tools={<>{panel.reading && <ReadingChoice value={panel.reading.as} />}<What title={panel.title} words={[summary, diagnostic?.summary, ...panel.notes, spread && `${spread}.`]} formula={diagnostic?.formulas?.[panel.id]} paper={diagnostic?.paper} /></>}
      foot={compact && <MeasureBar id={id} measurement={measurement} compact />}
      tables={tables}
      csv={csv}
      step={looked ? (measurement?.step ?? null) : null}
    >
      <PanelPlot panel={panel} lines={lines} axes={axes} compact={compact} />
    </Figure>
  )
}

const panelIsTheory = ({ curves }: Panel) => curves.length > 0 && curves.every(({ kind }) => kind === 'theory')
