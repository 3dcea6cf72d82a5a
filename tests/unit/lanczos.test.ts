import { expect, test } from 'vitest'
import { lanczos, symmetricEigenvalues } from '../../src/diagnostics/lanczos.ts'
import { PhiloxStream } from '../../src/engine/philox.ts'

/** A random AᵀA of rank `rank`, (n,n). */
function gram(n: number, rank: number, seed: number): Float64Array {
  const random = new PhiloxStream(seed, 99)
  const a = Float64Array.from({ length: rank * n }, () => random.normal())
  const matrix = new Float64Array(n * n)
  for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) for (let k = 0; k < rank; k++) matrix[i * n + j] += a[k * n + i] * a[k * n + j]
  return matrix
}

const times = (matrix: Float64Array, n: number) => (vector: Float32Array) =>
  Float32Array.from({ length: n }, (_, i) => vector.reduce((sum, value, j) => sum + matrix[i * n + j] * value, 0))

test('the greatest eigenvalues are those of the dense matrix, for several matrices at once', async () => {
  const n = 200
  const matrices = [gram(n, 150, 1), gram(n, 30, 2)]
  const found = await lanczos(vectors => Promise.resolve(vectors.map((vector, i) => times(matrices[i], n)(vector))), { count: 2, length: n, steps: 60, seed: 5 })
  matrices.forEach((matrix, i) => {
    const exact = symmetricEigenvalues(matrix, n)
    for (let k = 0; k < 3; k++) expect(Math.abs(found[i].ritz[k] / exact[k] - 1), `matrix ${i}, eigenvalue ${k}`).toBeLessThan(1e-4)
    expect(Math.abs(found[i].ritz[0] - exact[0])).toBeLessThanOrEqual(found[i].residual + 1e-4 * exact[0])
  })
})

test('says by its residual that it has not converged', async () => {
  const n = 200
  const matrix = gram(n, 150, 1)
  const [{ ritz, residual }] = await lanczos(vectors => Promise.resolve(vectors.map(times(matrix, n))), { count: 1, length: n, steps: 4, seed: 5 })
  const [greatest] = symmetricEigenvalues(matrix, n)
  expect(ritz[0]).toBeLessThan(greatest)
  expect(residual).toBeGreaterThan(0.01 * greatest)
})

test('stops when the space is whole: a matrix of rank 1, and one of zeros', async () => {
  const n = 12
  const zero = new Float64Array(n * n)
  const found = await lanczos(vectors => Promise.resolve(vectors.map((vector, i) => times([gram(n, 1, 3), zero][i], n)(vector))), { count: 2, length: n, steps: 10, seed: 5 })
  expect(found[0].ritz.length).toBeLessThan(5)
  expect(found[0].ritz[0]).toBeCloseTo(symmetricEigenvalues(gram(n, 1, 3), n)[0], 3)
  expect(found[1].ritz).toEqual([0])
})
