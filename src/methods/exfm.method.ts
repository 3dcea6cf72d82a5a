import { defineMethod } from './method.ts'

export default defineMethod({
  id: 'exfm',
  label: 'Explicit FM (ExFM)',
  short: 'ExFM',
  look: { colour: 'green', marker: 'square' },
  order: 9,
  summary: 'Flow matching towards the target averaged over the images that x_t may have come from: less noise in it where t is large, none less where t is small and only one image counts.',
  paper: 'Ryzhakov et al. 2024, arXiv 2402.03232; Bertrand et al. 2025, arXiv 2506.03719',
  formula: 'L = \\operatorname{E}\\,\\big\\lVert v_\\theta - \\textstyle\\sum_k w_k\\, (x_t - x_k)/t \\big\\rVert^2, \\quad w = \\operatorname{softmax}_k\\big(-\\lVert x_t - (1-t)\\,x_k\\rVert^2/(2t^2)\\big)',
  uses: ['candidates', 'ownCandidate', 'loss'],
  term: null,
  refuse: (_, { classes }) => (classes > 0 ? 'the average would run over images of other classes; take net.classes = 0' : undefined),
  knobs: ({ candidates, ownCandidate }) => ({ tMin: 0, lambda: 0, flowBelow: false, average: { candidates, own: ownCandidate } }),
})
