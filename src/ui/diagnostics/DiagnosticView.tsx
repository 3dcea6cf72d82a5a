import { Collapsible } from '@base-ui/react/collapsible'
import { useId, useMemo } from 'react'
import { diagnosticOf } from '../../store/catalog.ts'
import { setCentral, useCentral } from '../../store/central.ts'
import { useDraft } from '../../store/draft.ts'
import { everyOf } from '../../store/measurements.ts'
import { changeMeasure } from '../../store/measuring.ts'
import { FieldRow } from '../controls/FieldRow.tsx'
import { type Field, fieldsOf } from '../controls/fields.ts'
import controls from '../controls/Controls.module.css'
import { useFilePanels } from '../files/useFilePanels.ts'
import { count } from '../numbers.ts'
import { PanelFigure } from './DiagnosticFigure.tsx'
import { MeasureBar } from './MeasureBar.tsx'
import { NotYet } from './NotYet.tsx'
import { useRead, useShown } from './shown.ts'
import styles from './Diagnostics.module.css'

/** Everything about one diagnostic: all its panels, its settings, its pace, what it costs. */
export function DiagnosticView({ id }: { id: string }) {
  const { panels: measured, measurement, settings, history } = useShown(id)
  const panels = useRead(useFilePanels(id, measured))
  const central = useCentral()
  const diagnostic = diagnosticOf(id)
  const fields = useMemo(() => (diagnostic ? fieldsOf(diagnostic.settings) : []), [diagnostic])
  if (!diagnostic) return null
  const more = fields.filter(({ advanced }) => advanced)
  const changed = more.filter(({ field, standard }) => settings[field] !== undefined && settings[field] !== standard).length
  const row = (field: Field) => (
    <FieldRow key={field.field} field={field} address={`${id}.${field.field}`} value={settings[field.field] ?? field.standard} change={(value) => changeMeasure(id, { settings: { [field.field]: value } })} />
  )
  return (
    <div className={styles.view}>
      <section className={styles.about} aria-label={`How it is measured: ${diagnostic.title}`}>
        <h2>{diagnostic.title}</h2>
        <p>{diagnostic.summary} <cite>{diagnostic.paper}</cite></p>
        {panels.length > 0 && <MeasureBar id={id} measurement={measurement} compact={false} />}
        <Pace id={id} />
        <label className={styles.central}>
          <input type="checkbox" checked={central.includes(id)} onChange={(event) => setCentral(id, event.target.checked)} />
          In the overview
        </label>
        {fields.filter(({ advanced }) => !advanced).map(row)}
        {more.length > 0 && (
          <Collapsible.Root>
            <Collapsible.Trigger className={controls.more} aria-label={`More settings: ${diagnostic.title}`}>{more.length} more{changed > 0 && `, ${changed} changed`}</Collapsible.Trigger>
            <Collapsible.Panel>{more.map(row)}</Collapsible.Panel>
          </Collapsible.Root>
        )}
      </section>
      <div className={styles.panels}>
        {panels.map((panel) => <PanelFigure key={panel.id} id={id} panel={panel} measurement={measurement} history={history} compact={false} />)}
        {panels.length === 0 && <NotYet id={id} />}
      </div>
    </div>
  )
}

const paces = [0, 50, 100, 200, 500, 1000, 2000]

function Pace({ id }: { id: string }) {
  const every = useDraft(({ config }) => everyOf(config, id))
  const off = useDraft(({ config }) => !config.evaluate.measure)
  const own = useId()
  const choices = [...new Set([...paces, diagnosticOf(id)?.every ?? 0, every])].sort((a, b) => a - b)
  return (
    <>
      <p className={styles.pace}>
        <label htmlFor={own}>While training</label>
        <select id={own} value={every} disabled={off} onChange={(event) => changeMeasure(id, { every: Number(event.target.value) })}>
          {choices.map((steps) => <option key={steps} value={steps}>{steps === 0 ? 'only on request' : `every ${count(steps)} steps`}</option>)}
        </select>
      </p>
      {off && <p className={styles.cost}>Off: “Measure while training” is switched off among the settings.</p>}
    </>
  )
}
