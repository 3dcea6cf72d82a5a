/** The straight path from data (t = 0) to noise (t = 1), and the velocity along it. */

/** x0, eps (B,d), t (B) -> xt = (1−t) x0 + t eps (B,d), target v* = eps − x0 (B,d) */
export function interpolate(x0: Float64Array, eps: Float64Array, t: Float64Array, B: number, d: number) {
  const xt = new Float64Array(B * d)
  const target = new Float64Array(B * d)
  for (let b = 0; b < B; b++) {
    for (let i = b * d; i < (b + 1) * d; i++) {
      xt[i] = (1 - t[b]) * x0[i] + t[b] * eps[i]
      target[i] = eps[i] - x0[i]
    }
  }
  return { xt, target }
}
