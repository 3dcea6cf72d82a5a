/** One training step's worth on exactly the given numbers: for comparing with another framework, and for the bench. */
import type { Config } from '../config.ts'
import { KernelLibrary } from '../engine/kernel.ts'
import { readOnce } from '../engine/readback.ts'
import { Buffers, Recording } from '../engine/recording.ts'
import { packKnobs, packState } from '../model/knobs.ts'
import { resolveReplica } from '../model/replica.ts'
import { fromNamed, type NamedTensor, toNamed } from '../model/parameters.ts'
import { recordTraining } from '../model/training.ts'
import { NONE } from '../ops/batch.ts'

export interface GivenBatch {
  /** (B,ch,h,w) */
  x0: Float32Array
  eps: Float32Array
  /** (B) */
  t: Float32Array
  /** (B), when the net has classes; as many as there are classes stands for no label, where labels are dropped */
  y?: ArrayLike<number>
  /** Noise of the anchors (B,ch,h,w), when they do not share their sample's. */
  anchorEps?: Float32Array
  /** Sample whose target each is pushed from (B), for methods that do so; the next one where it is absent. */
  negative?: ArrayLike<number>
}

export interface StepResult {
  /** (B,ch,h,w) */
  velocity: Float32Array
  /** Features after block l before normalising, (B,F): what a contrastive term compares or, for a method without one, would compare. */
  features: Float32Array
  /** (B), mean or sum over pixels as configured, of every sample */
  lossPerSample: Float32Array
  loss: number
  lossFlow: number
  lossContrastive: number
  /** By DiT's names, in PyTorch's layouts, before clipping. */
  gradients: Record<string, NamedTensor>
}

/** Low-noise samples go first, as on the GPU; `order[place]` is the sample's number. */
export function lowFirst(t: Float32Array, tMin: number): { order: number[]; low: number } {
  const bound = Math.fround(tMin) // as the GPU has it, so that t = T_min is not below
  const numbers = [...t.keys()]
  const low = numbers.filter(i => t[i] < bound)
  return { order: [...low, ...numbers.filter(i => t[i] >= bound)], low: low.length }
}

/** @throws RangeError when a tensor is missing or misshapen; the config must have one replica and train.batch = B */
export async function givenStep(device: GPUDevice, config: Config, weights: Record<string, NamedTensor>, given: GivenBatch): Promise<StepResult> {
  const B = config.train.batch
  const { objective, method } = resolveReplica(config, config.replicas[0])
  const knobs = method.knobs(objective)
  const training = recordTraining(config, { images: B, given: true, gradientsOnly: true })
  const flat = fromNamed(training.layout, weights)
  const buffers = await Buffers.allocate(device, training.tensors)
  try {
    const library = new KernelLibrary(device)
    const recording = await Recording.realise(training.recorder, buffers, library)
    const { order, low } = lowFirst(given.t, knobs.tMin)
    const { batch } = training
    const anchors = method.term === 'anchored' && knobs.lambda > 0 ? low : 0
    const compared = method.term === 'anchored' || knobs.lambda === 0 ? anchors : B
    writeBatch(buffers, training, config, given, order, anchors, knobs.tMin)
    buffers.write(training.parameters.tensor, flat)
    buffers.write(training.knobs, packKnobs({ ...config, data: { ...config.data, count: B } }, config.replicas[0])) // the batch is the whole set
    buffers.write(training.state, packState({ low, anchors, lambda: knobs.lambda }))

    const encoder = device.createCommandEncoder()
    recording.encode(encoder)
    device.queue.submit([encoder.finish()])

    const read = async (tensor: Parameters<Buffers['of']>[0]) => new Float32Array(await readOnce(device, buffers.of(tensor)))
    const unsort = (values: Float32Array, width: number) => {
      const sorted = new Float32Array(B * width)
      order.forEach((number, place) => sorted.set(values.subarray(place * width, (place + 1) * width), number * width))
      return sorted
    }
    const perSample = unsort(await read(training.loss), 1)
    const pairs = await read(training.contrastiveRows)
    let lossContrastive = 0
    for (let i = 0; i < compared; i++) lossContrastive += pairs[4 * i] / compared
    const covered = knobs.flowBelow ? order : order.slice(low)
    const lossFlow = covered.reduce((sum, number) => sum + perSample[number], 0) / Math.max(1, covered.length)
    const tokens = training.trace.blocks[objective.layer - 1].out
    const { rows: T, width: C, tensor } = training.features ?? tokens
    const values = unsort(await read(tensor), T * C)
    const features = !training.features && objective.feature === 'pooled' ? tokenMean(values, T, C) : values
    return {
      velocity: unsort(await read(training.trace.velocity), batch.dimensions),
      features,
      lossPerSample: perSample, lossFlow, lossContrastive, loss: lossFlow + knobs.lambda * lossContrastive,
      gradients: toNamed(training.layout, await read(training.optimizer.gradients)),
    }
  } finally {
    buffers.destroy()
  }
}

/** (B,T,C) → (B,C), for methods whose recording does not pool by itself. */
function tokenMean(values: Float32Array, T: number, C: number): Float32Array {
  const sums = new Float64Array(values.length / T)
  values.forEach((value, i) => { sums[Math.floor(i / (T * C)) * C + (i % C)] += value })
  return Float32Array.from(sums, sum => sum / T)
}

/** Puts a given batch where `draw` and `noise` would have put theirs; replica r's images are rows r·B and on of the training set. */
export function writeBatch(
  buffers: Buffers, training: ReturnType<typeof recordTraining>, config: Config, given: GivenBatch, order: number[], anchors: number, tMin: number, replica = 0,
): void {
  const { batch } = training
  const [B, d, capacity] = [config.train.batch, batch.dimensions, batch.capacity]
  const t = new Float32Array(capacity)
  const row = new Uint32Array(capacity)
  const eps = new Float32Array(capacity * d)
  order.forEach((number, place) => {
    t[place] = given.t[number]
    row[place] = replica * B + number
    eps.set(given.eps.subarray(number * d, (number + 1) * d), place * d)
    if (place < anchors) {
      t[B + place] = tMin
      row[B + place] = replica * B + number
      eps.set((given.anchorEps ?? given.eps).subarray(number * d, (number + 1) * d), (B + place) * d)
    }
  })
  if (training.negative) {
    const place = new Map(order.map((number, at) => [number, at]))
    const { nullSkip } = resolveReplica(config, config.replicas[replica]).objective
    const skipped = (number: number) => nullSkip && given.y?.[number] === config.net.classes
    buffers.write(training.negative, Uint32Array.from(order, number => (skipped(number) ? NONE : place.get(given.negative?.[number] ?? (number + 1) % B)!)), replica * B)
  }
  buffers.write(batch.t, t, replica * capacity)
  buffers.write(batch.row, row, replica * capacity)
  buffers.write(batch.eps, eps, replica * capacity * d)
  buffers.write(training.data, given.x0, replica * B * d)
  if (training.classes && given.y) buffers.write(training.classes, Uint32Array.from(given.y), replica * B)
}
