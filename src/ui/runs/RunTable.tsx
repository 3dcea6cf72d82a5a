import { dataIn, methodOf } from '../../store/catalog.ts'
import { figuresOf, groupsOf, overGroup } from '../../store/figures.ts'
import { type RunEntry, changesAgainst, ofSameData } from '../../store/runList.ts'
import { emphasise } from '../../store/ui.ts'
import { csvOf, download } from '../charts/save.ts'
import { count } from '../numbers.ts'
import { SweepGrids } from './SweepGrids.tsx'
import { useEntries, useReference } from './useEntries.ts'
import { writeMean } from './write.ts'
import styles from './Runs.module.css'

interface Row {
  id: string
  run: string
  replicas: string
  changes: string
  step: string
  values: string[]
}

/** All runs side by side: settings that differ, and what each came to, over its seeds. */
export function RunTable() {
  const all = useEntries()
  const reference = useReference(all)
  const [entries, others] = ofSameData(all, reference)
  const { titles, rows } = tableOf(entries, reference)
  const save = () => download('low-noise-lab-runs.csv', new Blob([csvOf({ columns: ['run', 'replicas', 'differs', 'step', ...titles], rows: rows.map(({ run, replicas, changes, step, values }) => [run, replicas, changes, step, ...values]) })], { type: 'text/csv' }))
  return (
    <section className={styles.table} aria-labelledby="runs-table">
      <h2 id="runs-table">Runs</h2>
      <p>Each at its last look. Over several seeds: mean ± standard deviation (n − 1); ×n says how many. {reference && <>Settings are told against <b>{reference.name}</b>.</>}{others.length > 0 && ` Not here, being of other data: ${others.map(({ name, config }) => `${name} (${dataIn(config!)})`).join(', ')}.`}</p>
      {/* A scrolling region must be reachable by keyboard. */}
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <section className={styles.scroll} tabIndex={0} aria-label="Runs, table">
        <table>
          <thead><tr><th scope="col">Run</th><th scope="col">Replicas</th><th scope="col">Differs in</th><th scope="col">Step</th>{titles.map((title) => <th key={title} scope="col">{title}</th>)}</tr></thead>
          <tbody>
            {rows.map(({ id, run, replicas, changes, step, values }, at) => (
              <tr key={`${id} ${replicas}`} onPointerEnter={() => emphasise(id)} onPointerLeave={() => emphasise(null)}>
                <th scope="row">{run}</th><td>{replicas}</td>{rows[at - 1]?.id !== id && <td rowSpan={rows.filter((row) => row.id === id).length}>{changes}</td>}<td className={styles.number}>{step}</td>
                {values.map((value, i) => <td key={titles[i]} className={styles.number}>{value}</td>)}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      <p><button type="button" onClick={save} disabled={rows.length === 0}>Save as CSV</button></p>
      {entries.map(({ id, name, seen }) => seen && <SweepGrids key={id} name={name} seen={seen} />)}
    </section>
  )
}

/** One row for each thing that is compared in a run. A figure that nobody has is left out. */
function tableOf(entries: readonly RunEntry[], reference: RunEntry | undefined): { titles: string[]; rows: Row[] } {
  const measured = entries.flatMap((entry) => (entry.seen ? [{ entry, figures: figuresOf(entry.seen), groups: groupsOf(entry.seen.tick.config) }] : []))
  const titles = [...new Set(measured.flatMap(({ figures }) => figures.map(({ title }) => title)))]
  const rows = measured.flatMap(({ entry, figures, groups }) => groups.map((group): Row => ({
    id: entry.id, run: entry.name, replicas: `${group.label.replace(methodOf(group.method).label, methodOf(group.method).short)}${group.replicas.length > 1 ? ` ×${group.replicas.length}` : ''}`,
    changes: changesAgainst(reference, entry)?.map(({ title, from, to }) => `${title} ${from} → ${to}`).join('; ') ?? '', step: count(entry.step),
    values: titles.map((title) => {
      const figure = figures.find((one) => one.title === title)
      return figure ? writeMean(figure, overGroup(figure, group)) : '–'
    }),
  })))
  return { titles, rows }
}
