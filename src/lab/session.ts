/**
 * A run from start to finish: the loop, its pace, its history, and what the page or the terminal is told about it. Read this and
 * model/dit.ts and you know how training works here. Knows no browser: a Web Worker and Node drive it alike.
 */
import { type Config, ConfigError, type MeasureConfig, parseConfig, type ReplicaConfig } from '../config.ts'
import { KernelLibrary } from '../engine/kernel.ts'
import type { Tiles } from '../engine/recorder.ts'
import { settled } from '../engine/settled.ts'
import { resolveReplica } from '../model/replica.ts'
import type { Measurement, Settings } from '../panel.ts'
import type { KnobPatch, LossByT, RunEvent, SampleGrid, Tick } from '../protocol.ts'
import type { StepWalk } from '../step_walk.ts'
import type { RunData } from '../datasets/dataset.ts'
import { checkConfig, generateData, type Progress } from './data.ts'
import { stepWork } from './expect.ts'
import { Gauges, type Listeners } from './gauges.ts'
import { forkHistory, type RunHistory } from './history.ts'
import { patched } from './knob_patch.ts'
import { Pace } from './pace.ts'
import { planOf, recordRun } from './plan.ts'
import { replicaLabel, replicaTick } from './replica_tick.ts'
import { refined, type Speed, timeFor } from './speed.ts'
import { type ReplicaState, stepsOf, Trainer } from './trainer.ts'
import { presetTiles } from './tune.ts'

/** Loss by noise level is measured once this early, so that its chart has a baseline long before `evaluate.every` on a slow machine. */
const FIRST_LOOK = 10

/** A run as it can be stored and gone on with. */
export interface Checkpoint {
  config: Config
  step: number
  replicas: ReplicaState[]
  /** What was seen of it, for charts without a gap; absent where only the weights were kept. */
  history?: RunHistory
}

export interface SessionOptions extends Listeners {
  tiles?: Tiles
  progress?: Progress
  /** Gone on from, instead of starting at step 0. */
  checkpoint?: Checkpoint
  /** Images of an earlier run with the same data settings. */
  data?: RunData
}

export class Session {
  step = 0
  state: Tick['state'] = 'paused'
  private target: number
  private readonly pace = new Pace()
  private submitsPerStep = 1
  private sequence = 0
  private looping: Promise<void> | null = null
  private snapshotting: Promise<Checkpoint> | null = null
  /** A snapshot that waits until the loop is between two steps. */
  private beforeStep: (() => void) | null = null
  private readonly gauges: Gauges

  private constructor(
    readonly runId: string,
    readonly device: GPUDevice,
    readonly library: KernelLibrary,
    private config: Config,
    readonly data: RunData,
    private readonly trainer: Trainer,
    options: SessionOptions,
    start: number,
    private readonly bytes: number,
  ) {
    this.step = start
    this.target = config.train.steps
    this.gauges = new Gauges(this, trainer, options, options.checkpoint?.history)
    if (start >= this.target) this.state = 'finished'
  }

  /** @throws ConfigError, RangeError (memory), KernelError; nothing is left behind when it does */
  static async create(device: GPUDevice, library: KernelLibrary, runId: string, config: Config, options: SessionOptions = {}): Promise<Session> {
    checkConfig(config)
    const { checkpoint } = options
    const run = recordRun(config, options.tiles ?? presetTiles(device))
    const plan = planOf(run, device.limits)
    if (plan.refusal) throw new RangeError(plan.refusal)
    const data = options.data ?? await generateData(config, options.progress, options.breathe)
    const trainer = await Trainer.create(device, library, config, data, run, checkpoint?.replicas)
    return new Session(runId, device, library, config, data, trainer, options, checkpoint?.step ?? 0, plan.total)
  }

  get currentConfig(): Config {
    return this.config
  }

  get steps(): number {
    return this.target
  }

  /** An adapter's speed as the steps of this run have shown it; as given while too few have. */
  speedShown(speed: Speed): Speed {
    return this.pace.steady ? refined(speed, timeFor(stepWork(this.trainer.recorded, this.config), speed), this.pace.stepMs / 1000) : speed
  }

  /** Trains until paused or finished; a second call while running changes nothing. */
  run(): void {
    this.state = this.step >= this.target ? 'finished' : 'running'
    if (this.state === 'running') this.looping ??= this.drive(() => this.target)
  }

  private async drive(until: () => number): Promise<void> {
    try {
      // Once more when it was resumed while the last steps before a pause were still under way.
      while (this.state === 'running' && this.step < until()) await this.loop(until)
    } catch (error) {
      this.state = 'paused'
      throw error
    } finally {
      this.looping = null
      this.beforeStep?.()
    }
  }

