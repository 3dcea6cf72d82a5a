/**
 * From noise (t = 1) to the clean image (t = 0) along a velocity field: fixed steps of any tableau, adaptive steps of an embedded pair, and the reverse
 * SDE. Several nets go side by side, each over its own times. What carries their states – a GPU or plain arrays – is a Carrier; here is only which
 * combinations of what is known come next.
 */
import type { EvaluateConfig } from '../config.ts'
import { diffusionAt } from './diffusion.ts'
import { timeGrid } from './grid.ts'
import type { Path } from './paths.ts'
import { endOf, LINEAR, type Place, placeOn, toImage, toNoise } from './place.ts'
import { solvers } from './solvers.ts'
import { EULER } from './solvers/euler.solver.ts'
import type { Tableau } from './solvers/solver.ts'

/** y = keep x + Σ_j along_j k_j + noise ξ */
export interface Combination {
  keep: number
  along: readonly number[]
  noise: number
}

/** States x and y of every net, and velocities k. At first x = y = noise. */
export interface Carrier {
  /** k_plane ← v(y, t) of every net, each at its own t. */
  look(plane: number, t: readonly number[]): Promise<void> | void
  /** y of every net from its own combination. ξ depends on `draw` alone, and is the same for all nets. */
  combine(rows: readonly Combination[], draw: number): Promise<void> | void
  /** x ← y of these nets; `reuse` k_last is also their next k_0. */
  accept(nets: readonly boolean[], reuse: boolean): Promise<void> | void
  /** Of each net: root mean square of Σ_j along_j k_j / (atol + rtol max(|x|, |y|)). */
  error(along: readonly (readonly number[])[], atol: number, rtol: number): Promise<number[]> | number[]
  /** Forward passes behind a look of one net at t; 1 where it does not say. */
  passes?(net: number, t: number): number
  /** Awaited after each attempted step. */
  between?(): Promise<void>
}

export type SolverSettings = Pick<EvaluateConfig, 'solver' | 'solverSteps' | 'belowTMin' | 'atol' | 'rtol' | 'diffusion' | 'diffusionScale' | 'lastStep' | 'lastStepSize'>

/** What became of each net. */
export interface Journey {
  /** Times passed, the first 1: accepted steps lie between them. [net] */
  times: number[][]
  /** Forward passes of the net behind velocities that were asked for and used, those of rejected steps included. [net] */
  evaluations: number[]
  /** Steps taken back. [net] */
  rejected: number[]
  /** Steps taken although their error was larger than allowed, for they could not be shorter. [net] */
  forced: number[]
}

/** Adaptive steps start with this and are never shorter than the other. After so many attempts they are no shorter than the last, so that a field without a solution still ends. */
const FIRST_STEP = 0.05
const LEAST_STEP = 1e-6
const MOST_ATTEMPTS = 2000
const LATE_STEP = 1e-3
/** Where an SDE without a last step stops: SiT's sample_eps. */
const SDE_END = 1e-3

/** Planes k that a carrier must hold. */
export const stagesOf = (solver: EvaluateConfig['solver']): number => solvers[solver].tableau?.nodes.length ?? 1

/**
 * @param tMin of each net: below it the net was not trained; 0 where it was trained everywhere
 * @param paths of each net; linear where it is not said
 */
export function follow(carrier: Carrier, settings: SolverSettings, tMin: readonly number[], paths: readonly Path[] = tMin.map(() => LINEAR)): Promise<Journey> {
  const ends = tMin.map((level, n) => Math.max(settings.belowTMin === 'jump' ? level : 0, endOf(paths[n])))
  const { tableau } = solvers[settings.solver]
  if (!tableau) return diffuse(carrier, settings, ends, paths)
  return tableau.error ? adapt(carrier, settings, tableau as Required<Tableau>, ends, paths) : toTheImage(carrier, settings, tableau, ends, paths)
}

