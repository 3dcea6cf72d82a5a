import styles from './DataTable.module.css'

export interface TableData {
  caption: string
  columns: string[]
  rows: (string | number)[][]
}

/** At most forty rows: a table to read, not a dump. */
const most = 40

/** The numbers of a figure, in place of its picture. */
export function DataTables({ name, tables }: { name: string; tables: readonly TableData[] }) {
  return (
    // A scrolling region must be reachable by keyboard.
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <section className={styles.scroll} tabIndex={0} aria-label={`${name}, numbers`}>
      {tables.map((table) => <OneTable key={table.caption} {...table} />)}
    </section>
  )
}

function OneTable({ caption, columns, rows }: TableData) {
  const every = Math.ceil(rows.length / most)
  const shown = every > 1 ? rows.filter((_, i) => (rows.length - 1 - i) % every === 0) : rows
  return (
    <>
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
    </>
  )
}
