import { figuresOf, groupsOf, overGroup } from '../../store/figures.ts'
import type { SeenRun } from '../../store/shown.ts'
import { methodOf } from '../../store/catalog.ts'
import { writeMean } from './write.ts'
import styles from './Runs.module.css'

/** What a run came to at its last look, in the few figures that a card has room for. */
export function Finals({ seen }: { seen: SeenRun }) {
  const figures = figuresOf(seen)
  const brief = figures.some(({ id }) => id === 'probe') ? ['low', 'probe'] : ['low', 'middle']
  const told = figures.filter(({ id }) => brief.includes(id))
  const groups = groupsOf(seen.tick.config)
  if (told.length === 0) return null
  return (
    <table className={styles.finals}>
      <thead><tr><td>Replicas</td>{told.map(({ id, title }) => <th key={id} scope="col">{title}</th>)}</tr></thead>
      <tbody>
        {groups.map((group) => (
          <tr key={group.replicas.join()}>
            <th scope="row">{group.label.replace(methodOf(group.method).label, methodOf(group.method).short)}{group.replicas.length > 1 && ` ×${group.replicas.length}`}</th>
            {told.map((figure) => <td key={figure.id}>{writeMean(figure, overGroup(figure, group))}</td>)}
          </tr>
        ))}
      </tbody>
    </table>
  )
}
