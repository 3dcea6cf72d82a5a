import { useId, type ReactNode } from 'react'
import { changeField } from '../../store/actions.ts'
import { ignoredBecause } from '../../store/catalog.ts'
import { useDraft } from '../../store/draft.ts'
import { methodIdOf } from '../../store/replicas.ts'
import { useUi } from '../../store/ui.ts'
import { LiveMark } from './LiveMark.tsx'
import { NumberControl } from './NumberControl.tsx'
import type { Field } from './fields.ts'
import styles from './Controls.module.css'

/** One field of the config: its control, its default, its way back, and one sentence. */
export function FieldControl({ field }: { field: Field }) {
  const { section, field: name, live } = field
  const id = useId()
  const value = useDraft(({ config }) => (config[section] as Record<string, unknown>)[name])
  const explain = useUi((state) => state.explain)
  const ignored = useDraft(({ config }) =>
    section === 'objective' ? ignoredBecause(name, config.replicas.map((replica) => methodIdOf(config, replica))) : null,
  )
  const change = (next: number | string | boolean) => changeField(section, name, next, live)
  const changed = value !== field.standard
  const common = { id, describedBy: `${id}-help`, disabled: ignored !== null }

  return (
    <div className={styles.field} data-field={`${section}.${name}`} data-disabled={ignored !== null || undefined}>
      <label htmlFor={id} className={styles.label}>
        {field.title}
        {live && <LiveMark />}
      </label>
      {control()}
      <button
        type="button"
        className={styles.reset}
        hidden={!changed}
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
    if (field.kind === 'number') return <NumberControl field={field} value={value as number} change={change} {...common} />
    if (field.kind === 'switch') {
      return <input type="checkbox" id={id} className={styles.checkbox} checked={value as boolean} disabled={common.disabled} aria-describedby={common.describedBy} onChange={(event) => change(event.target.checked)} />
    }
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
