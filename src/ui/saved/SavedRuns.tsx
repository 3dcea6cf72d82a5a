import { useState } from 'react'
import { deleteLocalData, discardRun, openRun } from '../../store/saved.ts'
import { nameOf, useSaves } from '../../store/saves.ts'
import { useRun } from '../../store/run.ts'
import type { SavedRun } from '../../protocol.ts'
import { Modal } from '../dialogs/Modal.tsx'
import { bytes, count } from '../numbers.ts'
import styles from './SavedRuns.module.css'
import { when } from './when.ts'

export function SavedRuns() {
  return (
    <Modal name="saved" title="Saved runs">
      <Kept />
    </Modal>
  )
}

function Kept() {
  const runs = useSaves((state) => state.runs)
  const used = useSaves((state) => state.used)
  const problem = useSaves((state) => state.problem)
  return (
    <>
      <p>A run is kept in this browser while it trains, and nowhere else. The last five are there; older ones make room.</p>
      {problem && <p role="alert">{problem}</p>}
      {runs.length === 0 ? <p>Nothing is kept at the moment.</p> : <ul className={styles.list}>{runs.map((run) => <Row key={run.id} run={run} />)}</ul>}
      {used !== null && <p>This page takes {bytes(used)} of this device, images and caches included.</p>}
      <DeleteAll />
    </>
  )
}

function Row({ run }: { run: SavedRun }) {
  const able = useRun(({ phase }) => phase !== 'probing' && phase !== 'obstacle' && phase !== 'starting')
  const open = useRun(({ tick, phase }) => phase !== 'failed' && tick?.runId === run.id)
  const name = nameOf(run.config)
  const at = `step ${count(run.step)}`
  return (
    <li className={styles.run}>
      <p>
        <b>{name}</b>
        {run.config && <span>{at} of {count(run.steps)}, kept {when(run.savedAt)}, {bytes(run.bytes)}</span>}
        {run.problem && <span>{run.problem}</span>}
        {run.elsewhere && <span>Open in another tab.</span>}
        {open && <span>On this page.</span>}
      </p>
      {!run.elsewhere && !open && (
        <div className={styles.buttons}>
          {run.config && <button type="button" disabled={!able} onClick={() => openRun(run)} aria-label={`Open ${name} at ${at}`}>Open</button>}
          <button type="button" className="quiet" onClick={() => discardRun(run.id)} aria-label={`Delete ${name} at ${at}`}>Delete</button>
        </div>
      )}
    </li>
  )
}

/** Asks once: nothing of it comes back. */
function DeleteAll() {
  const [state, setState] = useState<'ready' | 'asking' | 'done'>('ready')
  if (state === 'done') return <output>Deleted. The run on this page stays until it is closed, and is not kept any more.</output>
  if (state === 'ready') return <p className="row"><button type="button" onClick={() => setState('asking')}>Delete all local data</button></p>
  return (
    <fieldset>
      <legend>Delete all local data</legend>
      <p>Saved runs, your own images, speed tests and preferences on this device will be gone for good.</p>
      <p className="row">
        <button type="button" className="primary" onClick={() => (deleteLocalData(), setState('done'))}>Delete everything</button>
        <button type="button" onClick={() => setState('ready')}>Keep it</button>
      </p>
    </fieldset>
  )
}
