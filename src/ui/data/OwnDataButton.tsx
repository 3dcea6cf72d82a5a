import { openDialog } from '../../store/ui.ts'
import styles from './Data.module.css'

export function OwnDataButton() {
  return <button type="button" className={styles.open} onClick={() => openDialog('own-data')}>Your own data …</button>
}
