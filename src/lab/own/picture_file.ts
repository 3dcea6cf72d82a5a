/** What a PNG or JPEG file says of itself, read before a decoder is let at it. */
import { ConfigError } from '../../config.ts'
import { LONGEST_SIDE, said, SHORTEST_SIDE } from './source.ts'

export interface PictureHead {
  type: 'png' | 'jpeg'
  width: number
  height: number
  grey: boolean
}

const PNG_MARK = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]
const MOST_FILE = 64 * 2 ** 20

/** @throws ConfigError with one sentence, without the file's name */
export function pictureHead(bytes: Uint8Array): PictureHead {
  if (bytes.length > MOST_FILE) throw new ConfigError(`it is a picture of ${said(bytes.length)} bytes; at most ${said(MOST_FILE)} are read`)
  const head = PNG_MARK.every((byte, i) => bytes[i] === byte) ? pngHead(bytes) : bytes[0] === 0xff && bytes[1] === 0xd8 ? jpegHead(bytes) : null
  if (!head) throw new ConfigError('it is neither a PNG nor a JPEG picture')
  const { width, height } = head
  for (const side of [width, height]) if (side < SHORTEST_SIDE || side > LONGEST_SIDE) throw new ConfigError(`it claims ${said(width)}×${said(height)} pixels; sides from ${SHORTEST_SIDE} to ${said(LONGEST_SIDE)} are read`)
  return head
}

function pngHead(bytes: Uint8Array): PictureHead {
  if (bytes.length < 33) throw new ConfigError('the PNG picture is cut short')
  const view = new DataView(bytes.buffer, bytes.byteOffset)
  return { type: 'png', width: view.getUint32(16), height: view.getUint32(20), grey: bytes[25] === 0 || bytes[25] === 4 }
}

/** Marker by marker up to the start of a frame, SOF0 to SOF15, which holds the sides. */
function jpegHead(bytes: Uint8Array): PictureHead {
  const view = new DataView(bytes.buffer, bytes.byteOffset)
  for (let at = 2; at + 9 < bytes.length;) {
    if (bytes[at] !== 0xff) break
    const marker = bytes[at + 1]
    if (marker === 0xff) at++
    else if (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)) return { type: 'jpeg', height: view.getUint16(at + 5), width: view.getUint16(at + 7), grey: bytes[at + 9] === 1 }
    else if (marker === 0x01 || (marker >= 0xd0 && marker <= 0xd7)) at += 2
    else at += 2 + Math.max(2, view.getUint16(at + 2))
  }
  throw new ConfigError('the JPEG picture is damaged or cut short: its size cannot be found')
}
