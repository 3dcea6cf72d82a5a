/** What becomes of a number as it was typed. Pure. */
import { count, short } from '../numbers.ts'

interface Bounds {
  min: number
  max: number
  integer: boolean
}

/** Takes 1e-3 as well as 0.001 and 0,001. With a word where another value than the one typed is taken, or none. */
export function readTyped(text: string, { min, max, integer }: Bounds): { value: number | null; word: string | null } {
  const typed = text.trim() === '' ? Number.NaN : Number(text.replace(',', '.'))
  if (!Number.isFinite(typed)) return { value: null, word: `“${text.trim().slice(0, 20)}” is no number; left as it was` }
  const value = Math.min(max, Math.max(min, integer ? Math.round(typed) : typed))
  if (value === typed) return { value, word: null }
  const said = integer ? count : short
  return { value, word: `${integer && typed > min && typed < max ? 'whole numbers' : `${said(min)} to ${said(max)}`}; ${said(value)} taken` }
}
