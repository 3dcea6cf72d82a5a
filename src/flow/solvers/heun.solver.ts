import { defineSolver } from './solver.ts'

/** Ends with Euler, as in JiT. */
export default defineSolver({ id: 'heun', label: 'Heun', order: 2, paper: 'JiT, arXiv 2511.13720', tableau: { order: 2, nodes: [0, 1], rows: [[], [1]], weights: [1 / 2, 1 / 2], endsWithEuler: true } })
