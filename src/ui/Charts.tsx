import { Tabs } from '@base-ui/react/tabs'
import { type ReactNode, Suspense, lazy, useCallback, useEffect, useMemo, useRef } from 'react'
import { diagnosticChoices, refusalOf } from '../store/catalog.ts'
import { arranged, useCentral, usePoints } from '../store/central.ts'
import { useDraft } from '../store/draft.ts'
import { keptBack, useLesson } from '../store/lesson.ts'
import { settingsOf, stepsOf } from '../store/measurements.ts'
import { useRecorded, useShownRun } from '../store/shown.ts'
import { showView, useUi } from '../store/ui.ts'
import { BandsFigure } from './charts/BandsFigure.tsx'
import { LossByTFigure } from './charts/LossByTFigure.tsx'
import { StepsFigure } from './charts/StepsFigure.tsx'
import { ClaimsView } from './claims/ClaimsView.tsx'
import { DiagnosticCell } from './diagnostics/DiagnosticFigure.tsx'
import { DiagnosticView } from './diagnostics/DiagnosticView.tsx'
import { Scrubber } from './diagnostics/Scrubber.tsx'
import { RunTable } from './runs/RunTable.tsx'
import { SamplesFigure } from './samples/SamplesFigure.tsx'
import { useMedia } from './useMedia.ts'
import styles from './Charts.module.css'

const InsideView = lazy(() => import('./inside/InsideView.tsx')) // few look inside, and it brings much to read

interface View {
  name: string
  tab: string
  content: () => ReactNode
}

/** Views of one subject, under one tab. */
interface Group {
  name: string
  tab: string
  views: View[]
}

const diagnosticView = ({ id, tab = `${id.charAt(0).toUpperCase()}${id.slice(1)}` }: { id: string; tab?: string }): View => ({ name: id, tab, content: () => <DiagnosticView id={id} /> })

const group = (name: (typeof diagnosticChoices)[number]['group'], tab: string, ...first: View[]): Group => ({ name: `about-${name}`, tab, views: [...first, ...diagnosticChoices.filter((diagnostic) => diagnostic.group === name).map(diagnosticView)] })

const [problem, representation, denoiser] = [group('problem', 'Problem'), group('representation', 'Representation'), group('denoiser', 'Denoiser')]

const runs: View = { name: 'runs', tab: 'Runs', content: () => <RunTable /> }

const claims: View = { name: 'claims', tab: 'Claims', content: () => <ClaimsView /> }

const inside: View = { name: 'inside', tab: 'Inside a step', content: () => <Suspense><InsideView /></Suspense> }

const wide: (View | Group)[] = [
  { name: 'overview', tab: 'Overview', content: () => <Overview /> },
  { name: 'training', tab: 'Over training', content: () => <div className={styles.pair}><StepsFigure /><BandsFigure /></div> },
  problem, representation, denoiser,
  group('samples', 'Samples'),
  inside,
]

/** One at a time, because the cost of a chart is in its being there. */
const narrow: (View | Group)[] = [
  { name: 'lossByT', tab: 'Loss', content: () => <LossByTFigure /> },
  problem, representation, denoiser,
  group('samples', 'Samples', { name: 'samples', tab: 'Images', content: () => <SamplesFigure /> }),
  { name: 'steps', tab: 'Over steps', content: () => <StepsFigure /> },
  { name: 'bands', tab: 'Bands', content: () => <BandsFigure /> },
  inside,
]

/** Points have a picture of their own. */
const ofPoints = (entry: View | Group) => ('views' in entry ? { ...entry, views: entry.views.filter(({ name }) => name !== 'samples') } : entry)

const viewsOf = (entry: View | Group) => ('views' in entry ? entry.views : [entry])

