/**
 * Images to tokens and back. Tokens run row by row over the patches; inside a token the order is
 * 'cpp' = (c,py,px), what DiT's embedding convolution reads, or 'ppc' = (py,px,c), what DiT's last layer writes.
 */

export type PatchOrder = 'cpp' | 'ppc'

export interface PatchGeometry {
  batch: number
  channels: number
  height: number
  width: number
  patch: number
  order: PatchOrder
  /** Pad every token with zeros to a multiple of 4 numbers, the alignment the matmul kernels want. */
  padded?: boolean
}

export function tokenCount(geometry: PatchGeometry): number {
  return (geometry.height / geometry.patch) * (geometry.width / geometry.patch)
}

/** Numbers per token, padding included. */
export function tokenWidth({ channels, patch, padded }: PatchGeometry): number {
  const numbers = patch * patch * channels
  return padded ? Math.ceil(numbers / 4) * 4 : numbers
}

/** Calls `visit(index in the image, index in the tokens)` for every pixel and channel. */
function forEachPixel(geometry: PatchGeometry, visit: (image: number, token: number) => void): void {
  const { batch, channels, height, width, patch, order } = geometry
  const columns = width / patch
  const stride = tokenWidth(geometry)
  for (let b = 0; b < batch; b++) {
    for (let c = 0; c < channels; c++) {
      for (let y = 0; y < height; y++) {
        for (let x = 0; x < width; x++) {
          const token = Math.floor(y / patch) * columns + Math.floor(x / patch)
          const py = y % patch
          const px = x % patch
          const inside = order === 'cpp' ? (c * patch + py) * patch + px : (py * patch + px) * channels + c
          visit(((b * channels + c) * height + y) * width + x, (b * tokenCount(geometry) + token) * stride + inside)
        }
      }
    }
  }
}

/** image (B,ch,h,w) -> tokens (B,T,tokenWidth); also the adjoint of unpatchify */
export function patchify(image: Float64Array, geometry: PatchGeometry): Float64Array {
  const tokens = new Float64Array(geometry.batch * tokenCount(geometry) * tokenWidth(geometry))
  forEachPixel(geometry, (pixel, token) => { tokens[token] = image[pixel] })
  return tokens
}

/** tokens (B,T,tokenWidth) -> image (B,ch,h,w), padding ignored; also the adjoint of patchify */
export function unpatchify(tokens: Float64Array, geometry: PatchGeometry): Float64Array {
  const image = new Float64Array(geometry.batch * geometry.channels * geometry.height * geometry.width)
  forEachPixel(geometry, (pixel, token) => { image[pixel] = tokens[token] })
  return image
}
