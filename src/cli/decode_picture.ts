/** PNG and JPEG without a browser. */
import { convertIndexedToRgb, decode as decodePng } from 'fast-png'
import { Unzlib } from 'fflate'
import { decode as decodeJpeg } from 'jpeg-js'
import type { Decoded, DecodePicture } from '../lab/own/pictures.ts'

/** Without a colour profile or text, which may unpack to anything. */
const KEPT = ['IHDR', 'PLTE', 'tRNS', 'IDAT', 'IEND']
const MARK = 8
/** Chunks of pixels shorter than this unpack to no more than Deflate's most, a thousandfold. */
const HARMLESS = 16 * 1024

export const decodePicture: DecodePicture = (bytes, type) => {
  if (type === 'png') return decode(bytes)
  const { width, height, data } = decodeJpeg(bytes, { useTArray: true, maxResolutionInMP: 17, maxMemoryUsageInMB: 512 })
  return { width, height, data }
}

function decode(bytes: Uint8Array): Decoded {
  const image = decodePng(plainPng(bytes))
  const { width, height, depth } = image
  const indexed = image.palette !== undefined
  const channels = indexed ? image.palette![0].length : image.channels
  const values = indexed ? convertIndexedToRgb(image) : image.data
  const scale = indexed ? 1 : 255 / (2 ** depth - 1)
  const unpacked = !indexed && depth < 8 ? bitsOf(values as Uint8Array, width, height, depth) : values
  const data = new Uint8Array(4 * width * height)
  for (let p = 0; p < width * height; p++) {
    const grey = channels < 3
    for (let c = 0; c < 3; c++) data[4 * p + c] = Math.round(unpacked[p * channels + (grey ? 0 : c)] * scale)
    data[4 * p + 3] = channels % 2 === 0 ? Math.round(unpacked[p * channels + channels - 1] * scale) : 255
  }
  return { width, height, data }
}

/** Grey of 1, 2 or 4 bits: each row begins at a whole byte. */
function bitsOf(packed: Uint8Array, width: number, height: number, depth: number): Uint8Array {
  if (packed.length === width * height) return packed
  const row = Math.ceil((width * depth) / 8)
  return Uint8Array.from({ length: width * height }, (_, p) => {
    const bit = (p % width) * depth
    return (packed[Math.floor(p / width) * row + (bit >> 3)] >> (8 - depth - (bit & 7))) & (2 ** depth - 1)
  })
}

/** The chunks that make the picture, once it is known that they unpack to what the header says. */
function plainPng(bytes: Uint8Array): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const kept: Uint8Array[] = [bytes.subarray(0, MARK)]
  const pixels: Uint8Array[] = []
  for (let at = MARK; at + 12 <= bytes.length;) {
    const length = view.getUint32(at)
    const name = String.fromCharCode(...bytes.subarray(at + 4, at + 8))
    if (at + 12 + length > bytes.length) throw new Error('the file is cut short')
    if (KEPT.includes(name)) kept.push(bytes.subarray(at, at + 12 + length))
    if (name === 'IDAT') pixels.push(bytes.subarray(at + 8, at + 8 + length))
    at += 12 + length
  }
  if (pixels.length === 0) throw new Error('the file holds no pixels')
  const [width, height] = [view.getUint32(16), view.getUint32(20)]
  checkLength(pixels, height * (1 + 8 * width) + 7 * (height + 8)) // eight bytes a pixel at most, and a byte for each row of each pass
  const whole = new Uint8Array(kept.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const piece of kept) {
    whole.set(piece, at)
    at += piece.length
  }
  return whole
}

function checkLength(pieces: Uint8Array[], most: number): void {
  if (pieces.reduce((sum, { length }) => sum + length, 0) < HARMLESS) return
  let length = 0
  const stream = new Unzlib(piece => {
    length += piece.length
    if (length > most) throw new Error('it unpacks to more pixels than its header says')
  })
  for (const [i, piece] of pieces.entries()) stream.push(piece, i === pieces.length - 1)
}
