import { useState } from 'react'
import { changeField, flush, knobKey, probeAgain, restart, runOrPause } from '../../store/actions.ts'
import { choosePreset } from '../../store/address.ts'
import { smallPreset } from '../../store/catalog.ts'
import { dismissNotices, setField, useDraft } from '../../store/draft.ts'
import { useLesson } from '../../store/lesson.ts'
import { openLesson } from '../../store/lessonWay.ts'
import { markRecoveryRead, useRecovery } from '../../store/recovery.ts'
import { dismissFault, useRun } from '../../store/run.ts'
import { useRecorded } from '../../store/shown.ts'
import { openDialog } from '../../store/ui.ts'
import { count, short } from '../numbers.ts'
import { useMedia } from '../useMedia.ts'
import { GoOn } from '../saved/GoOn.tsx'
import { faultWords } from './faults.ts'
import { obstacleWords } from './obstacles.ts'
import styles from './Banners.module.css'

/** Whatever stands in the way, each with a way on. */
export function Banners() {
  const failed = useRun(({ phase, obstacle, fault }) => obstacle !== null || fault !== null || phase === 'obstacle')
  const software = useRun(({ capabilities }) => capabilities?.software ?? false)
  const untouched = useRun(({ phase }) => phase === 'idle')
  const notices = useDraft((state) => state.notices)
  const recovered = useRecovery(({ last, read }) => last !== null && !read)
  if (!failed && !recovered && notices.length === 0 && !(software && untouched)) return null
  return (
    <div className={styles.banners}>
      <ObstacleBanner />
      <FaultBanner />
      {software && untouched && <SoftwareBanner />}
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

function ObstacleBanner() {
  const obstacle = useRun((state) => state.obstacle)
  const narrow = useMedia('(max-width: 56em)')
  const learning = useLesson(({ open }) => open)
  const recorded = useRecorded(({ run }) => run !== null)
  if (!obstacle) return null
  const { headline, advice } = obstacleWords[obstacle.kind]
  const words = (
    <div className={styles.advice}>
      {advice.map((sentence) => <p key={sentence}>{sentence}</p>)}
      {obstacle.detail && <p className={styles.detail}>{obstacle.detail}</p>}
    </div>
  )
  return (
    <section className={styles.alarm} role="alert">
      <div className={styles.line}>
        <h2>{headline}</h2>
        <div className={styles.actions}>
          {recorded && !learning && <button type="button" onClick={openLesson}>Take the lesson with the recorded run</button>}
          <button type="button" onClick={probeAgain}>Try again</button>
          {obstacle.kind === 'self-test' && <button type="button" onClick={() => openDialog('self-test')}>Show the self-test</button>}
          <CopyButton label="Copy details" text={() => `${obstacle.kind}: ${obstacle.detail}\n${navigator.userAgent}`} />
        </div>
      </div>
      {narrow || learning ? <details><summary>What helps</summary>{words}</details> : words}
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
