import { defineMethod } from './method.ts'

export default defineMethod({
  id: 'fm-truncated',
  label: 'FM at t ≥ T_min',
  short: 'FM t ≥ T_min',
  look: { colour: 'green', marker: 'triangle' },
  order: 2,
  summary: 'Flow matching that skips the noise levels below T_min and does nothing there instead.',
  paper: 'LCF ablation L_FM, arXiv 2509.20952',
  formula: 'L = \\operatorname{E}_{x_0,\\varepsilon,\\,t \\ge T_{\\min}}\\,\\lVert v_\\theta(x_t,t) - (\\varepsilon - x_0)\\rVert^2',
  uses: ['tMin', 'loss'],
  term: null,
  knobs: ({ tMin }) => ({ tMin, lambda: 0, flowBelow: false }),
})
