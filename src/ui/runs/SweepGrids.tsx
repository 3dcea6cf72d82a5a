import { methodOf } from '../../store/catalog.ts'
import { type Sweep, figuresOf, overGroup, sweepOf } from '../../store/figures.ts'
import type { SeenRun } from '../../store/shown.ts'
import { HeatMapChart } from '../charts/HeatMapChart.tsx'
import { logDomain } from '../charts/scale.ts'
import { count, short } from '../numbers.ts'
import { writeMean } from './write.ts'
import styles from './Runs.module.css'

/** A run over a grid of T_min and λ: loss by noise level in each cell, and each final figure as colours. Nothing for any other run. */
export function SweepGrids({ name, seen }: { name: string; seen: SeenRun }) {
  const sweep = sweepOf(seen.tick.config)
  const figures = figuresOf(seen)
  if (!sweep || figures.length === 0) return null
  const low = figures[0]
  return (
    <section aria-label={`Sweep of ${name}`}>
      <h2>{name}: {methodOf(sweep.method).label} over T_min and λ</h2>
      <p>Loss by noise level, all cells on one scale, both axes log, t from 0.001 to 1; below it the loss at t &lt; 0.01. Step {count(low.step)}.</p>
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <section className={styles.scroll} tabIndex={0} aria-label={`Sweep of ${name}, small charts`}>
        <table className={styles.multiples}>
          <thead><tr><td className={styles.number}>λ \ T_min</td>{sweep.tMin.map((tMin) => <th key={tMin} scope="col">T_min {short(tMin)}</th>)}</tr></thead>
          <tbody>
            {sweep.lambda.map((lambda, row) => (
              <tr key={lambda}>
                <th scope="row">λ {short(lambda)}</th>
                {sweep.tMin.map((tMin, column) => {
                  const replicas = sweep.cells[row][column]
                  return <td key={tMin}><Small seen={seen} replica={replicas[0]} tMin={tMin} />{writeMean(low, overGroup(low, { label: '', method: sweep.method, replicas }))}</td>
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      {sweep.tMin.length > 1 && sweep.lambda.length > 1 && (
        <div className={styles.maps}>
          {figures.map((figure) => (
            <HeatMapChart
              key={figure.id}
              map={{ label: figure.title, unit: '', x: { label: 'T_min', scale: 'linear', at: sweep.tMin }, y: { label: 'λ', scale: 'linear', at: sweep.lambda }, values: gridOf(sweep, (replicas) => overGroup(figure, { label: '', method: sweep.method, replicas }).mean) }}
            />
          ))}
        </div>
      )}
    </section>
  )
}

const gridOf = (sweep: Sweep, value: (replicas: number[]) => number | null) => sweep.cells.map((row) => row.map(value))

const [width, height] = [136, 56]

/** Loss by noise level of one replica, with the levels below its T_min shaded. */
function Small({ seen, replica, tMin }: { seen: SeenRun; replica: number; tMin: number }) {
  const loss = seen.losses.at(-1) ?? seen.tick.lossByT
  if (!loss) return null
  const [low, high] = logDomain(loss.mean.flat(), [0.1, 1])
  const x = (t: number) => width * (1 + Math.log10(Math.max(t, 1e-3)) / 3)
  const y = (value: number) => height * (1 - Math.log(value / low) / Math.log(high / low))
  const points = loss.t.flatMap((t, i) => {
    const value = loss.mean[replica][i]
    return value !== null && value > 0 ? [`${x(t).toFixed(1)} ${y(value).toFixed(1)}`] : []
  })
  return (
    <svg viewBox={`0 0 ${width} ${height}`} aria-hidden="true">
      {tMin > 1e-3 && <rect width={x(tMin)} height={height} fill="var(--shade)" />}
      <path d={`M${points.join('L')}`} fill="none" stroke={`var(--series-${methodOf(seen.tick.replicas[replica].method).look.colour})`} strokeWidth="1.5" />
    </svg>
  )
}
