/**
 * A path for the GPU, whose own sin, exp and pow are not exact: α, β, α′, β′ as polynomials, eight to each octave of t from 2^-17 to 1, so that the
 * exponent and the first bits of a float say which one holds, and the other bits where in it (shaders/lib/path.wgsl).
 */
import { isLinear, LEAST_LEVEL } from './place.ts'
import type { Path } from './paths.ts'

const OCTAVES = -Math.log2(LEAST_LEVEL)
const TERMS = 6

/** Where the range of t that each polynomial holds in begins, and how wide it is: powers of two, so that places in it are exact in float32. */
export const PIECES = Array.from({ length: OCTAVES * 8 }, (_, i) => {
  const octave = LEAST_LEVEL * 2 ** Math.floor(i / 8)
  return { from: octave * (1 + (i % 8) / 8), width: octave / 8 }
})

/** Floats of a path: four that say whether it is the linear one, then (pieces,terms) of α, β, α′, β′. */
export const PATH_WORDS = 4 * (1 + PIECES.length * TERMS)

const NODES = Array.from({ length: TERMS }, (_, i) => Math.cos((Math.PI * (i + 0.5)) / TERMS)) // Chebyshev's

export function pathTable(path: Path): Float32Array {
  const table = new Float32Array(PATH_WORDS)
  if (isLinear(path)) {
    table[0] = 1
    return table
  }
  const functions = [path.alpha, path.beta, path.dalpha, path.dbeta]
  PIECES.forEach(({ from, width }, piece) => {
    functions.forEach((f, column) => {
      const terms = interpolant(NODES.map(node => f(from + (width * (1 + node)) / 2)))
      terms.forEach((term, k) => { table[4 * (1 + piece * TERMS + k) + column] = term })
    })
  })
  return table
}

/** Coefficients, the constant first, of the polynomial in u ∈ [−1,1] that has these values at NODES: Newton's differences, multiplied out. */
function interpolant(values: number[]): number[] {
  const differences = values.slice()
  for (let order = 1; order < TERMS; order++) {
    for (let i = TERMS - 1; i >= order; i--) differences[i] = (differences[i] - differences[i - 1]) / (NODES[i] - NODES[i - order])
  }
  let terms = [differences[TERMS - 1]]
  for (let i = TERMS - 2; i >= 0; i--) {
    // terms · (u − node) + difference
    const raised = [0, ...terms]
    terms.forEach((term, k) => { raised[k] -= term * NODES[i] })
    raised[0] += differences[i]
    terms = raised
  }
  return terms
}
