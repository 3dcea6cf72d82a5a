/** Numbers of an ONNX tensor, wherever the file keeps them: raw bytes, lists by type, or a second file. */
import { ConfigError } from '../config.ts'
import { fromBfloat16, fromFloat16 } from './half.ts'
import { type TensorProto, TensorProto_DataLocation as DataLocation } from './onnx_pb.ts'
import { shown } from './shown.ts'

/** A float tensor, or whole numbers as doubles: ONNX keeps shapes in int64, whose large values no shape needs. */
export interface Constant {
  shape: number[]
  data: Float32Array | Float64Array
  /** Tensors of the file that it is made of. */
  sources: readonly string[]
}

/** Contents of further files by name, for tensors that are kept outside. */
export type ExternalFiles = Readonly<Record<string, Uint8Array>>

/** Name, and bytes per number, of ONNX's data types. */
const TYPES: Record<number, [string, number]> = {
  1: ['float32', 4], 2: ['uint8', 1], 3: ['int8', 1], 4: ['uint16', 2], 5: ['int16', 2], 6: ['int32', 4], 7: ['int64', 8], 8: ['string', 0], 9: ['bool', 1],
  10: ['float16', 2], 11: ['float64', 8], 12: ['uint32', 4], 13: ['uint64', 8], 14: ['complex64', 8], 15: ['complex128', 16], 16: ['bfloat16', 2],
  17: ['float8e4m3fn', 1], 18: ['float8e4m3fnuz', 1], 19: ['float8e5m2', 1], 20: ['float8e5m2fnuz', 1], 21: ['uint4', 0.5], 22: ['int4', 0.5], 23: ['float4e2m1', 0.5],
}

export const typeName = (type: number) => TYPES[type]?.[0] ?? `type ${type}`

const called = ({ name }: TensorProto) => (name ? `tensor ${shown(name)}` : 'a tensor without a name')

/** @throws ConfigError for dimensions that are negative or beyond counting */
export function shapeOf(tensor: TensorProto): number[] {
  const shape = tensor.dims.map(Number)
  const bad = shape.find(size => !Number.isSafeInteger(size) || size < 0)
  if (bad !== undefined || !Number.isSafeInteger(sizeOf(shape))) throw new ConfigError(`${called(tensor)} has the shape (${tensor.dims.slice(0, 8).join(', ')}), which no tensor can have`)
  return shape
}

export const sizeOf = (shape: readonly number[]) => shape.reduce((product, size) => product * size, 1)

/** Where its numbers are when they are not in the file itself. */
export function locationOf(tensor: TensorProto): string | null {
  if (tensor.dataLocation !== DataLocation.EXTERNAL) return null
  return tensor.externalData.find(({ key }) => key === 'location')?.value ?? ''
}

/** Numbers that the tensor holds in the file itself. */
function heldInside(tensor: TensorProto, size: number): number {
  const bytes = TYPES[tensor.dataType]?.[1] ?? 0
  if (tensor.rawData.length > 0) return bytes > 0 ? tensor.rawData.length / bytes : size
  const { floatData, int32Data, int64Data, doubleData, uint64Data, stringData } = tensor
  return Math.max(floatData.length, int32Data.length, int64Data.length, doubleData.length, uint64Data.length, stringData.length)
}

/** Whether a tensor's claims fit what the file holds; nothing is allocated. @throws ConfigError with one sentence */
export function checkTensor(tensor: TensorProto): void {
  const shape = shapeOf(tensor)
  if (locationOf(tensor) !== null || tensor.dataType === 14 || tensor.dataType === 15 || tensor.dataType > 20) return
  const [size, held] = [sizeOf(shape), heldInside(tensor, sizeOf(shape))]
  if (size !== held) throw new ConfigError(`${called(tensor)} claims ${size} numbers by its shape (${shape.join(', ')}) and the file holds ${held}`)
}

