import type { CSSProperties } from 'react'
import { short } from '../numbers.ts'
import { NumberInput } from './NumberInput.tsx'
import type { NumberField } from './fields.ts'
import { neighbour, placeOf, places, valueAt } from './track.ts'
import styles from './Controls.module.css'

interface Props {
  field: NumberField
  value: number
  change(value: number): void
  /** The slider was let go. */
  commit?(): void
  id: string
  describedBy: string
  disabled: boolean
}

/** A slider and a number field for the same value. Numbers with a huge range (seeds, steps) and the advanced ones have the field alone. */
export function NumberControl({ field, value, change, commit, id, describedBy, disabled }: Props) {
  const { title, min, max, integer, unit, standard } = field
  const input = { min, max, integer, value, disabled, onChange: change }
  if (!hasSlider(field)) return <NumberInput {...input} id={id} className={`${styles.number} ${styles.alone}`} describedBy={describedBy} />

  const move = (direction: 1 | -1, share?: number) => change(neighbour(value, direction, field, share))
  return (
    <>
      <div className={styles.slider} style={{ '--at': placeOf(value, field) / places, '--standard': placeOf(standard, field) / places } as CSSProperties}>
        <input
          type="range"
          id={id}
          min={0}
          max={places}
          step="any"
          value={placeOf(value, field)}
          disabled={disabled}
          aria-describedby={describedBy}
          aria-valuetext={`${short(value)}${unit ? ` ${unit}` : ''}${value === standard ? ', the default' : ''}`}
          onChange={(event) => change(valueAt(Number(event.target.value), field))}
          onPointerUp={commit}
          onBlur={commit}
          onKeyDown={(event) => {
            const key = keys[event.key]
            if (!key || event.altKey || event.ctrlKey || event.metaKey) return
            event.preventDefault()
            if (key === 'least') change(min)
            else if (key === 'greatest') change(max)
            else move(...key)
          }}
        />
        <span className={styles.standard} aria-hidden="true" title={`Default ${short(standard)}`} />
      </div>
      <NumberInput {...input} className={styles.number} label={`${title}, value`} describedBy={describedBy} onCommit={commit} />
    </>
  )
}

/** Arrow keys move by what is worth a step on this track, not by one of a thousand places. */
const keys: Record<string, 'least' | 'greatest' | [1 | -1, number?]> = {
  ArrowRight: [1], ArrowUp: [1], ArrowLeft: [-1], ArrowDown: [-1], PageUp: [1, 1 / 8], PageDown: [-1, 1 / 8], Home: 'least', End: 'greatest',
}

function hasSlider({ advanced, max, standard }: NumberField): boolean {
  return !advanced && max / Math.max(1, standard) <= 1024
}
