import { presets } from '../store/catalog.ts'
import { useDraft } from '../store/draft.ts'
import { useRun } from '../store/run.ts'
import { useSeries } from './charts/series.ts'
import styles from './Lede.module.css'

/** What one sees, in two sentences. */
export function Lede() {
  const preset = useDraft((state) => presets.find(({ id }) => id === state.preset) ?? null)
  const started = useRun(({ phase }) => phase !== 'idle' && phase !== 'probing')
  const series = useSeries()
  return (
    <p className={styles.lede}>
      {!started && <>Press <b>Run</b>: {series.length > 1 ? `${number(series.length)} small diffusion transformers start` : 'one small diffusion transformer starts'} from the same weights and see the same images and noise; only the loss they minimise differs. </>}
      {preset?.notice ?? 'These are your own settings; the arrow beside a changed control leads back to its default.'}
    </p>
  )
}

const number = (value: number) => ['no', 'one', 'two', 'three', 'four', 'five', 'six'][value] ?? String(value)
