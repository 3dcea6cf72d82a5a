/** Where a value stands on a slider of 1000 places, and back. Pure. */
import type { NumberField } from './fields.ts'

export const places = 1000
/** Left of this a logarithmic slider that reaches 0 holds exactly 0. */
const zeroStop = 60

type Scale = Pick<NumberField, 'min' | 'max' | 'integer' | 'log' | 'step' | 'standard'>

/** Least value the logarithmic part shows: a decade and more below the default, for 0 has no logarithm. */
function lowest({ min, standard, max }: Scale): number {
  if (min > 0) return min
  return 10 ** (Math.floor(Math.log10(standard > 0 ? standard : max)) - 1)
}

export function placeOf(value: number, scale: Scale): number {
  const { min, max, log } = scale
  if (!log) return max === min ? 0 : ((clamp(value, min, max) - min) / (max - min)) * places
  const low = lowest(scale)
  const start = min > 0 ? 0 : zeroStop
  if (min <= 0 && value <= 0) return 0
  const share = Math.log(clamp(value, low, max) / low) / Math.log(max / low)
  return start + share * (places - start)
}

export function valueAt(place: number, scale: Scale): number {
  const { min, max, log } = scale
  if (!log) return tidy(min + (clamp(place, 0, places) / places) * (max - min), scale)
  const start = min > 0 ? 0 : zeroStop
  if (min <= 0 && place < start / 2) return 0
  const low = lowest(scale)
  const share = clamp((place - start) / (places - start), 0, 1)
  return tidy(low * (max / low) ** share, scale)
}

/** Whole numbers on the field's grid; others to two significant digits, which is finer than a thumb. */
function tidy(value: number, { min, max, integer, step }: Scale): number {
  const snapped = integer ? Math.round(value / step) * step : Number(value.toPrecision(2))
  return clamp(snapped, min, max)
}

/**
 * The next value in one direction, for the arrow keys: at least one grid step, or about a thirtieth of the track.
 * Places alone would not do, because many of them tidy to the same value.
 */
export function neighbour(value: number, direction: 1 | -1, scale: Scale, share = 1 / 40): number {
  const from = placeOf(value, scale)
  for (let places_ = share * places; places_ <= places; places_ += share * places) {
    const next = valueAt(from + direction * places_, scale)
    if (next !== value) return next
  }
  return value
}

const clamp = (value: number, min: number, max: number) => Math.min(max, Math.max(min, value))
