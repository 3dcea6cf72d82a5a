/** Counts WebGPU calls while something runs, by way of the prototypes: nothing in the program knows. */

const WATCHED = {
  GPUDevice: ['createBuffer', 'createBindGroup', 'createShaderModule', 'createComputePipeline', 'createComputePipelineAsync', 'createCommandEncoder'],
  GPUQueue: ['submit', 'writeBuffer'],
  GPUBuffer: ['mapAsync', 'destroy'],
  GPUComputePassEncoder: ['dispatchWorkgroups', 'dispatchWorkgroupsIndirect'],
} as const

export type Counts = Record<(typeof WATCHED)[keyof typeof WATCHED][number], number> & { /** Bytes of all buffers made. */ bytes: number }

export async function countCalls<T>(work: () => T | Promise<T>): Promise<{ result: T; counts: Counts }> {
  const counts = { bytes: 0 } as Counts
  const restore: (() => void)[] = []
  for (const [owner, names] of Object.entries(WATCHED)) {
    const { prototype } = (globalThis as unknown as Record<string, { prototype: Record<string, (...args: unknown[]) => unknown> }>)[owner]
    for (const name of names as readonly (keyof Counts)[]) {
      const original = prototype[name]
      counts[name] = 0
      prototype[name] = function (...args: unknown[]) {
        counts[name]++
        if (name === 'createBuffer') counts.bytes += (args[0] as GPUBufferDescriptor).size
        return original.apply(this, args)
      }
      restore.push(() => { prototype[name] = original })
    }
  }
  try {
    return { result: await work(), counts }
  } finally {
    for (const undo of restore) undo()
  }
}
