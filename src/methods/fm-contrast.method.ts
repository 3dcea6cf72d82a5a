import { CONTRASTIVE_CONTROLS, defineMethod } from './method.ts'

export default defineMethod({
  id: 'fm-contrast',
  label: 'FM + contrast',
  short: 'FM + contrast',
  look: { colour: 'purple', marker: 'diamond' },
  order: 3,
  summary: 'Flow matching at every noise level, and the contrastive pull below T_min on top of it.',
  paper: 'LCF ablation L_flow + L_cons, arXiv 2509.20952',
  formula: 'L = L_{\\text{flow}} + \\lambda\\,\\operatorname{E}_{t < T_{\\min}} L_{\\text{cons}}',
  uses: CONTRASTIVE_CONTROLS,
  term: 'anchored',
  termName: 'contrastive loss',
  // Low samples come first in a batch for their anchors. With λ = 0 there are none, and another order would have other bits than flow matching's.
  knobs: ({ tMin, lambda }) => ({ tMin: lambda > 0 ? tMin : 0, lambda, flowBelow: true }),
})
