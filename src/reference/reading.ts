/** What a net's output means, and whose error is minimised (JiT, arXiv 2511.13720). Denominators are clamped from below, on the straight path by c. */
import { type PathPlace, straight } from './interpolate.ts'

export type Quantity = 'velocity' | 'image' | 'noise'

/** αβ′ − α′β, which is 1 on the straight path. */
const wronskian = ({ alpha, beta, dalpha, dbeta }: PathPlace) => alpha * dbeta - dalpha * beta

/** A velocity is no more than 1/c times as far off as the answer, or as much more as it is larger than 1 itself. */
const least = (c: number, place: PathPlace) => (c * wronskian(place)) / Math.max(1, Math.abs(place.dalpha), Math.abs(place.dbeta))

/** v = skip x_t + out u at level t. */
export function reading(prediction: Quantity, t: number, c: number, place = straight(t)): { skip: number; out: number } {
  const { alpha, beta, dalpha, dbeta } = place
  if (prediction === 'image') return { skip: dbeta / Math.max(beta, least(c, place)), out: -wronskian(place) / Math.max(beta, least(c, place)) }
  if (prediction === 'noise') return { skip: dalpha / Math.max(alpha, least(c, place)), out: wronskian(place) / Math.max(alpha, least(c, place)) }
  return { skip: 0, out: 1 }
}

/** A bump over t around ½, .15 wide, whose mean over [0,1] is 1: 1/2.662 is what the normal density's integral lacks. Our reading of “mid-emphasis”. */
export const middleWeight = (t: number): number => 2.662 * Math.exp(-0.5 * ((t - 0.5) / 0.15) ** 2)

/** √w of the velocity's error that makes it the error of `error`, or weighs it, and what clamping makes of the velocity's target. */
export function errorWeight(prediction: Quantity, error: Quantity | 'middle', t: number, c: number, place = straight(t)): { root: number; target: number } {
  const { alpha, beta } = place
  const image = prediction === 'image' ? Math.max(beta, least(c, place)) : beta
  const noise = prediction === 'noise' ? Math.max(alpha, least(c, place)) : alpha
  const roots = { velocity: 1, image: image / wronskian(place), noise: noise / wronskian(place), middle: Math.sqrt(middleWeight(t)) }
  return {
    root: roots[error],
    target: prediction === 'image' ? beta / image : prediction === 'noise' ? alpha / noise : 1,
  }
}
