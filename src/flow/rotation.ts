import type { PhiloxStream } from '../engine/philox.ts'

/**
 * Orthonormal rows (count,dimensions) that span a uniformly random subspace: Gaussian rows made orthogonal one after another, each twice so that
 * rounding leaves nothing. @throws RangeError for more rows than dimensions
 */
export function orthonormalRows(count: number, dimensions: number, random: PhiloxStream): Float64Array {
  if (count > dimensions) throw new RangeError(`${dimensions} dimensions have no room for ${count} orthogonal directions.`)
  const rows = new Float64Array(count * dimensions)
  random.fillNormal(rows)
  for (let i = 0; i < count; i++) {
    const row = rows.subarray(i * dimensions, (i + 1) * dimensions)
    for (let j = 0; j < 2 * i; j++) {
      const other = rows.subarray((j % i) * dimensions, ((j % i) + 1) * dimensions)
      let along = 0
      for (let k = 0; k < dimensions; k++) along += row[k] * other[k]
      for (let k = 0; k < dimensions; k++) row[k] -= along * other[k]
    }
    const length = Math.hypot(...row)
    for (let k = 0; k < dimensions; k++) row[k] /= length
  }
  return rows
}
