import { Popover } from '@base-ui/react/popover'
import { useEffect } from 'react'
import { requestPlan } from '../../store/actions.ts'
import { useDraft } from '../../store/draft.ts'
import { useRun } from '../../store/run.ts'
import { bytes, count } from '../numbers.ts'
import styles from './RunBar.module.css'

/** What the draft would take on the GPU, before anything is allocated. */
export function Memory() {
  const able = useRun(({ capabilities }) => capabilities !== null)
  const plan = useRun((state) => state.plan?.plan ?? null)
  const cost = useRun(({ tick }) => tick?.cost ?? null)
  const config = useDraft((state) => state.config)
  useEffect(() => {
    if (!able) return
    const timer = setTimeout(requestPlan, 250)
    return () => clearTimeout(timer)
  }, [able, config])
  if (!plan) return null
  if (plan.refusal) return <p className={styles.refusal} role="alert">{plan.refusal}</p>
  return (
    <Popover.Root>
      <Popover.Trigger className={`quiet ${styles.memory}`} aria-label={`Memory: ${bytes(plan.total)} of GPU memory, ${count(plan.parameters)} parameters each`}>
        {bytes(plan.total)}<span>{count(plan.parameters)} parameters each</span>
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Positioner sideOffset={6} align="end" className="layer">
          <Popover.Popup className="popup">
            <Popover.Title>GPU memory for these settings</Popover.Title>
            <table className={styles.parts}>
              <tbody>
                {plan.parts.map((part) => <tr key={part.name}><th scope="row">{part.name}</th><td>{bytes(part.bytes)}</td></tr>)}
                <tr><th scope="row">together</th><td>{bytes(plan.total)}</td></tr>
              </tbody>
            </table>
            {cost && <p>The run on the GPU takes {bytes(cost.bytes)} and {count(cost.dispatches)} dispatches a step.</p>}
          </Popover.Popup>
        </Popover.Positioner>
      </Popover.Portal>
    </Popover.Root>
  )
}
