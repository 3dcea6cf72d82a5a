/** Counts WebGPU calls by wrapping the prototypes, the same in browsers and in Node's Dawn. */

const CALLS = {
  dispatches: [['GPUComputePassEncoder', 'dispatchWorkgroups'], ['GPUComputePassEncoder', 'dispatchWorkgroupsIndirect']],
  submits: [['GPUQueue', 'submit']],
  passes: [['GPUCommandEncoder', 'beginComputePass']],
  bindGroups: [['GPUDevice', 'createBindGroup']],
  buffers: [['GPUDevice', 'createBuffer']],
  writes: [['GPUQueue', 'writeBuffer']],
  maps: [['GPUBuffer', 'mapAsync']],
  pipelines: [['GPUDevice', 'createComputePipeline'], ['GPUDevice', 'createComputePipelineAsync']],
} as const

export type Counts = Record<keyof typeof CALLS, number>

/** Wraps every counted call; `counts` is live, `stop` puts the prototypes back as they were. */
export function countCalls(): { counts: Counts; stop(): void } {
  const counts = Object.fromEntries(Object.keys(CALLS).map((key) => [key, 0])) as Counts
  const undo = (Object.keys(CALLS) as (keyof Counts)[]).flatMap((key) =>
    CALLS[key].map(([type, method]) => afterCall(type, method, () => counts[key]++)),
  )
  return { counts, stop: () => undo.forEach((restore) => restore()) }
}

/** Runs `then` after each call of a WebGPU method. Returns what undoes it. */
export function afterCall(type: string, method: string, then: () => void): () => void {
  const prototype = (globalThis as unknown as Record<string, { prototype: Record<string, Function> }>)[type].prototype
  const original = prototype[method]
  prototype[method] = function (this: unknown, ...args: unknown[]) {
    const result = original.apply(this, args)
    then()
    return result
  }
  return () => void (prototype[method] = original)
}
