/** Pipelines by name: specialised text, reflected bindings, compiled once per distinct text, in parallel. */
import { ResourceType, WgslReflect, type StructInfo } from 'wgsl_reflect/wgsl_reflect.module.js'
import { specialise, type Specialisation } from './specialise.ts'

export interface Kernel {
  name: string
  pipeline: GPUComputePipeline
  layout: GPUBindGroupLayout
  /** Binding slot by WGSL variable name, the `shape` uniform left out. */
  slots: Map<string, number>
  /** Byte offset and type of each field of the `Shape` uniform; empty when the kernel has none. */
  shape: { slot: number; size: number; fields: Map<string, { offset: number; type: string }> } | null
}

export class KernelError extends Error {
  override name = 'KernelError'
}

/** Compiled kernels of one device. */
export class KernelLibrary {
  private readonly kernels = new Map<string, Promise<Kernel>>()
  /** Text by what was asked for: a recording asks for the same few kernels a hundred times. */
  private readonly texts = new Map<string, string>()

  constructor(private readonly device: GPUDevice) {}

  get count(): number {
    return this.kernels.size
  }

  /** @throws KernelError with the kernel's name, the line and the compiler's message */
  get(name: string, specialisation: Specialisation): Promise<Kernel> {
    const key = `${name} ${JSON.stringify(specialisation)}`
    const text = this.texts.get(key) ?? specialise(name, specialisation)
    this.texts.set(key, text)
    let kernel = this.kernels.get(text)
    if (!kernel) {
      kernel = compile(this.device, name, text)
      this.kernels.set(text, kernel)
      kernel.catch(() => this.kernels.delete(text)) // it may have been for want of memory: whoever asks next tries again
    }
    return kernel
  }
}

async function compile(device: GPUDevice, name: string, text: string): Promise<Kernel> {
  const reflection = new WgslReflect(text)
  const slots = new Map<string, number>()
  const entries: GPUBindGroupLayoutEntry[] = []
  let shape: Kernel['shape'] = null
  for (const resource of reflection.getBindGroups()[0]) {
    if (!resource) continue
    const { binding, resourceType, access } = resource
    if (resourceType === ResourceType.Uniform) {
      const struct = resource.type as StructInfo
      shape = { slot: binding, size: Math.ceil(struct.size / 16) * 16, fields: new Map(struct.members.map(m => [m.name, { offset: m.offset, type: m.type.name }])) }
      entries.push({ binding, visibility: GPUShaderStage.COMPUTE, buffer: { type: 'uniform' } })
    } else {
      slots.set(resource.name, binding)
      entries.push({ binding, visibility: GPUShaderStage.COMPUTE, buffer: { type: access === 'read_write' ? 'storage' : 'read-only-storage' } })
    }
  }
  const layout = device.createBindGroupLayout({ label: name, entries })
  // The pipeline's own promise tells of a failure; without a scope the module would report it once more to nobody.
  device.pushErrorScope('validation')
  const module = device.createShaderModule({ label: name, code: text })
  void device.popErrorScope()
  try {
    const pipeline = await device.createComputePipelineAsync({
      label: name,
      layout: device.createPipelineLayout({ bindGroupLayouts: [layout] }),
      compute: { module, entryPoint: reflection.entry.compute[0].name },
    })
    return { name, pipeline, layout, slots, shape }
  } catch (error) {
    throw new KernelError(await explain(name, text, module, error))
  }
}

async function explain(name: string, text: string, module: GPUShaderModule, error: unknown): Promise<string> {
  const { messages } = await module.getCompilationInfo()
  const first = messages.find(message => message.type === 'error')
  if (!first) return `kernel ${name}: ${error instanceof Error ? error.message : String(error)}`
  const line = text.split('\n')[first.lineNum - 1]?.trim() ?? ''
  return `kernel ${name}, line ${first.lineNum}: ${first.message} — ${line.slice(0, 160)}`
}
