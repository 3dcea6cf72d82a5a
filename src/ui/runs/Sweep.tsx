import { useEffect, useState } from 'react'
import { requestPlan, start } from '../../store/actions.ts'
import { methodChoices } from '../../store/catalog.ts'
import { setReplicas, useDraft } from '../../store/draft.ts'
import { mostReplicas, readList, withSweep } from '../../store/lineup.ts'
import { useRun } from '../../store/run.ts'
import { openDialog, showView } from '../../store/ui.ts'
import { bytes } from '../numbers.ts'
import { Modal } from '../dialogs/Modal.tsx'
import styles from './Runs.module.css'

export function Sweep() {
  return <Modal name="sweep" title="Sweep"><Form /></Modal>
}

/** Methods that read both knobs. */
const methods = methodChoices.filter(({ uses }) => uses.includes('tMin') && uses.includes('lambda'))

function Form() {
  const { tMin, lambda } = useDraft(({ config }) => config.objective)
  const [method, setMethod] = useState(methods[0]?.id ?? 'lcf')
  const [tMins, setTMins] = useState('0.02 0.05 0.1')
  const [lambdas, setLambdas] = useState('0.01 0.05 0.2')
  const able = useRun(({ phase }) => phase !== 'probing' && phase !== 'obstacle' && phase !== 'starting')
  const found = replicasOf(method, tMins, lambdas)
  const known = useDraft(({ problem }) => problem === null) // else nothing is planned
  const plan = useRun((state) => (known && able ? state.plan?.plan : undefined))
  useEffect(() => {
    if (typeof found !== 'string') requestPlan(found)
    // Asked for what was typed; `found` is another array each time.
    // oxlint-disable-next-line react-hooks/exhaustive-deps
  }, [method, tMins, lambdas])
  useEffect(() => () => requestPlan(), []) // the run bar's again
  const go = () => {
    if (typeof found === 'string') return
    openDialog(null)
    setReplicas(found)
    showView('runs')
    start()
  }
  return (
    <>
      <p>One replica for every T_min with every λ, from the same start and on the same batches: at most {mostReplicas}. What each comes to is then drawn as a grid. One value of a knob leaves it as it is (now T_min {tMin}, λ {lambda}).</p>
      <div className={styles.form}>
        <label htmlFor="sweep-method">Method</label>
        <select id="sweep-method" value={method} onChange={({ target }) => setMethod(target.value)}>{methods.map(({ id, label }) => <option key={id} value={id}>{label}</option>)}</select>
        <label htmlFor="sweep-t-min">T_min</label>
        <input id="sweep-t-min" value={tMins} spellCheck={false} autoComplete="off" onChange={({ target }) => setTMins(target.value)} />
        <label htmlFor="sweep-lambda">λ</label>
        <input id="sweep-lambda" value={lambdas} spellCheck={false} autoComplete="off" onChange={({ target }) => setLambdas(target.value)} />
      </div>
      {typeof found === 'string' ? <p role="alert">{found}</p> : <p>{found.length} replicas{plan && !plan.refusal && `: ${[plan.time?.about, `${bytes(plan.total)} of GPU memory`].filter(Boolean).join(', ')}`}.</p>}
      {plan?.refusal && <p role="alert">{plan.refusal}</p>}
      <p><button type="button" className="primary" disabled={typeof found === 'string' || !able || plan?.refusal !== undefined} onClick={go}>Run the sweep</button></p>
    </>
  )
}

function replicasOf(method: string, tMins: string, lambdas: string) {
  try {
    return withSweep(method, readList(tMins, 'tMin'), readList(lambdas, 'lambda'))
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}
