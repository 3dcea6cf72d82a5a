/** Pictures in folders: the folder a picture lies in is its class. */
import { ConfigError } from '../../config.ts'
import { pictureHead, type PictureHead } from './picture_file.ts'
import { baseName, type GivenFile, MOST_CLASSES, MOST_IMAGES, type Picture, said, type Source } from './source.ts'

export interface Decoded {
  width: number
  height: number
  /** RGBA, not premultiplied */
  data: ArrayLike<number>
}

/** A browser's decoder, or one of a library. @throws anything when the picture is damaged */
export type DecodePicture = (bytes: Uint8Array, type: PictureHead['type']) => Decoded | Promise<Decoded>

export const isPicture = (path: string) => /\.(png|jpe?g)$/i.test(path)

const PARTS = /^(train|training|val|valid|validation|test|testing)$/i

/** Class and part of a picture by the folders around it. */
function placeOf(path: string): { name: string; test: boolean } {
  const folders = path.split('/').slice(0, -1)
  const part = folders.find(folder => PARTS.test(folder)) ?? ''
  const own = folders.filter(folder => !PARTS.test(folder)).at(-1) ?? ''
  return { name: own, test: /^test/i.test(part) }
}

/** @throws ConfigError with one sentence */
export async function readPictures(files: readonly GivenFile[], decode: DecodePicture, progress: (done: number, total: number) => void): Promise<Source> {
  if (files.length > MOST_IMAGES) throw new ConfigError(`there are ${said(files.length)} pictures; at most ${said(MOST_IMAGES)} are read`)
  const ordered = [...files].sort((a, b) => (a.path < b.path ? -1 : 1))
  const places = ordered.map(({ path }) => placeOf(path))
  const classes = [...new Set(places.map(({ name }) => name))].sort()
  if (classes.length > MOST_CLASSES) throw new ConfigError(`the pictures lie in ${said(classes.length)} folders, each a class; at most ${MOST_CLASSES} are read`)
  let [width, height, grey] = [Infinity, Infinity, true]
  for (const [i, { path, bytes }] of ordered.entries()) {
    const head = headOf(path, await bytes())
    width = Math.min(width, head.width)
    height = Math.min(height, head.height)
    grey &&= head.grey
    if (i % 256 === 0) progress(i, ordered.length)
  }
  const channels = grey ? 1 : 3
  const number = new Map(classes.map((name, i) => [name, i]))
  const heldOut = Uint8Array.from(places, ({ test }) => (test ? 1 : 0))
  return {
    kind: 'pictures in folders', channels, width, height,
    classes: classes.map(name => name || 'pictures'),
    labels: Uint8Array.from(places, ({ name }) => number.get(name)!),
    heldOut: heldOut.includes(1) && heldOut.includes(0) ? heldOut : null,
    notes: classes.length === 1 ? ['All pictures lie in one folder, so all are of one class.'] : [],
    async picture(i) {
      const { path, bytes: read } = ordered[i]
      const bytes = await read()
      const { type, width: claimed, height: high } = headOf(path, bytes)
      let decoded: Decoded
      try {
        decoded = await decode(bytes, type)
      } catch (error) {
        throw new ConfigError(`${path} cannot be decoded (${error instanceof Error ? error.message : String(error)}); replace it or leave it out`)
      }
      // A camera's note that the picture lies on its side may have turned it.
      if (decoded.width * decoded.height !== claimed * high) throw new ConfigError(`${path} is damaged: its size is not what it claims; replace it or leave it out`)
      return planesOf(decoded, channels)
    },
  }
}

function headOf(path: string, bytes: Uint8Array): PictureHead {
  try {
    return pictureHead(bytes)
  } catch (error) {
    throw error instanceof ConfigError ? new ConfigError(`${baseName(path)}: ${error.message}`) : error
  }
}

/** On white, where it is transparent. */
function planesOf({ width, height, data }: Decoded, channels: 1 | 3): Picture {
  const plane = width * height
  const planes = new Uint8Array(channels * plane)
  for (let p = 0; p < plane; p++) {
    const alpha = data[4 * p + 3] / 255
    for (let c = 0; c < channels; c++) planes[c * plane + p] = Math.round(data[4 * p + c] * alpha + 255 * (1 - alpha))
  }
  return { width, height, planes }
}
