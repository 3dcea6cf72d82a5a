/**
 * NumPy's .npz: a zip archive of .npy arrays. Read with suspicion (a file may come from anywhere) and written plainly, so that
 * `numpy.load` reads it without pickling.
 */
import { unzipSync, zipSync } from 'fflate'
import { ConfigError } from '../config.ts'
import { crc32, zipDirectory } from './zip.ts'

const TYPES = {
  f4: Float32Array, f8: Float64Array,
  i1: Int8Array, i2: Int16Array, i4: Int32Array, i8: BigInt64Array,
  u1: Uint8Array, u2: Uint16Array, u4: Uint32Array, u8: BigUint64Array,
  bool: Uint8Array,
} as const

export type NpzType = keyof typeof TYPES
export type NpzData = InstanceType<(typeof TYPES)[NpzType]>

export interface NpzTensor {
  shape: number[]
  dtype: NpzType
  data: NpzData
}

const ACCEPTED = 'float32, float64, whole numbers of 8 to 64 bits and bool, little-endian, are read'
const MAGIC = '\x93NUMPY'
/** More than any run of the lab writes, and less than breaks a tab. */
const MOST_BYTES = 2 ** 31
/** Deflate cannot shrink further, so an entry that claims more lies about its size. */
const MOST_SHRINKING = 1100

/** The entries of a zip archive, each checked against its checksum. @throws ConfigError with one sentence */
export function readArchive(bytes: Uint8Array): Record<string, Uint8Array> {
  const directory = zipDirectory(bytes)
  let total = 0
  for (const { name, packed, size } of directory) {
    total += size
    if (size > MOST_SHRINKING * packed + 64) throw new ConfigError(`entry ${name} claims ${size} bytes from ${packed} packed ones, which no archive can hold`)
    if (total > MOST_BYTES) throw new ConfigError(`the archive unpacks to more than ${MOST_BYTES / 2 ** 30} GiB at entry ${name}; less is accepted`)
  }
  let entries: Record<string, Uint8Array>
  try {
    entries = unzipSync(bytes)
  } catch (error) {
    throw new ConfigError(`the zip archive is damaged (${error instanceof Error ? error.message : String(error)}); write it again`)
  }
  for (const { name, size, checksum } of directory) {
    const entry = entries[name]
    if (!entry || entry.length !== size || crc32(entry) !== checksum) throw new ConfigError(`entry ${name} is damaged: its checksum does not fit; write the file again`)
  }
  return entries
}

/** Arrays by name, without `.npy`; entries of another kind are left out. @throws ConfigError with one sentence: which entry, what is wrong, what is accepted */
export function readNpz(bytes: Uint8Array): Record<string, NpzTensor> {
  return arraysOf(readArchive(bytes))
}

/** The .npy entries of an archive. */
export function arraysOf(entries: Record<string, Uint8Array>): Record<string, NpzTensor> {
  const arrays = Object.entries(entries).filter(([name]) => name.endsWith('.npy'))
  return Object.fromEntries(arrays.map(([name, entry]) => [name.slice(0, -'.npy'.length), readNpy(entry, name)]))
}

/** The .npy format, versions 1 to 3: magic, version, header length, a Python dict as text, then the numbers. */
function readNpy(bytes: Uint8Array, name: string): NpzTensor {
  const fail = (what: string) => new ConfigError(`entry ${name} ${what}`)
  // Byte by byte: what browsers call latin1 has other letters where Latin-1 has none.
  if (bytes.length < 10 || !Array.from(MAGIC).every((letter, i) => bytes[i] === letter.charCodeAt(0))) throw fail('is not a NumPy array: it does not begin with the mark of .npy')
  const version = bytes[6]
  if (version < 1 || version > 3) throw fail(`is of .npy version ${version}; versions 1 to 3 are read`)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const headerStart = version === 1 ? 10 : 12
  if (bytes.length < headerStart) throw fail('ends inside its header')
  const dataStart = headerStart + (version === 1 ? view.getUint16(8, true) : view.getUint32(8, true))
  if (dataStart > bytes.length) throw fail('ends inside its header')
  const header = new TextDecoder().decode(bytes.subarray(headerStart, dataStart))

  const descriptor = /'descr':\s*'([^']*)'/.exec(header)?.[1]
  const order = /'fortran_order':\s*(True|False)/.exec(header)?.[1]
  const sizes = /'shape':\s*\(([\d,\s]*)\)/.exec(header)?.[1]
  if (descriptor === undefined && /'descr':\s*\[/.test(header)) throw fail(`has a structured type; ${ACCEPTED}`)
  if (descriptor === undefined || order === undefined || sizes === undefined) throw fail('has a header that cannot be read: descr, fortran_order and shape are expected')
  const dtype = typeOf(descriptor)
  if (!dtype) throw fail(`is of type ${descriptor}${descriptor.endsWith('O') ? ' (Python objects)' : ''}; ${ACCEPTED}`)

  const shape = sizes.split(',').filter(size => size.trim() !== '').map(Number)
  const length = shape.reduce((product, size) => product * size, 1)
  const Type = TYPES[dtype]
  const expected = length * Type.BYTES_PER_ELEMENT
  const found = bytes.length - dataStart
  if (!Number.isSafeInteger(expected) || expected !== found) throw fail(`holds ${found} bytes of numbers, and its shape (${shape.join(', ')}) of ${dtype} takes ${expected}`)
  // A copy, because numbers in a zip are not aligned.
  const data = new Type(bytes.slice(dataStart).buffer)
  return { shape, dtype, data: order === 'True' ? rowsFirst(data, shape) : data }
}

