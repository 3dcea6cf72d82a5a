import styles from './DataTable.module.css'

interface Props {
  caption: string
  columns: string[]
  rows: (string | number)[][]
}

/** At most forty rows: a table to read, not a dump. */
const most = 40

export function DataTable({ caption, columns, rows }: Props) {
  const every = Math.ceil(rows.length / most)
  const shown = every > 1 ? rows.filter((_, i) => (rows.length - 1 - i) % every === 0) : rows
  return (
    // A scrolling region must be reachable by keyboard.
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <section className={styles.scroll} tabIndex={0} aria-label={caption}>
      <table className={styles.table}>
        <caption>{caption}{every > 1 ? `, every ${every}th row` : ''}</caption>
        <thead>
          <tr>{columns.map((column) => <th key={column} scope="col">{column}</th>)}</tr>
        </thead>
        <tbody>
          {shown.map((row) => (
            <tr key={String(row[0])}>
              <th scope="row">{row[0]}</th>
              {row.slice(1).map((cell, i) => <td key={columns[i + 1]}>{cell}</td>)}
            </tr>
          ))}
        </tbody>
      </table>
      {rows.length === 0 && <p>Nothing has been measured yet.</p>}
    </section>
  )
}
