import { useState } from 'react'
import { linkToDraft } from '../../store/address.ts'
import { lockable, parts, useTeach } from '../../store/teach.ts'
import { announce, useUi } from '../../store/ui.ts'
import { Modal } from '../dialogs/Modal.tsx'
import styles from './Runs.module.css'

type Way = 'open' | 'lock' | 'hide'

/** A link that opens what the teacher sees, with fewer controls. What is measured is never hidden. */
export function ClassLink() {
  return <Modal name="class-link" title="Link for a class"><Form /></Modal>
}

function Form() {
  const open = useUi((state) => state.dialog === 'class-link')
  const { hide, lock } = useTeach()
  const [copied, setCopied] = useState('')
  if (!open) return null
  const wayOf = (name: string): Way => (hide.includes(name) ? 'hide' : lock.includes(name) ? 'lock' : 'open')
  const change = (name: string, way: Way) => {
    const others = (names: readonly string[]) => names.filter((other) => other !== name)
    useTeach.setState({ hide: way === 'hide' ? [...others(hide), name] : others(hide), lock: way === 'lock' ? [...others(lock), name] : others(lock) })
    setCopied('')
  }
  const link = linkToDraft()
  const copy = async () => {
    const done = await navigator.clipboard.writeText(link).then(() => 'Link copied.', () => 'The browser did not allow copying; the link stands above.')
    setCopied(done)
    announce(done)
  }
  return (
    <>
      <p>The link opens this page with the settings, the tab and the lesson’s step that you see now. Choose what students find of the controls; charts and numbers always stay. Students can bring everything back.</p>
      <div className={styles.form}>
        {Object.entries(parts).map(([name, title]) => (
          <Part key={name} name={name} title={title} way={wayOf(name)} change={change} />
        ))}
      </div>
      <p className={styles.link}>{link}</p>
      <p><button type="button" className="primary" onClick={() => void copy()}>Copy this link</button> <span>{copied}</span></p>
    </>
  )
}

function Part({ name, title, way, change }: { name: string; title: string; way: Way; change(name: string, way: Way): void }) {
  const id = `part-${name}`
  return (
    <>
      <label htmlFor={id}>{title}</label>
      <select id={id} value={way} onChange={({ target }) => change(name, target.value as Way)}>
        <option value="open">shown</option>
        {lockable.includes(name) && <option value="lock">shown, fixed</option>}
        <option value="hide">hidden</option>
      </select>
    </>
  )
}
