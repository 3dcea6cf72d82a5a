/**
 * How much noise the reverse SDE puts in while it goes: dx = v dt − ½ ω(t) s dt + √ω dW̄ (LCF eq. 5), whose marginals are those of the ODE whatever ω ≥ 0.
 * The family is SiT's (arXiv 2401.08740), which writes D = ω/2 and has its time the other way round.
 */
import type { EvaluateConfig } from '../config.ts'
import type { Path } from './paths.ts'
import { isLinear, LINEAR, placeOn } from './place.ts'

/** D(t) = ω(t)/2 before its scale, by name; t = 1 is noise. `step` is how far the next step goes. */
const forms: Record<EvaluateConfig['diffusion'], (t: number, step: number, path: Path) => number> = {
  linear: t => t, // REPA's ω = 2t
  sigma: (t, _, path) => placeOn(path, t).beta, // on the linear path the same
  constant: () => 1,
  decreasing: t => 0.25 * (1 - Math.cos(Math.PI * t)) ** 2, // from the noise end on
  hump: t => Math.sin(Math.PI * t) ** 2,
  // The SDE that belongs to the path, W β/α; infinite at t = 1 where α is 0 there, so α is taken no nearer to it than one step.
  sbdm: (t, step, path) => {
    const { alpha, beta, wronskian } = placeOn(path, t)
    return (wronskian * beta) / Math.max(alpha, isLinear(path) ? step : placeOn(path, 1 - step).alpha)
  },
}

/** ω at t for a step of length `step` > 0. */
export const diffusionAt = ({ diffusion, diffusionScale }: Pick<EvaluateConfig, 'diffusion' | 'diffusionScale'>, t: number, step: number, path: Path = LINEAR) => 2 * diffusionScale * forms[diffusion](t, step, path)
