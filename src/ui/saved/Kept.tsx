import { useState } from 'react'
import { deleteLocalData } from '../../store/saved.ts'
import { useSaves } from '../../store/saves.ts'
import { bytes } from '../numbers.ts'

/** What this page takes of the device, and the way to take it all back. */
export function Kept() {
  const used = useSaves((state) => state.used)
  const problem = useSaves((state) => state.problem)
  return (
    <>
      {problem && <p role="alert">{problem}</p>}
      <p>A run is kept in this browser while it trains, and nowhere else. The last five can be gone on with; of older ones the charts stay until the page is closed.{used !== null && ` This page takes ${bytes(used)} of this device, images and caches included.`}</p>
      <DeleteAll />
    </>
  )
}

/** Asks once: nothing of it comes back. */
function DeleteAll() {
  const [state, setState] = useState<'ready' | 'asking' | 'done'>('ready')
  if (state === 'done') return <output>Deleted. The run on this page stays until it is closed, and is not kept any more.</output>
  if (state === 'ready') return <p><button type="button" onClick={() => setState('asking')}>Delete all local data</button></p>
  return (
    <fieldset>
      <legend>Delete all local data</legend>
      <p>Saved runs, your own images, speed tests and preferences on this device will be gone for good.</p>
      <p>
        <button type="button" className="primary" onClick={() => (deleteLocalData(), setState('done'))}>Delete everything</button>{' '}
        <button type="button" onClick={() => setState('ready')}>Keep it</button>
      </p>
    </fieldset>
  )
}
