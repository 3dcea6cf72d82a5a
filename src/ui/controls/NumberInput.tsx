import { useState } from 'react'
import { announce } from '../../store/ui.ts'
import { readTyped } from './typed.ts'
import styles from './Controls.module.css'

interface Props {
  id?: string
  label?: string
  value: number | undefined
  /** Shown while there is no value. */
  placeholder?: string
  min: number
  max: number
  integer: boolean
  disabled?: boolean
  className: string
  describedBy?: string
  onChange(value: number): void
  /** An emptied field; without it, emptying restores the value. */
  onClear?: () => void
  onCommit?: () => void
}

/** Text while it is typed, a number within bounds once it is left or Enter is pressed; a word where that is not the one that was typed. */
export function NumberInput({ id, label, value, placeholder, min, max, integer, disabled, className, describedBy, onChange, onClear, onCommit }: Props) {
  const [text, setText] = useState<string | null>(null)
  const [told, setTold] = useState<{ word: string; value: number | undefined } | null>(null)
  const commit = () => {
    if (text === null) return
    setText(null)
    if (text.trim() === '') return onClear?.()
    const typed = readTyped(text, { min, max, integer })
    setTold(typed.word === null ? null : { word: typed.word, value: typed.value ?? value })
    if (typed.word !== null) announce(`${label ? `${label}: ` : ''}${typed.word}.`)
    if (typed.value === null) return
    onChange(typed.value)
    onCommit?.()
  }
  return (
    <>
      <input
        type="text"
        inputMode="decimal"
        autoComplete="off"
        spellCheck={false}
        id={id}
        aria-label={label}
        aria-describedby={describedBy}
        className={className}
        value={text ?? (value === undefined ? '' : String(value))}
        placeholder={placeholder}
        disabled={disabled}
        onChange={(event) => {
          setText(event.target.value)
          setTold(null)
        }}
        onBlur={commit}
        onKeyDown={(event) => {
          if (event.key === 'Enter') commit()
          if (event.key === 'Escape') setText(null)
        }}
      />
      {told && told.value === value && <span className={styles.told}>{told.word}</span>}
    </>
  )
}
