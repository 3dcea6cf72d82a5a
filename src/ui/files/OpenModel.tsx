import { useEffect, useRef, useState } from 'react'
import { closeFile, openExample, openModel, trainOnFrom, useFiles } from '../../store/files.ts'
import { useUi } from '../../store/ui.ts'
import { Modal } from '../dialogs/Modal.tsx'
import { bytes, count } from '../numbers.ts'
import { Evaluate } from './Evaluate.tsx'
import { ModelAbout } from './ModelAbout.tsx'
import { WeightsReport } from './WeightsReport.tsx'
import styles from './Files.module.css'

const examples = [
  { file: 'gratings-fm.onnx', label: 'Flow matching on gratings' },
  { file: 'gratings-lcf.onnx', label: 'LCF on gratings' },
]

/** Models and runs from files: what they are, how they do, and training on from them. */
export function OpenModel() {
  return (
    <Modal name="model" title="Open a model or a run">
      <Body />
    </Modal>
  )
}

function Body() {
  const open = useUi((state) => state.dialog === 'model')
  const reading = useFiles((state) => state.reading)
  const refusal = useFiles((state) => state.refusal)
  const opened = useFiles((state) => state.opened)
  if (!open) return null
  return (
    <>
      <DropZone />
      <p className={styles.examples}>
        Or one of the lab’s own:
        {examples.map(({ file, label }) => <button key={file} type="button" onClick={() => void openExample(file)}>{label}</button>)}
      </p>
      <output className={styles.reading}>{reading && 'Reading …'}</output>
      {refusal && <p role="alert" className={styles.refusal}>{refusal}</p>}
      {opened && (
        <section aria-label={opened.name}>
          <h3 className={styles.name}>{opened.name}</h3>
          <p>{kinds[opened.kind]}, {bytes(opened.bytes)}{opened.step !== null && `, step ${count(opened.step)}`}. <button type="button" className="quiet" onClick={closeFile}>Close it</button></p>
          {opened.kind === 'run' && <p><button type="button" className="primary" onClick={() => trainOnFrom()}>Go on with this run</button></p>}
          {opened.weights && <WeightsReport key={opened.name} opened={opened} weights={opened.weights} />}
          {opened.about && <Evaluate opened={opened} about={opened.about} />}
          {opened.about && <ModelAbout about={opened.about} />}
        </section>
      )}
    </>
  )
}

const kinds = { run: 'A run of the lab', onnx: 'An ONNX model', safetensors: 'Weights by name (safetensors)' } as const

const namedFiles = (files: Iterable<File>) => Array.from(files, (file) => ({ name: file.name, file }))

function DropZone() {
  const [over, setOver] = useState(false)
  const input = useRef<HTMLInputElement>(null)
  useEffect(() => {
    const paste = ({ clipboardData }: ClipboardEvent) => openModel(namedFiles(clipboardData?.files ?? []))
    addEventListener('paste', paste)
    return () => removeEventListener('paste', paste)
  }, [])
  return (
    <div
      className={styles.drop}
      data-over={over || undefined}
      data-testid="model-drop"
      onDragOver={(event) => {
        event.preventDefault()
        setOver(true)
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault()
        setOver(false)
        openModel(namedFiles(event.dataTransfer.files))
      }}
    >
      <p>Drop a file here, paste it, or <button type="button" onClick={() => input.current?.click()}>choose one</button></p>
      <p className={styles.formats}>ONNX (with the files beside it that hold its weights), safetensors with the names of DiT, a run exported here (.zip, checkpoint.npz). It stays on this machine.</p>
      <input ref={input} type="file" multiple hidden aria-label="A file of a model or a run" onChange={({ target }) => { openModel(namedFiles(target.files ?? [])); target.value = '' }} />
    </div>
  )
}
