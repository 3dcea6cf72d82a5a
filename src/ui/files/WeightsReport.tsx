import { useState } from 'react'
import type { Config } from '../../config.ts'
import type { OpenedFile, WeightsAbout } from '../../file_protocol.ts'
import { datasetChoices, datasetOf } from '../../store/catalog.ts'
import { useData } from '../../store/data.ts'
import { readAgain, trainOnFrom } from '../../store/files.ts'
import { useRun } from '../../store/run.ts'
import { NumberInput } from '../controls/NumberInput.tsx'
import { count } from '../numbers.ts'
import styles from './Files.module.css'

interface Props {
  opened: OpenedFile
  weights: WeightsAbout
}

/** A file's weights beside what the engine has, tensor by tensor, and the way on from them. */
export function WeightsReport({ opened, weights }: Props) {
  const { net, whole, tensors, missing, asks, differences, notes } = weights
  const matched = tensors.filter(({ status }) => status === 'matched').length
  return (
    <section aria-label="Its weights in this engine">
      <h3>Its weights in this engine</h3>
      {whole && net && <p>{describeNet(net)}. {count(matched)} of {count(tensors.length)} tensors are its parameters{differences.length === 0 && ', and its answers will be the file’s'}.</p>}
      {!whole && asks.length === 0 && <p>They cannot be trained on here:</p>}
      {asks.length > 0 ? <Asks asks={asks} /> : differences.length > 0 && <ul>{differences.slice(0, 6).map((text) => <li key={text}>{capital(text)}.</li>)}{differences.length > 6 && <li>And {count(differences.length - 6)} more.</li>}</ul>}
      {notes.length > 0 && <ul className={styles.small}>{notes.map((text) => <li key={text}>{capital(text)}.</li>)}</ul>}
      {(tensors.length > 0 || missing.length > 0) && <Tensors tensors={tensors} missing={missing} />}
      {whole && net && <Begin net={net} own={opened.config !== null} different={differences.length > 0} />}
    </section>
  )
}

const describeNet = ({ width, blocks, heads, patch, channels, size, classes }: Config['net']) =>
  `A transformer of ${blocks} blocks, width ${width}, ${heads} heads, patches of ${patch}, for ${channels === 1 ? 'grey' : `${channels}-channel`} images of ${size} × ${size}${classes > 0 ? ` in ${classes} classes` : ''}`

const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1)

const statuses = { matched: 'matched', fixed: 'built in', shape: 'other shape', unmatched: 'no place for it' } as const

function Tensors({ tensors, missing }: Pick<WeightsAbout, 'tensors' | 'missing'>) {
  const wrong = tensors.filter(({ status }) => status === 'shape' || status === 'unmatched').length + missing.length
  const shapeText = (shape: readonly number[]) => `(${shape.join(', ')})`
  return (
    <details className={styles.fold} open={wrong > 0}>
      <summary>Tensor by tensor{wrong > 0 && `: ${count(wrong)} do not fit`}</summary>
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- it scrolls, so the keyboard must reach it */}
      <section className="scroll-table" tabIndex={0} aria-label="Tensors of the file">
        <table>
          <thead><tr><th scope="col">in the file</th><th scope="col">shape</th><th scope="col">type</th><th scope="col">is</th><th scope="col">in the engine</th></tr></thead>
          <tbody>
            {missing.map(({ name, shape }) => <tr key={`missing ${name}`} className={styles.wrong}><td>–</td><td>{shapeText(shape)}</td><td>–</td><td>missing</td><td>{name}</td></tr>)}
            {tensors.map(({ name, shape, type, status, role }) => (
              <tr key={name} className={status === 'shape' || status === 'unmatched' ? styles.wrong : undefined}><td>{name}</td><td>{shapeText(shape)}</td><td>{type}</td><td>{statuses[status]}</td><td>{role === name ? 'same name' : role}</td></tr>
            ))}
          </tbody>
        </table>
      </section>
    </details>
  )
}

/** What the file leaves open. */
function Asks({ asks }: Pick<WeightsAbout, 'asks'>) {
  const [values, setValues] = useState({ heads: 4, size: 32 })
  const titles = { heads: 'Attention heads', size: 'Side of the images' } as const
  return (
    <div className={styles.asked}>
      <p>The file does not say:</p>
      {asks.map((name) => (
        <p key={name} className="row">
          <label htmlFor={`ask-${name}`}>{titles[name]}</label>
          <NumberInput id={`ask-${name}`} className={styles.number} value={values[name]} min={1} max={512} integer onChange={(value) => setValues({ ...values, [name]: value })} />
        </p>
      ))}
      <p><button type="button" onClick={() => readAgain(Object.fromEntries(asks.map((name) => [name, values[name]])))}>Read it so</button></p>
    </div>
  )
}

/** Weights of others come without a data set. */
function Begin({ net, own, different }: { net: Config['net']; own: boolean; different: boolean }) {
  const yours = useData((state) => state.sets)
  const fitting = [...datasetChoices, ...(yours ?? []).map(({ id, label }) => ({ value: id, label: `${label} (yours)` }))].filter(({ value }) => {
    const dataset = datasetOf(value)
    // One label more than classes stands for none.
    return dataset && dataset.channels === net.channels && dataset.sizes.includes(net.size) && [0, dataset.classes.length, dataset.classes.length + 1].includes(net.classes)
  })
  const [chosen, setChosen] = useState<string | null>(null)
  const able = useRun(({ phase }) => phase !== 'probing' && phase !== 'obstacle' && phase !== 'starting')
  if (!own && fitting.length === 0) return <p>There is no data set here with such images, so it cannot be trained on; bring in your own under Data.</p>
  const dataset = fitting.some(({ value }) => value === chosen) ? chosen! : fitting[0]?.value
  return (
    <p className="row">
      {!own && (
        <label>
          Data{' '}
          <select value={dataset} onChange={({ target }) => setChosen(target.value)}>{fitting.map(({ value, label }) => <option key={value} value={value}>{label}</option>)}</select>
        </label>
      )}
      <button type="button" className="primary" disabled={!able} onClick={() => trainOnFrom(own ? undefined : dataset)}>Train on from here{different && ', differences and all'}</button>
      <span className={styles.small}>Step 0, a fresh optimiser; a run that is there makes way.</span>
    </p>
  )
}
