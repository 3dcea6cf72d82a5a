/** Recordings made real: buffers, bind groups and pipelines once, then replays that only walk a list. */
import { type Binding, type Dispatch, type Recorder, type Tensor } from './recorder.ts'
import type { Kernel, KernelLibrary } from './kernel.ts'

/** Bytes between the shapes of two dispatches. */
export const UNIFORM_STRIDE = 256

/** There is no room now; there may be when something else has gone. */
export class OutOfMemory extends RangeError {}

export type Limits = Pick<GPUSupportedLimits, 'maxBufferSize' | 'maxStorageBufferBindingSize'>

export const mebibytes = (bytes: number) => `${(bytes / 2 ** 20).toFixed(bytes < 10 * 2 ** 20 ? 1 : 0)} MiB`

/** Why a GPU of such limits cannot hold a tensor, without a full stop; undefined when it can. */
export function refuseTensor({ name, length }: Tensor, { maxBufferSize, maxStorageBufferBindingSize }: Limits): string | undefined {
  const limit = Math.min(maxBufferSize, maxStorageBufferBindingSize)
  return length * 4 > limit ? `“${name}” needs ${mebibytes(length * 4)} in one buffer and this GPU allows ${mebibytes(limit)}` : undefined
}

/** The GPU buffers of a set of tensors. Owns them; `destroy` frees them. */
export class Buffers {
  private readonly buffers = new Map<Tensor, GPUBuffer>()

  private constructor(readonly device: GPUDevice, private readonly parent?: Buffers) {}

  /**
   * @param parent where tensors that are not among these are looked up: a measurement reads the weights of the run it looks at
   * @throws RangeError in one sentence when a tensor is larger than the adapter allows, OutOfMemory when the adapter has not so much left; and what making a tensor's values throws
   */
  static async allocate(device: GPUDevice, tensors: Iterable<Tensor>, parent?: Buffers): Promise<Buffers> {
    let bytes = 0
    for (const tensor of tensors) {
      bytes += tensor.length * 4
      const refusal = refuseTensor(tensor, device.limits)
      if (refusal) throw new RangeError(refusal)
    }
    const result = new Buffers(device, parent)
    device.pushErrorScope('out-of-memory')
    device.pushErrorScope('validation')
    // Both at once: a second allocation may open its own scopes while this one waits.
    const popBoth = () => Promise.all([device.popErrorScope(), device.popErrorScope()])
    try {
      result.fill(tensors)
    } catch (error) {
      await popBoth()
      result.destroy()
      throw error
    }
    const error = (await popBoth()).find(e => e !== null)
    if (error) {
      result.destroy()
      throw new OutOfMemory(`the GPU could not give ${(bytes / 2 ** 20).toFixed(0)} MiB: ${error.message.split('\n')[0]}`)
    }
    return result
  }

  private fill(tensors: Iterable<Tensor>): void {
    for (const tensor of tensors) {
      this.buffers.set(tensor, this.device.createBuffer({
        label: tensor.name,
        size: tensor.length * 4,
        usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST | (tensor.usage === 'indirect' ? GPUBufferUsage.INDIRECT : 0),
      }))
    }
    for (const tensor of tensors) {
      const { initial } = tensor
      if (initial) this.write(tensor, initial)
    }
  }

  of(tensor: Tensor): GPUBuffer {
    const buffer = this.buffers.get(tensor)
    if (buffer) return buffer
    if (!this.parent) throw new Error(`tensor ${tensor.name} was recorded but never allocated`)
    return this.parent.of(tensor)
  }

  write(tensor: Tensor, values: Float32Array | Uint32Array, offset = 0): void {
    this.device.queue.writeBuffer(this.of(tensor), offset * 4, values as Float32Array<ArrayBuffer>)
  }

  destroy(): void {
    for (const buffer of this.buffers.values()) buffer.destroy()
    this.buffers.clear()
  }
}

interface Replayable {
  pipeline: GPUComputePipeline
  group: GPUBindGroup
  x: number
  y: number
  z: number
  indirect: GPUBuffer | null
  indirectOffset: number
}

