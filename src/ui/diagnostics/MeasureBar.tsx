import { useEffect, useState } from 'react'
import { diagnosticOf, refusalOf } from '../../store/catalog.ts'
import { costOf } from '../../store/cost.ts'
import { useDraft } from '../../store/draft.ts'
import { everyOf, sameSettings, settingsOf } from '../../store/measurements.ts'
import { cancelMeasure, measure } from '../../store/measuring.ts'
import { dismissUnmeasured, hasRun, useRun } from '../../store/run.ts'
import { showView } from '../../store/ui.ts'
import { count, duration, percent, seconds, short } from '../numbers.ts'
import type { Measurement } from '../../panel.ts'
import styles from './Diagnostics.module.css'

interface Props {
  id: string
  measurement: Measurement | null
  /** With the way to the diagnostic's own view, without its sentences. */
  compact: boolean
}

/** What a measurement costs, when it was made, and the buttons to make one or to stop it. */
export function MeasureBar({ id, measurement, compact }: Props) {
  const diagnostic = diagnosticOf(id)
  const busy = useRun(({ measuring, asked }) => (measuring?.id ?? asked) === id)
  const refusal = useRefusal(id)
  const blocked = useBlocked(id, refusal)
  const title = diagnostic?.title ?? id
  const problem = useRun(({ unmeasured }) => unmeasured[id])
  const cost = useCostSentence(id)
  return (
    <div className={styles.bar}>
      {problem && (
        <p className={styles.problem} role="alert">
          <span>{problem}</span>
          <button type="button" className="quiet" onClick={() => dismissUnmeasured(id)} aria-label={`Close the message about ${title}`}>×</button>
        </p>
      )}
      {!compact && <p className={styles.cost}>{cost}</p>}
      <div className={styles.row}>
        {busy ? <Busy /> : <Status id={id} measurement={measurement} refusal={compact && !problem ? refusal : null} />}
        {!busy && (
          <button type="button" className={compact ? 'quiet' : ''} disabled={blocked !== null} title={blocked ?? cost} aria-label={compact ? `Measure now: ${title}` : undefined} onClick={() => measure(id)}>
            Measure now
          </button>
        )}
        {compact && <button type="button" className="quiet" onClick={() => showView(id)} aria-label={`Details: ${title}`}>Details</button>}
      </div>
      {!compact && blocked && !busy && <p className={styles.cost}>{blocked}</p>}
    </div>
  )
}

/** Why these settings do not go with the run, or with the draft while there is none. */
export function useRefusal(id: string): string | null {
  const running = useRun(({ tick }) => tick?.config)
  const drafted = useDraft(({ config }) => config)
  const reason = refusalOf(id, running ?? drafted, settingsOf(drafted, id))
  return reason && `${reason.charAt(0).toUpperCase()}${reason.slice(1)}${/[.!?]$/.test(reason) ? '' : '.'}`
}

/** Why it cannot be measured now, in one sentence; null when it can. */
function useBlocked(id: string, refusal: string | null): string | null {
  const running = useRun(({ phase }) => hasRun(phase))
  const never = useRun(({ phase }) => phase === 'obstacle')
  const other = useRun(({ measuring, asked }) => measuring?.id ?? asked)
  if (refusal) return refusal
  if (never) return 'It looks at a net, and nothing can be trained here.'
  if (!running) return 'It looks at a net: start a run first.'
  return other && other !== id ? `“${diagnosticOf(other)?.title ?? other}” is being measured.` : null
}

/** “About 170 training steps’ work: ≈ 12 s here. Every 500 steps that makes training 34 % longer.” */
function useCostSentence(id: string): string {
  const rate = useRun(({ tick }) => (tick && tick.step > 0 ? Number(tick.stepsPerSecond.toPrecision(1)) : 0)) // coarse: it changes with every tick
  const config = useDraft((state) => state.config)
  const diagnostic = diagnosticOf(id)
  if (!diagnostic) return ''
  const settings = settingsOf(config, id)
  if (!diagnostic.settings.safeParse(settings).success) return ''
  const { steps, seconds: time } = costOf(config, diagnostic.work(config, settings), rate)
  const every = everyOf(config, id)
  const pace = every > 0 ? ` Every ${count(every)} steps that makes training ${percent(steps / every)} longer.` : ''
  return `About ${short(Number(steps.toPrecision(2)))} training steps’ work${time === null ? '' : `: ≈ ${duration(time)} here`}.${pace}`
}

function Status({ id, measurement, refusal }: Pick<Props, 'id' | 'measurement'> & { refusal: string | null }) {
  const config = useDraft((state) => state.config)
  const { evaluate } = config
  if (refusal) return <span className={styles.status}>{refusal}</span>
  if (!measurement) {
    const every = everyOf(config, id)
    return <span className={styles.status}>{every > 0 && evaluate.measure ? `Every ${count(every)} steps of a run.` : 'On request.'}</span>
  }
  const other = !sameSettings(measurement.settings, settingsOf(config, id))
  return <span className={styles.status}>Step {count(measurement.step ?? 0)}, took {seconds(measurement.duration)}{other && ', with other settings'}</span>
}

/** Progress comes into view only when it takes longer than a second. */
function Busy() {
  const measuring = useRun((state) => state.measuring)
  const [late, setLate] = useState(false)
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), 1000)
    return () => clearTimeout(timer)
  }, [])
  if (!late) return <span className={styles.status}>Measuring …</span>
  return (
    <>
      <span className={styles.status}>
        {measuring ? `Measuring, ${count(measuring.done)} of ${count(measuring.total)}` : 'Measuring …'}
        <progress max={measuring?.total || 1} value={measuring?.done ?? 0} aria-label="Measured" />
      </span>
      <button type="button" onClick={cancelMeasure}>Cancel</button>
    </>
  )
}
