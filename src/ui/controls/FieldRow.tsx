import { useId, type ReactNode } from 'react'
import { useUi } from '../../store/ui.ts'
import { What } from '../charts/What.tsx'
import { LiveMark } from './LiveMark.tsx'
import { NumberControl } from './NumberControl.tsx'
import { TextInput } from './TextInput.tsx'
import type { Field } from './fields.ts'
import styles from './Controls.module.css'

interface Props {
  field: Field
  /** Where the value lives, for tests and for links. */
  address: string
  value: number | string | boolean
  change(value: number | string | boolean): void
  commit?(): void
  /** Why it has no effect now. */
  ignored?: string | null
  /** Not even back to its default. */
  fixed?: boolean
}

/** One field: its control, its default, its way back, and one sentence. */
export function FieldRow({ field, address, value, change, commit, ignored = null, fixed = false }: Props) {
  const id = useId()
  const explain = useUi((state) => state.explain)
  const changed = value !== field.standard
  const common = { id, describedBy: `${id}-help`, disabled: ignored !== null }

  return (
    <div className={styles.field} data-field={address} data-disabled={ignored !== null || undefined}>
      <span className={styles.title}>
        <label htmlFor={id} className={styles.label}>
          {field.title}
          {field.live && <LiveMark />}
        </label>
        <What title={field.title} words={[field.help, ignored ?? undefined]} formula={field.formula} paper={field.source} />
      </span>
      {control()}
      <button
        type="button"
        className={styles.reset}
        hidden={!changed || fixed}
        aria-label={`Reset ${field.title} to ${String(field.standard)}`}
        title={`Back to ${String(field.standard)}`}
        onClick={() => change(field.standard)}
      >
        ↺
      </button>
      <p id={`${id}-help`} className={explain || ignored ? styles.help : 'visually-hidden'}>
        {ignored ?? field.help}
        {!ignored && field.source && <cite> {field.source}</cite>}
      </p>
    </div>
  )

  function control(): ReactNode {
    if (field.kind === 'number') return <NumberControl field={field} value={value as number} change={change} commit={commit} {...common} />
    if (field.kind === 'switch') {
      return <input type="checkbox" id={id} className={styles.checkbox} checked={value as boolean} disabled={common.disabled} aria-describedby={common.describedBy} onChange={(event) => change(event.target.checked)} />
    }
    if (field.kind === 'text') return <TextInput value={String(value)} onChange={change} {...common} />
    return (
      <select
        id={id}
        className={styles.select}
        value={String(value)}
        disabled={common.disabled}
        aria-describedby={common.describedBy}
        onChange={(event) => change(field.choices.find((choice) => String(choice.value) === event.target.value)!.value)}
      >
        {field.choices.map((choice) => <option key={choice.value} value={String(choice.value)}>{choice.label}</option>)}
      </select>
    )
  }
}
