/** Logits to weights that sum to 1, in place. @returns the greatest weight */
export function softmax(logits: Float64Array): number {
  let most = -Infinity
  for (let i = 0; i < logits.length; i++) if (logits[i] > most) most = logits[i]
  let sum = 0
  for (let i = 0; i < logits.length; i++) sum += logits[i] = Math.exp(logits[i] - most)
  for (let i = 0; i < logits.length; i++) logits[i] /= sum
  return 1 / sum
}
