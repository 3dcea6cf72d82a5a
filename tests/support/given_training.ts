/** A training recording on the test device, fed with given weights and batches instead of drawn ones. */
import type { Config } from '../../src/config.ts'
import { KernelLibrary } from '../../src/engine/kernel.ts'
import { readOnce } from '../../src/engine/readback.ts'
import type { Tensor } from '../../src/engine/recorder.ts'
import { Buffers, Recording } from '../../src/engine/recording.ts'
import { structLayout } from '../../src/engine/struct.ts'
import { type GivenBatch, lowFirst, writeBatch } from '../../src/lab/given_step.ts'
import { KNOB_WORDS, packKnobs, packState, STATE_WORDS, unpackState } from '../../src/model/knobs.ts'
import { resolveReplica } from '../../src/model/replica.ts'
import { toNamed } from '../../src/model/parameters.ts'
import { recordTraining, type Training, type TrainingOptions } from '../../src/model/training.ts'
import { METRICS, METRICS_RING } from '../../src/ops/optimizer.ts'
import { requestTestDevice } from './gpu.ts'

const shared = globalThis as typeof globalThis & { testLibrary?: Promise<KernelLibrary> }

/** Compiled kernels of the test device: kept for the process, as the device is. */
export function testLibrary(): Promise<KernelLibrary> {
  return (shared.testLibrary ??= requestTestDevice().then(device => new KernelLibrary(device)))
}

const wordOf = (name: string) => structLayout('lib/state.wgsl', 'State').fields.find(field => field.name === name)!.word
/** Words that a batch is told by: low, anchors, λ; the same of the whole batch. */
const BATCH_WORDS = [[wordOf('low'), 3], [wordOf('whole_low'), 2]] as const

export class GivenTraining {
  private constructor(
    readonly config: Config,
    readonly device: GPUDevice,
    readonly training: Training,
    readonly buffers: Buffers,
    private readonly recording: Recording,
  ) {}

  static async create(config: Config, options: Partial<TrainingOptions> = {}): Promise<GivenTraining> {
    const library = await testLibrary()
    const device = await requestTestDevice()
    const training = recordTraining(config, { images: config.replicas.length * config.train.batch, given: true, ...options })
    const buffers = await Buffers.allocate(device, training.tensors)
    const made = new GivenTraining(config, device, training, buffers, await Recording.realise(training.recorder, buffers, library))
    made.turn(config)
    return made
  }

  turn(config: Config): void {
    config.replicas.forEach((replica, r) => this.buffers.write(this.training.knobs, packKnobs(config, replica), r * KNOB_WORDS))
  }

  /** Weights of one replica, flat; its running mean starts as a copy. */
  weigh(flat: Float32Array, r = 0): void {
    const { parameters, optimizer, layout } = this.training
    this.buffers.write(parameters.tensor, flat, r * layout.length)
    this.buffers.write(optimizer.ema.tensor, flat, r * layout.length)
  }

  /** The next step's batch of one replica. @returns how many of its samples lie below T_min */
  give(batch: GivenBatch, r = 0): number {
    const { objective, method } = resolveReplica(this.config, this.config.replicas[r])
    const { tMin, lambda } = method.knobs(objective)
    const { order, low } = lowFirst(batch.t, tMin)
    const anchors = this.training.features && lambda > 0 ? low : 0
    writeBatch(this.buffers, this.training, this.config, batch, order, anchors, tMin, r)
    // The counters of the steps so far stay as they are.
    const words = packState({ low, anchors, lambda })
    for (const [at, count] of BATCH_WORDS) this.buffers.write(this.training.state, words.subarray(at, at + count), r * STATE_WORDS + at)
    return low
  }

  run(): void {
    const encoder = this.device.createCommandEncoder()
    this.recording.encode(encoder)
    this.device.queue.submit([encoder.finish()])
  }

  async read(tensor: Tensor): Promise<Float32Array> {
    return new Float32Array(await readOnce(this.device, this.buffers.of(tensor)))
  }

  async readWords(tensor: Tensor): Promise<Uint32Array> {
    return new Uint32Array(await readOnce(this.device, this.buffers.of(tensor)))
  }

  /** The tensor of that name. */
  find(name: string): Tensor {
    const tensor = [...this.training.tensors].find(candidate => candidate.name === name)
    if (!tensor) throw new Error(`there is no tensor ${name}`)
    return tensor
  }

  /** One replica's part of a tensor, `each` long. (Tensors are padded at their end.) */
  async part(tensor: Tensor, each: number, r = 0): Promise<Float32Array> {
    return (await this.read(tensor)).slice(r * each, (r + 1) * each)
  }

  /** Gradients of one replica as the GPU holds them, before clipping. */
  flatGradients(r = 0): Promise<Float32Array> {
    return this.part(this.training.optimizer.gradients, this.training.layout.length, r)
  }

  weights(r = 0): Promise<Float32Array> {
    return this.part(this.training.parameters.tensor, this.training.layout.length, r)
  }

  /** (B,ch,h,w) */
  velocity(r = 0): Promise<Float32Array> {
    return this.part(this.training.trace.velocity, this.config.train.batch * this.training.batch.dimensions, r)
  }

  /** The same by DiT's names. */
  async gradients(r = 0) {
    return toNamed(this.training.layout, await this.flatGradients(r))
  }

  async state(r = 0) {
    return unpackState(await this.readWords(this.training.state), r * STATE_WORDS)
  }

  async metrics(step: number, r = 0): Promise<Record<(typeof METRICS)[number], number>> {
    const values = await this.read(this.training.optimizer.metrics)
    const at = ((step % METRICS_RING) * this.training.replicas + r) * METRICS.length
    return Object.fromEntries(METRICS.map((name, i) => [name, values[at + i]])) as Record<(typeof METRICS)[number], number>
  }

  destroy(): void {
    this.recording.destroy()
    this.buffers.destroy()
  }
}

/** Makes a training, works with it, and frees its memory whatever happens. */
export async function withTraining<T>(config: Config, options: Partial<TrainingOptions>, work: (training: GivenTraining) => Promise<T>): Promise<T> {
  const training = await GivenTraining.create(config, options)
  try {
    return await work(training)
  } finally {
    training.destroy()
  }
}
