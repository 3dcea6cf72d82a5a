/** A mean and its spread over seeds, in words. */
import type { FinalFigure } from '../../store/figures.ts'
import { lossText, percent } from '../numbers.ts'

export function writeMean({ percent: share }: Pick<FinalFigure, 'percent'>, { mean, deviation }: { mean: number | null; deviation: number | null }): string {
  if (mean === null) return '–'
  const spread = deviation === null ? '' : ` ± ${share ? percent(deviation) : lossText(deviation)}`
  return (share ? percent(mean) : lossText(mean)) + spread
}
