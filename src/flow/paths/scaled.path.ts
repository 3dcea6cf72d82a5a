import { definePath } from './path.ts'

export default definePath({
  id: 'scaled', label: 'Linear, noise of any size', short: 'linear, scaled', order: 6, paper: 'JiT, arXiv 2511.13720', formula: 'α = 1 − t, β = st',
  parameters: [{ id: 'noiseScale', field: 'noiseScale', label: 'size s', default: 1, min: 0.01, max: 10, help: 'Standard deviation of noise at t = 1; with 1 it is the linear path.' }],
  functions: ({ noiseScale: s }) => ({ alpha: t => 1 - t, beta: t => s * t, dalpha: () => -1, dbeta: () => s }),
})
