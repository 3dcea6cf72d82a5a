import { defineSolver } from './solver.ts'

const WEIGHTS = [35 / 384, 0, 500 / 1113, 125 / 192, -2187 / 6784, 11 / 84]

/** RK5(4)7M */
export default defineSolver({
  id: 'dopri5', label: 'dopri5', order: 4, paper: 'Dormand and Prince 1980',
  tableau: {
    order: 5, nodes: [0, 1 / 5, 3 / 10, 4 / 5, 8 / 9, 1, 1],
    rows: [
      [], [1 / 5], [3 / 40, 9 / 40], [44 / 45, -56 / 15, 32 / 9], [19372 / 6561, -25360 / 2187, 64448 / 6561, -212 / 729],
      [9017 / 3168, -355 / 33, 46732 / 5247, 49 / 176, -5103 / 18656], WEIGHTS,
    ],
    weights: [...WEIGHTS, 0],
    error: [71 / 57600, 0, -71 / 16695, 71 / 1920, -17253 / 339200, 22 / 525, -1 / 40],
  },
})