/** From here to the image at once: x̂0, which on the linear path is Euler's step. */
export function jumpFrom(place: Place): Combination {
  const { keep, along } = toImage(place)
  return { keep, along: [along], noise: 0 }
}

const passes = (carrier: Carrier, net: number, t: number) => carrier.passes?.(net, t) ?? 1

const times = (factor: number, values: readonly number[]) => values.map(value => factor * value)

/** Fixed steps. Whoever jumps from `ends` asks only there, for there is nothing to look at below. */
function toTheImage(carrier: Carrier, { solverSteps }: SolverSettings, tableau: Tableau, ends: readonly number[], paths: readonly Path[]): Promise<Journey> {
  const grids = ends.map(level => timeGrid(solverSteps, level, 'jump'))
  const last = solverSteps - 1
  return march(
    carrier, grids, (step, net) => (step === last && (tableau.endsWithEuler || ends[net] > 0) ? EULER : tableau),
    (step, net) => (step === last && ends[net] > 0 ? jumpFrom(placeOn(paths[net], grids[net][step])) : undefined),
  )
}

/** Fixed steps from time to time of each net's own grid, whichever way it goes; all have as many. `insteadOf` may end a step of Euler's elsewhere. */
export async function march(
  carrier: Carrier, grids: readonly ArrayLike<number>[], tableauOf: (step: number, net: number) => Tableau, insteadOf?: (step: number, net: number) => Combination | undefined,
): Promise<Journey> {
  const evaluations = grids.map(() => 0)
  for (let i = 0; i < grids[0].length - 1; i++) {
    const own = grids.map((_, n) => tableauOf(i, n))
    const stages = Math.max(...own.map(({ nodes }) => nodes.length))
    for (let s = 0; s < stages; s++) {
      await carrier.look(s, grids.map((grid, n) => grid[i] + (own[n].nodes[s] ?? 1) * (grid[i + 1] - grid[i])))
      await carrier.combine(grids.map((grid, n) => insteadOf?.(i, n) ?? ({ keep: 1, along: times(grid[i + 1] - grid[i], own[n].rows[s + 1] ?? own[n].weights), noise: 0 })), 0)
    }
    await carrier.accept(grids.map(() => true), false)
    own.forEach(({ nodes }, n) => { for (const node of nodes) evaluations[n] += passes(carrier, n, grids[n][i] + node * (grids[n][i + 1] - grids[n][i])) })
    await carrier.between?.()
  }
  return { times: grids.map(grid => Array.from(grid)), evaluations, rejected: grids.map(() => 0), forced: grids.map(() => 0) }
}

