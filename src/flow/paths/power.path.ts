import { definePath, type PathParameter } from './path.ts'

export const power: PathParameter = { id: 'p', field: 'power', label: 'power p', default: 2, min: 0.1, max: 8, help: 'β = t^p: above 1 noise comes late, below 1 early.' }

/** The default power path: the linear one with its clock changed, so that whatever differs, differs by the schedule alone. */
export default definePath({
  id: 'power', label: 'Power', short: 'power', order: 2, paper: 'LCF §4.1', formula: 'α = 1 − t^p, β = t^p', parameters: [power],
  functions: ({ p }) => ({ alpha: t => 1 - t ** p, beta: t => t ** p, dalpha: t => -p * t ** (p - 1), dbeta: t => p * t ** (p - 1) }),
})
