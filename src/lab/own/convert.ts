/** Images as they stand in a file to a set that can be trained on: squares of one side, split, in bytes. */
import { ConfigError } from '../../config.ts'
import { ownId, shuffled } from '../../datasets/own.ts'
import { resamplePlane, tapsFor } from '../../datasets/resample.ts'
import { STREAM_DATA_TEST } from '../../engine/philox.ts'
import type { OwnAsked, OwnPool, OwnSet } from '../../file_protocol.ts'
import { crc32 } from '../zip.ts'
import type { Opened } from './read.ts'
import { LARGEST, LEAST, type Picture, said, type Source } from './source.ts'

/** Shown and kept beside a set; the page draws from them before any run. */
const PREVIEW = 64
/** Share of the images that is held out where the file says nothing of it, and the most. */
const HELD_OUT = 1 / 6
const MOST_HELD_OUT = 10_000
const MOST_BYTES = 2 ** 30
/** Larger pictures are brought to this side unless another is asked for. */
const USUAL = 64
const DECODED_TOGETHER = 16

export function suggested({ source: { width, height }, name }: Opened): OwnAsked {
  return { label: name, size: Math.min(width, height, USUAL), fit: 'resize', channels: 'file' }
}

export interface Kept {
  set: OwnSet
  pool: OwnPool
}

/** @param breathe lets messages through now and then. @throws ConfigError with one sentence */
export async function convert(source: Source, asked: OwnAsked, progress: (done: number, total: number) => void = () => {}, breathe: () => Promise<void> = async () => {}): Promise<Kept> {
  const { size } = asked
  const channels = asked.channels === 'file' ? source.channels : asked.channels === 'grey' ? 1 : 3
  const count = source.labels.length
  const bytes = count * channels * size * size
  if (!Number.isInteger(size) || size < 2 || size > LARGEST) throw new ConfigError(`a side of ${size} pixels is asked for; whole numbers from 2 to ${LARGEST} are accepted`)
  if (bytes > MOST_BYTES) throw new ConfigError(`${said(count)} images of ${size}×${size} pixels take ${said(Math.ceil(bytes / 2 ** 20))} MiB; ${said(MOST_BYTES / 2 ** 20)} are accepted, so take a smaller side`)
  if (asked.label.trim() === '') throw new ConfigError('the set has no name; give it one')
  const { order, train, notes, split } = splitOf(source)
  const each = channels * size * size
  const pixels = new Uint8Array(bytes)
  const put = framing(source.channels, channels, asked)
  let seen = performance.now()
  for (let at = 0; at < count; at += DECODED_TOGETHER) {
    const some = order.subarray(at, at + DECODED_TOGETHER)
    const pictures = Array.from(some, i => source.picture(i))
    const ready = pictures[0] instanceof Promise ? await Promise.all(pictures) : (pictures as Picture[])
    ready.forEach((picture, k) => put(picture, pixels.subarray((at + k) * each, (at + k + 1) * each)))
    if (performance.now() - seen < 100) continue
    progress(at, count)
    await breathe()
    seen = performance.now()
  }
  const labels = Uint8Array.from(order, i => source.labels[i])
  const shown = Math.min(PREVIEW, count - train)
  const some = shuffled(count - train, 0, STREAM_DATA_TEST).subarray(0, shown)
  const preview = { pixels: new Uint8Array(shown * each), labels: Uint8Array.from(some, i => labels[train + i]) }
  some.forEach((i, k) => preview.pixels.set(pixels.subarray((train + i) * each, (train + i + 1) * each), k * each))
  return {
    pool: { pixels, labels },
    set: {
      id: ownId(asked.label, (crc32(pixels) ^ crc32(labels) ^ size) >>> 0), label: asked.label.trim().slice(0, 40), kind: source.kind, classes: source.classes,
      channels, size, train, test: count - train, split, notes: [...source.notes, ...notes], preview,
    },
  }
}

interface Split {
  /** Training images first. */
  order: Uint32Array
  train: number
  split: OwnSet['split']
  notes: string[]
}

function splitOf({ heldOut, labels: { length: count } }: Source): Split {
  const notes: string[] = []
  if (heldOut) {
    const all = Uint32Array.from(heldOut, (_, i) => i)
    const [train, test] = [all.filter(i => !heldOut[i]), all.filter(i => heldOut[i])]
    if (train.length >= LEAST && test.length >= LEAST) {
      const order = new Uint32Array(count)
      order.set(train)
      order.set(test, train.length)
      return { order, train: train.length, split: 'given', notes }
    }
    notes.push(`The files name ${train.length} training and ${test.length} test images, which is too few of one; they were split anew.`)
  }
  const test = Math.min(MOST_HELD_OUT, Math.max(LEAST, Math.round(count * HELD_OUT)))
  const drawn = shuffled(count, 0, STREAM_DATA_TEST)
  // Each half in the file's order, so that neighbours stay neighbours on disk.
  const order = new Uint32Array(count)
  order.set(drawn.slice(test).sort())
  order.set(drawn.slice(0, test).sort(), count - test)
  return { order, train: count - test, split: 'seeded', notes }
}

/** Cuts a square out of a picture and writes it (ch,size,size). */
function framing(from: number, to: number, { size, fit }: OwnAsked): (picture: Picture, out: Uint8Array) => void {
  const plane = size * size
  const scaled = new Float32Array(plane)
  const taps = new Map<string, { x: ReturnType<typeof tapsFor>; y: ReturnType<typeof tapsFor> }>()

  function square({ width, height, planes }: Picture, channel: number): ArrayLike<number> {
    const source = planes.subarray(channel * width * height, (channel + 1) * width * height)
    if (width === size && height === size) return source
    if (fit === 'crop' && Math.min(width, height) < size) throw new ConfigError(`an image of ${width}×${height} pixels has no middle of ${size}×${size}; take a smaller side, or bring the images to it`)
    const side = fit === 'crop' ? size : Math.min(width, height)
    const key = `${width} ${height}`
    let both = taps.get(key)
    if (!both) {
      const start = (whole: number) => (fit === 'crop' ? Math.floor((whole - side) / 2) : (whole - side) / 2)
      both = { x: tapsFor(width, start(width), side, size), y: tapsFor(height, start(height), side, size) }
      if (taps.size > 100) taps.clear() // pictures of all sizes
      taps.set(key, both)
    }
    resamplePlane(source, width, both.x, both.y, scaled)
    return scaled
  }

  return (picture, out) => {
    if (to === 1 && from === 3) {
      // Luma of ITU-R BT.601, as Pillow has it.
      const grey = new Float32Array(plane)
      for (const [channel, weight] of [0.299, 0.587, 0.114].entries()) {
        const values = square(picture, channel)
        for (let p = 0; p < plane; p++) grey[p] += weight * values[p]
      }
      for (let p = 0; p < plane; p++) out[p] = Math.round(grey[p])
      return
    }
    for (let channel = 0; channel < to; channel++) {
      const values = square(picture, from === 1 ? 0 : channel)
      if (values instanceof Uint8Array) out.set(values, channel * plane)
      else for (let p = 0; p < plane; p++) out[channel * plane + p] = Math.round(values[p])
    }
  }
}
