/** Puts images given as floats side by side into one picture, one pixel apart. Pure, so that it can be tested without a canvas. */
export interface Mosaic {
  width: number
  height: number
  /** RGBA; gaps are transparent and show the page. */
  data: Uint8ClampedArray<ArrayBuffer>
}

export function mosaic(images: Float32Array, count: number, channels: number, size: number): Mosaic {
  const columns = Math.ceil(Math.sqrt(count))
  const rows = Math.ceil(count / columns)
  const width = columns * (size + 1) - 1
  const height = rows * (size + 1) - 1
  const data = new Uint8ClampedArray(width * height * 4)
  const plane = size * size
  for (let n = 0; n < count; n++) {
    const left = (n % columns) * (size + 1)
    const top = Math.floor(n / columns) * (size + 1)
    for (let pixel = 0; pixel < plane; pixel++) {
      const at = 4 * ((top + Math.floor(pixel / size)) * width + left + (pixel % size))
      for (let colour = 0; colour < 3; colour++) {
        // One or two channels are shown as grey; a value that is not a number as black.
        const channel = channels >= 3 ? colour : 0
        const value = images[(n * channels + channel) * plane + pixel]
        data[at + colour] = (Number.isFinite(value) ? (value + 1) / 2 : 0) * 255 // the array clamps
      }
      data[at + 3] = 255
    }
  }
  return { width, height, data }
}
