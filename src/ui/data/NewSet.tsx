import type { OwnAsked } from '../../file_protocol.ts'
import { askFor, discardOpened, keepOpened, useData } from '../../store/data.ts'
import { NumberInput } from '../controls/NumberInput.tsx'
import { TextInput } from '../controls/TextInput.tsx'
import { count } from '../numbers.ts'
import { Preview } from './Preview.tsx'
import { formSentence, splitSentence } from './words.ts'
import styles from './Data.module.css'

const fits: { value: OwnAsked['fit']; label: string }[] = [
  { value: 'resize', label: 'resize the largest square in the middle' },
  { value: 'crop', label: 'cut out the middle as it is' },
]
const colours: { value: OwnAsked['channels']; label: string }[] = [
  { value: 'file', label: 'as in the file' },
  { value: 'grey', label: 'grey' },
  { value: 'rgb', label: 'red, green, blue' },
]

/** What was read, how it would be kept, and the way to keep it. */
export function NewSet() {
  const opened = useData((state) => state.opened)
  const set = useData((state) => state.set)
  const reading = useData((state) => state.reading)
  if (!opened) return null
  const { asked, width, height } = opened
  return (
    <section aria-label="Read, not kept yet" className={styles.opened}>
      <h3>{asked.label}</h3>
      <p>{count(opened.count)} images of {width}×{height} pixels{set && `; kept as ${formSentence(set)}`}</p>
      <div className={styles.asked}>
        <label htmlFor="own-name">Name</label>
        <TextInput id="own-name" value={asked.label} describedBy="own-name-help" disabled={false} onChange={(label) => askFor({ label })} />
        <label htmlFor="own-size">Side</label>
        <NumberInput id="own-size" className={styles.number} value={asked.size} min={2} max={256} integer onChange={(size) => askFor({ size })} />
        <label htmlFor="own-fit">To that side</label>
        <select id="own-fit" value={asked.fit} onChange={({ target }) => askFor({ fit: target.value as OwnAsked['fit'] })}>
          {fits.map(({ value, label }) => <option key={value} value={value}>{label}</option>)}
        </select>
        <label htmlFor="own-channels">Colours</label>
        <select id="own-channels" value={asked.channels} onChange={({ target }) => askFor({ channels: target.value as OwnAsked['channels'] })}>
          {colours.map(({ value, label }) => <option key={value} value={value}>{label}</option>)}
        </select>
      </div>
      <p id="own-name-help" className="visually-hidden">How the set is listed.</p>
      {set && (
        <>
          <p data-testid="own-split">{splitSentence(set)}</p>
          {set.notes.map((note) => <p key={note}>{note}</p>)}
          <Preview set={set} />
        </>
      )}
      <p className={styles.row}>
        <button type="button" className="primary" disabled={!set || reading !== null} onClick={keepOpened}>Keep and use</button>
        <button type="button" onClick={discardOpened}>Discard</button>
      </p>
    </section>
  )
}
