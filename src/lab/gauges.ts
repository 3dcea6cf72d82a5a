/**
 * What is read off a run between its steps: metrics, loss by noise level, samples, diagnostics, a walk. Their bits and those of the steps do not depend
 * on each other. All but metrics have buffers of their own, but each only once: one after another.
 */
import type { Config } from '../config.ts'
import type { RunData } from '../datasets/dataset.ts'
import type { KernelLibrary } from '../engine/kernel.ts'
import { settled } from '../engine/settled.ts'
import { pathsOf } from '../flow/place.ts'
import { guidanceSaid } from '../model/guidance.ts'
import { clampsSaid } from '../model/replica.ts'
import type { Measurement, Settings } from '../panel.ts'
import type { LossByT, SampleGrid } from '../protocol.ts'
import type { StepWalk } from '../step_walk.ts'
import { atBench, Cancelled } from './bench.ts'
import type { RunHistory } from './history.ts'
import { summariseLevels } from './levels.ts'
import { Measurements } from './measurements.ts'
import { replicaLabel } from './replica_tick.ts'
import { Seen } from './seen.ts'
import type { Trainer } from './trainer.ts'
import { walkStep } from './walk/walk.ts'

/** The run that they are read off, as it is now. */
interface Run {
  readonly runId: string
  readonly library: KernelLibrary
  readonly data: RunData
  readonly step: number
  readonly currentConfig: Config
}

/** Who hears of what is measured. */
export interface Listeners {
  /** Lets timers and messages through during long CPU work. */
  breathe?: () => Promise<void>
  /** Hears of every measurement as it is made. */
  measured?: (measurement: Measurement) => void
  /** Hears of every loss by noise level: a tick has only the last, and there may be several between two ticks. */
  evaluated?: (loss: LossByT) => void
  /** Hears how far a measurement is; `id` null when none is under way any more. */
  measuring?: (id: string | null, done: number, total: number) => void
  /** Hears, in one sentence, why a measurement that was due could not be made. */
  unmeasured?: (message: string, id: string) => void
}

export class Gauges {
  readonly seen: Seen
  private readonly diagnostics: Measurements
  /** Steps whose metrics were fetched. */
  private read: number
  private reading: Promise<void> = Promise.resolve()
  private measuring: Promise<unknown> = Promise.resolve()

  constructor(private readonly run: Run, private readonly trainer: Trainer, private readonly listeners: Listeners, history: RunHistory | undefined) {
    const { step, currentConfig } = run
    this.read = step
    this.seen = history ? Seen.of(history) : Seen.from(step, currentConfig.replicas.length)
    this.diagnostics = new Measurements(this.seen.measurements)
  }

  /** Resolves when what was asked for before is done. */
  get idle(): Promise<unknown> {
    return this.measuring
  }

  alone<T>(measure: () => Promise<T>): Promise<T> {
    const result = this.measuring.then(measure)
    this.measuring = result.catch(() => {})
    return result
  }

  /** Fetches the metrics of all steps submitted so far. */
  readMetrics(): Promise<void> {
    // After a reading under way, which may have begun before the last steps.
    return (this.reading = this.reading.catch(() => {}).then(() => this.fetchMetrics()))
  }

  private async fetchMetrics(): Promise<void> {
    const to = this.run.step
    if (this.read === to) return
    this.seen.addSteps(await this.trainer.metrics(this.read, to), to - this.read)
    this.read = to
  }

  /** All that was seen, up to the step that the run stands at as this is called. */
  async history(): Promise<RunHistory> {
    const { read, run: { step } } = this
    const seen = this.seen.copy()
    seen.addSteps(await this.trainer.metrics(read, step), step - read)
    return seen.record()
  }

