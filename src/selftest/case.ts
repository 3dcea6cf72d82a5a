/**
 * An op's test case is written once and serves every end: the tests, the page's self-test on the visitor's GPU, the terminal's doctor
 * and the benchmark. It records the op on inputs made from a seed; the float64 twin of src/reference says what must come out.
 */
import type { Recorder, Tensor, Tiles } from '../engine/recorder.ts'
import type { Activation } from '../ops/linear.ts'
import { Random } from '../reference/random.ts'

export interface Output {
  name: string
  tensor: Tensor
  /**
   * What the twin makes of the same inputs: the tensor from its first element on, zero where the op must not write. Float64Array is
   * compared within the tolerance, Uint32Array bit for bit. Made only when asked for: a benchmark never does.
   */
  expected: () => Float64Array | Uint32Array
  /** Elements of the tensor that `expected` speaks of, where these are not the first ones. */
  at?: number[]
}

export interface OpCase {
  /** Op and variant, e.g. `linear gelu`. */
  op: string
  /** In the letters of the design: R replicas, B samples, T tokens, C width ... */
  shape: string
  seed: number
  /** Greatest error allowed, relative to the greatest expected value of an output. */
  tolerance: number
  tiles?: Tiles
  record: (recorder: Recorder, random: Random) => Output[]
}

/** What a sum of a few hundred float32 products may lose. */
export const TOLERANCE = 2e-6

/** Inputs as the GPU has them: float32 values, here in float64 for the twin. */
export interface Filled extends Activation {
  values: Float64Array
}

export interface Size {
  replicas: number
  capacity: number
  rows?: number
  width: number
}

export interface Fill {
  scale?: number
  offset?: number
}

/** An input of these values. Rounded to float32 before anyone sees it, so that rounding the input is nobody's error. */
export function given(recorder: Recorder, name: string, { capacity, rows = 1, width }: Size, numbers: Float64Array): Filled {
  const initial = Float32Array.from(numbers)
  return { tensor: recorder.constant(name, initial), values: Float64Array.from(initial), capacity, rows, width }
}

/** A normally distributed input. The whole capacity is filled: what lies beyond the samples covered must not leak in. */
export function filled(recorder: Recorder, random: Random, name: string, size: Size, { scale = 1, offset = 0 }: Fill = {}): Filled {
  const { replicas, capacity, rows = 1, width } = size
  return given(recorder, name, size, random.normals(replicas * capacity * rows * width, scale).map(value => value + offset))
}

/** An output, zero at first. */
export function blank(recorder: Recorder, name: string, { replicas, capacity, rows = 1, width }: Size): Activation {
  return { tensor: recorder.tensor(name, replicas * capacity * rows * width), capacity, rows, width }
}

/** One replica's first `samples` samples. */
export function part({ values, capacity, rows, width }: Filled, replica: number, samples: number): Float64Array {
  const start = replica * capacity * rows * width
  return values.subarray(start, start + samples * rows * width)
}

/** (R,stride): what `each` gives for a replica, then zeros. */
export function layOut(replicas: number, stride: number, each: (replica: number) => ArrayLike<number>): Float64Array {
  const result = new Float64Array(replicas * stride)
  for (let r = 0; r < replicas; r++) result.set(each(r), r * stride)
  return result
}

/** `layOut` into the shape of an activation. */
export function layOutAs({ capacity, rows, width }: Activation, replicas: number, each: (replica: number) => ArrayLike<number>): () => Float64Array {
  return () => layOut(replicas, capacity * rows * width, each)
}

/** Rows of a (samples,width) matrix cut to columns [from, from+count). */
export function columns(values: Float64Array, width: number, from: number, count: number): Float64Array {
  const rows = values.length / width
  const result = new Float64Array(rows * count)
  for (let row = 0; row < rows; row++) result.set(values.subarray(row * width + from, row * width + from + count), row * count)
  return result
}

/** A case's recording and its outputs, on tensors of its own. */
export function recordCase(one: OpCase, makeRecorder: (tensors: Set<Tensor>) => Recorder): { recorder: Recorder; outputs: Output[] } {
  const recorder = makeRecorder(new Set())
  return { recorder, outputs: one.record(recorder, new Random(one.seed)) }
}
