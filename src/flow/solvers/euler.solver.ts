import { defineSolver, type Tableau } from './solver.ts'

export const EULER: Tableau = { order: 1, nodes: [0], rows: [[]], weights: [1] }

export default defineSolver({ id: 'euler', label: 'Euler', order: 0, paper: 'LCF §3, eq. 2', tableau: EULER })
