import { Collapsible } from '@base-ui/react/collapsible'
import { type Config, type Overridable, knobOf, knobSaid, overridable, overridableFields } from '../../config.ts'
import { changeOverride } from '../../store/actions.ts'
import { ignoredBecause, methodChoices, methodOf } from '../../store/catalog.ts'
import { setReplica, setReplicas, useDraft } from '../../store/draft.ts'
import { mostReplicas } from '../../store/lineup.ts'
import { useLocked } from '../../store/teach.ts'
import { useUi } from '../../store/ui.ts'
import { Marker } from '../charts/Marker.tsx'
import { What } from '../charts/What.tsx'
import { namedOf, seriesOf } from '../charts/series.ts'
import { short } from '../numbers.ts'
import { LineUp } from '../runs/LineUp.tsx'
import { NumberInput } from './NumberInput.tsx'
import { type ChoiceField, type NumberField, type SwitchField, fields } from './fields.ts'
import styles from './Controls.module.css'

/** Who is compared: one line per replica, each with a method and, where it differs, knobs of its own. */
export function Replicas() {
  const config = useDraft((state) => state.config)
  const { replicas } = config
  const explain = useUi((state) => state.explain)
  const series = seriesOf(namedOf(config))
  const locked = useLocked('replicas')
  const chosen = [...new Set(series.map(({ method }) => method))]
  return (
    <section className={styles.group} aria-label="Replicas">
      <div className={styles.groupHead}>
        <h2>Replicas</h2>
        <button
          type="button"
          className={styles.more}
          disabled={locked || replicas.length >= mostReplicas}
          onClick={() => setReplicas([...replicas, { method: methodChoices.find(({ id }) => !chosen.includes(id))?.id ?? 'fm' }])}
        >
          + Add
        </button>
      </div>
      {locked ? <p className={styles.help}>Fixed by the link that you came by.</p> : <LineUp />}
      <p className={styles.help}>Trained side by side from the same start, on the same images, noise levels and noise.</p>
      {replicas.map((_, i) => (
        <Collapsible.Root key={i} className={styles.replica}>
          <div className={styles.replicaRow}>
            <svg width="22" height="12" viewBox="0 0 22 12" aria-hidden="true">
              <path d="M0 6H22" stroke={series[i].colour} strokeWidth="2" strokeDasharray={series[i].dash} />
              <Marker shape={series[i].marker} x={11} y={6} colour={series[i].colour} />
            </svg>
            <select aria-label={`Method of replica ${i + 1}`} value={series[i].method} disabled={locked} className={styles.select} onChange={(event) => setReplica(i, { method: event.target.value })}>
              {methodChoices.map(({ id, label }) => <option key={id} value={id}>{label}</option>)}
            </select>
            <Collapsible.Trigger className={styles.more} disabled={locked} aria-label={`Own knobs of replica ${i + 1}`}>
              {overridesOf(config, i) || 'own knobs'}
            </Collapsible.Trigger>
            <button
              type="button"
              className={styles.reset}
              disabled={locked || replicas.length === 1}
              aria-label={`Remove replica ${i + 1}, ${series[i].label}`}
              onClick={() => setReplicas(replicas.filter((__, other) => other !== i))}
            >
              ×
            </button>
          </div>
          <Collapsible.Panel className={styles.overrides}>
            {overridesFor(config, i).map((field) => <Override key={field} index={i} name={field} />)}
          </Collapsible.Panel>
        </Collapsible.Root>
      ))}
      {chosen.map(methodOf).map(({ label, summary, formula, paper }) => (
        <p key={label} className={styles.help}><b>{label}</b>{explain && `: ${summary}`} <What title={label} words={[summary]} formula={formula} paper={paper} /></p>
      ))}
    </section>
  )
}

/** Those that its method reads, and those that it has anyway. */
const overridesFor = (config: Config, index: number) =>
  overridableFields.filter((field) => config.replicas[index][field] !== undefined || ignoredBecause(field, config, [config.replicas[index]]) === null)

function overridesOf({ replicas }: Config, index: number): string {
  return overridableFields.flatMap((field) => replicas[index][field] === undefined ? [] : [knobSaid(field, replicas[index][field])]).join(', ')
}

function Override({ index, name }: { index: number; name: Overridable }) {
  const field = fields[overridable[name]].find((candidate) => candidate.field === name)!
  const { title, live } = field
  const own = useDraft(({ config }) => config.replicas[index]?.[name])
  const inherited = useDraft(({ config }) => knobOf(config, {}, name))
  const given = { title: `${title} of replica ${index + 1}`, own, inherited, change: (value: number | string | boolean | undefined) => changeOverride(index, name, value) }
  return (
    <label className={styles.override}>
      <span>{title}{!live && <small> (at the next start)</small>}</span>
      {field.kind === 'number' ? <NumberOverride {...given} field={field} /> : <ChoiceOverride {...given} choices={choicesOf(field as ChoiceField | SwitchField)} />}
    </label>
  )
}

interface Given {
  title: string
  own: number | string | boolean | undefined
  inherited: number | string | boolean
  change: (value: number | string | boolean | undefined) => void
}

const choicesOf = (field: ChoiceField | SwitchField): { value: string | number | boolean; label: string }[] =>
  field.kind === 'choice' ? field.choices : [{ value: true, label: 'on' }, { value: false, label: 'off' }]

function ChoiceOverride({ title, own, inherited, change, choices }: Given & { choices: ReturnType<typeof choicesOf> }) {
  const at = (value: unknown) => choices.findIndex((choice) => choice.value === value)
  return (
    <select className={styles.select} aria-label={title} value={own === undefined ? '' : at(own)} onChange={({ target }) => change(target.value === '' ? undefined : choices[Number(target.value)].value)}>
      <option value="">the run’s, {choices[at(inherited)].label}</option>
      {choices.map(({ label }, i) => <option key={label} value={i}>{label}</option>)}
    </select>
  )
}

function NumberOverride({ title, own, inherited, change, field: { min, max, integer } }: Given & { field: NumberField }) {
  return (
    <>
      <NumberInput
        className={styles.number}
        label={title}
        value={own as number | undefined}
        placeholder={short(inherited as number)}
        min={min}
        max={max}
        integer={integer}
        onChange={change}
        onClear={() => change(undefined)}
      />
      <button type="button" className={styles.reset} hidden={own === undefined} aria-label={`${title}: use the run's`} onClick={() => change(undefined)}>↺</button>
    </>
  )
}
