/** What the charts that belong to no diagnostic show: one sentence, a formula, and where it stands in the papers. */
export interface ChartWords {
  /** One sentence. */
  summary: string
  /** LaTeX. */
  formula?: string
  paper: string
}

export const chartWords: Record<'lossByT' | 'steps' | 'bands' | 'samples', ChartWords> = {
  lossByT: {
    summary: 'Held-out error of the predicted velocity at each noise level, beside the least that any network could reach.',
    formula: 'L(t) = \\operatorname{E}_{x_0,\\varepsilon}\\,\\tfrac{1}{d}\\lVert v_\\theta(x_t, t) - (\\varepsilon - x_0)\\rVert^2',
    paper: 'LCF §3, eq. 4 and fig. 1a (arXiv 2509.20952); Lipman et al. 2022, Theorem 2 (arXiv 2210.02747)',
  },
  steps: {
    summary: 'What is minimised, step by step: the flow loss on the batch, and below it what the method adds, where it adds something.',
    formula: 'L(\\theta) = L_{\\text{FM}} + \\lambda\\,L_{\\text{second}}',
    paper: 'LCF §5, eq. 12–15 (arXiv 2509.20952)',
  },
  bands: {
    summary: 'The held-out loss, averaged over four bands of noise levels and followed over training.',
    formula: '\\tfrac{1}{|T|}\\sum_{t \\in T} L(t)',
    paper: 'LCF §4.2, Prop. 3 speaks of slow convergence towards t = 0 (arXiv 2509.20952)',
  },
  samples: {
    summary: 'What each network draws from the same noise, by following its velocity from t = 1 down to 0.',
    formula: '\\frac{\\mathrm{d}x_t}{\\mathrm{d}t} = v_\\theta(x_t, t), \\qquad x_1 \\sim N(0, I)',
    paper: 'LCF §3, eq. 2 (arXiv 2509.20952)',
  },
}
