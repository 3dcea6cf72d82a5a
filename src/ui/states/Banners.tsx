import { useState } from 'react'
import { changeField, flush, knobKey, probeAgain, restart, runOrPause } from '../../store/actions.ts'
import { choosePreset } from '../../store/address.ts'
import { smallPreset } from '../../store/catalog.ts'
import { dismissNotices, setField, useDraft } from '../../store/draft.ts'
import { useLesson } from '../../store/lesson.ts'
import { markRecoveryRead, useRecovery } from '../../store/recovery.ts'
import { type RunState, dismissFault, useRun } from '../../store/run.ts'
import { useRecorded } from '../../store/shown.ts'
import { openDialog } from '../../store/ui.ts'
import { count, short } from '../numbers.ts'
import { GoOn } from '../saved/GoOn.tsx'
import { faultWords } from './faults.ts'
import { obstacleWords } from './obstacles.ts'
import styles from './Banners.module.css'

/** Whatever has gone wrong or wants to be known, each with a way on. */
export function Banners() {
  const failed = useRun(({ fault }) => fault !== null)
  const notices = useDraft((state) => state.notices)
  const recovered = useRecovery(({ last, read }) => last !== null && !read)
  if (!failed && !recovered && notices.length === 0) return null
  return (
    <div className={styles.banners}>
      <FaultBanner />
      <RecoveryBanner />
      {notices.length > 0 && (
        <section className={styles.notice} role="alert">
          {notices.map((notice) => <p key={notice}>{notice}</p>)}
          <div className={styles.actions}><button type="button" onClick={dismissNotices}>All right</button></div>
        </section>
      )}
    </div>
  )
}

/** Seconds that one waits for a run without being offered a smaller one. */
const soon = 600

/** What kind of GPU there is, where that matters. It comes when the page stands already, so it is kept small, and on a phone comes after the chart: nothing may jump. */
export function Situation() {
  const obstacle = useRun((state) => state.obstacle)
  const slow = useRun(({ capabilities, phase, plan }) => phase === 'idle' && capabilities?.software && (plan?.plan.time?.seconds ?? 0) > soon)
  if (obstacle) return <ObstacleBanner obstacle={obstacle} />
  return slow ? <SoftwareBanner /> : null
}

function ObstacleBanner({ obstacle: { kind, detail } }: { obstacle: NonNullable<RunState['obstacle']> }) {
  const [open, setOpen] = useState(false)
  const { headline, advice } = obstacleWords[kind]
  const recorded = useRecorded(({ run }) => run !== null)
  const lesson = useLesson((state) => state.open) // there the bar above has “Try again”, and the lesson says the rest
  return (
    <section className={`${styles.notice} ${styles.obstacle}`} role="alert">
      <h2>{headline}</h2>
      {recorded && !lesson && <p>The charts and the whole lesson work from recorded runs.</p>}
      <div className={styles.actions}>
        <button type="button" aria-expanded={open} onClick={() => setOpen(!open)}>What helps</button>
        {!lesson && <button type="button" onClick={probeAgain}>Try again</button>}
      </div>
      {open && (
        <div className={styles.advice}>
          {advice.map((sentence) => <p key={sentence}>{sentence}</p>)}
          {detail && <p className={styles.detail}>{detail}</p>}
          <div className={styles.actions}>
            {kind === 'self-test' && <button type="button" onClick={() => openDialog('self-test')}>Show the self-test</button>}
            <CopyButton label="Copy details" text={() => `${kind}: ${detail}\n${navigator.userAgent}`} />
          </div>
        </div>
      )}
    </section>
  )
}

function FaultBanner() {
  const fault = useRun((state) => state.fault)
  const hasTick = useRun(({ tick }) => tick !== null)
  const failed = useRun(({ phase }) => phase === 'failed')
  const learningRate = useDraft(({ config }) => config.train.learningRate)
  if (!fault) return null
  const { headline, advice } = faultWords(fault)
  return (
    <section className={styles.alarm} role="alert">
      <h2>{headline}</h2>
      <p>{fault.message}</p>
      <p>{advice}{hasTick && fault.kind !== 'config' && ' Everything measured so far stays on the charts.'}</p>
      <div className={styles.actions}>
        {fault.kind === 'non-finite' && (
          <>
            <button type="button" className="primary" onClick={() => (setField('train', 'learningRate', learningRate / 2), restart())}>
              Restart with learning rate {short(learningRate / 2)}
            </button>
            {!failed && <button type="button" onClick={() => goOnWith(learningRate / 2)}>Go on with {short(learningRate / 2)}</button>}
          </>
        )}
        {fault.kind === 'memory' && <SmallerButton />}
        <GoOn />
        {failed && (hasTick || fault.kind === 'device-lost' ? <button type="button" className="primary" onClick={restart}>Restart</button> : <button type="button" className="primary" onClick={probeAgain}>Try again</button>)}
        <CopyButton label="Copy details" text={() => `${fault.kind}${fault.step === undefined ? '' : ` at step ${fault.step}`}: ${fault.message}\n${navigator.userAgent}`} />
        {!failed && <button type="button" className="quiet" onClick={dismissFault}>Close</button>}
      </div>
    </section>
  )
}

/** The weights are as they were before the loss broke, so the run can go on more carefully. */
function goOnWith(learningRate: number): void {
  changeField('train', 'learningRate', learningRate, true)
  flush(knobKey('train', 'learningRate'))
  runOrPause()
}

/** What the page has done by itself. */
function RecoveryBanner() {
  const { last, read } = useRecovery()
  const here = useRun(({ runId, phase }) => runId === last?.runId && phase !== 'failed' && phase !== 'obstacle')
  if (!last || read || !here) return null
  return (
    <section className={styles.notice} role="alert">
      <p><b>The GPU was reset at step {count(last.lost)}.</b> The run goes on from step {count(last.from)}, where it was kept last. Should it happen again, the page waits for you.</p>
      <div className={styles.actions}><button type="button" onClick={markRecoveryRead}>All right</button></div>
    </section>
  )
}

function SoftwareBanner() {
  const small = useDraft(({ preset }) => preset === smallPreset?.id)
  return (
    <section className={styles.notice}>
      <p><b>Training on a software GPU.</b> Correct, but slow.</p>
      {!small && <div className={styles.actions}><SmallerButton /></div>}
    </section>
  )
}

function SmallerButton() {
  if (!smallPreset) return null
  const { id } = smallPreset
  return <button type="button" className="primary" onClick={() => (choosePreset(id), dismissFault())}>Use the small experiment</button>
}

function CopyButton({ label, text }: { label: string; text: () => string }) {
  const [done, setDone] = useState(false)
  return (
    <button type="button" className="quiet" onClick={() => void navigator.clipboard?.writeText(text()).then(() => setDone(true), () => setDone(false))}>
      {done ? 'Copied' : label}
    </button>
  )
}
