import { defineMethod } from './method.ts'

/** From λ = 1 on the loss has no minimum; towards it, the minimum runs away. */
const MOST = 0.99

export default defineMethod({
  id: 'contrastive-fm',
  label: 'Contrastive FM (ΔFM)',
  short: 'ΔFM',
  look: { colour: 'purple', marker: 'square' },
  order: 5,
  summary: 'Flow matching whose velocity is pushed, times λ, from the target of another image; its minimum is, on the linear path, (v_FM + λ E[x0]) / (1 − λ), which holds v_FM twice at λ = 0.5 and runs away towards 1.',
  paper: 'Stoica et al. 2025, arXiv 2506.05350',
  formula: 'L = \\operatorname{E}\\,\\lVert v_\\theta - v\\rVert^2 - \\lambda\\,\\operatorname{E}\\,\\lVert v_\\theta - \\tilde v\\rVert^2',
  uses: ['lambda', 'lambdaStart', 'lambdaRamp', 'negatives', 'nullSkip'],
  term: 'negatives',
  termName: 'error against another image’s target, negated',
  refuse({ lambda, negatives, loss }, { classes }) {
    if (lambda >= 1) return `λ = ${lambda} leaves the loss without a minimum; take at most ${MOST}`
    if (lambda > MOST) return `λ = ${lambda} is too near 1, towards which the loss’s minimum runs away as 1/(1 − λ); take at most ${MOST}`
    if (negatives === 'other-class' && classes === 0) return 'negatives of other classes need a network that is told classes; take net.classes above 0, or any other sample'
    if (loss !== 'velocity') return `it is about the error of the velocity; the error of the ${loss} (objective.loss) is not for it`
    return undefined
  },
  knobs: ({ lambda }) => ({ tMin: 0, lambda, flowBelow: false }),
})
