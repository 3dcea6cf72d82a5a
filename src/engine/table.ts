/** Work with recordings from outside a training step: values written, recordings replayed, copies, values read. */
import { readOnce } from './readback.ts'
import type { Recorder, Tensor } from './recorder.ts'
import type { Buffers, Recording } from './recording.ts'

/** Recordings made real. Offsets and lengths in elements. */
export interface Table {
  write(tensor: Tensor, values: Float32Array | Uint32Array, offset?: number): void
  /** Replays a recorder that this table was laid with. */
  submit(recorder: Recorder): void
  /** Copies on the GPU, after all work submitted so far. */
  copy(from: Tensor, fromOffset: number, to: Tensor, toOffset: number, length: number): void
  /** Waits for all work submitted so far. */
  read(tensor: Tensor, offset?: number, length?: number): Promise<Float32Array>
}

/** Dispatches between two submits: the compositor needs the GPU too. */
const FLUSH = 32

export function layTable(device: GPUDevice, buffers: Buffers, recordings: ReadonlyMap<Recorder, Recording>): Table {
  return {
    write: (tensor, values, offset = 0) => buffers.write(tensor, values, offset),
    submit(recorder) {
      const recording = recordings.get(recorder)
      if (!recording) throw new Error('a recorder was submitted that this table was not laid with')
      for (let at = 0; at < recording.length; at += FLUSH) {
        const encoder = device.createCommandEncoder()
        recording.encode(encoder, at, Math.min(recording.length, at + FLUSH))
        device.queue.submit([encoder.finish()])
      }
    },
    copy(source, sourceOffset, goal, goalOffset, length) {
      const encoder = device.createCommandEncoder()
      encoder.copyBufferToBuffer(buffers.of(source), sourceOffset * 4, buffers.of(goal), goalOffset * 4, length * 4)
      device.queue.submit([encoder.finish()])
    },
    read: async (tensor, offset = 0, length = tensor.length - offset) => new Float32Array(await readOnce(device, buffers.of(tensor), offset * 4, length * 4)),
  }
}
