/**
 * Trains a classifier on a procedural data set: the trunk on the GPU with the run's own kernels, backward and AdamW included, the softmax and its
 * weights in float64 on the processor, for there are a few hundred of them. Half of the images are clean, the others noised a little, so that
 * features change smoothly around the images there are.
 */
import { ConfigError, type NetConfig, parseConfig } from '../../config.ts'
import type { ProceduralDataset } from '../../datasets/dataset.ts'
import type { KernelLibrary } from '../../engine/kernel.ts'
import { PhiloxStream, STREAM_BATCH } from '../../engine/philox.ts'
import { readOnce } from '../../engine/readback.ts'
import { Recorder, type Tensor } from '../../engine/recorder.ts'
import { Buffers, Recording } from '../../engine/recording.ts'
import { settled } from '../../engine/settled.ts'
import { type Classifier, largest, logitsOf, recordClassifier, toOneLength, toOneLengthBackward } from '../../model/classifier.ts'
import { Dit, type DitInput } from '../../model/dit.ts'
import { packKnobs, startState, STATE_WORDS } from '../../model/knobs.ts'
import { initialParameters, parameterLayout } from '../../model/parameters.ts'
import { slicesFor } from '../../model/training.ts'
import { softmax } from '../../flow/softmax.ts'
import { adamw, gradientReduce, makeOptimizer, optimizerBegin } from '../../ops/optimizer.ts'
import { contrastiveSizes } from '../../ops/contrastive.ts'
import { drawImages } from '../data.ts'

export interface ClassifierPlan {
  dataset: ProceduralDataset
  net: NetConfig
  steps: number
  /** Of the weights, the images and the noise; images of runs have other seeds. */
  seed: number
}

const BATCH = 64
const IMAGES = 16384
const TESTED = 4096
/** Noise that half of the images get, at most. */
const NOISED = 0.3
const RATE = 2e-3
/** Times the rate: the softmax has features of fixed length and starts at zero. */
const HEAD_RATE = 5
const EMA = 0.995

/** @throws ConfigError when there is nothing to tell apart, RangeError when the GPU has not the memory */
export async function trainClassifier(device: GPUDevice, library: KernelLibrary, { dataset, net, steps, seed }: ClassifierPlan, progress: (done: number, loss: number) => void = () => {}): Promise<Classifier> {
  const K = dataset.classes.length
  if (K < 2) throw new ConfigError(`${dataset.label} has no two classes to tell apart`)
  const [C, d] = [net.width, net.channels * net.size ** 2]
  const images = (count: number, split: 'train' | 'test') => drawImages(dataset, count, { seed, split, size: net.size }, async () => {})
  const [train, test] = [await images(IMAGES, 'train'), await images(TESTED, 'test')]
  const config = parseConfig({
    net, data: { dataset: dataset.id }, objective: { method: 'fm', layer: 1 }, train: { batch: BATCH, steps, learningRate: RATE, schedule: 'cosine', warmup: Math.min(50, steps), emaDecay: EMA, seed },
    replicas: [{ method: 'fm' }],
  })

  const tensors = new Set<Tensor>()
  const [forward, backward, frozen] = [0, 0, 0].map(() => new Recorder(tensors))
  const layout = parameterLayout(net)
  const parameters = { tensor: forward.tensor('weights', layout.length), replicas: 1, length: layout.length }
  const dit = new Dit(forward, net, layout)
  const input: DitInput = { image: forward.tensor('images', BATCH * d), t: forward.tensor('t', BATCH), labels: null, capacity: BATCH }
  const extent = { replicas: 1, samples: BATCH }
  const trace = dit.forward(forward, parameters, input, { extent, keep: true, pooled: [net.blocks] })
  const means = trace.pooled[0]
  const dz = { ...means, tensor: backward.tensor('d token means', BATCH * C) }
  const slices = slicesFor(BATCH * dit.tokens, layout.length)
  const gradients = { planes: backward.tensor('gradient planes', slices * layout.length), slices }
  const optimizer = makeOptimizer(backward, parameters)
  const [knobs, state] = [backward.constant('knobs', packKnobs(config, config.replicas[0])), backward.tensor('state', STATE_WORDS)]
  // The head that predicts a velocity gets a gradient of zero and stays where it starts.
  dit.backward(backward, parameters, gradients, input, trace, extent, backward.tensor('no d velocity', BATCH * d), { layer: net.blocks, pooled: true, dz, extent })
  gradientReduce(backward, parameters, gradients, optimizer)
  optimizerBegin(backward, 1, BATCH, knobs, state, optimizer, backward.tensor('no loss', BATCH), backward.tensor('no rows', contrastiveSizes(1, BATCH).rows))
  adamw(backward, parameters, knobs, state, optimizer)
  const asked = recordClassifier(frozen, net, BATCH)

  const buffers = await Buffers.allocate(device, tensors)
  const recordings: Recording[] = []
  const submit = (recording: Recording) => {
    const encoder = device.createCommandEncoder()
    recording.encode(encoder)
    device.queue.submit([encoder.finish()])
  }
  const floats = async (tensor: Tensor, length: number) => new Float32Array(await readOnce(device, buffers.of(tensor), 0, length * 4))
  try {
    for (const recorder of [forward, backward, frozen]) recordings.push(await Recording.realise(recorder, buffers, library))
    const start = initialParameters(layout, seed)
    for (const tensor of [parameters.tensor, optimizer.ema.tensor]) buffers.write(tensor, start)
    buffers.write(state, startState())
    const head = softmaxHead(K, C)
    for (let step = 0; step < steps; step++) {
      const random = new PhiloxStream(seed, STREAM_BATCH, step)
      const [x, t] = [new Float32Array(BATCH * d), new Float32Array(BATCH)]
      const labels: number[] = []
      for (let i = 0; i < BATCH; i++) {
        const row = random.integer(IMAGES)
        t[i] = i % 2 === 0 ? 0 : random.uniform(0, NOISED)
        labels.push(train.labels[row])
        for (let k = 0; k < d; k++) x[i * d + k] = (1 - t[i]) * train.images[row * d + k] + (t[i] > 0 ? t[i] * random.normal() : 0)
      }
      buffers.write(input.image, x)
      buffers.write(input.t, t)
      submit(recordings[0])
      const seen = await floats(means.tensor, BATCH * C)
      const { gradient, loss } = head.learn(toOneLength(seen, C), labels, rateAt(step, steps, config.train.warmup))
      buffers.write(dz.tensor, toOneLengthBackward(seen, gradient, C))
      submit(recordings[1])
      progress(step + 1, loss)
    }

    const weights = await floats(optimizer.ema.tensor, layout.length)
    buffers.write(asked.weights.tensor, weights)
    let right = 0
    for (let at = 0; at < TESTED; at += BATCH) {
      buffers.write(asked.input.image, test.images.subarray(at * d, (at + BATCH) * d))
      submit(recordings[2])
      const found = toOneLength(await floats(asked.means.tensor, BATCH * C), C)
      for (let i = 0; i < BATCH; i++) if (largest(logitsOf(head.mean, K, found, i * C, C)) === test.labels[at + i]) right++
    }
    return { net, classes: K, parameters: weights, head: head.mean, accuracy: right / TESTED, tested: TESTED }
  } finally {
    await settled(device, device.queue.onSubmittedWorkDone())
    for (const recording of recordings) recording.destroy()
    buffers.destroy()
  }
}