  /** No further step is submitted; resolves when those under way are done. */
  async pause(): Promise<void> {
    if (this.state === 'running') this.state = 'paused'
    await this.looping
  }

  /** Exactly `count` more steps, then paused. */
  async advance(count: number): Promise<void> {
    await this.pause()
    const until = Math.min(this.target, this.step + count)
    if (!(until > this.step)) return
    this.state = 'running'
    this.looping = this.drive(() => until)
    await this.looping
    if (this.state === 'running') this.state = 'paused'
  }

  extend(steps: number): void {
    this.target = Math.max(this.target, this.step) + steps
    if (this.state === 'finished') this.state = 'paused'
    this.turn()
    this.gauges.seen.events.push({ step: this.step, label: `${steps} more steps` })
  }

  /** Turns a knob while the run goes on. @throws ConfigError when the field is not live or the value is out of bounds */
  patch(knob: KnobPatch): void {
    const { replica, field, value } = knob
    this.config = patched(this.config, knob)
    this.turn()
    this.gauges.seen.events.push({ step: this.step, label: `${field} → ${value}${replica === 'all' ? '' : ` (${replicaLabel(this.config, replica)})`}` })
  }

  /** A cosine of the learning rate ends where the run does, also when that was put off. */
  private turn(): void {
    this.trainer.turn(this.whole)
  }

  /** The loop: bursts of steps with at most two bursts under way, evaluations where they are due. */
  private async loop(until: () => number): Promise<void> {
    const { gauges } = this
    const { every, samplesEvery } = this.config.evaluate
    if (this.step === 0 && samplesEvery > 0 && !gauges.seen.samples) await gauges.sample()
    if (this.step === 0) for (const id of gauges.first()) await gauges.measureDue(id)
    const waiting: Promise<void>[] = []
    for (;;) {
      await gauges.idle // what was asked for: all of it at one step
      this.beforeStep?.()
      if (this.state !== 'running' || this.step >= until()) break
      const count = Math.min(this.pace.burst, until() - this.step, toNext(this.step, every), toNext(this.step, samplesEvery), gauges.toNext(), this.step < FIRST_LOOK && every > 0 ? FIRST_LOOK - this.step : Infinity)
      if (this.trainer.passesPerStep > 1 && this.pace.patient) {
        await Promise.all(waiting.splice(0))
        // In the queue, so that what is asked for meanwhile sees the whole of the step or nothing.
        if (!(await gauges.alone(() => this.stepByPasses()))) continue
      } else {
        const began = performance.now()
        this.submitsPerStep = this.trainer.submitSteps(count, this.pace.gentle) / count
        this.step += count
        waiting.push(settled(this.device, this.device.queue.onSubmittedWorkDone()).then(() => this.pace.learn(count, began)))
        if (waiting.length >= this.pace.ahead) await waiting.shift()
      }
      const evaluate = every > 0 && (this.step % every === 0 || this.step === FIRST_LOOK)
      const sample = samplesEvery > 0 && this.step % samplesEvery === 0
      const due = gauges.due(this.target)
      if (evaluate || sample || due.length > 0 || this.step >= until()) await Promise.all(waiting.splice(0))
      if (evaluate) await gauges.evaluate()
      if (sample) await gauges.sample()
      for (const id of due) await gauges.measureDue(id)
    }
    await Promise.all(waiting)
    await this.readMetrics()
    if (this.state === 'running' && this.step >= this.target) this.state = 'finished'
  }

  /** One slow step, pass by pass, so that whoever pauses waits for one of them alone: then nothing of the step was done. @returns whether all of it was */
  private async stepByPasses(): Promise<boolean> {
    const { trainer } = this
    let total = 0
    for (let done = 0; done < trainer.passesPerStep; done++) {
      if (this.state !== 'running') {
        trainer.dropPasses()
        return false
      }
      const began = performance.now()
      const { submits, share } = trainer.submitPass()
      total += submits
      await this.gauges.breatheGpu()
      this.pace.learn(share, began)
    }
    this.submitsPerStep = total
    this.step++
    return true
  }

  /** Fetches the metrics of all steps submitted so far. */
  readMetrics(): Promise<void> {
    return this.gauges.readMetrics()
  }

  /** Measures loss by noise level now. */
  evaluate(): Promise<LossByT> {
    return this.gauges.evaluate()
  }

  /** Draws samples now, always from the same noise. */
  sample(): Promise<SampleGrid> {
    return this.gauges.sample()
  }

  /** What happened to this run, oldest first. */
  get events(): RunEvent[] {
    return this.gauges.seen.events
  }

  /** Everything measured in this run so far, oldest first. */
  get measurements(): readonly Measurement[] {
    return this.gauges.seen.measurements
  }