/** A list of dispatches ready to go. A replay creates nothing but the encoder. */
export class Recording {
  private constructor(
    private readonly steps: Replayable[],
    private readonly uniforms: GPUBuffer,
    readonly dispatches: readonly Dispatch[],
  ) {}

  static async realise(recorder: Recorder, buffers: Buffers, library: KernelLibrary): Promise<Recording> {
    const { device } = buffers
    const { dispatches } = recorder
    const kernels = await Promise.all(dispatches.map(d => library.get(d.kernel, d.specialisation)))
    const uniforms = device.createBuffer({ label: 'shapes', size: Math.max(1, dispatches.length) * UNIFORM_STRIDE, usage: GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST })
    const shapes = new DataView(new ArrayBuffer(uniforms.size))
    const steps = dispatches.map((dispatch, i): Replayable => {
      const kernel = kernels[i]
      writeShape(kernel, dispatch, shapes, i * UNIFORM_STRIDE)
      const group = device.createBindGroup({ label: `${dispatch.kernel}, ${dispatch.stage}`, layout: kernel.layout, entries: entriesOf(kernel, dispatch, buffers, uniforms, i) })
      const { groups } = dispatch
      const indirect = Array.isArray(groups) ? null : buffers.of(groups.arguments)
      const [x, y = 1, z = 1] = Array.isArray(groups) ? groups : [0]
      return { pipeline: kernel.pipeline, group, x, y, z, indirect, indirectOffset: Array.isArray(groups) ? 0 : groups.offset * 4 }
    })
    device.queue.writeBuffer(uniforms, 0, shapes.buffer as ArrayBuffer)
    return new Recording(steps, uniforms, dispatches)
  }

  /** Encodes dispatches [from, to) into one pass. */
  encode(encoder: GPUCommandEncoder, from = 0, to = this.steps.length): void {
    const pass = encoder.beginComputePass()
    for (let i = from; i < to; i++) {
      const step = this.steps[i]
      pass.setPipeline(step.pipeline)
      pass.setBindGroup(0, step.group)
      if (step.indirect) pass.dispatchWorkgroupsIndirect(step.indirect, step.indirectOffset)
      else pass.dispatchWorkgroups(step.x, step.y, step.z)
    }
    pass.end()
  }

  get length(): number {
    return this.steps.length
  }

  destroy(): void {
    this.uniforms.destroy()
  }
}

function writeShape(kernel: Kernel, dispatch: Dispatch, view: DataView, at: number): void {
  const fields = kernel.shape?.fields ?? new Map<string, { offset: number; type: string }>()
  for (const name of Object.keys(dispatch.shape)) if (!fields.has(name)) throw new Error(`kernel ${kernel.name} has no shape field ${name}`)
  for (const [name, { offset, type }] of fields) {
    const value = dispatch.shape[name]
    if (value === undefined) throw new Error(`kernel ${kernel.name}: shape field ${name} is missing`)
    if (type === 'f32') view.setFloat32(at + offset, value, true)
    else view.setUint32(at + offset, value, true)
  }
}

function entriesOf(kernel: Kernel, dispatch: Dispatch, buffers: Buffers, uniforms: GPUBuffer, index: number): GPUBindGroupEntry[] {
  const entries: GPUBindGroupEntry[] = []
  if (kernel.shape) entries.push({ binding: kernel.shape.slot, resource: { buffer: uniforms, offset: index * UNIFORM_STRIDE, size: kernel.shape.size } })
  for (const name of Object.keys(dispatch.bindings)) if (!kernel.slots.has(name)) throw new Error(`kernel ${kernel.name} has no binding ${name}`)
  for (const [name, slot] of kernel.slots) {
    const binding = dispatch.bindings[name]
    if (!binding) throw new Error(`kernel ${kernel.name}: binding ${name} is missing`)
    entries.push({ binding: slot, resource: resourceOf(binding, buffers) })
  }
  return entries
}

function resourceOf(binding: Binding, buffers: Buffers): GPUBufferBinding {
  if (!('tensor' in binding)) return { buffer: buffers.of(binding) }
  return { buffer: buffers.of(binding.tensor), offset: binding.offset * 4, size: binding.length * 4 }
}
