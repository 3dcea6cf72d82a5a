import { settled } from './settled.ts'

/** Reads that may be under way at once. */
export const READBACK_DEPTH = 3

/** Copies GPU numbers to the CPU through rotating staging buffers, so that a reader never waits for the step path. */
export class Readback {
  private readonly free: GPUBuffer[] = []
  private readonly all: GPUBuffer[] = []

  /** @param bytes size of the largest read; @param depth reads that may be under way at once */
  constructor(private readonly device: GPUDevice, private readonly bytes: number, depth = READBACK_DEPTH) {
    for (let i = 0; i < depth; i++) {
      const buffer = device.createBuffer({ label: `staging ${i}`, size: Math.max(4, bytes), usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST })
      this.all.push(buffer)
      this.free.push(buffer)
    }
  }

  /** The bytes of [offset, offset+bytes) as they are after all work submitted so far. */
  async read(source: GPUBuffer, offset = 0, bytes = this.bytes): Promise<ArrayBuffer> {
    const staging = this.free.pop()
    if (!staging) throw new Error('all staging buffers are under way')
    const encoder = this.device.createCommandEncoder()
    encoder.copyBufferToBuffer(source, offset, staging, 0, bytes)
    this.device.queue.submit([encoder.finish()])
    await settled(this.device, staging.mapAsync(GPUMapMode.READ, 0, bytes))
    const copy = staging.getMappedRange(0, bytes).slice(0)
    staging.unmap()
    this.free.push(staging)
    return copy
  }

  destroy(): void {
    for (const buffer of this.all) buffer.destroy()
  }
}

/** One read through a staging buffer of its own: for checkpoints and tests, not for ticks. */
export async function readOnce(device: GPUDevice, source: GPUBuffer, offset = 0, bytes = source.size - offset): Promise<ArrayBuffer> {
  const readback = new Readback(device, bytes, 1)
  try {
    return await readback.read(source, offset, bytes)
  } finally {
    readback.destroy()
  }
}
