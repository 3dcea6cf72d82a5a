import { type ReactNode, useMemo, useState } from 'react'
import { runOrPause } from '../../store/actions.ts'
import { choosePreset } from '../../store/address.ts'
import { presets } from '../../store/catalog.ts'
import { useDraft } from '../../store/draft.ts'
import { markDone, reveal, setLevel, useLesson } from '../../store/lesson.ts'
import { useRun } from '../../store/run.ts'
import { useRecorded } from '../../store/shown.ts'
import { FieldControl } from '../controls/FieldControl.tsx'
import { fields } from '../controls/fields.ts'
import { fixed, percent, short } from '../numbers.ts'
import { ImageGrid } from '../samples/ImageGrid.tsx'
import { mixed, rms } from './mix.ts'
import type { Tool } from './step.ts'
import { useImage } from './useImage.ts'
import styles from './Lesson.module.css'

/** What a step brings along to be moved or pressed. */
export function StepTool({ tool }: { tool: Tool }): ReactNode {
  return { scrub: <Scrub />, noises: <Noises />, run: <Train />, tMin: <Cut /> }[tool]
}

/** t by a slider whose places are finer towards 0 if `log`. */
function Level({ t, change, log = false }: { t: number; change(t: number): void; log?: boolean }) {
  const place = log ? 1000 + (1000 / 3) * Math.log10(t) : 1000 * t
  return (
    <label>
      t = {log ? short(t) : fixed(t, 2)}
      <input
        type="range" min={0} max={1000} step={log ? 1000 / 30 : 10} value={place} aria-label="Noise level t" aria-valuetext={`t = ${log ? short(t) : fixed(t, 2)}`}
        onChange={({ target }) => change(log ? Number((10 ** ((3 * Number(target.value)) / 1000 - 3)).toPrecision(2)) : Number(target.value) / 1000)}
      />
    </label>
  )
}

/** The picture that it moves stands above, or beside. */
function Scrub() {
  const t = useLesson((state) => state.t)
  const change = (next: number) => {
    setLevel(next)
    if (next >= 0.9) markDone('path')
  }
  return <div className={styles.tool}><Level t={t} change={change} /></div>
}

function Noises() {
  const { x0, channels, size, noises } = useImage()
  const [t, move] = useState(0.5)
  const inputs = useMemo(() => noises.map((noise) => mixed(x0, noise, t)), [x0, noises, t])
  const answers = useMemo(() => noises.map((noise) => noise.map((value, i) => value - x0[i])), [x0, noises])
  const [between, apart] = [rms(inputs[0], inputs[1]), rms(answers[0], answers[1])]
  const change = (next: number) => {
    move(next)
    if (next <= 0.02) markDone('condition')
  }
  const row = (name: string, pictures: readonly Float32Array[]) => (
    <>
      <span>{name}</span>
      {pictures.map((images, i) => <ImageGrid key={i} label={`${name} with noise ${i + 1}`} images={images} count={1} channels={channels} size={size} />)}
    </>
  )
  return (
    <div className={styles.tool}>
      <div className={styles.pictures}>
        {row('Input xₜ', inputs)}
        {row('Answer', answers)}
      </div>
      <table className={styles.distances}>
        <tbody>
          <tr><th scope="row">Inputs differ by, per pixel</th><td>{short(between)}</td></tr>
          <tr><th scope="row">Answers differ by, per pixel</th><td>{short(apart)}</td></tr>
          <tr><th scope="row">Answers over inputs</th><td>{short(apart / between)}</td></tr>
        </tbody>
      </table>
      <Level t={t} change={change} log />
    </div>
  )
}

/** Train, or show what was recorded; Run in the bar above does as well. The button stays where the keyboard is. */
function Train() {
  const phase = useRun((state) => state.phase)
  const recorded = useRecorded(({ run }) => run?.record?.study ?? null)
  const revealed = useLesson((state) => state.revealed)
  const live = useRun(({ tick }) => tick !== null)
  const show = () => {
    const own = presets.find(({ study }) => study === recorded)
    if (own && useDraft.getState().preset !== own.id && phase !== 'obstacle') choosePreset(own.id)
    reveal()
  }
  return (
    <div className={`${styles.tool} ${styles.next}`}>
      {phase !== 'obstacle' && <button type="button" aria-disabled={phase !== 'idle'} onClick={() => phase === 'idle' && runOrPause()}>{phase === 'idle' || phase === 'probing' ? 'Start the run' : 'The run has started'}</button>}
      {recorded && !live && <button type="button" aria-pressed={revealed} onClick={show}>Show the recorded run</button>}
      {!recorded && phase === 'obstacle' && <p>No recorded run came with this page, and nothing can be trained here: the numbers of the later steps are missing.</p>}
    </div>
  )
}

const tMinField = fields.objective.find(({ field }) => field === 'tMin')!

function Cut() {
  const tMin = useDraft(({ config }) => config.objective.tMin)
  return (
    <div className={styles.tool}>
      <FieldControl field={tMinField} />
      <p className={styles.said}>At this T_min {percent(tMin)} of the training images teach features only. A recorded run stays as it was; one of your own follows at once.</p>
    </div>
  )
}
