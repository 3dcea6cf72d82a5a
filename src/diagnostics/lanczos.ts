/** Extreme eigenvalues of symmetric matrices that are only known by their products (Lanczos 1950), several matrices at once. */
import { EigenvalueDecomposition, Matrix } from 'ml-matrix'
import { PhiloxStream, STREAM_THEORY } from '../engine/philox.ts'

export interface Spectrum {
  /** Ritz values, descending. Only the first few are eigenvalues; the least are not, and say nothing of λ_min. */
  ritz: number[]
  /** |β_m s_m| of the greatest: some eigenvalue lies within this of it. */
  residual: number
}

/**
 * @param apply products of each matrix with its vector (count vectors of `length`)
 * @param steps Krylov dimension; every new vector is orthogonalised twice against all before it
 */
export async function lanczos(
  apply: (vectors: Float32Array[]) => Promise<Float32Array[]>, { count, length, steps, seed }: { count: number; length: number; steps: number; seed: number },
): Promise<Spectrum[]> {
  const states = Array.from({ length: count }, (_, i) => {
    const first = new Float32Array(length)
    new PhiloxStream(seed, STREAM_THEORY, 1 + i).fillNormal(first)
    return { basis: [unit(first).vector], alpha: [] as number[], beta: [] as number[], ended: false }
  })
  for (let k = 0; k < steps; k++) {
    const products = await apply(states.map(({ basis }) => basis.at(-1)!))
    states.forEach((state, i) => {
      if (state.ended) return
      const { basis, alpha, beta } = state
      const next = Float64Array.from(products[i])
      alpha.push(dot(next, basis.at(-1)!))
      for (const vector of [...basis, ...basis]) subtract(next, dot(next, vector), vector)
      const { vector, length: size } = unit(Float32Array.from(next))
      beta.push(size)
      // The Krylov space is whole: what remains is rounding.
      state.ended = !(size > 1e-6 * Math.abs(alpha[0])) || basis.length === steps
      if (!state.ended) basis.push(vector)
    })
    if (states.every(({ ended }) => ended)) break
  }
  return states.map(({ alpha, beta }) => {
    const m = alpha.length
    const tridiagonal = Matrix.zeros(m, m)
    for (let i = 0; i < m; i++) {
      tridiagonal.set(i, i, alpha[i])
      if (i + 1 < m) {
        tridiagonal.set(i, i + 1, beta[i])
        tridiagonal.set(i + 1, i, beta[i])
      }
    }
    const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(tridiagonal, { assumeSymmetric: true })
    const order = realEigenvalues.map((_, i) => i).sort((a, b) => realEigenvalues[b] - realEigenvalues[a])
    return { ritz: order.map(i => realEigenvalues[i]), residual: Math.abs(beta[m - 1] * eigenvectorMatrix.get(m - 1, order[0])) }
  })
}

/** Eigenvalues of a dense symmetric matrix (n,n), descending. */
export function symmetricEigenvalues(values: Float64Array, n: number): number[] {
  const matrix = Matrix.zeros(n, n)
  for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) matrix.set(i, j, 0.5 * (values[i * n + j] + values[j * n + i]))
  return new EigenvalueDecomposition(matrix, { assumeSymmetric: true }).realEigenvalues.sort((a, b) => b - a)
}

function dot(a: Float64Array | Float32Array, b: Float32Array): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i]
  return sum
}

function subtract(a: Float64Array, factor: number, b: Float32Array): void {
  for (let i = 0; i < a.length; i++) a[i] -= factor * b[i]
}

function unit(vector: Float32Array): { vector: Float32Array; length: number } {
  const length = Math.sqrt(dot(vector, vector))
  return { vector: length > 0 ? vector.map(value => value / length) : vector, length }
}
