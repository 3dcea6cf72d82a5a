import { useState } from 'react'
import type { OwnSet } from '../../file_protocol.ts'
import { removeSet, takeSet, useData } from '../../store/data.ts'
import { useDraft } from '../../store/draft.ts'
import { bytes } from '../numbers.ts'
import { Preview } from './Preview.tsx'
import { formSentence, splitSentence } from './words.ts'
import styles from './Data.module.css'

export function KeptSets() {
  const sets = useData((state) => state.sets)
  const problem = useData((state) => state.problem)
  if (!sets || (sets.length === 0 && !problem)) return null
  return (
    <section aria-label="Kept in this browser">
      <h3>Kept in this browser</h3>
      {problem && <p>{problem}</p>}
      <ul className={styles.kept}>{sets.map((set) => <Kept key={set.id} set={set} />)}</ul>
    </section>
  )
}

function Kept({ set }: { set: OwnSet }) {
  const chosen = useDraft(({ config }) => config.data.dataset === set.id)
  const [shown, setShown] = useState(false)
  const [asking, setAsking] = useState(false)
  const size = (set.train + set.test) * set.channels * set.size ** 2
  return (
    <li>
      <b>{set.label}</b> <span>{formSentence(set)} {splitSentence(set)} {bytes(size)}.</span>
      <div className={styles.buttons}>
        <button type="button" disabled={chosen} aria-label={`Use ${set.label}`} onClick={() => takeSet(set.id)}>{chosen ? 'In use' : 'Use'}</button>
        <button type="button" aria-expanded={shown} aria-label={`Images of ${set.label}`} onClick={() => setShown(!shown)}>Images</button>
        {asking
          ? <button type="button" aria-label={`Delete ${set.label} for good`} onClick={() => removeSet(set.id)}>Really delete</button>
          : <button type="button" aria-label={`Delete ${set.label}`} onClick={() => setAsking(true)}>Delete</button>}
      </div>
      {shown && <Preview set={set} />}
    </li>
  )
}
