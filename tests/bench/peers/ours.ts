/** Low-Noise Lab: the training recording of the lab itself, with the bench's batch written where the GPU would have drawn its own. */
import { parseConfig } from '../../../src/config.ts'
import { findDevice } from '../../../src/engine/device.ts'
import { KernelLibrary } from '../../../src/engine/kernel.ts'
import { Readback } from '../../../src/engine/readback.ts'
import { Buffers, Recording } from '../../../src/engine/recording.ts'
import { presetTiles } from '../../../src/lab/tune.ts'
import { packKnobs, packState } from '../../../src/model/knobs.ts'
import { fromNamed } from '../../../src/model/parameters.ts'
import { recordTraining, type Training } from '../../../src/model/training.ts'
import type { Peer } from '../peer.ts'
import { adam } from '../work.ts'

/** Dispatches between two submits, as in the lab on a slow adapter. */
const FLUSH = 32

let device: GPUDevice
let training: Training
let buffers: Buffers
let recording: Recording
let readback: Readback

/** For the profile: what `setup` made. */
export const prepared = () => ({ device, recording })

export default {
  label: 'Low-Noise Lab',

  async setup(work, weights) {
    device = (await findDevice(navigator.gpu)).device
    const { batch, channels, size, patch, width, blocks, heads } = work
    const config = parseConfig({
      net: { channels, size, patch, width, blocks, heads, classes: 0 },
      objective: { method: 'fm', layer: 1 },
      train: { batch, learningRate: adam.lr, beta1: adam.beta1, beta2: adam.beta2, epsilon: adam.eps, weightDecay: 0, clip: 0, warmup: 0 },
      replicas: [{}],
    })
    training = recordTraining(config, { images: batch, given: true, tiles: presetTiles(device) })
    buffers = await Buffers.allocate(device, training.tensors)
    recording = await Recording.realise(training.recorder, buffers, new KernelLibrary(device))
    buffers.write(training.parameters.tensor, fromNamed(training.layout, weights))
    buffers.write(training.knobs, packKnobs(config, config.replicas[0]))
    buffers.write(training.state, packState({}))
    buffers.write(training.batch.row, Uint32Array.from({ length: batch }, (_, i) => i))
    readback = new Readback(device, batch * 4, 1)
  },

  async step({ x0, eps, t }) {
    buffers.write(training.data, x0)
    buffers.write(training.batch.eps, eps)
    buffers.write(training.batch.t, t)
    for (let at = 0; at < recording.length; at += FLUSH) {
      const encoder = device.createCommandEncoder()
      recording.encode(encoder, at, Math.min(recording.length, at + FLUSH))
      device.queue.submit([encoder.finish()])
    }
    const losses = new Float32Array(await readback.read(buffers.of(training.loss)))
    return losses.reduce((sum, loss) => sum + loss, 0) / losses.length
  },
} satisfies Peer
