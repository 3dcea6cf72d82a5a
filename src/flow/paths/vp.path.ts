import { definePath } from './path.ts'

/** T(t) = ∫ b: Song et al. 2021, as in Lipman et al. 2022 and SiT. It reaches noise only nearly: α(1) = .0066 at .1 and 20. */
export default definePath({
  id: 'vp', label: 'Variance preserving (VP)', short: 'VP', order: 4, paper: 'Song et al. 2021', formula: 'α = e^(−T/2), β = √(1 − e^−T), T = ½t²(b1 − b0) + b0 t',
  parameters: [
    { id: 'b0', field: 'b0', label: 'rate b0', default: 0.1, min: 1e-3, max: 10, help: 'Rate of noising at t = 0.' },
    { id: 'b1', field: 'b1', label: 'rate b1', default: 20, min: 1e-3, max: 100, help: 'Rate of noising at t = 1.' },
  ],
  functions({ b0, b1 }) {
    const total = (t: number) => 0.5 * t * t * (b1 - b0) + b0 * t
    const rate = (t: number) => b0 + t * (b1 - b0)
    const beta = (t: number) => Math.sqrt(-Math.expm1(-total(t)))
    return {
      alpha: t => Math.exp(-total(t) / 2),
      beta,
      dalpha: t => -0.5 * rate(t) * Math.exp(-total(t) / 2),
      dbeta: t => (0.5 * rate(t) * Math.exp(-total(t))) / beta(t),
    }
  },
})
