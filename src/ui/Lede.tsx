import { presets } from '../store/catalog.ts'
import { useDraft } from '../store/draft.ts'
import { knobOf } from '../store/replicas.ts'
import { useRun } from '../store/run.ts'
import { useSeries } from './charts/series.ts'
import styles from './Lede.module.css'

/** What one sees, in two sentences. */
export function Lede() {
  const preset = useDraft((state) => presets.find(({ id }) => id === state.preset) ?? null)
  const started = useRun(({ phase }) => phase !== 'idle' && phase !== 'probing')
  const series = useSeries()
  const seeds = useDraft(({ config }) => new Set(config.replicas.map((replica) => knobOf(config, replica, 'seed'))).size)
  return (
    <p className={styles.lede}>
      {!started && <>Press <b>Run</b>: {series.length > 1 ? `${number(series.length)} small diffusion transformers start` : 'one small diffusion transformer starts'} {seeds > 1 ? 'from one set of weights for each seed; those with the same seed' : 'from the same weights and'} see the same images and noise; only the loss they minimise differs. </>}
      {preset?.notice ?? 'These are your own settings; the arrow beside a changed control leads back to its default.'}
    </p>
  )
}

const number = (value: number) => ['no', 'one', 'two', 'three', 'four', 'five', 'six'][value] ?? String(value)
