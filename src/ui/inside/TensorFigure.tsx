import { type PointerEvent, useEffect, useRef, useState } from 'react'
import type { WalkMove, WalkTensor } from '../../step_walk.ts'
import { bytes } from '../numbers.ts'
import { heatPicture, pictureSize, shapeText, signed, statisticsText } from './paint.ts'
import styles from './Inside.module.css'

/** A tensor as one move left it: what it is, its shape, its numbers as colours and in figures. */
export function TensorFigure({ tensor }: { tensor: WalkTensor }) {
  const { name, words, letters, sizes, part, groups, rows, columns, values, statistics } = tensor
  const across = letters.length > 1 ? `${letters.at(-2)} downwards, ${letters.at(-1)} across` : letters.length === 1 && letters[0] !== 'parameters' ? `${letters[0]} across` : ''
  return (
    <figure className={styles.tensor}>
      <figcaption>
        <h4>{name}</h4>
        {words && <p>{words}.</p>}
        <p className={styles.shape}>{shapeText(letters, sizes)}, {bytes(tensor.bytes)}</p>
      </figcaption>
      <Heat label={`${name}, ${statisticsText(statistics)}`} values={values} groups={groups} rows={rows} columns={columns} low={statistics.low ?? 0} high={statistics.high ?? 0} />
      <p className={styles.figures}>{statisticsText(statistics)}.{[part, across].filter(Boolean).map((one) => <small key={one}> {one}</small>)}</p>
      <Numbers name={name} values={values} rows={rows} columns={columns} />
    </figure>
  )
}

const most = 8

/** The first numbers, for whoever cannot see colours or wants to compare digits. */
function Numbers({ name, values, rows, columns }: { name: string; values: Float32Array; rows: number; columns: number }) {
  const [open, setOpen] = useState(false)
  const across = Array.from({ length: Math.min(most, columns) }, (_, column) => column)
  return (
    <details className={styles.numbers} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>Numbers<span className="visually-hidden"> of {name}</span></summary>
      {open && (
        // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a scrolling region must be reachable by keyboard
        <section className="scroll-table" data-scroll tabIndex={0} aria-label={`First numbers of ${name}`}>
          <table>
            <thead><tr><th scope="col">row</th>{across.map((column) => <th key={column} scope="col">{column + 1}</th>)}</tr></thead>
            <tbody>
              {Array.from({ length: Math.min(most, rows) }, (_, row) => (
                <tr key={row}><th scope="row">{row + 1}</th>{across.map((column) => <td key={column}>{signed(values[row * columns + column])}</td>)}</tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
    </details>
  )
}

/** Who looks at whom: one picture for each head, queries downwards, keys across. */
export function AttentionFigure({ attention: { heads, queries, keys, weights } }: { attention: NonNullable<WalkMove['attention']> }) {
  const high = weights.reduce((most, weight) => (weight > most ? weight : most), 0)
  return (
    <figure className={`${styles.tensor} ${styles.heads}`}>
      <figcaption>
        <h4>Attention weights</h4>
        <p>How much each token takes from every other, in each head. The engine does not store them: they are made anew here from queries, keys and log-sum-exp. Each row sums to 1.</p>
        <p className={styles.shape}>{shapeText(['H', 'T', 'T'], [heads, keys, keys])}</p>
      </figcaption>
      <Heat label={`Attention weights, 0 to ${signed(high)}`} values={weights} groups={heads} rows={queries} columns={keys} low={0} high={high} captions="head" />
      <p className={styles.figures}>0 to {signed(high)}; {signed(1 / keys)} everywhere would be attention to nothing in particular. <small>Asking token downwards, token asked across</small>{queries < keys && <small> the first {queries} of {keys} rows</small>}</p>
    </figure>
  )
}

interface HeatProps {
  label: string
  values: Float32Array
  groups: number
  rows: number
  columns: number
  low: number
  high: number
  captions?: string
}

/** Pictures on one scale, side by side where they fit. */
function Heat({ label, values, groups, rows, columns, low, high, captions }: HeatProps) {
  const [under, setUnder] = useState('')
  const size = pictureSize(rows, columns, groups > 1 ? 160 : 300)
  const point = (group: number) => (event: PointerEvent<HTMLCanvasElement>) => {
    const box = event.currentTarget.getBoundingClientRect()
    const row = Math.min(rows - 1, Math.max(0, Math.floor(((event.clientY - box.top) / box.height) * rows)))
    const column = Math.min(columns - 1, Math.max(0, Math.floor(((event.clientX - box.left) / box.width) * columns)))
    setUnder(`row ${row + 1}, column ${column + 1}: ${signed(values[(group * rows + row) * columns + column])}`)
  }
  return (
    <div className={styles.heat}>
      <div className={styles.pictures}>
        {Array.from({ length: groups }, (_, group) => (
          <div key={group}>
            <Canvas label={groups > 1 ? `${label}, ${group + 1} of ${groups}` : label} values={values} start={group * rows * columns} rows={rows} columns={columns} low={low} high={high} size={size} point={point(group)} leave={() => setUnder('')} />
            {captions && <small>{captions} {group + 1}</small>}
          </div>
        ))}
      </div>
      <small className={styles.under} aria-hidden="true">{under}</small>
    </div>
  )
}

function Canvas({ label, values, start, rows, columns, low, high, size, point, leave }: Omit<HeatProps, 'groups' | 'captions'> & { start: number; size: { width: number; height: number }; point: (event: PointerEvent<HTMLCanvasElement>) => void; leave: () => void }) {
  const canvas = useRef<HTMLCanvasElement>(null)
  useEffect(() => {
    const context = canvas.current?.getContext('2d')
    if (!context) return
    const picture = heatPicture(values, start, rows, columns, low, high)
    context.canvas.width = picture.width
    context.canvas.height = picture.height
    context.putImageData(new ImageData(picture.data, picture.width, picture.height), 0, 0)
  }, [values, start, rows, columns, low, high])
  // oxlint-disable-next-line jsx-a11y/prefer-tag-over-role -- an <img> cannot be painted from floats without a copy
  return <canvas ref={canvas} style={size} role="img" aria-label={label} onPointerMove={point} onPointerLeave={leave} />
}
