import { useRun } from '../../store/run.ts'
import { useMedia } from '../useMedia.ts'
import { count, duration, short } from '../numbers.ts'
import styles from './RunBar.module.css'

/** Where the run stands: step, speed, time left; or what is being prepared. */
export function Progress() {
  const phase = useRun((state) => state.phase)
  const preparing = useRun((state) => state.progress)
  const step = useRun(({ tick }) => tick?.step ?? 0)
  const steps = useRun(({ tick }) => tick?.steps ?? 0)
  const narrow = useMedia('(max-width: 56em)')
  const rate = useRun(({ tick }) => tick?.stepsPerSecond ?? 0)
  if (preparing && phase !== 'running' && phase !== 'paused') {
    return (
      <div className={styles.progress}>
        <span>{preparing.label}</span>
        <progress max={preparing.total || 1} value={preparing.done} aria-label={preparing.label} />
      </div>
    )
  }
  if (steps === 0) return <div className={styles.progress}>{narrow && <Adapter />}</div>
  return (
    <div className={styles.progress}>
      <span>
        <span>step </span>
        <b data-testid="step">{count(step)}</b>
        <span> of {count(steps)}</span>
      </span>
      <progress max={steps} value={step} aria-label="Steps done" />
      <span className={styles.rate}>{phase === 'running' && rate > 0 ? `${short(rate)} steps/s, ${duration((steps - step) / rate)} left` : words[phase]}</span>
    </div>
  )
}

/** On what it would run; where there is no room for it in the header. */
function Adapter() {
  const about = useRun(({ plan }) => plan?.plan.time?.about)
  const obstacle = useRun((state) => state.obstacle !== null)
  const capabilities = useRun((state) => state.capabilities)
  if (obstacle) return <span>No training here: there is no GPU.</span>
  if (!capabilities) return <span>Looking for a GPU …</span>
  return <span>{capabilities.software ? 'Software GPU: correct, but slow' : `GPU: ${capabilities.adapter}`}{about && <>; <b>{about}</b></>}</span>
}

const words: Record<string, string> = { running: 'measuring speed', paused: 'paused', finished: 'finished', failed: 'stopped', starting: 'preparing' }
