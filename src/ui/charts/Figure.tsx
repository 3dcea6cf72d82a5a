import { type ReactNode, useId, useRef } from 'react'
import { toggleTable, useUi } from '../../store/ui.ts'
import { DataTables, type TableData } from './DataTable.tsx'
import { ToolIcon } from '../ToolIcon.tsx'
import { SaveMenu } from './SaveMenu.tsx'
import styles from './Figure.module.css'

interface Props {
  name: string
  title: string
  /** One sentence made from the data. */
  summary: string
  /** Sample count and what the spread means. */
  note?: ReactNode
  /** Buttons beside the title. */
  tools?: ReactNode
  /** Below everything: what can be done about it. */
  foot?: ReactNode
  tables: () => TableData[]
  /** Numbers at full precision; the tables as they are read, where a figure has nothing better. */
  csv?: () => string
  /** Training step behind the picture, for the stamp on what is saved; null for theory. */
  step?: number | null
  /** One cell of many: long words are cut, and stand in full where the figure says what it is. */
  compact?: boolean
  children: ReactNode
}

/** The frame of every chart: heading, a sentence, the picture or the same numbers as a table, and what stands behind them. */
export function Figure({ name, title, summary, note, tools, foot, tables, csv, step = null, compact = false, children }: Props) {
  const asTable = useUi((state) => state.tables[name] ?? false)
  const id = useId()
  const figure = useRef<HTMLElement>(null)
  return (
    <figure ref={figure} className={compact ? `${styles.figure} ${styles.compact}` : styles.figure} aria-labelledby={id} data-chart={name}>
      <div className={styles.head}>
        <h2 id={id} title={compact ? title : undefined}>{title}</h2>
        {tools}
        <button type="button" className="quiet tool" aria-pressed={asTable} onClick={() => toggleTable(name)} aria-label={`${title} as table`} title="Show the numbers">
          <ToolIcon name="table" />
        </button>
        <SaveMenu name={name} title={title} summary={summary} step={step} figure={figure} tables={tables} csv={csv} drawn={!asTable} />
      </div>
      <p className={styles.summary} title={compact ? summary : undefined}>{summary}</p>
      <div className={styles.body}>{asTable ? <DataTables name={title} tables={tables()} /> : children}</div>
      {note && <figcaption className={styles.note}>{note}</figcaption>}
      {foot}
    </figure>
  )
}
