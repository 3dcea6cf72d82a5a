import { useState } from 'react'

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

/** Text while it is typed, a number within bounds once it is left or Enter is pressed. Takes 1e-3 as well as 0.001. */
export function NumberInput({ id, label, value, placeholder, min, max, integer, disabled, className, describedBy, onChange, onClear, onCommit }: Props) {
  const [text, setText] = useState<string | null>(null)
  const commit = () => {
    if (text === null) return
    setText(null)
    if (text.trim() === '') return onClear?.()
    const typed = Number(text.replace(',', '.'))
    if (!Number.isFinite(typed)) return
    onChange(Math.min(max, Math.max(min, integer ? Math.round(typed) : typed)))
    onCommit?.()
  }
  return (
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
      onChange={(event) => setText(event.target.value)}
      onBlur={commit}
      onKeyDown={(event) => {
        if (event.key === 'Enter') commit()
        if (event.key === 'Escape') setText(null)
      }}
    />
  )
}
