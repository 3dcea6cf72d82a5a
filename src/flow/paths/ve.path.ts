import { definePath } from './path.ts'

export default definePath({
  id: 've', label: 'Variance exploding (VE)', short: 'VE', order: 8, paper: 'Song et al. 2021', formula: 'α = 1, β = σ_min (σ_max/σ_min)^t',
  parameters: [
    { id: 'sigmaMin', field: 'sigmaMin', label: 'σ_min', default: 0.01, min: 1e-4, max: 1, help: 'Noise at t = 0; never none.' },
    { id: 'sigmaMax', field: 'sigmaMax', label: 'σ_max', default: 50, min: 1, max: 400, help: 'Noise at t = 1, beside the image and not in its place.' },
  ],
  functions({ sigmaMin, sigmaMax }) {
    const rate = Math.log(sigmaMax / sigmaMin)
    const beta = (t: number) => sigmaMin * Math.exp(rate * t)
    return { alpha: () => 1, beta, dalpha: () => 0, dbeta: t => rate * beta(t) }
  },
})
