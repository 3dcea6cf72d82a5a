/** Numbers as people read them, the same everywhere on the page. */

const whole = new Intl.NumberFormat('en-GB', { maximumFractionDigits: 0 })

export function count(value: number): string {
  return whole.format(value)
}

/** With the sign of arithmetic in place of a hyphen. */
export const signed = (written: string) => written.replace(/^-/, '−')

/** Three significant digits; never a raw float. */
export function short(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return '–'
  if (value === 0) return '0'
  const size = Math.abs(value)
  if (size >= 1e6 || size < 1e-4) return signed(value.toExponential(1).replace('e+', 'e'))
  return signed(size >= 1000 ? whole.format(value) : String(Number(value.toPrecision(3))))
}

/** Three decimals, where digits should line up. */
export function fixed(value: number | null | undefined, digits = 3): string {
  return value === null || value === undefined || !Number.isFinite(value) ? '–' : signed(value.toFixed(digits))
}

/** A loss, in tables and sentences: the same, or in few digits where less than two would be left of it. */
export function lossText(value: number | null | undefined, digits = 3): string {
  return value && Math.abs(value) < 10 ** (1 - digits) ? short(value) : fixed(value, digits)
}

export function percent(share: number): string {
  return `${signed(String(Math.abs(share * 100) < 9.95 ? Number((share * 100).toFixed(1)) : Math.round(share * 100)))} %`
}

/** Below this share of a mean a spread is rounding of 32-bit numbers. */
const rounding = 1e-6

/** How numbers are written to the second digit of a spread, so that all beside it end at the same place. */
export function toPlaceOf(spread: number): (value: number) => string {
  const places = 1 - Math.floor(Math.log10(Number(spread.toPrecision(2))))
  return (value) => signed(places > 0 ? value.toFixed(places) : whole.format(value))
}

/** `0.35 ± 0.68`: two digits of the spread, and the mean to the same place; `(1.20 ± 0.35)e7` where `short` would write an exponent too. */
export function plusMinus(mean: number, spread: number | null): string {
  if (spread === null || !(spread > rounding * Math.abs(mean)) || !Number.isFinite(spread)) return short(mean)
  const power = Math.floor(Math.log10(Math.max(Math.abs(mean), spread)))
  if (power >= 6 || power < -4) return `(${plusMinus(mean / 10 ** power, spread / 10 ** power)})e${signed(String(power))}`
  const write = toPlaceOf(spread)
  return `${write(mean)} ± ${write(spread)}`
}

/** The same of shares in 0…1. */
export const percentPlusMinus = (mean: number, spread: number | null) => (spread ? `${plusMinus(100 * mean, 100 * spread)} %` : percent(mean))

/** A loss, with its spread where it has one. */
export const lossPlusMinus = (mean: number | null | undefined, spread: number | null | undefined) => (typeof mean === 'number' && spread ? plusMinus(mean, spread) : lossText(mean))

export function bytes(value: number): string {
  if (value < 1e6) return `${Math.max(1, Math.round(value / 1e3))} kB`
  if (value < 1e9) return `${Number((value / 1e6).toPrecision(3))} MB`
  return `${Number((value / 1e9).toPrecision(3))} GB`
}

/** A time that may well be short. */
export function seconds(value: number): string {
  return value < 9.95 ? `${Number(value.toPrecision(2))} s` : duration(value)
}

export function duration(seconds: number): string {
  if (!Number.isFinite(seconds)) return '–'
  if (seconds < 90) return `${Math.max(1, Math.round(seconds))} s`
  if (seconds < 90 * 60) return `${Math.round(seconds / 60)} min`
  return `${Number((seconds / 3600).toFixed(1))} h`
}
