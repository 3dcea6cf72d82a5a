import { Suspense, lazy, useEffect, useState } from 'react'
import { watchAddress } from './store/address.ts'
import { watchRun } from './store/announcer.ts'
import { post } from './store/bridge.ts'
import { watchData } from './store/data.ts'
import { useExplain } from './store/explain.ts'
import { isCovered, useLesson } from './store/lesson.ts'
import { watchLesson } from './store/lessonWay.ts'
import { keepOffline } from './store/offline.ts'
import { watchRecovery } from './store/recovery.ts'
import { useRun } from './store/run.ts'
import { watchRuns } from './store/runs.ts'
import { useUi } from './store/ui.ts'
import styles from './App.module.css'
import { Header } from './ui/Header.tsx'
import { Lede } from './ui/Lede.tsx'
import { Legend } from './ui/Legend.tsx'
import { BackToLesson, Cover } from './ui/lesson/Cover.tsx'
import { RunBar } from './ui/run/RunBar.tsx'
import { SavedOffer } from './ui/saved/SavedOffer.tsx'
import { Banners, Situation } from './ui/states/Banners.tsx'
import { useMedia } from './ui/useMedia.ts'
import { useTheme } from './ui/useTheme.ts'

const Charts = lazy(() => import('./ui/Charts.tsx')) // Recharts is most of the script; the page stands before it has come
const Side = lazy(() => import('./ui/runs/Side.tsx').then((file) => ({ default: file.Side })))
const Lesson = lazy(() => import('./ui/lesson/Lesson.tsx'))
const Keys = lazy(() => import('./ui/Keys.ts'))
const Dialogs = lazy(() => import('./ui/dialogs/Dialogs.tsx'))

export function App() {
  useTheme()
  const idle = useIdle()
  const dialogs = useDialogs() || idle
  const narrow = useMedia('(max-width: 56em)')
  const lesson = useLesson(({ open }) => open)
  const live = useRun(({ tick }) => tick !== null)
  const covered = useLesson((state) => isCovered(state, live))
  useEffect(() => {
    const stops = [watchRun(), watchAddress(), watchData(), watchRuns(), watchRecovery(), watchLesson()]
    post({ type: 'probe' })
    void showRecorded()
    return () => stops.forEach((stop) => stop())
  }, [])
  useEffect(() => {
    if (idle) void keepOffline()
  }, [idle])
  return (
    <div className={styles.app}>
      <Skip to="charts">Skip to the charts</Skip>
      {lesson ? <Skip to="lesson">Skip to the lesson</Skip> : <Skip to="controls">Skip to the settings</Skip>}
      <Header />
      <RunBar />
      <div className={styles.columns}>
        {lesson && <Suspense fallback={<aside />}><Lesson /></Suspense>}
        <main id="charts" className={styles.main} tabIndex={-1}>
          {lesson && <BackToLesson />}
          <Banners />
          {!narrow && <Situation />}
          <SavedOffer />
          <div className={styles.intro}>
            <Lede />
            <Legend />
          </div>
          {covered ? <Cover /> : (
            <Suspense fallback={<div className={styles.placeholder} />}>
              <Charts />
            </Suspense>
          )}
          {narrow && <Situation />}
        </main>
        {!lesson && <Suspense fallback={<aside />}><Side /></Suspense>}
      </div>
      <Suspense>{dialogs && <Dialogs />}</Suspense>
      <Suspense><Keys /></Suspense>
      <Announcement />
    </div>
  )
}

/** Moves the focus alone: the address after the # holds the settings. */
function Skip({ to, children }: { to: string; children: string }) {
  return <a className="skip" href={`#${to}`} onClick={(event) => (event.preventDefault(), document.getElementById(to)?.focus())}>{children}</a>
}

/** Whether a dialog is asked for; otherwise they come when the page has nothing else to do. */
function useDialogs(): boolean {
  const opened = useUi(({ dialog }) => dialog !== null)
  const explained = useExplain(({ shown }) => shown !== null)
  return opened || explained
}

/** Whether the first view has had its time. */
function useIdle(): boolean {
  const [idle, setIdle] = useState(false)
  useEffect(() => {
    const timer = setTimeout(() => setIdle(true), 3000)
    return () => clearTimeout(timer)
  }, [])
  return idle
}

/** What the charts show before a run: its reader and checks are no part of the first paint. */
async function showRecorded() {
  await import('./store/recorded.ts').then(({ followRecorded }) => followRecorded())
}

/** The one polite live region. */
function Announcement() {
  const announcement = useUi((state) => state.announcement)
  return <output className="visually-hidden" aria-live="polite">{announcement}</output>
}
