/** The GPU side of one run: buffers, recordings, and what can be asked of them. Knows no clock, no page and no file. */
import type { Config } from '../config.ts'
import type { KernelLibrary } from '../engine/kernel.ts'
import { Readback, readOnce } from '../engine/readback.ts'
import type { Recorder, Tensor } from '../engine/recorder.ts'
import { Buffers, Recording } from '../engine/recording.ts'
import { layTable, type Table } from '../engine/table.ts'
import { KNOB_WORDS, PART_WORD, packKnobs, STATE_WORDS, startState, unpackState } from '../model/knobs.ts'
import { resolveReplica } from '../model/replica.ts'
import { initialParameters } from '../model/parameters.ts'
import { drawSamples, type Drawn, recordersOf } from '../model/sampler.ts'
import { METRICS, METRICS_RING } from '../ops/optimizer.ts'
import type { RunData } from '../datasets/dataset.ts'
import { metricsBytes, recordRun, type RunRecording } from './plan.ts'
import { Step } from './step.ts'

/** Everything one replica is: enough to go on bit for bit on the same adapter. */
export interface ReplicaState {
  parameters: Float32Array
  first: Float32Array
  second: Float32Array
  ema: Float32Array
  state: Uint32Array
}

/** Dispatches between two submits of a slow step: the compositor needs the GPU too. */
const FLUSH = 32

export type MetricsRow = Record<(typeof METRICS)[number], number>

export class Trainer {
  /** Of the step under way; 0 between steps. */
  private pass = 0
  private turned = false

  private constructor(
    readonly device: GPUDevice,
    readonly recorded: RunRecording,
    readonly buffers: Buffers,
    private readonly step: Step,
    private readonly level: Recording,
    private readonly solve: Recording[],
    /** For what is done between steps. */
    readonly table: Table,
    private readonly ring: Readback,
    private config: Config,
    private readonly data: RunData,
  ) {}

  /** @param start replica states to go on from; fresh ones otherwise. @throws RangeError when the GPU has not the memory, KernelError when a kernel does not compile */
  static async create(device: GPUDevice, library: KernelLibrary, config: Config, data: RunData, recorded: RunRecording = recordRun(config), start?: ReplicaState[]): Promise<Trainer> {
    const { training, evaluation, sampler } = recorded
    const buffers = await Buffers.allocate(device, training.tensors)
    try {
      const realise = (recorder: Recorder) => Recording.realise(recorder, buffers, library)
      const drawing = recordersOf(sampler)
      const [step, level, ...solve] = await Promise.all([Step.realise(training, buffers, library), ...[evaluation.recorder, ...drawing].map(realise)])
      const table = layTable(device, buffers, new Map(drawing.map((recorder, i) => [recorder, solve[i]])))
      const ring = new Readback(device, metricsBytes(training))
      const trainer = new Trainer(device, recorded, buffers, step, level, solve, table, ring, config, data)
      trainer.upload(start)
      return trainer
    } catch (error) {
      buffers.destroy()
      throw error
    }
  }

  private upload(start?: ReplicaState[]): void {
    const { training, evaluation } = this.recorded
    const { config, buffers, data } = this
    buffers.write(training.data, data.train)
    if (training.classes) buffers.write(training.classes, Uint32Array.from(data.trainLabels))
    buffers.write(evaluation.images, data.heldOut.subarray(0, evaluation.count * training.batch.dimensions))
    const repeat = (count: number, values: (i: number) => number) => Uint32Array.from({ length: training.replicas * count }, (_, i) => values(i % count))
    if (evaluation.batch.labels) buffers.write(evaluation.batch.labels, repeat(evaluation.count, i => data.heldOutLabels[i]))
    config.replicas.forEach((replica, r) => {
      const { train } = resolveReplica(config, replica)
      const from = start?.[r]
      const parameters = from?.parameters ?? initialParameters(training.layout, train.seed)
      const at = r * training.layout.length
      buffers.write(training.parameters.tensor, parameters, at)
      buffers.write(training.optimizer.ema.tensor, from?.ema ?? parameters, at)
      if (from) {
        buffers.write(training.optimizer.first, from.first, at)
        buffers.write(training.optimizer.second, from.second, at)
      }
      buffers.write(training.state, from?.state ?? startState(), r * STATE_WORDS)
    })
    this.turn(config)
  }

  /** New knob values; they act on the next step, and not on the rest of one that is under way. */
  turn(config: Config): void {
    this.config = config
    this.turned = true
    if (this.pass === 0) this.writeKnobs()
  }

  private writeKnobs(): void {
    this.turned = false
    this.config.replicas.forEach((replica, r) => this.buffers.write(this.recorded.training.knobs, packKnobs(this.config, replica), r * KNOB_WORDS))
  }

  get dispatchesPerStep(): number {
    return this.step.dispatches()
  }

  /** Passes that a step is submitted in. */
  get passesPerStep(): number {
    return this.step.length
  }

