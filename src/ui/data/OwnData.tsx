import { type DragEvent, useRef, useState } from 'react'
import { discardOpened, openFiles, useData } from '../../store/data.ts'
import { useUi } from '../../store/ui.ts'
import { Modal } from '../dialogs/Modal.tsx'
import { DrawPoints } from './DrawPoints.tsx'
import { KeptSets } from './KeptSets.tsx'
import { NewSet } from './NewSet.tsx'
import { chosenFiles, droppedFiles } from './dropped.ts'
import styles from './Data.module.css'

/** Images of one's own: brought in, looked at, kept and deleted. */
export function OwnData() {
  return (
    <Modal name="own-data" title="Your own data">
      <Body />
    </Modal>
  )
}

function Body() {
  const open = useUi((state) => state.dialog === 'own-data')
  const refusal = useData((state) => state.refusal)
  const reading = useData((state) => state.reading)
  if (!open) return null
  return (
    <>
      <p>Images are read here and kept in this browser. Nothing is uploaded.</p>
      <DropZone />
      <output className={styles.reading}>
        {reading && `${reading.label[0].toUpperCase()}${reading.label.slice(1)}${reading.total > 0 ? `, ${Math.round((100 * reading.done) / reading.total)} %` : ''} …`}
      </output>
      {reading && <button type="button" onClick={discardOpened}>Cancel</button>}
      {refusal && <p role="alert" className={styles.refusal}>{refusal}</p>}
      <NewSet />
      <KeptSets />
      <DrawPoints />
    </>
  )
}

function DropZone() {
  const [over, setOver] = useState(false)
  const files = useRef<HTMLInputElement>(null)
  const folder = useRef<HTMLInputElement>(null)
  const drop = (event: DragEvent) => {
    event.preventDefault()
    event.stopPropagation() // the page has another use for files
    setOver(false)
    void droppedFiles(event.dataTransfer).then(openFiles)
  }
  return (
    <div
      className={styles.drop}
      data-over={over || undefined}
      data-testid="own-drop"
      onDragOver={(event) => {
        event.preventDefault()
        event.stopPropagation()
        setOver(true)
      }}
      onDragLeave={() => setOver(false)}
      onDrop={drop}
    >
      <p>Drop files or a folder here, or choose them.</p>
      <p className={styles.row}>
        <button type="button" onClick={() => files.current?.click()}>Choose files</button>
        <button type="button" onClick={() => folder.current?.click()}>Choose a folder</button>
      </p>
      <p className={styles.formats}>CIFAR-10 (.bin, .tar.gz), IDX as MNIST has it, .npz and .npy with labels, PNG and JPEG pictures in a folder or .zip for each class</p>
      <input ref={files} type="file" multiple hidden aria-label="Files with images" onChange={({ target }) => { openFiles(chosenFiles(target.files)); target.value = '' }} />
      <input ref={folder} type="file" hidden aria-label="A folder of images" {...{ webkitdirectory: '' }} onChange={({ target }) => { openFiles(chosenFiles(target.files)); target.value = '' }} />
    </div>
  )
}
