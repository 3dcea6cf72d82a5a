/** Runs a recording of its own, from the same inputs each time, and reads tensors back. */
import type { KernelLibrary } from '../engine/kernel.ts'
import type { Recorder, Tensor } from '../engine/recorder.ts'
import { Buffers, Recording } from '../engine/recording.ts'
import { settled } from '../engine/settled.ts'

/** The words of `tensors` after each of `runs` runs: [run][tensor]. Before every run all buffers are as they were at first. */
export async function execute(device: GPUDevice, library: KernelLibrary, recorder: Recorder, tensors: Tensor[], runs = 1): Promise<Uint32Array[][]> {
  const buffers = await Buffers.allocate(device, recorder.tensors)
  const bytes = tensors.reduce((sum, tensor) => sum + tensor.length * 4, 0)
  const staging = device.createBuffer({ label: 'self-test', size: bytes * runs, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST })
  let recording: Recording | undefined
  try {
    recording = await Recording.realise(recorder, buffers, library)
    for (let run = 0; run < runs; run++) {
      const encoder = device.createCommandEncoder()
      if (run > 0) reset(recorder, buffers, encoder)
      recording.encode(encoder)
      let to = run * bytes
      for (const tensor of tensors) {
        encoder.copyBufferToBuffer(buffers.of(tensor), 0, staging, to, tensor.length * 4)
        to += tensor.length * 4
      }
      device.queue.submit([encoder.finish()])
    }
    await settled(device, staging.mapAsync(GPUMapMode.READ))
    const words = new Uint32Array(staging.getMappedRange().slice(0))
    let from = 0
    return Array.from({ length: runs }, () => tensors.map(({ length }) => words.subarray(from, from += length)))
  } finally {
    recording?.destroy()
    buffers.destroy()
    staging.destroy()
  }
}

/** Writes come before the encoder's commands in the queue, and clearing is the encoder's first: together they are the first state. */
function reset(recorder: Recorder, buffers: Buffers, encoder: GPUCommandEncoder): void {
  for (const tensor of recorder.tensors) {
    if (!tensor.initial) encoder.clearBuffer(buffers.of(tensor))
    else buffers.write(tensor, tensor.initial)
  }
}