function typeOf(descriptor: string): NpzType | null {
  if (descriptor === '|b1') return 'bool'
  const [order, type] = [descriptor[0], descriptor.slice(1)]
  if (type === 'bool' || !Object.hasOwn(TYPES, type)) return null
  return order === '<' || (order === '|' && type.endsWith('1')) ? (type as NpzType) : null
}

/** From Fortran's order, first index fastest, to C's: NumPy stores a transposed array as it lies in memory. */
function rowsFirst<T extends NpzData>(data: T, shape: number[]): T {
  const result = data.slice() as T
  const steps = shape.map((_, axis) => shape.slice(0, axis).reduce((product, size) => product * size, 1))
  const index = shape.map(() => 0)
  let from = 0
  for (let to = 0; to < data.length; to++) {
    result[to] = data[from]
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      from += steps[axis]
      if (++index[axis] < shape[axis]) break
      from -= steps[axis] * shape[axis]
      index[axis] = 0
    }
  }
  return result
}

/** float32, converted where another number type was stored. @throws ConfigError for bool, in one sentence */
export function asFloat32(tensor: NpzTensor, name: string): Float32Array {
  if (tensor.dtype === 'bool') throw new ConfigError(`tensor ${name} is of type bool; float32 is expected`)
  return tensor.data instanceof Float32Array ? tensor.data : Float32Array.from(tensor.data as ArrayLike<number | bigint>, Number)
}

/** Whole numbers as doubles. @throws ConfigError for other types, in one sentence */
export function asWhole(tensor: NpzTensor, name: string): Float64Array {
  if (!/^[iu]/.test(tensor.dtype)) throw new ConfigError(`tensor ${name} is of type ${tensor.dtype}; whole numbers (int64, int32 …) are expected`)
  return Float64Array.from(tensor.data as ArrayLike<number | bigint>, Number)
}

export interface Writable {
  shape: readonly number[]
  /** An array of one of the types that are read. */
  data: ArrayBufferView & { readonly length: number }
}

/** @param others entries that are not arrays, by their whole name. The same input gives the same bytes. */
export function writeNpz(tensors: Record<string, Writable>, others: Record<string, Uint8Array> = {}): Uint8Array<ArrayBuffer> {
  const arrays = Object.entries(tensors).map(([name, tensor]) => [`${name}.npy`, writeNpy(tensor, name)])
  // Weights hardly shrink, so nothing is packed; a fixed date keeps the bytes the same.
  return zipSync({ ...others, ...Object.fromEntries(arrays) }, { level: 0, mtime: new Date(1980, 0, 1) }) as Uint8Array<ArrayBuffer>
}

function writeNpy({ shape, data }: Writable, name: string): Uint8Array {
  const length = shape.reduce((product, size) => product * size, 1)
  if (length !== data.length) throw new RangeError(`tensor ${name} has ${data.length} numbers, and its shape (${shape.join(', ')}) takes ${length}`)
  const dtype = (Object.keys(TYPES) as NpzType[]).find(type => data instanceof TYPES[type])!
  const shapeText = shape.length === 1 ? `${shape[0]},` : shape.join(', ')
  const dict = `{'descr': '${dtype.endsWith('1') ? '|' : '<'}${dtype}', 'fortran_order': False, 'shape': (${shapeText}), }`
  const dataStart = Math.ceil((10 + dict.length + 1) / 64) * 64
  const result = new Uint8Array(dataStart + data.byteLength)
  for (let i = 0; i < MAGIC.length; i++) result[i] = MAGIC.charCodeAt(i)
  result[6] = 1
  new DataView(result.buffer).setUint16(8, dataStart - 10, true)
  result.set(new TextEncoder().encode(`${dict.padEnd(dataStart - 11)}\n`), 10)
  result.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), dataStart)
  return result
}
