import { useState } from 'react'
import type { ReplicaConfig } from '../../config.ts'
import { fork } from '../../store/actions.ts'
import { methodChoices } from '../../store/catalog.ts'
import { useRun } from '../../store/run.ts'
import { openDialog, useUi } from '../../store/ui.ts'
import { useOwnSeries } from '../charts/series.ts'
import { count } from '../numbers.ts'
import { Modal } from './Modal.tsx'

/** Goes on from one replica's weights as several: the fairest comparison of what a method does to a network that is already trained. */
export function Fork() {
  return (
    <Modal name="fork" title="Fork">
      <ForkForm />
    </Modal>
  )
}

function ForkForm() {
  const open = useUi((state) => state.dialog === 'fork')
  const step = useRun(({ tick }) => tick?.step ?? 0)
  const series = useOwnSeries()
  const [from, setFrom] = useState(0)
  const [chosen, setChosen] = useState<string[]>(['fm', 'lcf'])
  if (!open) return null
  const go = () => {
    openDialog(null)
    fork(Math.min(from, series.length - 1), chosen.map((method): ReplicaConfig => ({ method })))
  }
  return (
    <>
      <p>Goes on from one replica’s weights and optimiser state at step {count(step)}. The other replicas are dropped.</p>
      <label className="row">
        From
        <select value={from} onChange={(event) => setFrom(Number(event.target.value))}>
          {series.map(({ index, label }) => <option key={index} value={index}>{label}</option>)}
        </select>
      </label>
      <fieldset>
        <legend>Go on as</legend>
        {methodChoices.map(({ id, label, summary }) => (
          <label key={id} className="row">
            <input type="checkbox" checked={chosen.includes(id)} onChange={({ target }) => setChosen(target.checked ? [...chosen, id] : chosen.filter((other) => other !== id))} />
            <span><b>{label}</b> {summary}</span>
          </label>
        ))}
      </fieldset>
      <p><button type="button" className="primary" disabled={chosen.length === 0} onClick={go}>Fork at step {count(step)}</button></p>
    </>
  )
}
