import { Popover } from '@base-ui/react/popover'
import { useEffect } from 'react'
import { requestPlan } from '../../store/actions.ts'
import { useDraft } from '../../store/draft.ts'
import { useRun } from '../../store/run.ts'
import { bytes, count, seconds, short } from '../numbers.ts'
import styles from './RunBar.module.css'

/** What the draft would take of the GPU's memory and of one's time, before anything is allocated. */
export function Memory() {
  const able = useRun(({ capabilities }) => capabilities !== null)
  const plan = useRun((state) => state.plan?.plan ?? null)
  const cost = useRun(({ tick }) => tick?.cost ?? null)
  const config = useDraft((state) => state.config)
  const training = useRun(({ phase }) => phase === 'running')
  useEffect(() => {
    if (!able) return
    const timer = setTimeout(() => requestPlan(), 250)
    return () => clearTimeout(timer)
  }, [able, config])
  if (!plan || !able) return null // without a GPU nothing is planned for these settings
  if (plan.refusal) return <p className={styles.refusal} role="alert">{plan.refusal}</p>
  const { time } = plan
  const about = time && !training ? time.about : null // a run says itself how long it will go on
  return (
    <Popover.Root>
      <Popover.Trigger className={`quiet ${styles.memory}`} aria-label={`Memory: ${bytes(plan.total)} of GPU memory, ${count(plan.parameters)} parameters each${about ? `, ${about}` : ''}`}>
        {about && <b>{about}</b>}{bytes(plan.total)}<span>{count(plan.parameters)} parameters each</span>
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Positioner sideOffset={6} align="end" className="layer">
          <Popover.Popup className="popup">
            <Popover.Title>GPU memory{time && ' and time'} for these settings</Popover.Title>
            <table className={styles.parts}>
              <tbody>
                {plan.parts.map((part) => <tr key={part.name}><th scope="row">{part.name}</th><td>{bytes(part.bytes)}</td></tr>)}
                <tr><th scope="row">together</th><td>{bytes(plan.total)}</td></tr>
              </tbody>
            </table>
            {time && <p>A step is {short(time.flops / 1e9)} GFLOP, about {seconds(time.step)} here; {count(config.train.steps)} of them, and what is measured on the way, come to {time.about}. That is as the GPU did on a product of matrices and on small dispatches; once a run trains, its steps tell better.</p>}
            {cost && <p>The run on the GPU takes {bytes(cost.bytes)} and {count(cost.dispatches)} dispatches a step.</p>}
          </Popover.Popup>
        </Popover.Positioner>
      </Popover.Portal>
    </Popover.Root>
  )
}
