/**
 * A way to follow the velocity from noise to data. One file in this folder with a `defineSolver` default export is all it takes to add one: choices,
 * planes on the GPU, cost and the diagnostic of solvers follow. What is made of a tableau stands in flow/solver.ts.
 */

/** An explicit Runge–Kutta method by its Butcher tableau (Hairer, Nørsett and Wanner, Solving ODEs I, ch. II). */
export interface Tableau {
  /** Of the global error: it falls as h^order. */
  order: number
  /** c_s: where between the two ends of a step stage s looks. */
  nodes: readonly number[]
  /** a_s: what of k_0 … k_(s−1) leads from x to where stage s looks. */
  rows: readonly (readonly number[])[]
  /** b: what of all stages leads to the end of the step. */
  weights: readonly number[]
  /** b − b̂ of an embedded pair, whose last stage looks where the next step begins (FSAL). Such a solver chooses its steps itself. */
  error?: readonly number[]
  /** The last step is Euler's, so that the field is not asked about t = 0 itself; costs no order where the rest has two. */
  endsWithEuler?: boolean
}

export interface Solver {
  id: string
  label: string
  /** Where it stands in lists, least first. */
  order: number
  paper?: string
  /** null for the reverse SDE, which has steps of its own. */
  tableau: Tableau | null
}

export function defineSolver(solver: Solver): Solver {
  return solver
}
