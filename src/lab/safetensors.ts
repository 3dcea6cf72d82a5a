/**
 * The safetensors format: a header of 8 bytes that say how long the JSON after them is, the JSON (name → dtype, shape, data_offsets), the numbers.
 * Read with suspicion, for a file may come from anywhere; written so that the `safetensors` package of PyTorch's world loads it.
 */
import { ConfigError } from '../config.ts'
import type { NamedTensor } from '../model/parameters.ts'
import { fromBfloat16, fromFloat16 } from '../onnx/half.ts'
import { shown } from '../onnx/shown.ts'

const BYTES = { F64: 8, F32: 4, F16: 2, BF16: 2, I64: 8, I32: 4, I16: 2, I8: 1, U64: 8, U32: 4, U16: 2, U8: 1, BOOL: 1, F8_E5M2: 1, F8_E4M3: 1 } as const
type Dtype = keyof typeof BYTES
/** As the format's own library has it. */
const LONGEST_HEADER = 100_000_000
const MOST_DIMENSIONS = 8

export interface StoredTensor {
  dtype: string
  shape: number[]
  /** float32, converted where another float type was stored; null for types that are no floats. */
  data: Float32Array | null
}

export interface Safetensors {
  tensors: Record<string, StoredTensor>
  metadata: Record<string, string>
}

interface Entry {
  name: string
  dtype: Dtype
  shape: number[]
  begin: number
  end: number
}

/** Every byte is accounted for before a number is read. @throws ConfigError with one sentence: which tensor, what is wrong */
export function readSafetensors(bytes: Uint8Array): Safetensors {
  if (bytes.length < 8) throw new ConfigError(`this is not a safetensors file: it has ${bytes.length} bytes, and the format begins with 8 that say how long its header is`)
  const length = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true)
  if (length > BigInt(Math.min(bytes.length - 8, LONGEST_HEADER)) || length < 2n || bytes[8] !== 0x7b) {
    throw new ConfigError(`this is not a whole safetensors file: its first 8 bytes promise a header of ${length} bytes, and ${bytes.length - 8} bytes follow`)
  }
  const start = 8 + Number(length)
  const { __metadata__: notes, ...named } = parseHeader(bytes.subarray(8, start))
  const entries = Object.entries(named).map(([name, value]) => readEntry(name, value)).sort((a, b) => a.begin - b.begin || a.end - b.end)
  let at = 0
  for (const { name, begin, end } of entries) {
    if (begin !== at) throw new ConfigError(`tensor ${shown(name)} begins at byte ${begin} of the data, and the one before it ends at ${at}: tensors must lie side by side`)
    at = end
  }
  if (at !== bytes.length - start) throw new ConfigError(`the tensors take ${at} bytes and the file holds ${bytes.length - start}: it is cut short or has something else at its end`)
  const tensors = entries.map(({ name, dtype, shape, begin, end }) => [name, { dtype, shape, data: toFloats(dtype, new Uint8Array(bytes.subarray(start + begin, start + end))) }] as const)
  return { tensors: Object.fromEntries(tensors), metadata: readNotes(notes) }
}

function parseHeader(bytes: Uint8Array): Record<string, unknown> {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as Record<string, unknown>
  } catch {
    throw new ConfigError('the header of the safetensors file is not JSON: the file is damaged')
  }
}

function readNotes(notes: unknown): Record<string, string> {
  if (notes === undefined) return {}
  const entries = typeof notes === 'object' && notes !== null ? Object.entries(notes) : null
  if (!entries || entries.some(([, value]) => typeof value !== 'string')) throw new ConfigError('__metadata__ in the header is not a list of texts by name')
  return Object.fromEntries(entries) as Record<string, string>
}

function readEntry(name: string, value: unknown): Entry {
  const fail = (what: string) => new ConfigError(`tensor ${shown(name)} ${what}`)
  const { dtype, shape, data_offsets: offsets } = (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>
  if (typeof dtype !== 'string' || !Object.hasOwn(BYTES, dtype)) throw fail(`is of type ${shown(JSON.stringify(dtype) ?? 'none')}; one of ${Object.keys(BYTES).join(', ')} is expected`)
  const whole = (number: unknown): number is number => Number.isSafeInteger(number) && (number as number) >= 0
  if (!Array.isArray(shape) || shape.length > MOST_DIMENSIONS || !shape.every(whole)) throw fail(`has a shape that is no list of up to ${MOST_DIMENSIONS} whole numbers from 0`)
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(whole) || offsets[0] > offsets[1]) throw fail('has data_offsets that are not two places in the file, the first before the second')
  const [begin, end] = offsets as [number, number]
  const takes = (shape as number[]).reduce((product, size) => product * size, BYTES[dtype as Dtype])
  if (takes !== end - begin) throw fail(`holds ${end - begin} bytes, and its shape (${shape.join(', ')}) of ${dtype} takes ${takes}`)
  return { name, dtype: dtype as Dtype, shape: shape as number[], begin, end }
}

/** @param bytes a copy, for numbers in a file are not aligned */
function toFloats(dtype: Dtype, { buffer }: Uint8Array<ArrayBuffer>): Float32Array | null {
  if (dtype === 'F32') return new Float32Array(buffer)
  if (dtype === 'F64') return Float32Array.from(new Float64Array(buffer))
  if (dtype === 'F16') return fromFloat16(new Uint16Array(buffer))
  if (dtype === 'BF16') return fromBfloat16(new Uint16Array(buffer))
  return null
}

/** float32 tensors and notes → the file. The same input gives the same bytes. */
export function writeSafetensors(tensors: Record<string, NamedTensor>, metadata: Record<string, string> = {}): Uint8Array<ArrayBuffer> {
  let end = 0
  const entries = Object.entries(tensors).map(([name, { shape, data }]) => {
    if (shape.reduce((product, size) => product * size, 1) !== data.length) throw new RangeError(`tensor ${name} has ${data.length} numbers, and its shape is (${shape.join(', ')})`)
    const begin = end
    end += data.byteLength
    return [name, { dtype: 'F32', shape, data_offsets: [begin, end] }] as const
  })
  const header = new TextEncoder().encode(JSON.stringify({ __metadata__: metadata, ...Object.fromEntries(entries) }))
  const start = 8 + Math.ceil(header.length / 8) * 8
  const bytes = new Uint8Array(start + end).fill(0x20, 8, start)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(start - 8), true)
  bytes.set(header, 8)
  let at = start
  for (const { data } of Object.values(tensors)) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at)
    at += data.byteLength
  }
  return bytes
}