/** @throws ConfigError with one sentence, also when the file it is kept in is missing */
export function readTensor(tensor: TensorProto, files: ExternalFiles = {}): Constant | null {
  checkTensor(tensor)
  const shape = shapeOf(tensor)
  const location = locationOf(tensor)
  const data = location === null && tensor.rawData.length === 0 ? fromLists(tensor) : fromRaw(tensor.dataType, location === null ? new Uint8Array(tensor.rawData) : outside(tensor, location, files, sizeOf(shape)))
  return data && { shape, data, sources: tensor.name ? [tensor.name] : [] }
}

/** The tensor's bytes, copied, since numbers in a file are not aligned. */
function outside(tensor: TensorProto, location: string, files: ExternalFiles, size: number): Uint8Array {
  const base = (path: string) => path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1)
  const found = Object.entries(files).filter(([name]) => base(name) === base(location))
  // A single file may have been renamed; its contents are checked anyway.
  const file = found[0]?.[1] ?? (Object.keys(files).length === 1 ? Object.values(files)[0] : undefined)
  if (!file) throw new ConfigError(`the numbers of ${called(tensor)} are in a second file, “${shown(base(location))}”: give it as well`)
  const field = (key: string, otherwise: number) => Number(tensor.externalData.find(entry => entry.key === key)?.value ?? otherwise)
  const begin = field('offset', 0)
  const length = field('length', size * (TYPES[tensor.dataType]?.[1] ?? 0))
  if (!Number.isSafeInteger(begin) || !Number.isSafeInteger(length) || begin < 0 || length < 0 || begin + length > file.length) {
    throw new ConfigError(`${called(tensor)} is said to lie at bytes ${begin} to ${begin + length} of the second file, which has ${file.length}: it is another file or cut short`)
  }
  if (length !== size * (TYPES[tensor.dataType]?.[1] ?? 0)) throw new ConfigError(`${called(tensor)} claims ${size} numbers, and ${length} bytes of the second file are said to hold them`)
  return new Uint8Array(file.subarray(begin, begin + length)) // a Buffer's slice would be no copy
}

/** Null for types that are no numbers this reader needs. */
function fromRaw(type: number, { buffer }: Uint8Array): Constant['data'] | null {
  const doubles = (values: Iterable<number | bigint>) => Float64Array.from(values, Number)
  switch (typeName(type)) {
    case 'float32': return new Float32Array(buffer)
    case 'float64': return Float32Array.from(new Float64Array(buffer))
    case 'float16': return fromFloat16(new Uint16Array(buffer))
    case 'bfloat16': return fromBfloat16(new Uint16Array(buffer))
    case 'int64': return doubles(new BigInt64Array(buffer))
    case 'uint64': return doubles(new BigUint64Array(buffer))
    case 'int32': return doubles(new Int32Array(buffer))
    case 'uint32': return doubles(new Uint32Array(buffer))
    case 'int16': return doubles(new Int16Array(buffer))
    case 'uint16': return doubles(new Uint16Array(buffer))
    case 'int8': return doubles(new Int8Array(buffer))
    case 'uint8': case 'bool': return doubles(new Uint8Array(buffer))
    default: return null
  }
}

function fromLists({ dataType, floatData, int32Data, int64Data, doubleData, uint64Data }: TensorProto): Constant['data'] | null {
  switch (typeName(dataType)) {
    case 'float32': return Float32Array.from(floatData)
    case 'float64': return Float32Array.from(doubleData)
    case 'float16': return fromFloat16(Uint16Array.from(int32Data))
    case 'bfloat16': return fromBfloat16(Uint16Array.from(int32Data))
    case 'int64': return Float64Array.from(int64Data, Number)
    case 'uint32': case 'uint64': return Float64Array.from(uint64Data, Number)
    case 'int32': case 'int16': case 'uint16': case 'int8': case 'uint8': case 'bool': return Float64Array.from(int32Data)
    default: return null
  }
}
