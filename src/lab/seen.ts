/** What has been seen of a run, as it grows: with it its charts have no gap, in this program or in the next. */
import type { Measurement } from '../panel.ts'
import type { BandSeries, LossByT, RunEvent, SampleGrid } from '../protocol.ts'
import { addRows, addToBands, copyBands, ReplicaHistory, type RunHistory, startBands } from './history.ts'
import type { MetricsRow } from './trainer.ts'

/** Evaluations that are kept. */
const KEPT = 400
/** Steps in a row without a finite gradient after which a replica is not coming back. */
const STUCK = 20

export class Seen {
  readonly bands: BandSeries[]
  readonly events: RunEvent[]
  readonly measurements: Measurement[]
  samples: SampleGrid | null
  /** Loss by noise level, oldest first. */
  losses: LossByT[]

  private constructor(readonly replicas: readonly ReplicaHistory[], { bands, losses, samples, events, measurements }: Omit<RunHistory, 'replicas'>) {
    this.bands = copyBands(bands, replicas.map((_, r) => r))
    this.losses = [...losses]
    this.samples = samples
    this.events = [...events]
    this.measurements = [...measurements]
  }

  static from(step: number, replicas: number): Seen {
    const histories = Array.from({ length: replicas }, () => new ReplicaHistory(step))
    return new Seen(histories, { bands: startBands(), losses: [], samples: null, events: [], measurements: [] })
  }

  static of({ replicas, ...rest }: RunHistory): Seen {
    return new Seen(replicas.map(record => ReplicaHistory.of(record)), rest)
  }

  /** As it is now, whatever is seen afterwards. */
  copy(): Seen {
    return new Seen(this.replicas.map(history => history.copy()), this)
  }

  record(): RunHistory {
    const { bands, losses, samples, events, measurements } = this
    return { replicas: this.replicas.map(history => history.record()), bands, losses, samples, events, measurements }
  }

  get loss(): LossByT | null {
    return this.losses.at(-1) ?? null
  }

  /** The last of `steps` steps, (steps,R) rows at most. */
  addSteps(rows: readonly MetricsRow[][], steps: number): void {
    addRows(this.replicas, rows, steps)
  }

  addLoss(loss: LossByT): void {
    this.losses = [...this.losses.filter(earlier => earlier.step < loss.step), loss].slice(-KEPT)
    addToBands(this.bands, loss)
  }

  get stuck(): boolean {
    return this.replicas.some(({ stuckFor }) => stuckFor >= STUCK)
  }
}
