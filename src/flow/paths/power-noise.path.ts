import { definePath } from './path.ts'
import { power } from './power.path.ts'

export default definePath({
  id: 'power-noise', label: 'Power in the noise only', short: 'power of noise', order: 3, paper: 'LCF §4.1', formula: 'α = 1 − t, β = t^p', parameters: [power],
  functions: ({ p }) => ({ alpha: t => 1 - t, beta: t => t ** p, dalpha: () => -1, dbeta: t => p * t ** (p - 1) }),
})
