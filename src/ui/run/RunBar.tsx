import { Suspense, lazy } from 'react'
import { probeAgain, restart, runOrPause, stepOnce } from '../../store/actions.ts'
import { useDraft } from '../../store/draft.ts'
import { useLesson } from '../../store/lesson.ts'
import { openLesson } from '../../store/lessonWay.ts'
import { type Phase, useRun } from '../../store/run.ts'
import { useHidden } from '../../store/teach.ts'
import { openDialog } from '../../store/ui.ts'
import { OpenButton } from '../files/OpenButton.tsx'
import { leadTo } from '../runs/RunsButton.tsx'
import { Progress } from './Progress.tsx'
import { PendingChanges } from './PendingChanges.tsx'
import styles from './RunBar.module.css'

// With what opens above the page, which comes after the page.
const ExportMenu = lazy(() => import('../files/ExportMenu.tsx').then((file) => ({ default: file.ExportMenu })))
const Memory = lazy(() => import('./Memory.tsx').then((file) => ({ default: file.Memory })))

const primary: Record<Exclude<Phase, 'obstacle'>, string> = {
  probing: 'Looking for a GPU …',
  idle: 'Run',
  starting: 'Preparing …',
  running: 'Pause',
  paused: 'Go on',
  finished: 'Train longer',
  failed: 'Restart',
}

/** Every state has one primary action, always in the same place. */
export function RunBar() {
  const phase = useRun((state) => state.phase)
  const refused = useRun(({ plan }) => plan?.plan.refusal !== undefined)
  const invalid = useDraft(({ problem }) => problem !== null)
  const withoutFork = useHidden('fork')
  const withoutFiles = useHidden('files')
  const unbuildable = refused || invalid
  const busy = phase === 'probing' || phase === 'starting'
  const needsDraft = phase === 'idle' || phase === 'failed'
  return (
    <section className={styles.bar} aria-label="Run">
      <div className={styles.buttons}>
        {phase === 'obstacle' ? <Instead /> : (
          <button type="button" className={`primary ${styles.run}`} disabled={busy || (needsDraft && unbuildable)} onClick={runOrPause} data-phase={phase}>
            <Icon name={phase === 'running' ? 'pause' : 'play'} />
            {primary[phase]}
          </button>
        )}
        <button type="button" disabled={phase !== 'paused' && !(phase === 'idle' && !unbuildable)} onClick={stepOnce}>
          <Icon name="step" />
          Step
        </button>
        <button type="button" disabled={busy || phase === 'obstacle' || needsDraft || unbuildable} onClick={restart}>
          <Icon name="restart" />
          Restart
        </button>
        {!withoutFork && <button type="button" disabled={phase !== 'running' && phase !== 'paused' && phase !== 'finished'} onClick={() => openDialog('fork')} aria-haspopup="dialog">
          <Icon name="fork" />
          Fork
        </button>}
        {!withoutFiles && <><Suspense fallback={<button type="button" disabled>Export</button>}><ExportMenu /></Suspense><OpenButton /></>}
        <button type="button" className={styles.jump} onClick={() => leadTo('settings')}>Settings</button>
      </div>
      <Progress />
      <PendingChanges />
      <Suspense><Memory /></Suspense>
    </section>
  )
}

/** What can be done where nothing can be trained. */
function Instead() {
  const lesson = useLesson(({ open }) => !open)
  if (lesson) return <button type="button" className={`primary ${styles.run}`} onClick={openLesson}>Take the lesson</button>
  return <button type="button" className={styles.run} onClick={probeAgain}>Try again</button>
}

const paths = {
  play: 'M3 1.5v11l9-5.5z',
  pause: 'M2.5 1.5h3.500v11h-3.500zM8 1.5h3.500v11H8z',
  step: 'M2 1.5v11l7-5.500zM10 1.5h2v11h-2z',
  restart: 'M7 2a5 5 0 1 0 5 5h-1.700A3.300 3.300 0 1 1 7 3.700V6l4-3.200L7 0z',
  fork: 'M3 1h1.700v4.200c1.500-1.400 3.600-1.300 4.600-2.800L7.900 1.500 12 .5l.3 4.200-1.300-1C9.500 6.500 4.700 5.800 4.700 9v4H3z',
} as const

function Icon({ name }: { name: keyof typeof paths }) {
  return <svg width="14" height="14" viewBox="0 0 14 14" aria-hidden="true"><path d={paths[name]} fill="currentColor" /></svg>
}
