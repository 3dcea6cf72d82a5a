/**
 * The three layouts of one product, and the linear layer made of them.
 *
 * Weights lie as (in, out), so that y = x W reads W along its rows. A layer keeps its bias as one extra last row: (in + 1, out).
 */

/** y = x w.  x (M,K), w (K,N) -> y (M,N) */
export function nn(x: Float64Array, w: Float64Array, M: number, K: number, N: number): Float64Array {
  const y = new Float64Array(M * N)
  for (let m = 0; m < M; m++) {
    for (let n = 0; n < N; n++) {
      let sum = 0
      for (let k = 0; k < K; k++) sum += x[m * K + k] * w[k * N + n]
      y[m * N + n] = sum
    }
  }
  return y
}

/** dx = dy wᵀ.  dy (M,N), w (K,N) -> dx (M,K) */
export function nt(dy: Float64Array, w: Float64Array, M: number, K: number, N: number): Float64Array {
  const dx = new Float64Array(M * K)
  for (let m = 0; m < M; m++) {
    for (let k = 0; k < K; k++) {
      let sum = 0
      for (let n = 0; n < N; n++) sum += dy[m * N + n] * w[k * N + n]
      dx[m * K + k] = sum
    }
  }
  return dx
}

/** dw = xᵀ dy.  x (M,K), dy (M,N) -> dw (K,N) */
export function tn(x: Float64Array, dy: Float64Array, M: number, K: number, N: number): Float64Array {
  const dw = new Float64Array(K * N)
  for (let k = 0; k < K; k++) {
    for (let n = 0; n < N; n++) {
      let sum = 0
      for (let m = 0; m < M; m++) sum += x[m * K + k] * dy[m * N + n]
      dw[k * N + n] = sum
    }
  }
  return dw
}

/** Sum over the rows.  dy (M,N) -> (N) */
export function columnSum(dy: Float64Array, M: number, N: number): Float64Array {
  const sum = new Float64Array(N)
  for (let m = 0; m < M; m++) {
    for (let n = 0; n < N; n++) sum[n] += dy[m * N + n]
  }
  return sum
}

/** y = x w + b.  x (M,K), wb (K+1,N) whose last row is b -> y (M,N) */
export function linearForward(x: Float64Array, wb: Float64Array, M: number, K: number, N: number): Float64Array {
  const y = nn(x, wb.subarray(0, K * N), M, K, N)
  for (let m = 0; m < M; m++) {
    for (let n = 0; n < N; n++) y[m * N + n] += wb[K * N + n]
  }
  return y
}

/** Tangent of y along x' (M,K) and wb' (K+1,N), null where nothing moves: y' = x' w + x w' + b' (M,N) */
export function linearTangent(
  x: Float64Array, wb: Float64Array, xTangent: Float64Array | null, wbTangent: Float64Array | null, M: number, K: number, N: number,
): Float64Array {
  const moved = wbTangent ? linearForward(x, wbTangent, M, K, N) : new Float64Array(M * N)
  return xTangent ? nn(xTangent, wb.subarray(0, K * N), M, K, N).map((value, i) => value + moved[i]) : moved
}

/** x (M,K), wb (K+1,N), dy (M,N) -> dx (M,K), dwb (K+1,N) */
export function linearBackward(x: Float64Array, wb: Float64Array, dy: Float64Array, M: number, K: number, N: number) {
  const dwb = new Float64Array((K + 1) * N)
  dwb.set(tn(x, dy, M, K, N))
  dwb.set(columnSum(dy, M, N), K * N)
  return { dx: nt(dy, wb.subarray(0, K * N), M, K, N), dwb }
}
