/**
 * Fixed 2-D sin-cos position embedding (T,C), T = side², tokens row by row. The first half of the width encodes the column, the second
 * the row; each half is sin then cos of position·10000^(−k/(C/4)). (facebookresearch/DiT; MAE's get_2d_sincos_pos_embed.)
 */
export function positionEmbedding(side: number, width: number): Float32Array {
  const quarter = width / 4
  const table = new Float32Array(side * side * width)
  for (let token = 0; token < side * side; token++) {
    const places = [token % side, Math.floor(token / side)]
    places.forEach((place, half) => {
      for (let k = 0; k < quarter; k++) {
        const angle = place * 10000 ** (-k / quarter)
        table[token * width + 2 * half * quarter + k] = Math.sin(angle)
        table[token * width + (2 * half + 1) * quarter + k] = Math.cos(angle)
      }
    })
  }
  return table
}
