import { definePath } from './path.ts'

/** Lipman et al. 2022, example II, with time turned round. σ_min = 0 is the linear path. */
export default definePath({
  id: 'lipman', label: 'Optimal transport with σ_min (Lipman)', short: 'Lipman', order: 5, paper: 'Lipman et al. 2022', formula: 'α = 1 − t, β = σ_min + (1 − σ_min) t',
  parameters: [{ id: 'sigmaMin', field: 'sigmaMin', label: 'σ_min', default: 0.01, min: 0, max: 0.5, help: 'Noise that is left at t = 0, which keeps the condition number finite there.' }],
  functions: ({ sigmaMin }) => ({ alpha: t => 1 - t, beta: t => sigmaMin + (1 - sigmaMin) * t, dalpha: () => -1, dbeta: () => 1 - sigmaMin }),
})
