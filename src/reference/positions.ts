/**
 * Fixed 2-D position embedding (DiT): added to the patch embedding and never trained.
 * The first half of the width encodes the column, the second half the row; each half is [sin, cos] at C/4 frequencies
 * 10000^(−k/(C/4)).
 */

/** -> (T,C) with T = rows · columns, row by row; C divisible by 4 */
export function positionEmbedding(rows: number, columns: number, C: number): Float64Array {
  const quarter = C / 4
  const table = new Float64Array(rows * columns * C)
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const start = (row * columns + column) * C
      for (let k = 0; k < quarter; k++) {
        const frequency = 10000 ** (-k / quarter)
        table[start + k] = Math.sin(column * frequency)
        table[start + quarter + k] = Math.cos(column * frequency)
        table[start + 2 * quarter + k] = Math.sin(row * frequency)
        table[start + 3 * quarter + k] = Math.cos(row * frequency)
      }
    }
  }
  return table
}
