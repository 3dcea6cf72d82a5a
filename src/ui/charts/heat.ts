/** Colours and words of a heat map. Pure. */
import type { HeatMap } from '../../panel.ts'
import { short } from '../numbers.ts'

/** Viridis at six places: as light in grey as in colour, and told apart with every kind of colour vision. */
const stops = [[68, 1, 84], [65, 68, 135], [42, 120, 142], [34, 168, 132], [122, 209, 81], [253, 231, 37]]

/** Colour of a share from 0 to 1. */
export function colourAt(share: number): string {
  const place = Math.min(1, Math.max(0, share)) * (stops.length - 1)
  const low = Math.min(stops.length - 2, Math.floor(place))
  return `rgb(${stops[low].map((from, i) => Math.round(from + (stops[low + 1][i] - from) * (place - low))).join(' ')})`
}

export interface HeatScale {
  low: number
  high: number
  log: boolean
  /** null for a value that has no place. */
  share(value: number | null): number | null
}

/** One for all of them; logarithmic where all values are positive and span two decades or more. */
export function heatScale(maps: readonly Pick<HeatMap, 'values'>[]): HeatScale {
  const known = maps.flatMap(({ values }) => values.flat()).filter((value): value is number => value !== null && Number.isFinite(value))
  const [low, high] = [Math.min(...known), Math.max(...known)]
  const log = known.length > 0 && low > 0 && high / low >= 100
  const at = log ? Math.log : (value: number) => value
  const span = at(high) - at(low)
  return { low, high, log, share: (value) => (value === null || !Number.isFinite(value) ? null : span > 0 ? (at(value) - at(low)) / span : 0.5) }
}

/** Every how-manieth label fits. */
export function labelled(count: number, room: number): number {
  return Math.max(1, Math.ceil(count / room))
}

export function heatSentence(map: HeatMap): string {
  const { low, high } = heatScale([map])
  if (low > high) return `${map.label}: nothing finite.`
  const find = (wanted: number) => {
    const row = map.values.findIndex((values) => values.includes(wanted))
    return `${map.y.label} ${short(map.y.at[row])}, ${map.x.label} ${short(map.x.at[map.values[row].indexOf(wanted)])}`
  }
  return `${map.label}: from ${short(low)} at ${find(low)} to ${short(high)} at ${find(high)}.`
}
