import { Collapsible } from '@base-ui/react/collapsible'
import { changeOverride } from '../../store/actions.ts'
import { methodChoices, methodOf } from '../../store/catalog.ts'
import { setReplica, setReplicas, useDraft } from '../../store/draft.ts'
import { mostReplicas } from '../../store/lineup.ts'
import { type Chosen, type Overridable, isChosen, knobOf, methodIdOf, overridable, overridableFields, replicaLabel } from '../../store/replicas.ts'
import { useLocked } from '../../store/teach.ts'
import { useUi } from '../../store/ui.ts'
import { Marker } from '../charts/Marker.tsx'
import { What } from '../charts/What.tsx'
import { seriesOf } from '../charts/series.ts'
import { short } from '../numbers.ts'
import { LineUp } from '../runs/LineUp.tsx'
import { NumberInput } from './NumberInput.tsx'
import { type ChoiceField, type ConfigField, type NumberField, fields } from './fields.ts'
import styles from './Controls.module.css'


/** Who is compared: one line per replica, each with a method and, where it differs, knobs of its own. */
export function Replicas() {
  const config = useDraft((state) => state.config)
  const { replicas } = config
  const explain = useUi((state) => state.explain)
  const series = seriesOf(replicas.map((replica) => ({ label: replicaLabel(config, replica), method: methodIdOf(config, replica), seed: knobOf(config, replica, 'seed') })))
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
            {overridableFields.map((field) => (isChosen(field) ? <ChoiceOverride key={field} index={i} field={field} /> : <Override key={field} index={i} field={field} />))}
          </Collapsible.Panel>
        </Collapsible.Root>
      ))}
      {chosen.map(methodOf).map(({ label, summary, formula, paper }) => (
        <p key={label} className={styles.help}><b>{label}</b>{explain && `: ${summary}`} <What title={label} words={[summary]} formula={formula} paper={paper} /></p>
      ))}
    </section>
  )
}

function overridesOf(config: Parameters<typeof knobOf>[0], index: number): string {
  const replica = config.replicas[index]
  return overridableFields
    .filter((field) => replica[field] !== undefined)
    .map((field) => (isChosen(field) ? replica[field] : `${schemaOf(field).title} ${short(replica[field])}`))
    .join(', ')
}

const schemaOf = (field: Overridable) => fields[overridable[field]].find((candidate) => candidate.field === field) as NumberField

function ChoiceOverride({ index, field: name }: { index: number; field: Chosen }) {
  const own = useDraft(({ config }) => config.replicas[index]?.[name])
  const inherited = useDraft(({ config }) => knobOf(config, {}, name))
  const { title, choices } = fields.objective.find(({ field }) => field === name) as ConfigField<ChoiceField>
  return (
    <label className={styles.override}>
      <span>{title}<small> (at the next start)</small></span>
      <select className={styles.select} aria-label={`${title} of replica ${index + 1}`} value={own ?? ''} onChange={({ target }) => changeOverride(index, name, target.value || undefined)}>
        <option value="">the run’s, {inherited}</option>
        {choices.map(({ value, label }) => <option key={value} value={value}>{label}</option>)}
      </select>
    </label>
  )
}

function Override({ index, field }: { index: number; field: Exclude<Overridable, Chosen> }) {
  const own = useDraft(({ config }) => config.replicas[index]?.[field])
  const inherited = useDraft(({ config }) => knobOf(config, {}, field))
  const { title, min, max, integer, live } = schemaOf(field)
  const clear = () => changeOverride(index, field, undefined)
  return (
    <label className={styles.override}>
      <span>{title}{!live && <small> (at the next start)</small>}</span>
      <NumberInput
        className={styles.number}
        label={`${title} of replica ${index + 1}`}
        value={own}
        placeholder={`${short(inherited)}`}
        min={min}
        max={max}
        integer={integer}
        onChange={(value) => changeOverride(index, field, value)}
        onClear={clear}
      />
      <button type="button" className={styles.reset} hidden={own === undefined} aria-label={`${title} of replica ${index + 1}: use the run's`} onClick={clear}>↺</button>
    </label>
  )
}
