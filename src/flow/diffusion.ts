/**
 * How much noise the reverse SDE puts in while it goes: dx = v dt − ½ ω(t) s dt + √ω dW̄ (LCF eq. 5), whose marginals are those of the ODE whatever ω ≥ 0.
 * The family is SiT's (arXiv 2401.08740), which writes D = ω/2 and has its time the other way round.
 */
import type { EvaluateConfig } from '../config.ts'

/** D(t) = ω(t)/2 before its scale, by name; t = 1 is noise. `step` is how far the next step goes. */
const forms: Record<EvaluateConfig['diffusion'], (t: number, step: number) => number> = {
  linear: t => t, // SiT's "sigma" and "linear", which are one on the linear path; REPA's ω = 2t
  constant: () => 1,
  decreasing: t => 0.25 * (1 - Math.cos(Math.PI * t)) ** 2, // from the noise end on
  hump: t => Math.sin(Math.PI * t) ** 2,
  sbdm: (t, step) => t / Math.max(1 - t, step), // infinite at t = 1, so taken no nearer to it than one step
}

/** ω at t for a step of length `step` > 0. */
export const diffusionAt = ({ diffusion, diffusionScale }: Pick<EvaluateConfig, 'diffusion' | 'diffusionScale'>, t: number, step: number) => 2 * diffusionScale * forms[diffusion](t, step)
