/** One combination of an explicit solver and its error norm, one net. */

/** x, xi (n), k (planes)(n) → y = keep x + Σ_j along_j k_j + noise ξ (n) */
export function solverCombine(x: Float64Array, k: readonly Float64Array[], { keep, along, noise }: { keep: number; along: readonly number[]; noise: number }, xi: Float64Array): Float64Array {
  return x.map((value, i) => keep * value + along.reduce((sum, factor, j) => sum + factor * k[j][i], 0) + noise * xi[i])
}

/** root mean square of Σ_j along_j k_j / (atol + rtol max(|x|, |y|)) */
export function solverError(x: Float64Array, y: Float64Array, k: readonly Float64Array[], along: readonly number[], atol: number, rtol: number): number {
  let sum = 0
  for (let i = 0; i < x.length; i++) {
    const off = along.reduce((total, factor, j) => total + factor * k[j][i], 0)
    sum += (off / (atol + rtol * Math.max(Math.abs(x[i]), Math.abs(y[i])))) ** 2
  }
  return Math.sqrt(sum / x.length)
}

/** v, first, mean (n) → own v + held first + mean m (n) */
export function mixVelocity(v: Float64Array, first: Float64Array, mean: Float64Array, factors: { own: number; held: number; mean: number }): Float64Array {
  return v.map((value, i) => factors.own * value + factors.held * first[i] + factors.mean * mean[i])
}
