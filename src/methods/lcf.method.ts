import { defineMethod } from './method.ts'

const uses = ['tMin', 'lambda', 'tau', 'lambdaStart', 'lambdaRamp', 'layer', 'feature', 'normalise', 'distance', 'variant', 'detach', 'noise'] as const

export default defineMethod({
  id: 'lcf',
  label: 'LCF',
  summary: 'Local Contrastive Flow: flow matching at t ≥ T_min; below it, features are pulled to those of the same image at T_min and pushed from other images.',
  paper: 'Zeng & Yan 2025, arXiv 2509.20952, Algorithm 1',
  uses,
  contrastive: true,
  knobs: ({ tMin, lambda }) => ({ tMin, lambda, flowBelow: false }),
})
