import { defineSolver } from './solver.ts'

export default defineSolver({ id: 'sde', label: 'SDE', order: 5, paper: 'LCF §3, eq. 5', tableau: null })