/** Step sizes by proportional-integral control (Hairer, Nørsett and Wanner, Solving ODEs II, sec. IV.2: β = .04), each net its own. */
async function adapt(carrier: Carrier, { atol, rtol }: SolverSettings, { rows, nodes, error }: Required<Tableau>, ends: readonly number[], paths: readonly Path[]): Promise<Journey> {
  const nets = ends.map((end, n) => ({ t: 1, h: FIRST_STEP, end, before: 1e-4, rejectedLast: false, lost: false, times: [1], evaluations: passes(carrier, n, 1), rejected: 0, forced: 0 }))
  await carrier.look(0, nets.map(({ t }) => t))
  while (nets.some(({ t, end }) => t > end)) {
    const steps = nets.map(({ t, h, end }) => (t - h < end + LEAST_STEP / 2 ? end - t : -h))
    for (let s = 1; s < nodes.length; s++) {
      await carrier.combine(steps.map(h => ({ keep: 1, along: times(h, rows[s]), noise: 0 })), 0)
      await carrier.look(s, nets.map(({ t }, n) => t + nodes[s] * steps[n]))
    }
    const norms = await carrier.error(steps.map(h => times(h, error)), atol, rtol)
    const accepted = nets.map((net, n) => {
      if (net.t === net.end) return false
      for (const node of nodes.slice(1)) net.evaluations += passes(carrier, n, net.t + node * steps[n])
      const norm = Number.isFinite(norms[n]) ? Math.max(1e-10, norms[n]) : Infinity
      const least = net.times.length + net.rejected < MOST_ATTEMPTS ? LEAST_STEP : LATE_STEP
      const take = norm <= 1 || net.h <= least || net.lost
      const factor = take ? 0.9 * norm ** -0.17 * net.before ** 0.04 : 0.9 * norm ** -0.2
      if (take) {
        net.t = steps[n] === net.end - net.t ? net.end : net.t + steps[n]
        net.times.push(net.t)
        net.before = Math.max(norm, 1e-4)
        if (norm > 1) net.forced++
        net.lost ||= norm === Infinity // what is no number now stays none: the rest goes by at once
      } else net.rejected++
      net.h = net.lost ? 1 : Math.max(least, -steps[n] * Math.min(take && !net.rejectedLast ? 10 : 1, Math.max(0.2, factor)))
      net.rejectedLast = !take
      return take
    })
    await carrier.accept(accepted, true)
    await carrier.between?.()
  }
  // From the end to 0 at once; the velocity there is known from the last step.
  if (nets.some(({ end }) => end > 0)) {
    await carrier.combine(nets.map(({ end }, n) => (end > 0 ? jumpFrom(placeOn(paths[n], end)) : { keep: 1, along: [0], noise: 0 })), 0)
    const jumps = nets.map(({ end }) => end > 0)
    await carrier.accept(jumps, false)
    nets.forEach(net => { if (net.end > 0) net.times.push(0) })
  }
  return { times: nets.map(net => net.times), evaluations: nets.map(net => net.evaluations), rejected: nets.map(net => net.rejected), forced: nets.map(net => net.forced) }
}

/** Euler and Maruyama's step of x ← x + (v − ½ω s) h + √(ω|h|) ξ with s = −ε̂/β, the score that v implies; on the linear path −(x + (1−t) v)/t. */
export function diffusionStep(omega: number, place: Place, h: number): Combination {
  const drift = (0.5 * omega * h) / place.beta
  const { keep, along } = toNoise(place)
  return { keep: 1 + drift * keep, along: [h + drift * along], noise: Math.sqrt(omega * -h) }
}

/** The reverse SDE (LCF eq. 5) and its last step, which adds no noise. */
async function diffuse(carrier: Carrier, settings: SolverSettings, ends: readonly number[], paths: readonly Path[]): Promise<Journey> {
  const { solverSteps: n, lastStep, lastStepSize } = settings
  const grids = ends.map(level => {
    const jump = level > 0
    const stop = lastStep === 'none' && !jump
    const end = stop ? SDE_END : Math.max(jump ? level : 0, lastStepSize)
    const noisy = stop ? n : n - 1
    return { jump, stop, t: Array.from({ length: n + 1 }, (_, i) => (i > noisy ? 0 : i === noisy ? end : 1 - ((1 - end) * i) / noisy)) }
  })
  for (let i = 0; i < n; i++) {
    await carrier.look(0, grids.map(({ t }) => t[i]))
    await carrier.combine(grids.map(({ t, jump, stop }, net) => {
      const h = t[i + 1] - t[i]
      const place = placeOn(paths[net], t[i])
      const step = diffusionStep(diffusionAt(settings, t[i], -h, paths[net]), place, h)
      if (i < n - 1 || stop) return step
      if (lastStep === 'mean' && !jump) return { ...step, noise: 0 }
      return lastStep === 'tweedie' || jump ? jumpFrom(place) : { keep: 1, along: [h], noise: 0 }
    }), i + 1)
    await carrier.accept(grids.map(() => true), false)
    await carrier.between?.()
  }
  const evaluations = grids.map(({ t }, net) => t.slice(0, n).reduce((sum, level) => sum + passes(carrier, net, level), 0))
  return { times: grids.map(({ t }) => t), evaluations, rejected: grids.map(() => 0), forced: grids.map(() => 0) }
}
