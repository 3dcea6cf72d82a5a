import { defineMethod } from './method.ts'

export default defineMethod({
  id: 'fm-logit-normal',
  label: 'FM, logit-normal t',
  short: 'FM logit-normal',
  look: { colour: 'green', marker: 'diamond' },
  order: 6,
  summary: 'Flow matching that draws noise levels t = sigmoid(m + s n); with the usual m it sees the lowest levels less often than uniform t does.',
  paper: 'LCF eq. 16 (arXiv 2509.20952), from Esser et al. 2024, arXiv 2403.03206',
  formula: 't = \\sigma(m + s\\,n), \\quad n \\sim N(0, 1)',
  uses: ['timeMean', 'timeScale', 'loss'],
  term: null,
  refuse: ({ stratified }) => (stratified ? 'stratified t is for uniform noise levels; turn it off' : undefined),
  knobs: ({ timeMean, timeScale }) => ({ tMin: 0, lambda: 0, flowBelow: false, times: { mean: timeMean, scale: timeScale } }),
})
