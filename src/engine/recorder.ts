/**
 * A training step is a recording that the GPU replays. A Recorder notes tensors and dispatches without a device, so the
 * memory plan and the dispatch count are known before anything is allocated; `realise` (recording.ts) then makes
 * pipelines, buffers and bind groups once, and a replay only walks the list.
 */
import type { Specialisation } from './specialise.ts'

/** A GPU buffer to be. Holds float32 or u32; shapes are the callers' business. */
export interface Tensor {
  readonly name: string
  /** Length in 4-byte elements. */
  readonly length: number
  readonly usage: 'storage' | 'indirect'
  /** Values to start with; zero when absent. Read when buffers are made, so a recording may still fill it. */
  readonly initial?: Float32Array | Uint32Array
}

/** A tensor, or a 256-byte aligned part of one (offsets and lengths in elements). */
export type Binding = Tensor | { tensor: Tensor; offset: number; length: number }

/** Workgroups that WebGPU allows along one axis. */
export const MOST_GROUPS = 65535

export type Groups = [x: number, y?: number, z?: number]

export interface Dispatch {
  kernel: string
  specialisation: Specialisation
  bindings: Record<string, Binding>
  /** Values of the kernel's `Shape` uniform, by field. */
  shape: Record<string, number>
  /** Where the GPU counts them, also the most that it may come to. */
  groups: Groups | { arguments: Tensor; offset: number; most: Groups }
  /** Where in the model this stands: WebGPU's own messages name it. */
  stage: string
}

/** Elements between two things that must start on their own 256-byte boundary. */
export const ALIGNMENT = 64

export const align = (length: number) => Math.ceil(length / ALIGNMENT) * ALIGNMENT

/** Outputs per thread of each kind of matrix product: rows, and columns in vec4. */
export interface Tiles {
  /** Y = X W */
  forward: readonly [rows: number, columns: number]
  /** dX = dY Wᵀ */
  input: readonly [rows: number, columns: number]
  /** dW = Xᵀ dY; rows in fours */
  weight: readonly [rows: number, columns: number]
  /** Threads of a subgroup that share rows of X and dY, each loading some of them; absent where each thread loads its own. Divides the rows of all three. */
  lanes?: number
}

export const DEFAULT_TILES: Tiles = { forward: [4, 1], input: [4, 2], weight: [2, 2] }

export class Recorder {
  readonly dispatches: Dispatch[] = []
  private stage = ''

  constructor(
    /** Tensors of all recorders that share buffers. */
    readonly tensors: Set<Tensor>,
    /** Register tiles of the matmuls, as the start-up race chose them. */
    readonly tiles: Tiles = DEFAULT_TILES,
  ) {}

  /** A tensor of `length` 4-byte elements, zero at first. */
  tensor(name: string, length: number, usage: Tensor['usage'] = 'storage'): Tensor {
    const tensor = { name, length: Math.max(4, Math.ceil(length / 4) * 4), usage }
    this.tensors.add(tensor)
    return tensor
  }

  /** A tensor that starts with these values. */
  constant(name: string, initial: Float32Array | Uint32Array): Tensor {
    const tensor: Tensor = { name, length: Math.max(4, Math.ceil(initial.length / 4) * 4), usage: 'storage', initial }
    this.tensors.add(tensor)
    return tensor
  }

  /** The same with values made only when buffers are: a plan of a run too large for this machine must not make them. */
  computed(name: string, length: number, make: () => Float32Array | Uint32Array): Tensor {
    const tensor: Tensor = { name, length: Math.max(4, Math.ceil(length / 4) * 4), usage: 'storage', get initial() { return make() } }
    this.tensors.add(tensor)
    return tensor
  }

  /** Stands where a kernel has a binding that this use of it does not touch, of `length` for a struct. One per name: a dispatch may not read and write one buffer. */
  placeholder(name: string, length = 4): Tensor {
    const known = [...this.tensors].find(tensor => tensor.name === `no ${name}`)
    return known ?? this.tensor(`no ${name}`, length)
  }

  /** Names the part of the model that the next dispatches belong to. */
  at(stage: string): this {
    this.stage = stage
    return this
  }

  /** @throws RangeError in one sentence where it takes more workgroups than WebGPU allows */
  dispatch(
    kernel: string,
    bindings: Record<string, Binding>,
    shape: Record<string, number>,
    groups: Dispatch['groups'],
    specialisation: Specialisation = {},
  ): void {
    // WebGPU refuses more; of those that the GPU counts it says nothing and does nothing.
    const [most, upTo] = Array.isArray(groups) ? [Math.max(...groups as number[]), ''] : [Math.max(...groups.most as number[]), 'up to ']
    if (most > MOST_GROUPS) throw new RangeError(`kernel ${kernel} would need ${upTo}${most} workgroups along one axis; WebGPU allows ${MOST_GROUPS}. A smaller batch, more micro-batches, or a smaller image, width or feature fits`)
    this.dispatches.push({ kernel, bindings, shape, groups, specialisation, stage: this.stage })
  }
}
