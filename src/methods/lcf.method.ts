import { CONTRASTIVE_CONTROLS, defineMethod } from './method.ts'

export default defineMethod({
  id: 'lcf',
  label: 'LCF',
  short: 'LCF',
  look: { colour: 'blue', marker: 'square' },
  order: 1,
  summary: 'Local Contrastive Flow: flow matching at t ≥ T_min; below it, features are pulled to those of the same image at T_min and pushed from other images.',
  paper: 'Zeng & Yan 2025, arXiv 2509.20952, Algorithm 1',
  formula: 'L = L_{\\text{FM}}\\big|_{t \\ge T_{\\min}} + \\lambda\\, L_{\\text{cons}}\\big|_{t < T_{\\min}}',
  uses: CONTRASTIVE_CONTROLS,
  term: 'anchored',
  termName: 'contrastive loss',
  knobs: ({ tMin, lambda }) => ({ tMin, lambda, flowBelow: false }),
})
