import { defineMethod } from './method.ts'

export default defineMethod({
  id: 'self-conditioned',
  label: 'FM, self-conditioned (DDAE++)',
  short: 'Self-cond.',
  look: { colour: 'black', marker: 'diamond' },
  order: 10,
  summary: 'Flow matching in which what the blocks up to the bottleneck have found conditions all later ones (DDAE++, our reconstruction); under every other method that connection stays at zero.',
  paper: 'Xiang et al. 2025, arXiv 2505.10999; reconstructed',
  formula: 'c_{\\text{late}} = c + W\\,\\big(\\gamma(t) \\odot \\operatorname{LN}(\\bar h_\\ell) + \\beta(t)\\big)',
  uses: ['loss'],
  term: null,
  refuse: (_, { selfCondition }) => (selfCondition === 0 ? 'self-conditioning needs a block whose features are told to later ones; take net.selfCondition above 0, such as half the blocks' : undefined),
  knobs: () => ({ tMin: 0, lambda: 0, flowBelow: false, selfConditions: true }),
})
