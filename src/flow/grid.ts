/**
 * Times of an ODE sampler, from noise (t = 1) to the clean image (t = 0).
 *
 * A method that was not trained below T_min is not asked about it: the last step goes from T_min to 0 at once,
 * x̂0 = x − T_min v(x, T_min), which is an Euler step (LCF leaves this open; methods card 1a).
 *
 * @param steps at least 2  @returns steps + 1 times, the first 1 and the last 0
 */
export function timeGrid(steps: number, tMin: number, belowTMin: 'jump' | 'through'): Float32Array {
  const jump = belowTMin === 'jump' && tMin > 0
  return Float32Array.from({ length: steps + 1 }, (_, i) => {
    if (i === steps) return 0
    return jump ? 1 - ((1 - tMin) * i) / (steps - 1) : 1 - i / steps
  })
}
