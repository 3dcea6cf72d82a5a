/** Nets of random weights that nobody trains, and recordings that look at them with tensors of their own. */
import { type Config, type NetConfig, parseConfig } from '../../src/config.ts'
import { PhiloxStream } from '../../src/engine/philox.ts'
import { readOnce } from '../../src/engine/readback.ts'
import { Recorder, type Tensor } from '../../src/engine/recorder.ts'
import { Buffers, Recording } from '../../src/engine/recording.ts'
import type { Frozen } from '../../src/model/frozen.ts'
import { KNOB_WORDS, packKnobs } from '../../src/model/knobs.ts'
import { recordTraining, type Training } from '../../src/model/training.ts'
import type { DitParameters } from '../../src/reference/dit_parameters.ts'
import { testLibrary } from './given_training.ts'
import { requestTestDevice } from './gpu.ts'
import { flat, randomParameters } from './random_net.ts'

const STREAM = 98

/** Exact in float32, here as the twin wants them. */
export function normals(length: number, seed: number): Float64Array {
  const random = new PhiloxStream(seed, STREAM)
  return Float64Array.from({ length }, () => Math.fround(random.normal()))
}

/** What the frozen net sees, each (R,n,·) cut by replica: its twin's view. */
export interface Sight {
  image: Float64Array
  t: Float64Array
  labels: Uint32Array | null
}

/** Two replicas with weights of their own, on a device. `parameters[r]` are their twins. */
export class FrozenNet {
  private constructor(
    readonly net: NetConfig, readonly training: Training, readonly parameters: DitParameters[], readonly recorder: Recorder,
    private readonly device: GPUDevice, private readonly run: Buffers, private buffers: Buffers, private recordings: Map<Recorder, Recording>,
  ) {}

  static readonly replicas = 2

  static async with<T>(net: Partial<NetConfig>, work: (frozen: FrozenNet) => Promise<T>, methods: [string, string] = ['fm', 'fm']): Promise<T> {
    const config: Config = parseConfig({ net, objective: { layer: 1 }, train: { batch: 2 }, replicas: methods.map(method => ({ method })) })
    const device = await requestTestDevice()
    const training = recordTraining(config, { images: 2, given: true })
    const run = await Buffers.allocate(device, training.tensors)
    config.replicas.forEach((replica, r) => run.write(training.knobs, packKnobs(config, replica), r * KNOB_WORDS))
    const parameters = config.replicas.map((_, r) => randomParameters(config.net, 40 + r))
    parameters.forEach((values, r) => run.write(training.optimizer.ema.tensor, flat(config.net, values), r * training.layout.length))
    const made = new FrozenNet(config.net, training, parameters, new Recorder(new Set()), device, run, run, new Map())
    try {
      return await work(made)
    } finally {
      for (const recording of made.recordings.values()) recording.destroy()
      if (made.buffers !== run) made.buffers.destroy()
      run.destroy()
    }
  }

  /** Another list of dispatches on the same tensors. */
  another(): Recorder {
    return new Recorder(this.recorder.tensors)
  }

  /** Allocates what was recorded. */
  async lay(...others: Recorder[]): Promise<void> {
    this.buffers = await Buffers.allocate(this.device, this.recorder.tensors, this.run)
    for (const recorder of [this.recorder, ...others]) this.recordings.set(recorder, await Recording.realise(recorder, this.buffers, await testLibrary()))
  }

  write(tensor: Tensor, values: ArrayLike<number>): void {
    this.buffers.write(tensor, Float32Array.from(values))
  }

  /** Random images, noise levels and classes for a frozen pass. @returns what replica r sees */
  show({ image, t, labels, samples }: Frozen, seed = 1): Sight[] {
    const R = FrozenNet.replicas
    const d = this.net.channels * this.net.size ** 2
    const images = normals(R * samples * d, seed)
    const levels = Float64Array.from({ length: R * samples }, (_, i) => Math.fround(0.02 + (0.9 * i) / (R * samples)))
    const classes = labels && Uint32Array.from({ length: R * samples }, (_, i) => (i * 5 + 1) % this.net.classes)
    this.write(image, images)
    this.write(t, levels)
    if (labels && classes) this.buffers.write(labels, classes)
    return Array.from({ length: R }, (_, r) => ({
      image: images.slice(r * samples * d, (r + 1) * samples * d), t: levels.slice(r * samples, (r + 1) * samples), labels: classes && classes.slice(r * samples, (r + 1) * samples),
    }))
  }

  replay(recorder: Recorder = this.recorder): void {
    const encoder = this.device.createCommandEncoder()
    this.recordings.get(recorder)!.encode(encoder)
    this.device.queue.submit([encoder.finish()])
  }

  /** The first `length` numbers; tensors are padded at their end. */
  async read(tensor: Tensor, length = tensor.length): Promise<Float32Array> {
    return new Float32Array(await readOnce(this.device, this.buffers.of(tensor))).slice(0, length)
  }

  /** The part of replica r of a tensor (R,each). */
  async part(tensor: Tensor, each: number, r: number): Promise<Float32Array> {
    return (await this.read(tensor)).slice(r * each, (r + 1) * each)
  }
}
