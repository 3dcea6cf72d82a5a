/** The sinusoid that turns a noise level into numbers (DiT's TimestepEmbedder). No parameters, so no backward. */

export const TIME_FEATURES = 256
/** DiT was made for integer steps 0..999; with t itself in [0,1] the sinusoid could hardly tell 0.02 from 0. */
export const TIME_SCALE = 1000

/** t (B) -> (B,256): cos(1000 t f_k) for k = 0..127, then sin of the same, f_k = exp(−ln(10000) k/128) */
export function timeFeatures(t: Float64Array): Float64Array {
  const half = TIME_FEATURES / 2
  const features = new Float64Array(t.length * TIME_FEATURES)
  for (let b = 0; b < t.length; b++) {
    for (let k = 0; k < half; k++) {
      const angle = TIME_SCALE * t[b] * Math.exp((-Math.log(10000) * k) / half)
      features[b * TIME_FEATURES + k] = Math.cos(angle)
      features[b * TIME_FEATURES + half + k] = Math.sin(angle)
    }
  }
  return features
}
