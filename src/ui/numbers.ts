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

/** `0.35 ± 0.68`: two digits of the spread, and the mean to the same place; at most so many places. */
export function plusMinus(mean: number, spread: number, most = 8): string {
  if (!(spread > 0) || !Number.isFinite(mean)) return short(mean)
  const places = Math.min(most, 1 - Math.floor(Math.log10(Number(spread.toPrecision(2)))))
  const [value, doubt] = [mean, spread].map((number) => (places > 0 ? number.toFixed(places) : whole.format(number)))
  return `${signed(value)} ± ${doubt}`
}

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
