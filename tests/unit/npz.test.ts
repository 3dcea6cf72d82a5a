/** .npz files: what is written comes back, what PyTorch wrote is read, and whatever is wrong gives one sentence. */
import { zipSync } from 'fflate'
import { describe, expect, test } from 'vitest'
import { ConfigError } from '../../src/config.ts'
import { asFloat32, asWhole, type NpzData, readNpz, type Writable, writeNpz } from '../../src/lab/npz.ts'

/** An .npy entry with this header and these bytes after it. */
function npy(header: string, data: Uint8Array = new Uint8Array(), version = 1): Uint8Array {
  const text = new TextEncoder().encode(header)
  const start = version === 1 ? 10 : 12
  const result = new Uint8Array(start + text.length + data.length)
  result.set([0x93, ...new TextEncoder().encode('NUMPY'), version, 0])
  const view = new DataView(result.buffer)
  if (version === 1) view.setUint16(8, text.length, true)
  else view.setUint32(8, text.length, true)
  result.set(text, start)
  result.set(data, start + text.length)
  return result
}

const header = (descr: string, shape: string, order = 'False') => `{'descr': ${descr}, 'fortran_order': ${order}, 'shape': ${shape}, }\n`
const bytesOf = (data: NpzData) => new Uint8Array(data.buffer)
const archive = (entry: Uint8Array) => zipSync({ 'x.npy': entry })

describe('round trip', () => {
  test.each([
    ['f4', new Float32Array([1.5, -2, 3e-40, 4, 5, 6]) as Writable['data']], ['f8', new Float64Array([1.5, 2, 3, 4, 5, 6e300])],
    ['i4', new Int32Array([1, -2, 3, 4, 5, 6])], ['i8', new BigInt64Array([1n, -2n, 3n, 4n, 5n, 6n])],
    ['u1', new Uint8Array([1, 2, 3, 4, 5, 255])], ['u4', new Uint32Array([1, 2, 3, 4, 5, 0xffffffff])],
  ] satisfies [string, Writable['data']][])('%s', (dtype, data) => {
    const read = readNpz(writeNpz({ 'g/a.weight': { shape: [2, 3], data }, list: { shape: [6], data } }))
    expect(read['g/a.weight']).toEqual({ shape: [2, 3], dtype, data })
    expect(read.list.shape).toEqual([6])
  })

  test('a single number and an empty array', () => {
    const read = readNpz(writeNpz({ loss: { shape: [], data: Float32Array.of(0.5) }, none: { shape: [0, 4], data: new Float32Array() } }))
    expect(read.loss).toEqual({ shape: [], dtype: 'f4', data: Float32Array.of(0.5) })
    expect(read.none.shape).toEqual([0, 4])
  })

  test('the same tensors give the same bytes', () => {
    const once = () => writeNpz({ a: { shape: [3], data: Float32Array.of(1, 2, 3) } })
    expect(once()).toEqual(once())
  })

  test('numbers start on a multiple of 64 bytes, as NumPy has it', () => {
    const entry = writeNpz({ a: { shape: [3], data: Float32Array.of(1, 2, 3) } })
    const at = Buffer.from(entry).indexOf('NUMPY') - 1
    expect((10 + new DataView(entry.buffer).getUint16(at + 8, true)) % 64).toBe(0)
  })
})

describe('what NumPy may write', () => {
  test('Fortran order: a transposed array', () => {
    const data = bytesOf(Float32Array.of(1, 4, 2, 5, 3, 6)) // column by column
    expect(readNpz(archive(npy(header("'<f4'", '(2, 3)', 'True'), data))).x.data).toEqual(Float32Array.of(1, 2, 3, 4, 5, 6))
  })

  test('Fortran order in three axes', () => {
    const rows = Float32Array.from({ length: 24 }, (_, i) => i)
    const columns = new Float32Array(24)
    for (let i = 0; i < 2; i++) for (let j = 0; j < 3; j++) for (let k = 0; k < 4; k++) columns[i + 2 * (j + 3 * k)] = rows[(i * 3 + j) * 4 + k]
    expect(readNpz(archive(npy(header("'<f4'", '(2, 3, 4)', 'True'), bytesOf(columns)))).x.data).toEqual(rows)
  })

  test('versions 2 and 3 of .npy, packed or not, and entries of another kind', () => {
    const data = bytesOf(Float32Array.of(7))
    for (const version of [1, 2, 3]) expect(readNpz(archive(npy(header("'<f4'", '(1,)'), data, version))).x.data[0]).toBe(7)
    const read = readNpz(zipSync({ 'x.npy': [npy(header("'<f4'", '(1,)'), data), { level: 9 }], 'config.json': new Uint8Array(3) }))
    expect(Object.keys(read)).toEqual(['x'])
  })

  test('bool', () => {
    expect(readNpz(archive(npy(header("'|b1'", '(2,)'), Uint8Array.of(1, 0)))).x.dtype).toBe('bool')
  })
})

describe('conversion', () => {
  const tensor = (data: Float32Array | Float64Array | BigInt64Array | Uint8Array) => readNpz(writeNpz({ x: { shape: [data.length], data } })).x
  test('to float32', () => {
    expect(asFloat32(tensor(Float64Array.of(0.1)), 'x')).toEqual(Float32Array.of(0.1))
    expect(asFloat32(tensor(BigInt64Array.of(-3n)), 'x')).toEqual(Float32Array.of(-3))
    expect(() => asFloat32({ ...tensor(Uint8Array.of(1)), dtype: 'bool' }, 'x')).toThrow('tensor x is of type bool; float32 is expected')
  })
  test('to whole numbers', () => {
    expect(asWhole(tensor(BigInt64Array.of(7n)), 'y')).toEqual(Float64Array.of(7))
    expect(() => asWhole(tensor(Float32Array.of(7)), 'y')).toThrow('tensor y is of type f4; whole numbers')
  })
})

