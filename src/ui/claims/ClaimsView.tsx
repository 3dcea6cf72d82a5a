import type { ClaimResult, StudyRecord } from '../../record_schema.ts'
import { useRecorded } from '../../store/shown.ts'
import { count, plusMinus, short, toPlaceOf } from '../numbers.ts'
import styles from './Claims.module.css'

const verdicts: Record<ClaimResult['verdict'], { mark: string; words: string }> = {
  appears: { mark: '✓', words: 'It appears' },
  opposite: { mark: '↔', words: 'The opposite' },
  unclear: { mark: '?', words: 'Unclear' },
}

const columns = ['Claim', 'Measured as', 'Mean ± SD', 'Each seed', 'Here']

/** Every claim that the recorded study asks about, and what came out, whichever way. */
export function ClaimsView() {
  const record = useRecorded(({ run }) => run?.record)
  if (!record) return null
  const { claims, title, figure, tick, date, adapter } = record
  return (
    <section className={styles.claims} aria-labelledby="claims">
      <h2 id="claims">What is claimed, and what came out here</h2>
      <p>
        Recorded run, not yours: {title}; {count(tick.step)} steps, {count(tick.cost.parameters)} parameters each; {date} on {adapter}. It answers to {figure}. A positive number is the effect as claimed; what stands below a claim says where it is from.
      </p>
      {/* A scrolling region must be reachable by keyboard. */}
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <section className={styles.scroll} tabIndex={0} aria-label="Claims, table">
        <table>
          <thead>
            <tr>{columns.map((column) => <th key={column} scope="col">{column}</th>)}</tr>
          </thead>
          <tbody>{claims.map((claim) => <Claim key={claim.id} claim={claim} />)}</tbody>
        </table>
      </section>
      <p className={styles.note}>{rule(record)} One size of net, one data set: this says how it is here, not that the paper is right or wrong.</p>
    </section>
  )
}

function Claim({ claim: { text, source, unit, margin, effects, mean, deviation, verdict } }: { claim: ClaimResult }) {
  const { mark, words } = verdicts[verdict]
  return (
    <tr>
      <th scope="row">{text} <small>{source}</small></th>
      <td data-column={columns[1]}>{unit}{margin && `; ${marginWords(margin)}`}</td>
      <td data-column={columns[2]} className={styles.number}>{plusMinus(mean, deviation)}</td>
      <td data-column={columns[3]} className={styles.number}>{effects.map(deviation > 0 ? toPlaceOf(deviation) : short).join(' · ')}</td>
      <td data-column={columns[4]} className={styles.verdict} data-verdict={verdict}><span aria-hidden="true">{mark}</span> {words}</td>
    </tr>
  )
}

const marginWords = ({ kind, by }: NonNullable<ClaimResult['margin']>) => (kind === 'alike' ? `alike: within ±${by}` : `no worse: no less than −${by}`)

function rule({ claims }: StudyRecord): string {
  const seeds = claims[0]?.effects.length ?? 0
  const margins = claims.some(({ margin }) => margin) ? ' That something is alike or no worse appears where the mean lies within its margin by two standard errors.' : ''
  return `“It appears” and “the opposite” ask for the same sign in all ${seeds} seeds and a mean at least two standard errors from 0; anything less is unclear.${margins} SD is over seeds (n − 1); with three of them two standard errors make an 82 % interval, not one of 95 %.`
}
