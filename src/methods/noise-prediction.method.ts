import { defineMethod } from './method.ts'

export default defineMethod({
  id: 'noise-prediction',
  label: 'ε-prediction',
  short: 'ε-pred',
  look: { colour: 'grey', marker: 'square' },
  order: 8,
  summary: 'The network answers with the noise, as in DDPM; the velocity follows from it, dividing by 1 − t, or by c where that is more.',
  paper: 'Li & He 2025, arXiv 2511.13720, table 1',
  formula: 'v_\\theta = \\frac{\\hat\\varepsilon_\\theta(x_t, t) - x_t}{\\max(1 - t, c)}',
  uses: ['loss', 'clamp'],
  term: null,
  knobs: () => ({ tMin: 0, lambda: 0, flowBelow: false, prediction: 'noise' }),
})
