import { useDeferredValue, useMemo } from 'react'
import type { ReplicaTick } from '../../protocol.ts'
import { leavesOut, secondTerm } from '../../store/catalog.ts'
import { useShownRun } from '../../store/shown.ts'
import { count, lossText } from '../numbers.ts'
import { labelMargin } from './EndLabels.tsx'
import { eventSentence } from './EventMarks.tsx'
import { Figure } from './Figure.tsx'
import { StepChart } from './StepChart.tsx'
import { type StepLine, endNames } from './Traces.tsx'
import { What } from './What.tsx'
import { forLinear, forLog, stepEnd } from './scale.ts'
import { useBesideRuns, useSeries } from './series.ts'
import { capital, pointNear, pointsOf, stepsSentence, tracesOverSeeds } from './steps.ts'
import { useSeedGroups } from './useSeedGroups.ts'
import { chartWords } from './words.ts'
import { useSpan } from './useSpan.ts'
import styles from './StepsFigure.module.css'

const none: ReplicaTick[] = []

/** Flow-matching loss above, the method's second term below on a linear axis of its own: it may go below zero. */
export function StepsFigure() {
  const own = useShownRun(({ tick }) => tick?.replicas ?? none)
  const series = useSeries()
  const beside = useBesideRuns()
  const span = useSpan()
  // Where an axis grows, the chart is drawn anew: in pieces, so that no frame waits for all of it.
  const { replicas, shown, events, step, steps } = useDeferredValue(useMemo(() => ({
    replicas: series.map(({ run, replica }) => (run === 0 ? own[replica] : beside[run - 1].seen.tick.replicas[replica])),
    shown: series.filter(({ hidden }) => !hidden),
    ...span,
  }), [series, own, beside, span]))
  const reduction = useShownRun(({ tick }) => tick?.config.objective.reduction ?? 'mean')

  const groups = useSeedGroups()
  const flow = useMemo<StepLine[]>(() => {
    const each = shown.flatMap((one) => {
      const replica = replicas[one.index]
      return replica ? [{ series: one, points: pointsOf(replica.flowSmooth, forLog), raw: pointsOf(replica.flow, forLog) }] : []
    })
    return tracesOverSeeds(each, groups, true)
  }, [replicas, shown, groups])
  const lower = useMemo<StepLine[]>(() => {
    const each = shown.flatMap((one) => {
      const replica = replicas[one.index]
      return replica && replica.contrastive.step.length > 0 ? [{ series: one, points: pointsOf(replica.contrastive, forLinear).filter(({ y }) => y !== null) }] : []
    })
    return tracesOverSeeds(each, groups, false)
  }, [replicas, shown, groups])
  const second = secondTerm(shown.map(({ method }) => method))
  const xEnd = step > 0 ? stepEnd(step, steps) : steps
  const marginRight = labelMargin(endNames(flow))
  const skipping = shown.some(({ method }) => leavesOut(method)) && shown.length > 1
  const empty = Math.max(0, ...shown.map(({ index }) => (replicas[index]?.contrastive.step.length ? replicas[index].emptyAnchors : 0)))
  const seeds = flow.some(({ points }) => points.some(({ band }) => band))
  const note = [seeds ? 'Running mean of the batches, its mean ± SD over seeds; the second term likewise, of single batches.' : 'Thin: each batch; thick: running mean; ±: one standard deviation of the last batches.', skipping && 'Methods that skip t < T_min average the other images alone.', empty > 0 && `${count(empty)} batches had no image below T_min.`, eventSentence(events)]
  const chartProps = { events, xEnd, marginRight }
  return (
    <Figure
      name="steps"
      title="Loss over steps"
      tools={<What title="Loss over steps" words={[chartWords.steps.summary]} formula={chartWords.steps.formula} paper={chartWords.steps.paper} />}
      summary={stepsSentence(replicas, shown, capital(second))}
      note={note.filter(Boolean).join(' ')}
      step={step}
      tables={() => [{
        caption: `Smoothed flow-matching loss and ${second} by step`,
        columns: ['step', ...flow.map(({ series: { label } }) => label), ...lower.map(({ series: { label } }) => `${label}, second term`)],
        rows: (flow[0]?.points ?? []).map(({ step: at }, i) => [
            count(at),
            ...flow.map(({ points }) => lossText(points[i]?.y)),
            ...lower.map(({ points }) => lossText(pointNear(points, at)?.y)),
          ]),
      }]}
    >
      <div className={styles.flow}>
        <p className="axis-name">flow-matching loss, {reduction === 'sum' ? 'summed' : 'mean'} over pixels, log</p>
        <StepChart title="Flow-matching loss over steps" lines={flow} log fallback={[0.2, 2]} {...chartProps} />
      </div>
      <div className={styles.second}>
        <p className="axis-name">{second}, linear</p>
        <StepChart title={`${capital(second)} over steps`} lines={lower} log={false} fallback={[0, 5]} numbered={false} bridged {...chartProps} />
        <p className="axis-name x">step</p>
      </div>
    </Figure>
  )
}
