/** The path from data (t = 0) to noise (t = 1), and the velocity along it. */

/** x_t = α x0 + β ε and v = α′ x0 + β′ ε at one level. */
export interface PathPlace {
  alpha: number
  beta: number
  dalpha: number
  dbeta: number
}

/** The straight path. */
export const straight = (t: number): PathPlace => ({ alpha: 1 - t, beta: t, dalpha: -1, dbeta: 1 })

/** x0, eps (B,d), t (B) -> xt = α x0 + β eps (B,d), target v* = α′ x0 + β′ eps (B,d); on the straight path eps − x0 */
export function interpolate(x0: Float64Array, eps: Float64Array, t: Float64Array, B: number, d: number, placeOn: (t: number) => PathPlace = straight) {
  const xt = new Float64Array(B * d)
  const target = new Float64Array(B * d)
  for (let b = 0; b < B; b++) {
    const { alpha, beta, dalpha, dbeta } = placeOn(t[b])
    for (let i = b * d; i < (b + 1) * d; i++) {
      xt[i] = alpha * x0[i] + beta * eps[i]
      target[i] = dalpha * x0[i] + dbeta * eps[i]
    }
  }
  return { xt, target }
}
