import { definePath } from './path.ts'

export default definePath({
  id: 'linear', label: 'Linear (rectified flow)', short: 'linear', order: 0, paper: 'Lipman et al. 2022', formula: 'α = 1 − t, β = t', parameters: [],
  functions: () => ({ alpha: t => 1 - t, beta: t => t, dalpha: () => -1, dbeta: () => 1 }),
})
