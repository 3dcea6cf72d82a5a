/** PNG and JPEG by the browser's own decoders. */
import type { DecodePicture } from '../lab/own/pictures.ts'

const canvas = new OffscreenCanvas(1, 1)
const context = canvas.getContext('2d', { willReadFrequently: true })!

export const decodePicture: DecodePicture = async (bytes, type) => {
  // Numbers as they stand in the file, as a decoder without a screen gives them.
  const bitmap = await createImageBitmap(new Blob([bytes as Uint8Array<ArrayBuffer>], { type: `image/${type}` }), { colorSpaceConversion: 'none', premultiplyAlpha: 'none' })
  const { width, height } = bitmap
  canvas.width = width // empties it
  canvas.height = height
  context.drawImage(bitmap, 0, 0)
  bitmap.close()
  return { width, height, data: context.getImageData(0, 0, width, height).data }
}
