import { definePath } from './path.ts'

export default definePath({
  id: 'linear-vp', label: 'Linear, variance preserving', short: 'linear VP', order: 7, formula: 'α = 1 − t, β = √(1 − (1 − t)²)', parameters: [],
  functions() {
    const beta = (t: number) => Math.sqrt(t * (2 - t)) // not 1 − (1 − t)², which cancels near 0
    return { alpha: t => 1 - t, beta, dalpha: () => -1, dbeta: t => (1 - t) / beta(t) }
  },
})
