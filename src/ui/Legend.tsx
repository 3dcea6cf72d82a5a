import { setSeedView, toggleBeside, toggleReplicas, useUi } from '../store/ui.ts'
import { Choice } from './Choice.tsx'
import { Marker } from './charts/Marker.tsx'
import { type Series, useSeries } from './charts/series.ts'
import { useGroups, useSeedGroups } from './charts/useSeedGroups.ts'
import styles from './Lede.module.css'

const seedViews = [{ value: 'together', label: 'Mean ± SD' }, { value: 'single', label: 'Single seeds' }] as const

/** The one legend for all charts. */
export function Legend() {
  const series = useSeries()
  const groups = useSeedGroups()
  const entries = groups.length > 0 ? groups : series.map(({ index }) => [index])
  const seedView = useUi((state) => state.seedView)
  const several = useGroups().some((group) => group.length > 1)
  return (
    <div className={styles.shown}>
      <fieldset className={styles.legend}>
        <legend className="visually-hidden">Shown on all charts</legend>
        {entries.map((group) => {
          const own = group.flatMap((index) => series[index] ?? [])
          if (own.length === 0) return null
          const [{ index, colour, marker, dash, name }] = own
          const hidden = own.every((one) => one.hidden)
          const label = own.length > 1 ? `${name} ×${own.length}` : own[0].label
          return (
            <button key={index} type="button" className="quiet" aria-pressed={!hidden} onClick={() => toggle(own)} title={hidden ? `Show ${label}` : `Hide ${label}`}>
              <svg width="26" height="12" viewBox="0 0 26 12" aria-hidden="true">
                <path d="M0 6H26" stroke={colour} strokeWidth="2" strokeDasharray={dash} />
                <Marker shape={marker} x={13} y={6} colour={colour} />
              </svg>
              {label}
            </button>
          )
        })}
      </fieldset>
      {several && <Choice label="Seeds" choices={seedViews} value={seedView} onChange={setSeedView} />}
    </div>
  )
}

function toggle(own: readonly Series[]): void {
  if (own[0].run === 0) toggleReplicas(own.map(({ replica }) => replica))
  else toggleBeside(own.map(({ key }) => key))
}
