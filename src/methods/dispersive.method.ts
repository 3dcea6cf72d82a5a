import { defineMethod } from './method.ts'

export default defineMethod({
  id: 'dispersive',
  label: 'Dispersive loss',
  short: 'Dispersive',
  look: { colour: 'grey', marker: 'triangle' },
  order: 4,
  summary: 'Flow matching at every noise level, while the features of all images in a batch are pushed apart; no positives, no anchors.',
  paper: 'Wang & He 2025, arXiv 2506.09027',
  formula: 'L = L_{\\text{flow}} + \\lambda \\log \\tfrac{1}{B^2}\\textstyle\\sum_{i,j} \\exp\\big(-\\lVert z_i - z_j\\rVert^2/\\tau\\big)',
  uses: ['lambda', 'tau', 'lambdaStart', 'lambdaRamp', 'layer', 'feature', 'normalise', 'distance', 'loss'],
  term: 'dispersive',
  termName: 'dispersive loss',
  knobs: ({ lambda }) => ({ tMin: 0, lambda, flowBelow: false }),
})
