import { useUi } from '../../store/ui.ts'
import { count } from '../numbers.ts'
import styles from './Diagnostics.module.css'

export function NotYet() {
  const replayed = useUi((state) => state.replayed)
  return <p className={styles.empty}>{replayed === null ? 'Not measured yet.' : `Not measured by step ${count(replayed)}.`}</p>
}
