import { type ReactNode, useId } from 'react'
import { type ChartName, toggleTable, useUi } from '../../store/ui.ts'
import styles from './Figure.module.css'

interface Props {
  name: ChartName
  title: string
  /** One sentence made from the data. */
  summary: string
  /** Sample count and what the spread means. */
  note?: string
  /** Buttons beside the title. */
  tools?: ReactNode
  table: () => ReactNode
  children: ReactNode
}

/** The frame of every chart: heading, a sentence, the picture or the same numbers as a table, and what stands behind them. */
export function Figure({ name, title, summary, note, tools, table, children }: Props) {
  const asTable = useUi((state) => state.tables[name] ?? false)
  const id = useId()
  return (
    <figure className={styles.figure} aria-labelledby={id} data-chart={name}>
      <div className={styles.head}>
        <h2 id={id}>{title}</h2>
        {tools}
        <button type="button" className="quiet" aria-pressed={asTable} onClick={() => toggleTable(name)} aria-label={`${title} as table`}>
          Table
        </button>
      </div>
      <p className={styles.summary}>{summary}</p>
      <div className={styles.body}>{asTable ? table() : children}</div>
      {note && <figcaption className={styles.note}>{note}</figcaption>}
    </figure>
  )
}
