import { definePath } from './path.ts'

const HALF_PI = Math.PI / 2

export default definePath({
  id: 'cosine', label: 'Cosine (GVP)', short: 'cosine', order: 1, paper: 'SiT, arXiv 2401.08740', formula: 'α = cos(πt/2), β = sin(πt/2)', parameters: [],
  functions: () => ({
    alpha: t => Math.cos(HALF_PI * t),
    beta: t => Math.sin(HALF_PI * t),
    dalpha: t => -HALF_PI * Math.sin(HALF_PI * t),
    dbeta: t => HALF_PI * Math.cos(HALF_PI * t),
  }),
})
