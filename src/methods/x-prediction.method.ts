import { defineMethod } from './method.ts'

export default defineMethod({
  id: 'x-prediction',
  label: 'x-prediction (JiT)',
  short: 'x-pred',
  look: { colour: 'purple', marker: 'triangle' },
  order: 7,
  summary: 'The network answers with the image, and the error of the velocity that follows from it, dividing by t, or by c where that is more, is minimised (JiT); with the error of the image, plain x-prediction.',
  paper: 'Li & He 2025, arXiv 2511.13720, table 1',
  formula: 'v_\\theta = \\frac{x_t - \\hat x_\\theta(x_t, t)}{\\max(t, c)}',
  uses: ['loss', 'clamp'],
  term: null,
  knobs: () => ({ tMin: 0, lambda: 0, flowBelow: false, prediction: 'image' }),
})