export default function Charts() {
  const points = usePoints()
  const own = useMedia('(max-width: 56em)') ? (points ? narrow.map(ofPoints) : narrow) : wide
  const recorded = useRecorded(({ run }) => run !== null)
  const entries = recorded ? [...own, runs, claims] : [...own, runs]
  const chosen = useUi((state) => state.view)
  const entry = entries.find((each) => viewsOf(each).some(({ name }) => name === chosen)) ?? entries[0]
  const view = viewsOf(entry).find(({ name }) => name === chosen) ?? viewsOf(entry)[0]
  const refusals = useRefusals()
  const seen = useSeen()
  const arrange = useCallback((views: readonly View[]) => arranged(views, new Set(Object.keys(refusals)), seen), [refusals, seen])
  const last = useRef<Record<string, string>>({}) // where one was within a group
  useEffect(() => {
    last.current[entry.name] = view.name
  }, [entry.name, view.name])
  const within = (group: string) => {
    const kept = last.current[group]
    return kept && !refusals[kept] ? kept : arrange(viewsOf(entries.find(({ name }) => name === group)!)).opens.name
  }
  return (
    <Tabs.Root value={entry.name} onValueChange={(value) => showView(within(value as string))} className={styles.views}>
      <div className={styles.head}>
        <Row className={styles.tabs} label="View" value={entry.name}>
          {entries.map(({ name, tab }) => <Tabs.Tab key={name} value={name}>{tab}</Tabs.Tab>)}
        </Row>
        <Replay view={view.name} />
      </div>
      {entries.map((each) => (
        <Tabs.Panel key={each.name} value={each.name} className={styles.view}>
          {'views' in each ? <GroupView group={{ ...each, views: arrange(each.views).views }} view={view.name} refusals={refusals} seen={seen} /> : each.content()}
        </Tabs.Panel>
      ))}
    </Tabs.Root>
  )
}

/** Tabs in a row that may be longer than the page is wide; the chosen one is always in it, clear of the fade at its end. */
function Row({ className, label, value, children }: { className: string; label: string; value: string; children: ReactNode }) {
  const list = useRef<HTMLDivElement>(null)
  useEffect(() => {
    void list.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: 'nearest', inline: 'nearest' })
  }, [value])
  return <Tabs.List ref={list} className={className} aria-label={label}>{children}</Tabs.List>
}

function GroupView({ group: { tab: title, views }, view, refusals, seen }: { group: Group; view: string; refusals: Record<string, string>; seen: ReadonlySet<string> }) {
  return (
    <Tabs.Root value={view} onValueChange={(value) => showView(value as string)} className={styles.view}>
      <Row className={styles.inner} label={title} value={view}>
        {views.map(({ name, tab }) => <Tabs.Tab key={name} value={name} className={refusals[name] ? styles.refused : seen.has(name) ? styles.seen : undefined} title={refusals[name] ?? (seen.has(name) ? 'There is something to see' : undefined)}>{tab}</Tabs.Tab>)}
      </Row>
      {views.map(({ name, content }) => <Tabs.Panel key={name} value={name} className={styles.view}>{content()}</Tabs.Panel>)}
    </Tabs.Root>
  )
}

/** Diagnostics that do not go with the run, or with the settings while there is none, and why. */
function useRefusals(): Record<string, string> {
  const drafted = useDraft(({ config }) => config)
  const running = useShownRun(({ tick }) => tick?.config)
  return useMemo(() => Object.fromEntries(diagnosticChoices.flatMap(({ id }) => {
    const reason = refusalOf(id, running ?? drafted, settingsOf(drafted, id))
    return reason ? [[id, reason]] : []
  })), [drafted, running])
}

/** Views with something to see in them. */
function useSeen(): ReadonlySet<string> {
  const measured = useShownRun(({ measurements }) => Object.keys(measurements).join(' '))
  return useMemo(() => new Set([...measured.split(' '), 'samples']), [measured])
}

/** The questions of the paper side by side: where is the loss, how ill-conditioned is it, what do the features say, what comes out. */
function Overview() {
  const later = useLesson(keptBack)
  const central = useCentral().filter((id) => !later.includes(id))
  const points = usePoints()
  const first = central.filter((id) => points && id === 'plane') // in place of samples
  return (
    <div className={styles.grid}>
      {first.map((id) => <DiagnosticCell key={id} id={id} />)}
      <LossByTFigure />
      {central.filter((id) => !first.includes(id)).map((id) => <DiagnosticCell key={id} id={id} />)}
      {first.length === 0 && <SamplesFigure />}
    </div>
  )
}

/** Over the steps of what this view shows. */
function Replay({ view }: { view: string }) {
  const central = useCentral()
  const steps = useShownRun(({ losses, measurements }) => {
    if (view === 'overview') return stepsOf(losses, ...central.map((id) => measurements[id] ?? [])).join(' ')
    return stepsOf(view === 'lossByT' ? losses : (measurements[view] ?? [])).join(' ')
  })
  return <Scrubber steps={steps === '' ? [] : steps.split(' ').map(Number)} />
}
