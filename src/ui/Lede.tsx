import { presets } from '../store/catalog.ts'
import { useDraft } from '../store/draft.ts'
import { useRun } from '../store/run.ts'
import { toggleReplica } from '../store/ui.ts'
import { Marker } from './charts/Marker.tsx'
import { useSeries } from './charts/series.ts'
import styles from './Lede.module.css'

/** What one sees, in two sentences, and the one legend for all charts. */
export function Lede() {
  const preset = useDraft((state) => presets.find(({ id }) => id === state.preset) ?? null)
  const started = useRun(({ phase }) => phase !== 'idle' && phase !== 'probing')
  const series = useSeries()
  return (
    <div className={styles.lede}>
      <p>
        {!started && <>Press <b>Run</b>: {series.length > 1 ? `${number(series.length)} small diffusion transformers start` : 'one small diffusion transformer starts'} from the same weights and see the same images and noise; only the loss they minimise differs. </>}
        {preset?.notice ?? 'These are your own settings; the arrow beside a changed control leads back to its default.'}
      </p>
      <fieldset className={styles.legend}>
        <legend className="visually-hidden">Shown on all charts</legend>
        {series.map(({ index, label, colour, marker, dash, hidden }) => (
          <button key={index} type="button" className="quiet" aria-pressed={!hidden} onClick={() => toggleReplica(index)} title={hidden ? `Show ${label}` : `Hide ${label}`}>
            <svg width="26" height="12" viewBox="0 0 26 12" aria-hidden="true">
              <path d="M0 6H26" stroke={colour} strokeWidth="2" strokeDasharray={dash} />
              <Marker shape={marker} x={13} y={6} colour={colour} />
            </svg>
            {label}
          </button>
        ))}
      </fieldset>
    </div>
  )
}

const number = (value: number) => ['no', 'one', 'two', 'three', 'four', 'five', 'six'][value] ?? String(value)
