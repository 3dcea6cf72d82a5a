/** Numbers as coloured pixels, and in words. Pure, so that it can be tested without a canvas. */
import type { WalkTensor } from '../../step_walk.ts'
import { colourAt } from '../charts/heat.ts'
import { short } from '../numbers.ts'

export interface Picture {
  width: number
  height: number
  /** RGBA; what is not finite stays transparent and shows the page. */
  data: Uint8ClampedArray<ArrayBuffer>
}

const shades = 256
let table: Uint8Array | null = null

/** The colours of heat maps elsewhere on the page, looked up instead of computed for each of thousands of pixels. */
function colours(): Uint8Array {
  return (table ??= Uint8Array.from(Array.from({ length: shades }, (_, i) => colourAt(i / (shades - 1)).match(/\d+/g)!.map(Number)).flat()))
}

/** rows × columns values from `start`, one pixel each, from `low` to `high`. */
export function heatPicture(values: ArrayLike<number>, start: number, rows: number, columns: number, low: number, high: number): Picture {
  const known = colours()
  const data = new Uint8ClampedArray(rows * columns * 4)
  for (let i = 0; i < rows * columns; i++) {
    const value = values[start + i]
    if (!Number.isFinite(value)) continue
    const share = high > low ? (value - low) / (high - low) : 0.5
    const shade = 3 * Math.round(Math.max(0, Math.min(1, share)) * (shades - 1))
    data.set([known[shade], known[shade + 1], known[shade + 2], 255], 4 * i)
  }
  return { width: columns, height: rows, data }
}

/** CSS pixels of a picture: cells as large as fit into a small figure, so that single numbers can be seen. */
export function pictureSize(rows: number, columns: number, most = 300): { width: number; height: number } {
  const cell = Math.max(1, Math.min(14, Math.floor(most / columns), Math.floor(most / rows)))
  return { width: columns * cell, height: Math.max(14, rows * cell) }
}

/** “(B, T, C) = (8, 16, 64)” */
export function shapeText(letters: readonly string[], sizes: readonly number[]): string {
  const numbers = sizes.length > 1 ? `(${sizes.join(', ')})` : String(sizes[0])
  if (letters.length === 0) return numbers
  return `${letters.length > 1 ? `(${letters.join(', ')})` : letters[0]} = ${numbers}`
}

/** “−0.31 to 0.28, mean 0.002, SD 0.11; 3 not finite”, or “all 0” */
export function statisticsText({ low, high, mean, deviation, notFinite }: WalkTensor['statistics']): string {
  const bad = notFinite > 0 ? `; ${notFinite} not finite` : ''
  if (low === null) return `nothing finite${bad}`
  if (low === high) return `all ${signed(low)}${bad}`
  return `${signed(low)} to ${signed(high)}, mean ${signed(mean)}, SD ${signed(deviation)}${bad}`
}

export const signed = (value: number | null) => short(value).replace(/^-/, '−')