  /** Submits `count` training steps and returns how many submits that took. `gentle` cuts a step into pieces, so that others get at the GPU. */
  submitSteps(count: number, gentle: boolean): number {
    const { device, step } = this
    const passes = count * step.length
    if (!gentle) {
      const encoder = device.createCommandEncoder()
      for (let i = 0; i < passes; i++) step.encode(encoder, i % step.length)
      device.queue.submit([encoder.finish()])
      return 1
    }
    let submits = 0
    for (let i = 0; i < passes; i++) submits += this.submitPass().submits
    return submits
  }

  /** The next pass of a step, or the whole of a step that has but one, in pieces. @returns how many submits that took, and its share of the step's dispatches */
  submitPass(): { submits: number; share: number } {
    const { device, step, pass } = this
    const length = step.dispatches(pass)
    let submits = 0
    for (let at = 0; at < length; at += FLUSH) {
      const encoder = device.createCommandEncoder()
      step.encode(encoder, pass, at, Math.min(length, at + FLUSH))
      device.queue.submit([encoder.finish()])
      submits++
    }
    this.goTo((pass + 1) % step.length)
    return { submits, share: length / this.dispatchesPerStep }
  }

  private goTo(pass: number): void {
    this.pass = pass
    if (pass === 0 && this.turned) this.writeKnobs()
  }

  /** Forgets the passes of a step that is not done: it begins anew. Weights have not moved yet. */
  dropPasses(): void {
    const { training } = this.recorded
    this.goTo(0)
    for (let r = 0; r < training.replicas; r++) this.buffers.write(training.state, Uint32Array.of(0), r * STATE_WORDS + PART_WORD)
  }

  /** Metrics of steps [from, to) as far as the ring still holds them: rows[step][replica]. */
  async metrics(from: number, to: number): Promise<MetricsRow[][]> {
    const { training } = this.recorded
    const R = training.replicas
    const values = new Float32Array(await this.ring.read(this.buffers.of(training.optimizer.metrics)))
    const words = new Uint32Array(values.buffer)
    const rows: MetricsRow[][] = []
    for (let step = Math.max(from, to - METRICS_RING); step < to; step++) {
      rows.push(Array.from({ length: R }, (_, r) => {
        const at = ((step % METRICS_RING) * R + r) * METRICS.length
        return Object.fromEntries(METRICS.map((name, i) => [name, i === 0 ? words[at] : values[at + i]])) as MetricsRow
      }))
    }
    return rows
  }

  /** errors[level][replica][image]: held-out squared error of the EMA weights, mean over pixels. `pause` is awaited between levels. */
  async lossByT(pause: () => Promise<void> = async () => {}): Promise<Float32Array[][]> {
    const { device, buffers, level } = this
    const { training: { replicas: R }, evaluation } = this.recorded
    const n = evaluation.count
    const bytes = R * n * 4
    const levels = evaluation.levels
    const all = device.createBuffer({ label: 'errors by level', size: levels.length * bytes, usage: GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC })
    try {
      for (let i = 0; i < levels.length; i++) {
        buffers.write(evaluation.batch.t, new Float32Array(R * n).fill(levels[i]))
        const encoder = device.createCommandEncoder()
        level.encode(encoder)
        encoder.copyBufferToBuffer(buffers.of(evaluation.error), 0, all, i * bytes, bytes)
        device.queue.submit([encoder.finish()])
        await pause()
      }
      const errors = new Float32Array(await readOnce(device, all))
      return Array.from(levels, (_, i) => Array.from({ length: R }, (_, r) => errors.slice((i * R + r) * n, (i * R + r + 1) * n)))
    } finally {
      all.destroy()
    }
  }

  /** images[replica] (n,ch,h,w) from EMA weights, every replica from the same noise. `pause` is awaited between steps of the solver. */
  sample(seed: number, pause?: () => Promise<void>): Promise<Drawn> {
    return drawSamples(this.table, this.recorded.sampler, this.config, { seed, data: this.data, between: pause })
  }

  /** Weights, optimiser and counters of every replica as they are after all work submitted so far. */
  async replicaStates(): Promise<ReplicaState[]> {
    const { training } = this.recorded
    const { device, buffers } = this
    const read = (tensor: Tensor, bytes: number) => readOnce(device, buffers.of(tensor), 0, bytes)
    const length = training.layout.length
    const bytes = training.replicas * length * 4
    // Asked for in one go, so that no step comes in between.
    const [parameters, first, second, ema, state] = await Promise.all([
      read(training.parameters.tensor, bytes), read(training.optimizer.first, bytes), read(training.optimizer.second, bytes),
      read(training.optimizer.ema.tensor, bytes), read(training.state, training.replicas * STATE_WORDS * 4),
    ])
    const part = (buffer: ArrayBuffer, r: number) => new Float32Array(buffer, r * length * 4, length).slice()
    return Array.from({ length: training.replicas }, (_, r) => ({
      parameters: part(parameters, r), first: part(first, r), second: part(second, r), ema: part(ema, r),
      state: new Uint32Array(state, r * STATE_WORDS * 4, STATE_WORDS).slice(),
    }))
  }

  destroy(): void {
    this.ring.destroy()
    for (const recording of [this.step, this.level, ...this.solve]) recording.destroy()
    this.buffers.destroy()
  }
}

/** Training steps a replica has begun. */
export const stepsOf = (replica: ReplicaState) => unpackState(replica.state).step
