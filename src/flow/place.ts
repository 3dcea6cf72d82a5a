/**
 * What a path says at one noise level, and what follows for image, noise, velocity and score: with W = αβ′ − α′β, x_t = α x0 + β ε and v = α′ x0 + β′ ε
 * are two equations for two unknowns, so x0 = (β′ x_t − β v)/W and ε = (α v − α′ x_t)/W (on the linear path W = 1).
 */
import type { Config, ObjectiveConfig } from '../config.ts'
import { makePath, type Path, pathFamilies } from './paths.ts'

export interface Place {
  alpha: number
  beta: number
  dalpha: number
  dbeta: number
  /** W = αβ′ − α′β, above 0 */
  wronskian: number
}

/**
 * Lower levels count as this one on every path but the linear, in training too: β′ has a pole at 0 on some, and SiT stops its clock at 1e-5 for the
 * same reason. The images differ by nothing that can be seen.
 */
export const LEAST_LEVEL = 2 ** -17
/** Samplers jump from here to the image where β′ has a pole at 0: SiT's sample_eps. */
export const POLE_END = 1e-3

export const LINEAR = makePath('linear')

/** The path that an objective asks for. @throws RangeError where a parameter is out of its bounds */
export function pathOf(objective: ObjectiveConfig): Path {
  return makePath(objective.path, Object.fromEntries(pathFamilies[objective.path].parameters.map(({ id, field }) => [id, objective[field]])))
}

/** Of each replica. */
export const pathsOf = ({ objective, replicas }: Pick<Config, 'objective' | 'replicas'>): Path[] => replicas.map(({ path = objective.path }) => pathOf({ ...objective, path }))

/** Each of these once, in their order. */
export const distinct = (paths: readonly Path[]): Path[] => [...new Map(paths.map(path => [path.id, path])).values()]

/** Each path that a replica goes along. */
export const distinctPaths = (config: Pick<Config, 'objective' | 'replicas'>): Path[] => distinct(pathsOf(config))

/** The one that all replicas go along; null where they differ. */
export function commonPath(config: Pick<Config, 'objective' | 'replicas'>): Path | null {
  const [first, ...others] = distinctPaths(config)
  return others.length === 0 ? first : null
}

export const isLinear = ({ id }: Path): boolean => id === 'linear'

/** Where a sampler must leave the path for the image; 0 where it need not. */
export const endOf = (path: Path): number => (Number.isFinite(path.dbeta(0)) && Number.isFinite(path.dalpha(0)) ? 0 : POLE_END)

export function placeOn(path: Path, t: number): Place {
  if (isLinear(path)) return { alpha: 1 - t, beta: t, dalpha: -1, dbeta: 1, wronskian: 1 }
  const at = Math.max(t, LEAST_LEVEL)
  const [alpha, beta, dalpha, dbeta] = [path.alpha(at), path.beta(at), path.dalpha(at), path.dbeta(at)]
  return { alpha, beta, dalpha, dbeta, wronskian: alpha * dbeta - dalpha * beta }
}

/** x̂0 = keep x_t + along v */
export const toImage = ({ beta, dbeta, wronskian }: Place): { keep: number; along: number } => ({ keep: dbeta / wronskian, along: -beta / wronskian })

/** v = keep x_t + along x̂0 */
export const fromImage = ({ beta, dbeta, wronskian }: Place): { keep: number; along: number } => ({ keep: dbeta / beta, along: -wronskian / beta })

/** ε̂ = keep x_t + along v; the score is −ε̂/β */
export const toNoise = ({ alpha, dalpha, wronskian }: Place): { keep: number; along: number } => ({ keep: -dalpha / wronskian, along: alpha / wronskian })

/** What conversions from an image or a noise divide by at least; shaders/lib/path.wgsl has it for training and says why. */
export const leastDenominator = ({ dalpha, dbeta, wronskian }: Place, c: number): number => (c * wronskian) / Math.max(1, Math.abs(dalpha), Math.abs(dbeta))

/**
 * x_t/(α + β) lies on the linear path, at this level: as much noise for as much image. So the best denoiser, and the least error there is, are those of
 * the linear path there.
 */
export const linearLevel = ({ alpha, beta }: Place): number => beta / (alpha + beta)

/** The least possible loss of the velocity by that of the linear path: errors of the velocity are W/β times those of the image, on either. */
export function floorOn(path: Path, t: number, linear: (t: number) => number): number {
  if (isLinear(path)) return linear(t)
  const place = placeOn(path, t)
  return (place.wronskian / (place.alpha + place.beta)) ** 2 * linear(linearLevel(place))
}
