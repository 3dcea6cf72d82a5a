import { defineSolver } from './solver.ts'

export default defineSolver({ id: 'midpoint', label: 'Midpoint', order: 1, tableau: { order: 2, nodes: [0, 1 / 2], rows: [[], [1 / 2]], weights: [0, 1] } })
