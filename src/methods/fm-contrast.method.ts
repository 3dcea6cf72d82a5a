import { defineMethod } from './method.ts'

const uses = ['tMin', 'lambda', 'tau', 'lambdaStart', 'lambdaRamp', 'layer', 'feature', 'normalise', 'distance', 'variant', 'detach', 'noise'] as const

export default defineMethod({
  id: 'fm-contrast',
  label: 'FM + contrast',
  summary: 'Flow matching at every noise level, and the contrastive pull below T_min on top of it.',
  paper: 'LCF ablation L_flow + L_cons, arXiv 2509.20952',
  uses,
  contrastive: true,
  knobs: ({ tMin, lambda }) => ({ tMin, lambda, flowBelow: true }),
})