/** As optimizer_begin.wgsl has it. */
const rateAt = (step: number, steps: number, warmup: number) =>
  (step < warmup ? (RATE * (step + 1)) / warmup : 0.5 * RATE * (1 + Math.cos((Math.PI * (step - warmup)) / Math.max(1, steps - warmup))))

/** Softmax regression by Adam, with the running mean of its weights (K,C+1). */
function softmaxHead(K: number, C: number) {
  const length = K * (C + 1)
  const [weights, first, second] = [new Float64Array(length), new Float64Array(length), new Float64Array(length)]
  const mean = new Float32Array(length)
  let updates = 0
  return {
    mean,
    /** features (B,C) → d features of the mean cross-entropy, after one step of its own */
    learn(features: Float32Array, labels: readonly number[], rate: number): { gradient: Float32Array; loss: number } {
      const B = labels.length
      const gradient = new Float32Array(B * C)
      const own = new Float64Array(length)
      let loss = 0
      for (let i = 0; i < B; i++) {
        const shares = logitsOf(weights, K, features, i * C, C)
        softmax(shares)
        loss -= Math.log(Math.max(1e-12, shares[labels[i]])) / B
        for (let k = 0; k < K; k++) {
          const wrong = (shares[k] - (k === labels[i] ? 1 : 0)) / B
          const row = k * (C + 1)
          for (let c = 0; c < C; c++) {
            gradient[i * C + c] += wrong * weights[row + c]
            own[row + c] += wrong * features[i * C + c]
          }
          own[row + C] += wrong
        }
      }
      updates++
      const decay = Math.min(EMA, (1 + updates) / (10 + updates))
      for (let w = 0; w < length; w++) {
        first[w] = 0.9 * first[w] + 0.1 * own[w]
        second[w] = 0.99 * second[w] + 0.01 * own[w] ** 2
        weights[w] -= (HEAD_RATE * rate * (first[w] / (1 - 0.9 ** updates))) / (Math.sqrt(second[w] / (1 - 0.99 ** updates)) + 1e-8)
        mean[w] = decay * mean[w] + (1 - decay) * weights[w]
      }
      return { gradient, loss }
    },
  }
}
