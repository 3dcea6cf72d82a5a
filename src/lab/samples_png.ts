/** samples.png: real images above, then every replica's samples from the same noise. */
import { encodeGridPng } from './png.ts'
import type { SampleGrid } from '../protocol.ts'

const MOST_COLUMNS = 16

/** Sixteen images a row at most; images that would leave a row incomplete are left out, so that columns stay comparable. */
export function samplesPng({ channels, size, images, real, count }: SampleGrid): Uint8Array {
  const columns = Math.min(count, MOST_COLUMNS)
  const shown = Math.floor(count / columns) * columns
  const each = channels * size * size
  const rows = [real.subarray(0, columns * each), ...images.map(replica => replica.subarray(0, shown * each))]
  const all = new Float32Array(rows.reduce((sum, row) => sum + row.length, 0))
  let at = 0
  for (const row of rows) {
    all.set(row, at)
    at += row.length
  }
  return encodeGridPng(all, [all.length / each, channels, size, size], { columns, scale: Math.max(1, Math.round(48 / size)) })
}
