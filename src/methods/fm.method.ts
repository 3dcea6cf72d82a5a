import { defineMethod } from './method.ts'

export default defineMethod({
  id: 'fm',
  label: 'Flow matching',
  short: 'FM',
  look: { colour: 'vermillion', marker: 'circle' },
  order: 0,
  summary: 'Regresses the velocity ε − x0 at every noise level.',
  paper: 'Lipman et al. 2022, arXiv 2210.02747, Theorem 2',
  formula: 'L = \\operatorname{E}_{x_0,\\varepsilon,t}\\,\\lVert v_\\theta(x_t,t) - (\\varepsilon - x_0)\\rVert^2',
  uses: ['loss'],
  term: null,
  knobs: () => ({ tMin: 0, lambda: 0, flowBelow: false }),
})
