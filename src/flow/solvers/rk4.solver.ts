import { defineSolver } from './solver.ts'

export default defineSolver({
  id: 'rk4', label: 'RK4', order: 3,
  tableau: { order: 4, nodes: [0, 1 / 2, 1 / 2, 1], rows: [[], [1 / 2], [0, 1 / 2], [0, 0, 1]], weights: [1 / 6, 1 / 3, 1 / 3, 1 / 6] },
})
