/**
 * Log-density of points under a flow, by the instantaneous change of variables (Chen et al. 2018, Neural ODE, Theorem 1; Lipman et al. 2022, App. C):
 * along dx/dt = v the log-density falls by div v, so log p(x) = log N(x₁; 0, s²I) + ∫ div v dt over the way from x to the noise x₁. Float64, many
 * points side by side; the field is the caller's, on a GPU or in closed form.
 */
import { PhiloxStream } from '../engine/philox.ts'
import { arrayCarrier } from './array_carrier.ts'
import { march } from './solver.ts'
import type { Tableau } from './solvers/solver.ts'

/**
 * Directions z (N,d) along which a Jacobian is asked, the same all along a way. `exact`: unit vectors, whose products sum to the trace; otherwise
 * each is an estimate of it by itself (Hutchinson 1990).
 */
export interface Probes {
  exact: boolean
  directions: Float64Array[]
}

/** Rademacher signs: of all independent entries they have the least variance. */
export function signProbes(points: number, dimensions: number, count: number, random: PhiloxStream): Probes {
  return { exact: false, directions: Array.from({ length: count }, () => Float64Array.from({ length: points * dimensions }, () => (random.word() & 1 ? 1 : -1))) }
}

export function unitProbes(points: number, dimensions: number): Probes {
  return { exact: true, directions: Array.from({ length: dimensions }, (_, k) => Float64Array.from({ length: points * dimensions }, (__, i) => (i % dimensions === k ? 1 : 0))) }
}

/** Traces (N,P) of Jacobians from their products with the directions: P is 1 when exact, else one for each direction. */
export async function traces({ exact, directions }: Probes, points: number, product: (z: Float64Array) => Promise<ArrayLike<number>> | ArrayLike<number>): Promise<Float64Array> {
  const P = exact ? 1 : directions.length
  const result = new Float64Array(points * P)
  for (const [k, z] of directions.entries()) {
    const Jz = await product(z)
    const d = z.length / points
    for (let i = 0; i < z.length; i++) result[Math.floor(i / d) * P + (exact ? 0 : k)] += z[i] * Jz[i]
  }
  return result
}

export interface Flow {
  /** (N,d) */
  velocity: ArrayLike<number>
  /** (N,P) */
  divergence: ArrayLike<number>
}

/** A field whose divergence is known or estimated, at points x (N,d). */
export type Field = (x: Float64Array, t: number) => Promise<Flow> | Flow

/** A field in closed form, its products with the Jacobian by central differences. */
export function closedField(velocity: (x: Float64Array, t: number, out: Float64Array) => void, points: number, dimensions: number, probes: Probes): Field {
  const all = (x: Float64Array, t: number) => {
    const out = new Float64Array(x.length)
    for (let i = 0; i < points; i++) velocity(x.subarray(i * dimensions, (i + 1) * dimensions), t, out.subarray(i * dimensions, (i + 1) * dimensions))
    return out
  }
  const step = 1e-4
  return async (x, t) => ({
    velocity: all(x, t),
    divergence: await traces(probes, points, z => {
      const [above, below] = [all(x.map((value, i) => value + step * z[i]), t), all(x.map((value, i) => value - step * z[i]), t)]
      return above.map((value, i) => (value - below[i]) / (2 * step))
    }),
  })
}

export interface Densities {
  /** log p of each point by each estimate of the divergence, nats, (N,P) */
  logDensity: Float64Array
  /** Where the points end, (N,d) */
  noise: Float64Array
  /** Times at which steps begin, and div v (N,P) there. */
  way: { t: number; divergence: Float64Array }[]
  /** Looks at the field. */
  evaluations: number
}

/** `steps` + 1 times from `from` to 1, short steps at the low end where fields bend: evenly spaced in √(t − from). */
export const risingGrid = (steps: number, from: number): Float64Array => Float64Array.from({ length: steps + 1 }, (_, i) => (i === steps ? 1 : from + (1 - from) * (i / steps) ** 2))

/**
 * @param start points (N,d), taken to lie at the first time of the grid  @param estimates P of the field
 * @param grid ascending, the last 1, where the density of each point is normal with deviation `s`
 */
export async function logDensities(field: Field, start: ArrayLike<number>, { dimensions: d, estimates: P, s = () => 1 }: { dimensions: number; estimates: number; s?: (point: number) => number }, grid: ArrayLike<number>, tableau: Tableau): Promise<Densities> {
  const length = start.length
  const N = length / d
  const way: Densities['way'] = []
  // The state is the points with the integrals of their divergences behind them.
  const state = new Float64Array(length + N * P)
  for (let i = 0; i < length; i++) state[i] = start[i]
  let latest = state
  const carrier = arrayCarrier(state, async (y, t) => {
    const { velocity, divergence } = await field(y.subarray(0, length), t)
    const slope = new Float64Array(y.length)
    slope.set(velocity)
    slope.set(divergence, length)
    latest = slope
    return slope
  }, () => [])
  const { look } = carrier
  carrier.look = async (stage, [t]) => {
    await look(stage, [t])
    if (stage === 0) way.push({ t, divergence: latest.slice(length) })
  }
  const { evaluations } = await march(carrier, [grid], () => tableau)
  const noise = carrier.x.slice(0, length)
  const logDensity = carrier.x.slice(length)
  for (let i = 0; i < N; i++) {
    const atNoise = normalLogDensity(noise.subarray(i * d, (i + 1) * d), s(i))
    for (let p = 0; p < P; p++) logDensity[i * P + p] += atNoise
  }
  return { logDensity, noise, way, evaluations: evaluations[0] }
}

/** log N(x; 0, s²I), nats. x: (d) */
export function normalLogDensity(x: ArrayLike<number>, s = 1): number {
  let squares = 0
  for (let i = 0; i < x.length; i++) squares += x[i] * x[i]
  return -0.5 * (squares / s ** 2 + x.length * Math.log(2 * Math.PI * s ** 2))
}

/** Between neighbouring values of bytes shown on [−1,1]. */
export const BYTE_STEP = 2 / 255

/**
 * Bits per dimension of bytes shown on [−1,1], from the log-density (nats) of such an image with noise uniform over a byte's width: an upper bound on
 * −log₂ P of the bytes themselves (Theis et al. 2016, arXiv 1511.01844). The width makes it −log p/(d ln 2) + log₂ 127.5.
 */
export const bitsPerDimension = (logDensity: number, dimensions: number): number => -logDensity / (dimensions * Math.LN2) - Math.log2(BYTE_STEP)
