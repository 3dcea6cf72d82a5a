import { diagnosticOf } from '../../store/catalog.ts'
import { useDraft } from '../../store/draft.ts'
import { everyOf } from '../../store/measurements.ts'
import { useRun } from '../../store/run.ts'
import { useShownRun } from '../../store/shown.ts'
import { useUi } from '../../store/ui.ts'
import { count } from '../numbers.ts'
import { HeldOutPoints } from '../samples/SamplesFigure.tsx'
import { MeasureBar, useRefusal } from './MeasureBar.tsx'
import styles from './Diagnostics.module.css'

/** In place of a picture: when there will be one, and in a view of its own what it would show, what it costs and the button. */
export function NotYet({ id, compact = false }: { id: string; compact?: boolean }) {
  const replayed = useUi((state) => state.replayed)
  const refusal = useRefusal(id)
  const recorded = useShownRun(({ record }) => record !== null)
  if (replayed !== null) return <p className={styles.empty}>Not measured by step {count(replayed)}.</p>
  return (
    <div className={styles.empty}>
      {id === 'plane' && !refusal && <HeldOutPoints />}
      <First id={id} refusal={refusal} />
      {!compact && <p className={styles.seen}>{diagnosticOf(id)?.summary}</p>}
      {!compact && !refusal && !recorded && <MeasureBar id={id} measurement={null} compact={false} />}
    </div>
  )
}

/** When it is measured for the first time; on the way there, how far it is. */
function First({ id, refusal }: { id: string; refusal: string | null }) {
  const every = useDraft(({ config }) => (config.evaluate.measure ? everyOf(config, id) : 0))
  const phase = useRun((state) => state.phase)
  const recorded = useShownRun(({ record }) => record !== null)
  const step = useRun(({ tick }) => tick?.step ?? 0)
  const measuring = useRun((state) => (state.measuring?.id === id ? state.measuring : null))
  const end = useRun(({ tick }) => tick?.steps ?? Infinity)
  if (refusal) return <p>{refusal}</p>
  const under = phase === 'running' || phase === 'paused' || phase === 'starting'
  if (under && every > 0) {
    const next = Math.min(end, every * (1 + Math.floor(step / every)))
    if (measuring || (step === 0 && diagnosticOf(id)?.atStart)) return <><p>{step === 0 ? 'The first picture is being measured, before the first step.' : 'The first picture is being measured.'}</p><progress max={measuring?.total || 1} value={measuring?.done ?? 0} aria-label="First picture" /></>
    return <><p>First picture at step {count(next)}.</p><progress max={next} value={step} aria-label="Steps until the first picture" /></>
  }
  const without = recorded ? 'Not in this recording: measuring needs a run.' : 'Not measured yet.'
  if (recorded && phase === 'obstacle') return <p>Not in this recording: measuring needs a run, and a run needs a GPU.</p>
  if (under || phase === 'finished' || phase === 'obstacle') return <p>{without}</p>
  return <p>{without} Press <b>Run</b>{every > 0 ? `: it is measured ${diagnosticOf(id)?.atStart ? 'at once and ' : ''}every ${count(every)} steps` : ', and it can be measured at any step'}.</p>
}
