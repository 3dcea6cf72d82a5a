import { Collapsible } from '@base-ui/react/collapsible'
import { Switch } from '@base-ui/react/switch'
import { useId } from 'react'
import type { SectionName } from '../../config.ts'
import { useDraft } from '../../store/draft.ts'
import { showAll, useHidden, useTeach } from '../../store/teach.ts'
import { openDialog, useUi } from '../../store/ui.ts'
import { OwnDataButton } from '../data/OwnDataButton.tsx'
import { FieldControl } from './FieldControl.tsx'
import { LiveMark } from './LiveMark.tsx'
import { Replicas } from './Replicas.tsx'
import { fields } from './fields.ts'
import styles from './Controls.module.css'

const groups: { section: SectionName; title: string }[] = [
  { section: 'objective', title: 'Objective' },
  { section: 'train', title: 'Training' },
  { section: 'net', title: 'Network' },
  { section: 'data', title: 'Data' },
  { section: 'evaluate', title: 'Measuring' },
]

/** Everything that can be set, read off the schema. Changes go to the draft; live ones to the run as well. */
export function Controls() {
  const explain = useUi((state) => state.explain)
  const problem = useDraft((state) => state.problem)
  const switchId = useId()
  const withoutReplicas = useHidden('replicas')
  return (
    <section className={styles.panel} aria-label="Settings">
      <div className={styles.legend}>
        <span><LiveMark /> acts at once; the rest at the next start</span>
        <label htmlFor={switchId}>Explain</label>
        <Switch.Root id={switchId} className="switch" checked={explain} onCheckedChange={(checked) => useUi.setState({ explain: checked })}>
          <Switch.Thumb className="switch-thumb" />
        </Switch.Root>
      </div>
      <Taught />
      {problem && <p className={styles.problem} role="alert">{problem}</p>}
      {!withoutReplicas && <Replicas />}
      {groups.map((group) => <Group key={group.section} {...group} />)}
      <p><button type="button" className={styles.more} onClick={() => openDialog('class-link')} aria-haspopup="dialog">Link for a class …</button></p>
    </section>
  )
}

/** Nothing is taken away unsaid. */
function Taught() {
  const some = useTeach(({ hide, lock }) => hide.length > 0 || lock.length > 0)
  if (!some) return null
  return <p className={styles.taught}>The link that you came by hides or fixes some settings. <button type="button" className={styles.more} onClick={showAll}>Show all</button></p>
}

function Group({ section, title }: { section: SectionName; title: string }) {
  // The method is chosen per replica, above.
  const all = fields[section].filter(({ field }) => !(section === 'objective' && field === 'method'))
  const first = all.filter(({ advanced }) => !advanced)
  const more = all.filter(({ advanced }) => advanced)
  const hidden = useHidden(section)
  const changed = useDraft(({ config }) => more.filter(({ field, standard }) => (config[section] as Record<string, unknown>)[field] !== standard).length)
  if (hidden) return null
  return (
    <section className={styles.group} aria-label={title}>
      <Collapsible.Root>
        <div className={styles.groupHead}>
          <h2>{title}</h2>
          {more.length > 0 && (
            <Collapsible.Trigger className={styles.more} aria-label={`More settings: ${title}`}>
              {more.length} more{changed > 0 && `, ${changed} changed`}
            </Collapsible.Trigger>
          )}
        </div>
        {first.map((field) => <FieldControl key={field.field} field={field} />)}
        {section === 'data' && <OwnDataButton />}
        <Collapsible.Panel className={styles.advanced}>
          {more.map((field) => <FieldControl key={field.field} field={field} />)}
        </Collapsible.Panel>
      </Collapsible.Root>
    </section>
  )
}
