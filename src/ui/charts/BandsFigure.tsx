import { useDeferredValue, useMemo } from 'react'
import type { BandSeries } from '../../protocol.ts'
import { useShownRun } from '../../store/shown.ts'
import { count, lossPlusMinus, percent } from '../numbers.ts'
import { eventSentence } from './EventMarks.tsx'
import { Figure } from './Figure.tsx'
import { StepChart } from './StepChart.tsx'
import { What } from './What.tsx'
import { type Domain, forLog, logDomain, stepEnd } from './scale.ts'
import { useMedia } from '../useMedia.ts'
import { type Series, useBesideRuns, useSeries } from './series.ts'
import { type Point, type Trace, bandName, bandsSentence, changeOf, tracesOverSeeds } from './steps.ts'
import { useSeedGroups } from './useSeedGroups.ts'
import { chartWords } from './words.ts'
import { useSpan } from './useSpan.ts'
import styles from './BandsFigure.module.css'

const none: BandSeries[] = []
const noLines: Trace[] = []
const emptyBands = [{ from: 0, to: 0.01 }, { from: 0.01, to: 0.1 }, { from: 0.1, to: 0.5 }, { from: 0.5, to: 1 }]

/** One small chart per band of noise levels, all on one scale, so that heights compare across them. */
export function BandsFigure() {
  const own = useShownRun(({ tick }) => tick?.bands ?? none)
  const { events, steps } = useDeferredValue(useSpan())
  const beside = useBesideRuns()
  const series = useSeries()
  const { all, shown } = useDeferredValue(useMemo(() => ({
    all: [own, ...beside.map(({ seen }) => seen.tick.bands)],
    shown: series.filter(({ hidden }) => !hidden),
  }), [own, beside, series])) // four charts: in pieces, so that no frame waits for all of them
  const bands = all.find((one) => one.length > 0) ?? none
  const perLevel = useShownRun(({ tick }) => tick?.lossByT?.count ?? 0)
  const groups = useSeedGroups()
  const lines = useMemo(() => bands.map((band) => tracesOverSeeds(tracesOf(all, band, shown), groups, true)), [all, bands, shown, groups])
  const seeds = lines[0]?.some(({ points }) => points.some(({ band }) => band))
  const narrow = useMedia('(max-width: 56em)')
  const domain = useMemo<Domain>(() => logDomain(all.flat().flatMap(({ value }) => value.flat()), [0.05, 2]), [all])
  const last = Math.max(0, ...all.flat().map((band) => band.step.at(-1) ?? 0))
  const xEnd = last > 0 ? stepEnd(last, steps) : steps
  const measured = bands[0]?.step.length ?? 0
  const note = [measured > 0 && `Held-out images, ${count(perLevel)} per noise level; ${measured} measurements; EMA weights.${seeds ? ' Mean ± SD over seeds.' : ''}`, eventSentence(events)]
  return (
    <Figure
      name="bands"
      title="Loss by band of noise levels"
      tools={<What title="Loss by band of noise levels" words={[chartWords.bands.summary]} formula={chartWords.bands.formula} paper={chartWords.bands.paper} />}
      summary={measured > 0 ? bandsSentence(bands, lines) : 'The same loss, followed over training: which noise levels still improve, and which have stopped?'}
      note={note.filter(Boolean).join(' ')}
      step={last}
      tables={() => [{
        caption: 'Held-out loss by band over steps',
        columns: ['step', ...bands.flatMap((band, b) => lines[b].map(({ series: { label } }) => `${label}, ${bandName(band)}`))],
        rows: [...new Set(all.flatMap(([first]) => first?.step ?? []))].sort((a, b) => a - b).map((at) => [count(at), ...lines.flatMap((traces) => traces.map(({ points }) => written(pointAt(points, at))))]),
      }]}
    >
      <div className={styles.bands}>
        {(bands.length > 0 ? bands : emptyBands).map((band, i) => (
          <div key={bandName(band)} className={styles.band}>
            <h3>{bandName(band)}{bands[i] && <ChangeOf traces={lines[i]} />}</h3>
            <StepChart title={`Loss at ${bandName(band)}`} lines={lines[i] ?? noLines} events={events} xEnd={xEnd} log fallback={domain} shared={domain} marginRight={18} scaled={narrow || i === 0} numbered={false} named={false} />
          </div>
        ))}
      </div>
      <p className="axis-name x">held-out loss per pixel, log, over steps</p>
    </Figure>
  )
}

const written = (point: Point | undefined) => lossPlusMinus(point?.y, point?.spread)

const pointAt = (points: readonly Point[], at: number) => points.find(({ step }) => step === at)

/** Each replica's own run has its evaluations at steps of its own. */
function tracesOf(all: readonly (readonly BandSeries[])[], { from, to }: BandSeries, shown: readonly Series[]): Trace[] {
  return shown.flatMap((series) => {
    const band = all[series.run]?.find((one) => one.from === from && one.to === to)
    const values = band?.value[series.replica]
    return values ? [{ series, points: band!.step.map((step, i) => ({ step, y: forLog(values[i]) })) }] : []
  })
}

/** How far each replica has come in this band, beside the band's name. */
function ChangeOf({ traces }: { traces: readonly Trace[] }) {
  if (traces.length > 2) return null // no room; the table has them
  return traces.map(({ series: { index, label }, points }) => {
    const change = changeOf(points)
    if (change === null) return null
    return <small key={index}>{label} {change <= 0 ? '−' : '+'}{percent(Math.abs(change))}</small>
  })
}