  /**
   * Measures one diagnostic on the weights as they are, between two steps; those steps' bits do not depend on it.
   * @throws ConfigError when another is under way, or the settings or the run do not allow it; RangeError for lack of memory; Cancelled
   */
  measure(id: string, settings: Settings = {}): Promise<Measurement> {
    return this.gauges.measure(id, settings)
  }

  cancelMeasure(): void {
    this.gauges.cancel()
  }

  /**
   * The step that replica `replica` takes next, walked on a copy, with what image `sample` of its batch leaves in every tensor. Between two
   * steps; their bits do not depend on it. @throws ConfigError when there is no such replica or image; RangeError for lack of memory
   */
  walk(replica: number, sample: number): Promise<StepWalk> {
    return this.gauges.walk(replica, sample)
  }

  /** How often which diagnostics are measured from now on. @throws ConfigError */
  schedule(measures: MeasureConfig[]): void {
    const config = parseConfig({ ...this.config, measures })
    checkConfig(config)
    this.config = config
  }

  /** Weights, optimiser and counters alone. */
  async checkpoint(): Promise<Checkpoint> {
    const config = this.whole
    const replicas = await this.trainer.replicaStates()
    return { config, step: stepsOf(replicas[0]), replicas }
  }

  /** The config with the steps as they were put off: as a run that goes on from here needs it. */
  private get whole(): Config {
    return { ...this.config, train: { ...this.config.train, steps: this.target } }
  }

  /**
   * Everything that going on needs, the charts included, as it is between two steps when all that was due there is measured. Training goes on
   * meanwhile. While one is being taken, others are told the same.
   */
  snapshot(): Promise<Checkpoint> {
    return (this.snapshotting ??= this.betweenSteps(() => this.takeSnapshot()).finally(() => { this.snapshotting = null }))
  }

  private betweenSteps<T>(work: () => Promise<T>): Promise<T> {
    if (!this.looping) return this.gauges.alone(work)
    return new Promise(resolve => {
      this.beforeStep = () => {
        this.beforeStep = null
        resolve(work())
      }
    })
  }

  /** Up to its first wait it sees one step: copies of the GPU's numbers are ordered before the next step is. */
  private async takeSnapshot(): Promise<Checkpoint> {
    const { step, whole: config } = this
    const [replicas, history] = await Promise.all([this.trainer.replicaStates(), this.gauges.history()])
    return { config, step, replicas, history }
  }

  /**
   * One replica's weights and optimiser state as those of new replicas with other knobs, at the same step and with the history so far: what a run
   * goes on from. This one stays as it is.
   */
  async forked(from: number, replicas: ReplicaConfig[]): Promise<Checkpoint> {
    const source = this.config.replicas[from]
    if (!source) throw new ConfigError(`fork: there is no replica ${from}; there are ${this.config.replicas.length}`)
    this.cancelMeasure()
    const { config: parent, step, replicas: states, history } = await this.snapshot()
    const { train } = resolveReplica(parent, source)
    // The draws of a forked run go on where its parent's stood, so the seed goes along unless another is asked for.
    const config = parseConfig({ ...parent, replicas: replicas.map(replica => ({ ...replica, seed: replica.seed ?? train.seed })) })
    const past = forkHistory(history!, from, replicas.length, { step, label: `forked from ${replicaLabel(parent, from)}` })
    return { config, step, replicas: replicas.map(() => states[from]), history: past }
  }

  /** The whole state of the run as the page sees it. */
  tick(): Tick {
    const { seen } = this.gauges
    return {
      type: 'tick', runId: this.runId, sequence: this.sequence++, state: this.state, step: this.step, steps: this.target,
      stepsPerSecond: this.pace.stepMs > 0 ? 1000 / this.pace.stepMs : 0, config: this.config,
      replicas: this.config.replicas.map((_, r) => replicaTick(this.config, r, seen.replicas[r])),
      lossByT: seen.loss, bands: seen.bands, samples: seen.samples, events: seen.events,
      cost: { bytes: this.bytes, dispatches: this.trainer.dispatchesPerStep, submits: this.submitsPerStep, parameters: this.trainer.recorded.training.layout.count },
    }
  }

  /** A replica's gradient has not been finite for many steps in a row, by the last metrics read. */
  get stuck(): boolean {
    return this.gauges.seen.stuck
  }

  async destroy(): Promise<void> {
    this.cancelMeasure()
    await this.pause().catch(() => {})
    await Promise.allSettled([this.gauges.rest(), this.snapshotting])
    this.trainer.destroy()
  }
}

const toNext = (step: number, every: number) => (every > 0 ? every - (step % every) : Infinity)
