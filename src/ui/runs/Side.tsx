import { Suspense, lazy } from 'react'
import { showSide, useUi } from '../../store/ui.ts'
import { Choice } from '../Choice.tsx'
import { Controls } from '../controls/Controls.tsx'
import styles from './Runs.module.css'

const RunList = lazy(() => import('./RunList.tsx').then((file) => ({ default: file.RunList })))

const choices = [{ value: 'settings', label: 'Settings' }, { value: 'runs', label: 'Runs' }] as const

/** The column beside the charts: what the next run is to be, or which runs there are. */
export function Side() {
  const side = useUi((state) => state.side)
  return (
    <aside className={styles.side} id="controls" aria-label="Settings and runs" tabIndex={-1}>
      <div className={styles.switch}><Choice label="Column" choices={choices} value={side} onChange={showSide} /></div>
      {side === 'settings' ? <Controls /> : <Suspense><RunList /></Suspense>}
    </aside>
  )
}
