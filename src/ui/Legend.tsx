import { useDraft } from '../store/draft.ts'
import { seedGroups } from '../config.ts'
import { useShownRun } from '../store/shown.ts'
import { setSeedView, toggleReplicas, useUi } from '../store/ui.ts'
import { Choice } from './Choice.tsx'
import { Marker } from './charts/Marker.tsx'
import { useSeries } from './charts/series.ts'
import { useSeedGroups } from './charts/useSeedGroups.ts'
import styles from './Lede.module.css'

const seedViews = [{ value: 'together', label: 'Mean ± SD' }, { value: 'single', label: 'Single seeds' }] as const

/** The one legend for all charts. */
export function Legend() {
  const series = useSeries()
  const groups = useSeedGroups()
  const entries = groups.length > 0 ? groups : series.map(({ index }) => [index])
  const seedView = useUi((state) => state.seedView)
  const drafted = useDraft(({ config }) => seedGroups(config).some((group) => group.length > 1))
  const several = useShownRun(({ tick }) => (tick ? seedGroups(tick.config).some((group) => group.length > 1) : drafted))
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
            <button key={index} type="button" className="quiet" aria-pressed={!hidden} onClick={() => toggleReplicas(group)} title={hidden ? `Show ${label}` : `Hide ${label}`}>
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
