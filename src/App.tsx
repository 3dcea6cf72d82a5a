import { Suspense, lazy, useEffect } from 'react'
import { watchAddress } from './store/address.ts'
import { watchRun } from './store/announcer.ts'
import { post } from './store/bridge.ts'
import { presets } from './store/catalog.ts'
import { watchData } from './store/data.ts'
import { useUi } from './store/ui.ts'
import styles from './App.module.css'
import { Header } from './ui/Header.tsx'
import { Lede } from './ui/Lede.tsx'
import { Legend } from './ui/Legend.tsx'
import { Controls } from './ui/controls/Controls.tsx'
import { OwnData } from './ui/data/OwnData.tsx'
import { About } from './ui/dialogs/About.tsx'
import { Fork } from './ui/dialogs/Fork.tsx'
import { Keys } from './ui/dialogs/Keys.tsx'
import { OtherTab } from './ui/dialogs/OtherTab.tsx'
import { SelfTest } from './ui/dialogs/SelfTest.tsx'
import { OpenModel } from './ui/files/OpenModel.tsx'
import { RunBar } from './ui/run/RunBar.tsx'
import { SavedOffer } from './ui/saved/SavedOffer.tsx'
import { Banners } from './ui/states/Banners.tsx'
import { useKeys } from './ui/useKeys.ts'
import { useTheme } from './ui/useTheme.ts'

const Charts = lazy(() => import('./ui/Charts.tsx')) // Recharts is most of the script; the page stands before it has come

export function App() {
  useTheme()
  useKeys()
  useEffect(() => {
    const stops = [watchRun(), watchAddress(), watchData()]
    post({ type: 'probe' })
    void showRecorded()
    return () => stops.forEach((stop) => stop())
  }, [])
  return (
    <div className={styles.app}>
      <a className="skip" href="#charts">Skip to the charts</a>
      <a className="skip" href="#controls">Skip to the settings</a>
      <Header />
      <RunBar />
      <div className={styles.columns}>
        <main id="charts" className={styles.main} tabIndex={-1}>
          <Banners />
          <SavedOffer />
          <div className={styles.intro}>
            <Lede />
            <Legend />
          </div>
          <Suspense fallback={<div className={styles.placeholder} />}>
            <Charts />
          </Suspense>
        </main>
        <Controls />
      </div>
      <About />
      <Keys />
      <SelfTest />
      <Fork />
      <OtherTab />
      <OwnData />
      <OpenModel />
      <Announcement />
    </div>
  )
}

/** What the charts show before a run: its reader and checks are no part of the first paint. */
async function showRecorded() {
  const study = presets[0].study
  if (study) await import('./store/recorded.ts').then(({ loadRecorded }) => loadRecorded(study))
}

/** The one polite live region. */
function Announcement() {
  const announcement = useUi((state) => state.announcement)
  return <output className="visually-hidden" aria-live="polite">{announcement}</output>
}
