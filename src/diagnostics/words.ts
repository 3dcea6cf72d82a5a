/** Numbers in the sentences of panels. */

/** Few digits, whatever the magnitude. */
export function few(value: number | null): string {
  if (value === null || !Number.isFinite(value)) return 'nothing finite'
  return Number(value.toPrecision(3)).toLocaleString('en', { maximumSignificantDigits: 3 })
}

/** null for what a chart cannot draw. */
export const finite = (value: number | null): number | null => (value !== null && Number.isFinite(value) ? value : null)