describe('what is wrong is said in one sentence', () => {
  const good = writeNpz({ a: { shape: [64], data: new Float32Array(64).fill(1.25) }, b: { shape: [2], data: Float32Array.of(1, 2) } })
  const flipped = (at: number) => {
    const copy = good.slice()
    copy[at] ^= 0x10
    return copy
  }
  const lying = () => { // one byte that claims to unpack to a gibibyte
    const copy = zipSync({ 'x.npy': Uint8Array.of(1) }, { level: 0 })
    const view = new DataView(copy.buffer)
    const central = view.getUint32(copy.length - 6, true)
    view.setUint32(central + 24, 2 ** 30, true)
    return copy
  }
  const twice = () => {
    const copy = zipSync({ 'aaaa.npy': Uint8Array.of(1), 'bbbb.npy': Uint8Array.of(1) }, { level: 0 })
    for (let at = 0; at < copy.length - 4; at++) if (String.fromCharCode(...copy.subarray(at, at + 4)) === 'bbbb') copy.fill(0x61, at, at + 4)
    return copy
  }
  const cases: [string, Uint8Array, RegExp][] = [
    ['nothing', new Uint8Array(), /not an \.npz file/],
    ['text', new TextEncoder().encode('{"net": {}}'), /not an \.npz file/],
    ['an .npy by itself', npy(header("'<f4'", '(1,)'), new Uint8Array(4)), /not an \.npz file/],
    ['a file cut in half', good.subarray(0, good.length >> 1), /cut short/],
    ['a file without its last byte', good.subarray(0, -1), /cut short/],
    ['a number changed', flipped(200), /entry a\.npy is damaged: its checksum/],
    ['a directory that points elsewhere', (() => { const copy = good.slice(); copy[copy.length - 6] ^= 0x7f; return copy })(), /is not where its directory says/],
    ['a name twice', twice(), /two entries of the name aaaa\.npy; each may be there once/],
    ['a size that no archive can hold', lying(), /entry x\.npy claims 1073741824 bytes/],
    ['another magic', archive(new Uint8Array(80)), /entry x\.npy is not a NumPy array/],
    ['a version to come', archive(npy(header("'<f4'", '(1,)'), new Uint8Array(4), 9)), /version 9; versions 1 to 3/],
    ['an unfinished header', archive(npy(header("'<f4'", '(1,)')).subarray(0, 30)), /ends inside its header/],
    ['no header', archive(npy('hello\n')), /header that cannot be read/],
    ['objects', archive(npy(header("'|O'", '(1,)'), new Uint8Array(8))), /entry x\.npy is of type \|O \(Python objects\); float32/],
    ['text', archive(npy(header("'<U5'", '(1,)'), new Uint8Array(20))), /is of type <U5; float32/],
    ['half precision', archive(npy(header("'<f2'", '(1,)'), new Uint8Array(2))), /is of type <f2/],
    ['complex', archive(npy(header("'<c8'", '(1,)'), new Uint8Array(8))), /is of type <c8/],
    ['big-endian', archive(npy(header("'>f4'", '(1,)'), new Uint8Array(4))), /is of type >f4; .*little-endian/],
    ['a structure', archive(npy(header("[('a', '<f4')]", '(1,)'), new Uint8Array(4))), /structured type/],
    ['fewer numbers than the shape', archive(npy(header("'<f4'", '(3,)'), new Uint8Array(8))), /holds 8 bytes of numbers, and its shape \(3\) of f4 takes 12/],
    ['more numbers than the shape', archive(npy(header("'<f4'", '(1,)'), new Uint8Array(8))), /holds 8 bytes/],
    ['an absurd shape', archive(npy(header("'<f4'", '(99999999999, 99999999999)'), new Uint8Array(8))), /its shape \(99999999999/],
    ['a negative shape', archive(npy(header("'<f4'", '(-1,)'), new Uint8Array(4))), /header that cannot be read/],
  ]
  test.each(cases)('%s', (_, bytes, sentence) => {
    expect(() => readNpz(bytes)).toThrow(ConfigError)
    expect(() => readNpz(bytes)).toThrow(sentence)
    try {
      readNpz(bytes)
    } catch (error) {
      expect((error as Error).message).not.toContain('\n')
    }
  })
})

test('whatever bytes change, the answer is the same tensors or a ConfigError', () => {
  const data = Float32Array.from({ length: 40 }, (_, i) => Math.sin(i))
  const good = writeNpz({ a: { shape: [5, 8], data }, b: { shape: [], data: Int32Array.of(3) } })
  let seed = 1
  const random = (below: number) => (seed = (seed * 48271) % 0x7fffffff) % below
  for (let trial = 0; trial < 400; trial++) {
    const bytes = good.slice(0, trial % 4 === 0 ? random(good.length) : good.length)
    for (let change = 0; change < 3 && bytes.length > 0; change++) bytes[random(bytes.length)] ^= 1 << random(8)
    try {
      const { a } = readNpz(bytes)
      if (a) expect(a.data).toEqual(data)
    } catch (error) {
      expect(error, String((error as Error).stack)).toBeInstanceOf(ConfigError)
    }
  }
})
