/** Two numbers about an adapter, measured in a tenth of a second or so: what it makes of a product like those of training, and what a small dispatch costs. */
import type { KernelLibrary } from '../engine/kernel.ts'
import { Recorder, type Tensor } from '../engine/recorder.ts'
import { Buffers, Recording } from '../engine/recording.ts'
import { settled } from '../engine/settled.ts'
import { linear } from '../ops/linear.ts'
import { presetTiles } from './tune.ts'
import type { Work } from './work.ts'

export interface Speed {
  /** Floating point operations a second. */
  flops: number
  /** Seconds. */
  dispatch: number
}

/** What a step takes by its products, times this, is what it takes with all that lies between them: 1.3 to 2.8 on the software adapters it was seen on, other work beside it. */
const BESIDE = 1.8
const [INPUTS, OUTPUTS] = [64, 256]
/** Rows of the product: a processor takes milliseconds for the first, and a GPU is only filled by the second. */
const ROWS = [512, 8192] as const
const SMALL = 32
/** A timing is made of enough repeats to last about as long, in seconds; the middle one of three counts. */
const TIMING = 0.012

/** The pipeline is one that training uses too. @throws whatever the device does */
export async function measureSpeed(device: GPUDevice, library: KernelLibrary): Promise<Speed> {
  const tensors = new Set<Tensor>()
  const recorder = new Recorder(tensors, presetTiles(device))
  const layer = { offset: 0, inputs: INPUTS, outputs: OUTPUTS }
  const parameters = { tensor: recorder.tensor('weights', (INPUTS + 1) * OUTPUTS), replicas: 1, length: (INPUTS + 1) * OUTPUTS }
  const [x, y] = [INPUTS, OUTPUTS].map((width, i) => ({ tensor: recorder.tensor(i === 0 ? 'x' : 'y', ROWS[1] * width), capacity: ROWS[1], rows: 1, width }))
  for (const samples of [...ROWS, ...Array.from({ length: SMALL }, () => 1)]) linear(recorder, { replicas: 1, samples }, parameters, layer, x, y)
  const buffers = await Buffers.allocate(device, tensors)
  try {
    const recording = await Recording.realise(recorder, buffers, library)
    const once = async (from: number, to: number, repeats: number) => {
      const encoder = device.createCommandEncoder()
      for (let i = 0; i < repeats; i++) recording.encode(encoder, from, to)
      const began = performance.now()
      device.queue.submit([encoder.finish()])
      await settled(device, device.queue.onSubmittedWorkDone())
      return Math.max(1e-6, (performance.now() - began) / 1000 / repeats)
    }
    const time = async (from: number, to: number) => {
      await once(from, to, 1) // some drivers finish compiling only here
      const repeats = Math.max(1, Math.min(256, Math.round(TIMING / await once(from, to, 1))))
      const times = [await once(from, to, repeats), await once(from, to, repeats), await once(from, to, repeats)]
      return times.sort((a, b) => a - b)[1]
    }
    const [short, dispatch] = [await time(0, 1), await time(2, 2 + SMALL) / SMALL]
    const [rows, taken] = short < 1e-3 ? [ROWS[1], await time(1, 2)] as const : [ROWS[0], short] as const
    recording.destroy()
    return { flops: (2 * rows * INPUTS * OUTPUTS) / Math.max(taken - dispatch, 0.2 * taken), dispatch }
  } finally {
    buffers.destroy()
  }
}

/** Seconds. */
export const timeFor = ({ flops, dispatches }: Work, speed: Speed) => (BESIDE * flops) / speed.flops + dispatches * speed.dispatch

/** The speed by which `expected` seconds would have been the `seen` ones. */
export const refined = ({ flops, dispatch }: Speed, expected: number, seen: number): Speed => ({ flops: (flops * expected) / seen, dispatch: (dispatch * seen) / expected })