  /** Measures loss by noise level now. */
  evaluate(): Promise<LossByT> {
    return this.alone(async () => {
      const { run, trainer } = this
      const { step } = run
      const errors = await trainer.lossByT(() => this.breatheGpu())
      const { currentConfig: config, data } = run
      const notes = clampsSaid(config)
      const loss = { ...summariseLevels(step, trainer.recorded.evaluation.levels, errors, data.dataset, config.net, pathsOf(config)), ...(notes.length > 0 && { notes }) }
      this.seen.addLoss(loss)
      this.listeners.evaluated?.(loss)
      return loss
    })
  }

  /** Draws samples now, always from the same noise. */
  sample(): Promise<SampleGrid> {
    return this.alone(async () => {
      const { run } = this
      const { step, data, currentConfig: { net: { channels, size }, evaluate: { samples: count }, data: { seed } } } = run
      const { images, evaluations, rejected, forced } = await this.trainer.sample(seed, () => this.breatheGpu())
      return (this.seen.samples = { step, channels, size, images, real: data.heldOut.slice(0, count * channels * size * size), count, evaluations, rejected, forced, steered: guidanceSaid(run.currentConfig).join(', ') || undefined })
    })
  }

  /** Between pieces of an evaluation: waits for the GPU, so that the page's frames get their turn. */
  async breatheGpu(): Promise<void> {
    const { device } = this.trainer
    await settled(device, device.queue.onSubmittedWorkDone())
  }

  /** @throws ConfigError when another is under way, or the settings or the run do not allow it; RangeError for lack of memory; Cancelled */
  measure(id: string, settings: Settings): Promise<Measurement> {
    const { run, trainer, listeners, diagnostics } = this
    const task = diagnostics.begin(id, settings, run.currentConfig, run.data.dataset)
    return this.alone(async () => {
      const { library, data, step, currentConfig: config } = run
      try {
        return await diagnostics.finish(task, step, () => atBench({
          device: trainer.device, library, buffers: trainer.buffers, config, step, training: trainer.recorded.training, labels: config.replicas.map((_, r) => replicaLabel(config, r)), data,
          earlier: this.seen.measurements.filter(one => one.id === id), kept: diagnostics.kept, signal: task.signal, progress: (done, total) => listeners.measuring?.(id, done, total), breathe: listeners.breathe ?? (async () => {}),
        }, task.work))
      } finally {
        listeners.measuring?.(null, 0, 0)
      }
    }).then(measurement => {
      listeners.measured?.(measurement)
      return measurement
    })
  }

  /** Steps until the next diagnostic is due. */
  toNext(): number {
    return this.diagnostics.toNext(this.run.currentConfig, this.run.step)
  }

  /** Diagnostics to measure before the first step. */
  first(): string[] {
    return this.diagnostics.first(this.run.currentConfig)
  }

  /** Diagnostics to measure now, with `end` the last step. */
  due(end: number): string[] {
    return this.diagnostics.due(this.run.currentConfig, this.run.step, end)
  }

  /** One that is due while training: whatever goes wrong with it, training goes on. */
  async measureDue(id: string): Promise<void> {
    await this.measuring // one that the visitor asked for meanwhile
    try {
      await this.measure(id, this.diagnostics.settingsOf(this.run.currentConfig, id))
    } catch (error) {
      if (!(error instanceof Cancelled)) this.listeners.unmeasured?.(error instanceof Error ? error.message : String(error), id)
    }
  }

  cancel(): void {
    this.diagnostics.cancel()
  }

  /** @throws ConfigError when there is no such replica or image; RangeError for lack of memory */
  walk(replica: number, sample: number): Promise<StepWalk> {
    return this.alone(() => {
      const { run: { library, runId, currentConfig: config }, trainer } = this
      return walkStep({ device: trainer.device, library, buffers: trainer.buffers, training: trainer.recorded.training, config, runId, replica, sample })
    })
  }

  /** When nothing is read any more, whatever became of it. */
  async rest(): Promise<void> {
    await Promise.allSettled([this.reading, this.measuring])
  }
}
