/** Full-rate history of a run, and the thinned series the page draws. */
import type { Measurement } from '../panel.ts'
import type { BandSeries, LossByT, RunEvent, SampleGrid, StepSeries } from '../protocol.ts'
import type { MetricsRow } from './trainer.ts'

const POINTS = 200
const SMOOTHING = 0.98

/** A growing list of numbers. */
class Column {
  private values: Float32Array = new Float32Array(1024)
  length = 0

  push(value: number): void {
    if (this.length === this.values.length) {
      const larger = new Float32Array(2 * this.length)
      larger.set(this.values)
      this.values = larger
    }
    this.values[this.length++] = value
  }

  get(i: number): number {
    return this.values[i]
  }

  /** The numbers so far, in an array of their own. */
  all(): Float32Array {
    return this.values.slice(0, this.length)
  }

  static of(values: Float32Array): Column {
    const column = new Column()
    if (values.length === 0) return column
    column.values = values // full, so that the next push copies it
    column.length = values.length
    return column
  }
}

export const NAMES = ['flow', 'flowSmooth', 'contrastive', 'gradientNorm'] as const
type Name = (typeof NAMES)[number]

/** One replica's numbers in plain arrays, one entry per step from `from` on. */
export type ReplicaRecord = { from: number; last: MetricsRow | null; stuckFor: number } & Record<Name, Float32Array>

/** All that a run has shown so far: with it the charts of a run that is gone on with have no gap. */
export interface RunHistory {
  replicas: ReplicaRecord[]
  bands: BandSeries[]
  /** Loss by noise level at each evaluation, oldest first. */
  losses: LossByT[]
  samples: SampleGrid | null
  events: RunEvent[]
  measurements: Measurement[]
}

/** One replica's numbers, one entry per step from `from` on. */
export class ReplicaHistory {
  private columns = Object.fromEntries(NAMES.map(name => [name, new Column()])) as Record<Name, Column>
  last: MetricsRow | null = null
  /** Steps in a row, up to the last one, whose gradient was not finite: the GPU left them out. */
  stuckFor = 0

  constructor(readonly from: number) {}

  add(row: MetricsRow): void {
    const { columns } = this
    const before = columns.flowSmooth.length > 0 ? columns.flowSmooth.get(columns.flowSmooth.length - 1) : row.flow
    columns.flow.push(row.flow)
    columns.flowSmooth.push(Number.isFinite(row.flow) && Number.isFinite(before) ? SMOOTHING * before + (1 - SMOOTHING) * row.flow : Number.isFinite(row.flow) ? row.flow : before)
    // Without an anchor there is no contrastive loss, which is not the same as a loss of zero.
    columns.contrastive.push(row.anchors > 0 ? row.contrastive : Number.NaN)
    columns.gradientNorm.push(row.gradientNorm)
    this.stuckFor = Number.isFinite(row.gradientNorm) ? 0 : this.stuckFor + 1
    this.last = row
  }

  get length(): number {
    return this.columns.flow.length
  }

  /** At most 200 points, the least and the greatest finite value of each bucket, so that a spike of one step stays visible. */
  series(name: Name): StepSeries {
    return thin(this.columns[name], this.from)
  }

  /** As it is now, whatever is added afterwards. */
  record(): ReplicaRecord {
    const columns = Object.fromEntries(NAMES.map(name => [name, this.columns[name].all()])) as Record<Name, Float32Array>
    return { ...columns, from: this.from, last: this.last, stuckFor: this.stuckFor }
  }

  copy(): ReplicaHistory {
    return ReplicaHistory.of(this.record())
  }

  static of(record: ReplicaRecord): ReplicaHistory {
    const history = new ReplicaHistory(record.from)
    for (const name of NAMES) history.columns[name] = Column.of(record[name])
    history.last = record.last
    history.stuckFor = record.stuckFor
    return history
  }
}

function thin(column: Column, from: number): StepSeries {
  const step: number[] = []
  const value: (number | null)[] = []
  const put = (i: number) => {
    step.push(from + i + 1)
    value.push(Number.isFinite(column.get(i)) ? column.get(i) : null)
  }
  if (column.length <= POINTS) {
    for (let i = 0; i < column.length; i++) put(i)
    return { step, value }
  }
  const buckets = POINTS / 2
  for (let b = 0; b < buckets; b++) {
    const start = Math.floor((b * column.length) / buckets)
    const end = Math.floor(((b + 1) * column.length) / buckets)
    let low = -1
    let high = -1
    for (let i = start; i < end; i++) {
      const v = column.get(i)
      if (!Number.isFinite(v)) continue
      if (low < 0 || v < column.get(low)) low = i
      if (high < 0 || v > column.get(high)) high = i
    }
    if (low < 0) put(start)
    else for (const i of low === high ? [low] : low < high ? [low, high] : [high, low]) put(i)
  }
  return { step, value }
}

/** Bands of noise levels whose loss is followed over the run. */
export const BANDS = [
  { label: 't < .01', from: 0, to: 0.01 },
  { label: '.01 ≤ t < .1', from: 0.01, to: 0.1 },
  { label: '.1 ≤ t < .5', from: 0.1, to: 0.5 },
  { label: 't ≥ .5', from: 0.5, to: 1 },
]

/** Adds the last of `steps` steps. When more went by than the ring holds, the gap shows as missing values. */
export function addRows(histories: readonly ReplicaHistory[], rows: readonly MetricsRow[][], steps: number): void {
  for (let missing = steps - rows.length; missing > 0; missing--) {
    for (const history of histories) history.add({ ...rows[0][0], flow: Number.NaN, gradientNorm: Number.NaN, anchors: 0 })
  }
  for (const row of rows) row.forEach((values, r) => histories[r].add(values))
}

export function startBands(): BandSeries[] {
  return BANDS.map(band => ({ ...band, step: [], value: [] }))
}

/** Bands with the values of these replicas only, in arrays of their own. */
export function copyBands(bands: readonly BandSeries[], replicas: readonly number[]): BandSeries[] {
  return bands.map(band => ({ ...band, step: [...band.step], value: replicas.map(r => [...(band.value[r] ?? [])]) }))
}

/** What `count` replicas that go on from replica `from` have behind them: its losses. Samples and measurements are of nets and labels that the fork has not. */
export function forkHistory({ replicas, bands, events }: RunHistory, from: number, count: number, event: RunEvent): RunHistory {
  const parents = Array.from({ length: count }, () => from)
  return { replicas: parents.map(r => replicas[r]), bands: copyBands(bands, parents), losses: [], samples: null, events: [...events, event], measurements: [] }
}

/** Adds one evaluation; bands keep the last 200. */
export function addToBands(bands: BandSeries[], evaluation: LossByT): void {
  for (const band of bands) {
    const inside = evaluation.t.map((t, i) => (t >= band.from && t < band.to ? i : -1)).filter(i => i >= 0)
    band.step.push(evaluation.step)
    evaluation.mean.forEach((mean, r) => {
      const finite = inside.map(i => mean[i]).filter((v): v is number => v !== null)
      ;(band.value[r] ??= []).push(finite.length > 0 ? finite.reduce((a, b) => a + b, 0) / finite.length : null)
    })
    if (band.step.length > POINTS) {
      band.step.shift()
      for (const values of band.value) values.shift()
    }
  }
}
