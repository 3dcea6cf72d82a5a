/** What a net's output means, and whose error is minimised (JiT, arXiv 2511.13720). Denominators are clamped from below by c. */

export type Quantity = 'velocity' | 'image' | 'noise'

/** v = skip x_t + out u at level t. */
export function reading(prediction: Quantity, t: number, c: number): { skip: number; out: number } {
  if (prediction === 'image') return { skip: 1 / Math.max(t, c), out: -1 / Math.max(t, c) }
  if (prediction === 'noise') return { skip: -1 / Math.max(1 - t, c), out: 1 / Math.max(1 - t, c) }
  return { skip: 0, out: 1 }
}

/** √w of the velocity's error that makes it the error of `error`, and what clamping makes of the velocity's target. */
export function errorWeight(prediction: Quantity, error: Quantity, t: number, c: number): { root: number; target: number } {
  const image = prediction === 'image' ? Math.max(t, c) : t
  const noise = prediction === 'noise' ? Math.max(1 - t, c) : 1 - t
  return {
    root: error === 'image' ? image : error === 'noise' ? noise : 1,
    target: prediction === 'image' ? t / image : prediction === 'noise' ? (1 - t) / noise : 1,
  }
}
