/** Files out of archives: gzip, tar and zip, one inside the other. Sizes are checked before anything is unpacked; names only tell classes and never become paths. */
import { Gunzip } from 'fflate'
import { parseTar } from 'nanotar'
import { ConfigError } from '../../config.ts'
import { readArchive } from '../npz.ts'
import { zipDirectory } from '../zip.ts'
import { baseName, type GivenFile, MOST_UNPACKED, said } from './source.ts'

const GZIP = /\.(gz|tgz)$/i
const TAR = /\.(tar|tgz)$/i
const ZIP = /\.(zip|npz)$/i
/** A .gz in a tar in a zip is as deep as it gets. */
const DEEPEST = 3
const BLOCK = 512

/** What a system puts beside one's files. */
const hidden = (path: string) => path.split('/').some(part => part === '__MACOSX' || (part.startsWith('.') && part !== '.' && part !== '..')) || /(^|\/)(Thumbs\.db|desktop\.ini)$/i.test(path)

/** All files, those in archives included. @throws ConfigError with one sentence */
export async function unpacked(files: readonly GivenFile[], left = { bytes: MOST_UNPACKED }, depth = 0): Promise<GivenFile[]> {
  const found: GivenFile[] = []
  for (const file of files) {
    const { path } = file
    if (hidden(path)) continue
    if (!GZIP.test(path) && !TAR.test(path) && !ZIP.test(path)) {
      found.push(file)
      continue
    }
    if (depth >= DEEPEST) throw new ConfigError(`${path} is an archive in an archive in an archive; unpack it first`)
    const inner = named(path, () => open(file, left))
    // One by one, so that no more than the allowed bytes are ever there.
    found.push(...await unpacked(await inner, left, depth + 1))
  }
  return found
}

async function named<T>(path: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read()
  } catch (error) {
    if (error instanceof ConfigError) throw new ConfigError(`${path}: ${error.message}`)
    throw error
  }
}

async function open({ path, bytes: read }: GivenFile, left: { bytes: number }): Promise<GivenFile[]> {
  const bytes = await read()
  if (GZIP.test(path)) {
    const inside = gunzip(bytes, left.bytes)
    left.bytes -= inside.length
    return [given(path.replace(/\.tgz$/i, '.tar').replace(/\.gz$/i, ''), inside)]
  }
  if (TAR.test(path)) return tarFiles(bytes)
  const unpackedBytes = zipSizes(bytes, left.bytes)
  left.bytes -= unpackedBytes
  return Object.entries(readArchive(bytes)).filter(([name]) => !name.endsWith('/')).map(([name, entry]) => given(name.replaceAll('\\', '/'), entry))
}

const given = (path: string, bytes: Uint8Array): GivenFile => ({ path, bytes: async () => bytes })

/** @throws ConfigError when it is no gzip file, is cut short, or unpacks to more than `most` bytes */
export function gunzip(bytes: Uint8Array, most: number): Uint8Array {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) throw new ConfigError('this is not a gzip file: it does not begin with the mark of one')
  const pieces: Uint8Array[] = []
  let length = 0
  const stream = new Gunzip(piece => {
    length += piece.length
    if (length > most) throw new ConfigError(`it unpacks to more than ${said(most)} bytes; less is accepted`)
    pieces.push(piece)
  })
  try {
    const step = 1 << 20
    for (let at = 0; at < bytes.length; at += step) stream.push(bytes.subarray(at, at + step), at + step >= bytes.length)
  } catch (error) {
    if (error instanceof ConfigError) throw error
    throw new ConfigError(`the gzip file is damaged or cut short (${error instanceof Error ? error.message : String(error)})`)
  }
  const promised = bytes.length < 18 ? -1 : new DataView(bytes.buffer, bytes.byteOffset + bytes.length - 4).getUint32(0, true)
  if (length < promised) throw new ConfigError(`the gzip file is damaged or cut short: ${said(length)} of ${said(promised)} bytes came out of it`)
  if (promised < 0) throw new ConfigError('the gzip file is cut short')
  const whole = new Uint8Array(length)
  let at = 0
  for (const piece of pieces) {
    whole.set(piece, at)
    at += piece.length
  }
  return whole
}

/** Files of a tar archive. nanotar believes what headers say, so each is checked first. */
function tarFiles(bytes: Uint8Array): GivenFile[] {
  for (let at = 0; at + BLOCK <= bytes.length && bytes[at] !== 0;) {
    const header = bytes.subarray(at, at + BLOCK)
    const octal = (from: number, length: number) => new TextDecoder('latin1').decode(header.subarray(from, from + length)).replaceAll('\0', ' ').trim()
    const sum = header.reduce((total, byte, i) => total + (i >= 148 && i < 156 ? 32 : byte), 0)
    if (octal(148, 8) !== '' && Number.parseInt(octal(148, 8), 8) !== sum) throw new ConfigError(`this is not a tar archive, or it is damaged: the header at byte ${said(at)} does not fit its checksum`)
    const size = /^[0-7]+$/.test(octal(124, 12)) ? Number.parseInt(octal(124, 12), 8) : -1
    if (size < 0) throw new ConfigError(`the tar archive is damaged: the header at byte ${said(at)} has no size that can be read`)
    if (at + BLOCK + size > bytes.length) throw new ConfigError(`the tar archive is cut short: the entry at byte ${said(at)} claims ${said(size)} bytes and ${said(Math.max(0, bytes.length - at - BLOCK))} are left`)
    at += BLOCK + BLOCK * Math.ceil(size / BLOCK)
  }
  const whole = bytes.byteOffset === 0 && bytes.byteLength === bytes.buffer.byteLength ? bytes : bytes.slice() // nanotar reads from the buffer's beginning
  const items = parseTar(whole).filter(({ type, data }) => type === 'file' && data !== undefined)
  if (items.length === 0) throw new ConfigError('the tar archive holds no files')
  return items.map(({ name, data }) => given(name.replace(/^\.\//, ''), data!))
}

/** What a zip archive says it unpacks to. */
function zipSizes(bytes: Uint8Array, most: number): number {
  if (bytes[0] !== 0x50 || bytes[1] !== 0x4b) throw new ConfigError('this is not a zip archive: it does not begin like one')
  const entries = zipDirectory(bytes)
  const total = entries.reduce((sum, { size }) => sum + size, 0)
  if (total > most) throw new ConfigError(`it unpacks to ${said(total)} bytes; at most ${said(most)} are accepted`)
  return total
}

export const stemOf = (path: string) => baseName(path).replace(/(\.(tar|gz|tgz|zip|npz|npy|bin|idx\d?-ubyte|png|jpe?g))+$/i, '')
