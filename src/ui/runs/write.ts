/** A mean and its spread over seeds, in words. */
import type { FinalFigure } from '../../store/figures.ts'
import { lossPlusMinus, percentPlusMinus } from '../numbers.ts'

export function writeMean({ percent: share }: Pick<FinalFigure, 'percent'>, { mean, deviation }: { mean: number | null; deviation: number | null }): string {
  if (mean === null) return '–'
  return share ? percentPlusMinus(mean, deviation) : lossPlusMinus(mean, deviation)
}
