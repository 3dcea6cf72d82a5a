import { useState } from 'react'
import styles from './Controls.module.css'

interface Props {
  id: string
  value: string
  describedBy: string
  disabled: boolean
  onChange(value: string): void
}

/** Text that counts once it is left or Enter is pressed. */
export function TextInput({ id, value, describedBy, disabled, onChange }: Props) {
  const [text, setText] = useState<string | null>(null)
  const commit = () => {
    if (text !== null && text !== value) onChange(text)
    setText(null)
  }
  return (
    <input
      type="text"
      autoComplete="off"
      spellCheck={false}
      id={id}
      aria-describedby={describedBy}
      className={`${styles.number} ${styles.text}`}
      value={text ?? value}
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
