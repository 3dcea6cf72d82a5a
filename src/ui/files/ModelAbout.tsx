import type { ModelAbout as About } from '../../file_protocol.ts'
import { count } from '../numbers.ts'
import styles from './Files.module.css'

const shapeText = (shape: About['inputs'][number]['shape']) => (shape ? `(${shape.map((size) => size ?? '?').join(', ')})` : '')

/** What an ONNX file says of itself: a small Netron. */
export function ModelAbout({ about }: { about: About }) {
  const { inputs, outputs, operators, nodes, parameters, opsets, producer, metadata, files } = about
  const notes = Object.entries(metadata)
  return (
    <section aria-label="What is in the file">
      <h3>What is in the file</h3>
      <p>
        {count(parameters)} parameters, {count(nodes)} nodes, opset {Object.entries(opsets).map(([domain, version]) => `${domain && `${domain} `}${version}`).join(', ')}
        {producer && `, by ${producer}`}{files.length > 0 && `; its weights are in ${files.join(', ')}`}.
      </p>
      <div className="scroll-table">
        <table aria-label="Inputs and outputs">
          <thead><tr><th scope="col">name</th><th scope="col">is an</th><th scope="col">type</th><th scope="col">shape</th></tr></thead>
          <tbody>
            {[...inputs.map((value) => ({ ...value, kind: 'input' })), ...outputs.map((value) => ({ ...value, kind: 'output' }))].map(({ name, type, shape, kind }) => (
              <tr key={kind + name}><th scope="row">{name}</th><td>{kind}</td><td>{type}</td><td>{shapeText(shape)}</td></tr>
            ))}
          </tbody>
        </table>
      </div>
      <p className={styles.operators} aria-label="Operators">{operators.map(({ name, count: times }) => <span key={name}>{name} ×{count(times)}</span>)}</p>
      {notes.length > 0 && (
        <details className={styles.fold}>
          <summary>Its notes</summary>
          <dl className={styles.notes}>{notes.map(([key, value]) => <div key={key}><dt>{key}</dt><dd>{value}</dd></div>)}</dl>
        </details>
      )}
    </section>
  )
}
