/**
 * What fflate leaves to its callers: sizes before unpacking, and checksums after it. Libraries that check them (zip.js, JSZip) answer later only,
 * and whoever reads a checkpoint needs the answer at once; the entries themselves are unpacked by fflate.
 */
import CRC32 from 'crc-32'
import { ConfigError } from '../config.ts'

export interface ZipEntry {
  name: string
  /** Bytes in the archive, and unpacked. */
  packed: number
  size: number
  /** CRC-32 of the unpacked bytes. */
  checksum: number
}

const LOCAL = 0x04034b50
const CENTRAL = 0x02014b50
const END = 0x06054b50
const END_BYTES = 22
const LONGEST_COMMENT = 0xffff
/** Stands where a number needs 64 bits, which no file that fits in memory here does. */
const ZIP64 = 0xffffffff

/** The archive's own list of its entries. @throws ConfigError with one sentence when this is no whole zip archive */
export function zipDirectory(bytes: Uint8Array): ZipEntry[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const first = bytes.length >= 4 ? view.getUint32(0, true) : 0
  if (first !== LOCAL && first !== END) throw new ConfigError('this is not an .npz file: it does not begin like a zip archive')
  let end = bytes.length - END_BYTES
  const least = Math.max(0, end - LONGEST_COMMENT)
  while (end >= least && view.getUint32(end, true) !== END) end--
  if (end < least) throw new ConfigError('the zip archive is cut short: the directory at its end is missing')
  const count = view.getUint16(end + 10, true)
  let at = view.getUint32(end + 16, true)
  const entries: ZipEntry[] = []
  const names = new Set<string>()
  for (let i = 0; i < count; i++) {
    if (at + 46 > bytes.length || view.getUint32(at, true) !== CENTRAL) throw new ConfigError(`the zip archive is damaged: entry ${i + 1} of ${count} is not where its directory says`)
    const nameBytes = view.getUint16(at + 28, true)
    const [checksum, packed, size] = [16, 20, 24].map(offset => view.getUint32(at + offset, true))
    if (packed === ZIP64 || size === ZIP64) throw new ConfigError('the zip archive has entries beyond 4 GiB; smaller ones are accepted')
    const name = new TextDecoder().decode(bytes.subarray(at + 46, at + 46 + nameBytes))
    if (names.has(name)) throw new ConfigError(`the archive holds two entries of the name ${name.slice(0, 200).replaceAll(/\p{C}/gu, '·')}; each may be there once`)
    names.add(name)
    entries.push({ name, packed, size, checksum })
    at += 46 + nameBytes + view.getUint16(at + 30, true) + view.getUint16(at + 32, true)
  }
  return entries
}

/** The checksum of zip, PNG and gzip. */
export const crc32 = (bytes: Uint8Array) => CRC32.buf(bytes) >>> 0
