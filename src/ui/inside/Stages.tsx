import type { StepWalk } from '../../step_walk.ts'
import { type Span, pairedSpans, showMove, spansOf } from '../../store/inside.ts'
import styles from './Inside.module.css'

/** The way through the net, forward on the left and back on the right. */
export function Stages({ walk, at }: { walk: StepWalk; at: number }) {
  const rows = pairedSpans(spansOf(walk.moves))
  return (
    <nav className={styles.stages} aria-label="Stages">
      <div className={styles.directions} aria-hidden="true"><span>forward ↓</span><span>back ↑</span></div>
      {rows.map(({ forward, back }) => (
        <div key={forward.from} className={styles.pair}>
          <Stage span={forward} at={at} />
          <div>{back.map((span) => <Stage key={span.from} span={span} at={at} />)}</div>
        </div>
      ))}
    </nav>
  )
}

function Stage({ span: { name, from, to }, at }: { span: Span; at: number }) {
  const here = at >= from && at < to
  return (
    <button type="button" aria-current={here ? 'step' : undefined} onClick={() => showMove(from)}>
      {name.replace(/ backward$/, ' back')} <small>{here ? `${at - from + 1} of ${to - from}` : to - from}</small>
    </button>
  )
}
