/** A grid of small images as one PNG file. */
import { encode } from 'fast-png';

export interface GridOptions {
  /** Images per row; a square grid when left out. */
  columns?: number;
  /** Side of one image pixel in PNG pixels. */
  scale?: number;
  /** Width of the transparent lines between images, in PNG pixels. */
  gap?: number;
}

/**
 * @param images (N,ch,h,w) in [-1,1], −1 black. Values outside are clamped, and a pixel that is not finite is magenta, so that a broken
 *   sample cannot pass for a dark one. One channel is grey, two are red and green, of more than three the first three are shown.
 * @param shape [N, ch, h, w]
 * @returns the bytes of an RGBA PNG
 */
export function encodeGridPng(
  images: Float32Array,
  [count, channels, height, width]: readonly [count: number, channels: number, height: number, width: number],
  { columns = Math.max(1, Math.ceil(Math.sqrt(count))), scale = 4, gap = 2 }: GridOptions = {},
): Uint8Array {
  if (images.length !== count * channels * height * width) throw new RangeError('encodeGridPng: the shape does not fit the images.');
  if (count === 0) throw new RangeError('encodeGridPng: no images.');
  const rows = Math.ceil(count / columns);
  const gridWidth = columns * (width * scale + gap) - gap;
  const gridHeight = rows * (height * scale + gap) - gap;
  const data = new Uint8Array(gridWidth * gridHeight * 4);
  const plane = height * width;

  for (let n = 0; n < count; n++) {
    const left = (n % columns) * (width * scale + gap);
    const top = Math.floor(n / columns) * (height * scale + gap);
    for (let y = 0; y < height * scale; y++) {
      for (let x = 0; x < width * scale; x++) {
        const pixel = n * channels * plane + Math.floor(y / scale) * width + Math.floor(x / scale);
        writePixel(data, ((top + y) * gridWidth + left + x) * 4, images, pixel, channels, plane);
      }
    }
  }
  return encode({ width: gridWidth, height: gridHeight, data, depth: 8, channels: 4 });
}

function writePixel(data: Uint8Array, at: number, images: Float32Array, pixel: number, channels: number, plane: number): void {
  let finite = true;
  for (let channel = 0; channel < 3; channel++) {
    const source = channels === 1 ? 0 : channel;
    const value = source < channels ? images[pixel + source * plane] : -1;
    finite &&= Number.isFinite(value);
    data[at + channel] = Math.round(Math.min(1, Math.max(0, (value + 1) / 2)) * 255);
  }
  if (!finite) data.set([255, 0, 255], at);
  data[at + 3] = 255;
}
