import { type ReactNode, useEffect, useRef, useState } from 'react'
import type { StudyRecord } from '../record_schema.ts'
import { choosePreset } from '../store/address.ts'
import { type Preset, dataIn, datasetOf, presets } from '../store/catalog.ts'
import { useDraft } from '../store/draft.ts'
import { knobOf } from '../config.ts'
import { useRun } from '../store/run.ts'
import { isOfOtherData, useRecorded, useShownRun } from '../store/shown.ts'
import { useOwnSeries } from './charts/series.ts'
import { count } from './numbers.ts'
import styles from './Lede.module.css'

/** What one sees, in two sentences. */
export function Lede() {
  const draft = useDraft()
  const preset = presets.find(({ id }) => id === draft.preset) ?? null
  const started = useRun(({ phase }) => phase !== 'idle' && phase !== 'probing')
  const trainable = useRun(({ phase }) => phase !== 'obstacle')
  const hasTick = useRun(({ tick }) => tick !== null)
  const record = useShownRun((shown) => shown.record)
  const problem = useRecorded((recorded) => recorded.problem)
  const series = useOwnSeries()
  const recording = useRecorded(({ run }) => run)
  const { config } = draft
  const seeds = new Set(config.replicas.map((replica) => knobOf(config, replica, 'seed'))).size
  const ofOther = recording && isOfOtherData(recording, draft) ? dataIn(recording.tick.config) : null
  const [learners, data] = datasetOf(config.data.dataset)?.plane ? ['nets', 'points'] : ['diffusion transformers', 'images']
  const about = (record && presets.find(({ study }) => study === record.study)) ?? (ofOther ? null : preset)
  const notice = about?.notice ?? 'These are your own settings; the arrow beside a changed control leads back to its default.'
  if (record) {
    return (
      <Clamped key="recorded">
        <b className={styles.recorded}>Recorded run, not yours</b> {ofOther && <><b>Of {ofOther}, not of {dataIn(config)} as chosen.</b> </>}{title(record)}, {count(record.tick.step)} steps; made <time dateTime={record.date}>{dateOf(record.date)}</time> on <span title={record.adapter}>{brief(record.adapter)}</span>. {notice}
        {trainable && <> Press <b>Run</b> to make your own.</>}
      </Clamped>
    )
  }
  return (
    <Clamped key="own">
      {!started && <>Press <b>Run</b>: {series.length > 1 ? <>{number(series.length)} {learners} start {seeds > 1 ? 'from one set of weights for each seed; those with the same seed' : 'from the same weights and'} see the same {data} and noise; only what is chosen for each differs.</> : `one ${learners.slice(0, -1)} starts.`} </>}
      {notice}
      {!started && ofOther && ` The recorded run of this experiment is of ${ofOther}, so it is not shown.`}
      {problem && !hasTick && ` ${problem}`}
      {!trainable && !hasTick && preset && !preset.study && <Instead preset={preset} />}
    </Clamped>
  )
}

/** Two lines, and the rest where it is asked for: below stands what it is about. */
function Clamped({ children }: { children: ReactNode }) {
  const text = useRef<HTMLParagraphElement>(null)
  const [open, setOpen] = useState(false)
  const [cut, setCut] = useState(false)
  useEffect(() => {
    const look = () => setCut(text.current!.scrollHeight > text.current!.clientHeight + 1)
    const observer = new ResizeObserver(look)
    observer.observe(text.current!)
    look()
    return () => observer.disconnect()
  }, [children])
  return (
    <div className={styles.lede}>
      <p ref={text} id="lede" className={open ? undefined : styles.clamped}>{children}</p>
      {(cut || open) && <button type="button" className="quiet" aria-expanded={open} aria-controls="lede" aria-label={open ? 'Less about this run' : 'More about this run'} onClick={() => setOpen(!open)}>{open ? 'less' : 'more'}</button>}
    </div>
  )
}

/** The way to what can be seen where nothing can be trained: records of the same kind, or the first. */
function Instead({ preset: { group } }: { preset: Preset }) {
  const alike = presets.filter((one) => one.study && one.group === group)
  return (
    <>
      {' '}There is no recorded run of this experiment, and nothing can be trained here. Recorded are:{' '}
      {(alike.length > 0 ? alike : presets.slice(0, 1)).map(({ id, title: name }) => <button key={id} type="button" className={styles.instead} onClick={() => choosePreset(id)}>{name}</button>)}
    </>
  )
}

const number = (value: number) => ['no', 'one', 'two', 'three', 'four', 'five', 'six'][value] ?? String(value)

/** Experiment and seeds. */
function title({ title: name, study, tick: { replicas } }: StudyRecord): string {
  const seeds = [...new Set(replicas.map(({ seed }) => seed))]
  return `${presets.find((preset) => preset.study === study)?.title ?? name}, ${seeds.length > 1 ? 'seeds' : 'seed'} ${seeds.join(', ')}`
}

const written = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeZone: 'UTC' })

const dateOf = (date: string) => written.format(new Date(date))

/** The name of an adapter without its driver's version. */
const brief = (adapter: string) => adapter.split(/[:(]/)[0].trim()
