/** Explicit Runge–Kutta methods by their Butcher tableaux (Hairer, Nørsett and Wanner, Solving ODEs I, ch. II). Another solver is another row of the table. */
import type { EvaluateConfig } from '../config.ts'

export interface Tableau {
  label: string
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

export const EULER: Tableau = { label: 'Euler', order: 1, nodes: [0], rows: [[]], weights: [1] }

const DOPRI_WEIGHTS = [35 / 384, 0, 500 / 1113, 125 / 192, -2187 / 6784, 11 / 84]

export const tableaux: Record<Exclude<EvaluateConfig['solver'], 'sde'>, Tableau> = {
  euler: EULER,
  midpoint: { label: 'Midpoint', order: 2, nodes: [0, 1 / 2], rows: [[], [1 / 2]], weights: [0, 1] },
  // JiT (arXiv 2511.13720) ends with Euler.
  heun: { label: 'Heun', order: 2, nodes: [0, 1], rows: [[], [1]], weights: [1 / 2, 1 / 2], endsWithEuler: true },
  rk4: { label: 'RK4', order: 4, nodes: [0, 1 / 2, 1 / 2, 1], rows: [[], [1 / 2], [0, 1 / 2], [0, 0, 1]], weights: [1 / 6, 1 / 3, 1 / 3, 1 / 6] },
  // Dormand and Prince 1980, RK5(4)7M
  dopri5: {
    label: 'dopri5', order: 5, nodes: [0, 1 / 5, 3 / 10, 4 / 5, 8 / 9, 1, 1],
    rows: [
      [], [1 / 5], [3 / 40, 9 / 40], [44 / 45, -56 / 15, 32 / 9], [19372 / 6561, -25360 / 2187, 64448 / 6561, -212 / 729],
      [9017 / 3168, -355 / 33, 46732 / 5247, 49 / 176, -5103 / 18656], DOPRI_WEIGHTS,
    ],
    weights: [...DOPRI_WEIGHTS, 0],
    error: [71 / 57600, 0, -71 / 16695, 71 / 1920, -17253 / 339200, 22 / 525, -1 / 40],
  },
}
