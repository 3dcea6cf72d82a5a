/**
 * Paths from the clean image (t = 0) to noise (t = 1): x_t = α(t) x0 + β(t) ε, with the conditional velocity v* = α'(t) x0 + β'(t) ε.
 *
 * A path is four functions. Where β' has a pole at t = 0 (power p < 1, VP, linear-VP) it is returned as Infinity there.
 */

export interface PathParameter {
  id: string
  label: string
  default: number
  /** Least and greatest value that makes sense; both are accepted. */
  min: number
  max: number
  help: string
}

export interface Path {
  id: string
  label: string
  /** The values it was built with. */
  parameters: Readonly<Record<string, number>>
  alpha(t: number): number
  beta(t: number): number
  dalpha(t: number): number
  dbeta(t: number): number
}

export interface PathFamily {
  id: string
  label: string
  /** α, β in symbols. */
  formula: string
  parameters: readonly PathParameter[]
  functions(values: Record<string, number>): Pick<Path, 'alpha' | 'beta' | 'dalpha' | 'dbeta'>
}

const HALF_PI = Math.PI / 2

const power: PathParameter = { id: 'p', label: 'power p', default: 2, min: 0.1, max: 8, help: 'β = t^p: above 1 noise comes late, below 1 early.' }

const families: PathFamily[] = [
  {
    id: 'linear', label: 'Linear (rectified flow)', formula: 'α = 1 − t, β = t', parameters: [],
    functions: () => ({ alpha: t => 1 - t, beta: t => t, dalpha: () => -1, dbeta: () => 1 }),
  },
  {
    id: 'cosine', label: 'Cosine (GVP)', formula: 'α = cos(πt/2), β = sin(πt/2)', parameters: [],
    functions: () => ({
      alpha: t => Math.cos(HALF_PI * t),
      beta: t => Math.sin(HALF_PI * t),
      dalpha: t => -HALF_PI * Math.sin(HALF_PI * t),
      dbeta: t => HALF_PI * Math.cos(HALF_PI * t),
    }),
  },
  {
    // The default power path: the linear one with its clock changed, so that whatever differs, differs by the schedule alone.
    id: 'power', label: 'Power', formula: 'α = 1 − t^p, β = t^p', parameters: [power],
    functions: ({ p }) => ({ alpha: t => 1 - t ** p, beta: t => t ** p, dalpha: t => -p * t ** (p - 1), dbeta: t => p * t ** (p - 1) }),
  },
  {
    id: 'power-noise', label: 'Power in the noise only', formula: 'α = 1 − t, β = t^p', parameters: [power],
    functions: ({ p }) => ({ alpha: t => 1 - t, beta: t => t ** p, dalpha: () => -1, dbeta: t => p * t ** (p - 1) }),
  },
  {
    // T(t) = ∫ b: Song et al. 2021, as in Lipman et al. 2022 and SiT. It reaches noise only nearly: α(1) = .0066 at .1 and 20.
    id: 'vp', label: 'Variance preserving (VP)', formula: 'α = e^(−T/2), β = √(1 − e^−T), T = ½t²(b1 − b0) + b0 t',
    parameters: [
      { id: 'b0', label: 'rate b0', default: 0.1, min: 1e-3, max: 10, help: 'Rate of noising at t = 0.' },
      { id: 'b1', label: 'rate b1', default: 20, min: 1e-3, max: 100, help: 'Rate of noising at t = 1.' },
    ],
    functions: ({ b0, b1 }) => {
      const total = (t: number) => 0.5 * t * t * (b1 - b0) + b0 * t
      const rate = (t: number) => b0 + t * (b1 - b0)
      const beta = (t: number) => Math.sqrt(-Math.expm1(-total(t)))
      return {
        alpha: t => Math.exp(-total(t) / 2),
        beta,
        dalpha: t => -0.5 * rate(t) * Math.exp(-total(t) / 2),
        dbeta: t => (0.5 * rate(t) * Math.exp(-total(t))) / beta(t),
      }
    },
  },
  {
    // Lipman et al. 2022, example II, with time turned round. σ_min = 0 is the linear path.
    id: 'lipman', label: 'Optimal transport with σ_min (Lipman)', formula: 'α = 1 − t, β = σ_min + (1 − σ_min) t',
    parameters: [{ id: 'sigmaMin', label: 'σ_min', default: 0.01, min: 0, max: 0.5, help: 'Noise that is left at t = 0, which keeps the condition number finite there.' }],
    functions: ({ sigmaMin }) => ({ alpha: t => 1 - t, beta: t => sigmaMin + (1 - sigmaMin) * t, dalpha: () => -1, dbeta: () => 1 - sigmaMin }),
  },
  {
    id: 'scaled', label: 'Linear, noise of any size', formula: 'α = 1 − t, β = st',
    parameters: [{ id: 'noiseScale', label: 'size s', default: 1, min: 0.01, max: 10, help: 'Standard deviation of noise at t = 1; with 1 it is the linear path.' }],
    functions: ({ noiseScale: s }) => ({ alpha: t => 1 - t, beta: t => s * t, dalpha: () => -1, dbeta: () => s }),
  },
  {
    id: 'linear-vp', label: 'Linear, variance preserving', formula: 'α = 1 − t, β = √(1 − (1 − t)²)', parameters: [],
    functions: () => {
      const beta = (t: number) => Math.sqrt(t * (2 - t)) // not 1 − (1 − t)², which cancels near 0
      return { alpha: t => 1 - t, beta, dalpha: () => -1, dbeta: t => (1 - t) / beta(t) }
    },
  },
  {
    id: 've', label: 'Variance exploding (VE)', formula: 'α = 1, β = σ_min (σ_max/σ_min)^t',
    parameters: [
      { id: 'sigmaMin', label: 'σ_min', default: 0.01, min: 1e-4, max: 1, help: 'Noise at t = 0; never none.' },
      { id: 'sigmaMax', label: 'σ_max', default: 50, min: 1, max: 400, help: 'Noise at t = 1, beside the image and not in its place.' },
    ],
    functions: ({ sigmaMin, sigmaMax }) => {
      const rate = Math.log(sigmaMax / sigmaMin)
      const beta = (t: number) => sigmaMin * Math.exp(rate * t)
      return { alpha: () => 1, beta, dalpha: () => 0, dbeta: t => rate * beta(t) }
    },
  },
]

/** Every family of paths, by id, in the order of lists. */
export const pathFamilies: Readonly<Record<string, PathFamily>> = Object.fromEntries(families.map(family => [family.id, family]))

/**
 * @param values those that differ from the defaults
 * @throws RangeError for an unknown path or parameter, or a value out of bounds
 */
export function makePath(id: string, values: Readonly<Record<string, number>> = {}): Path {
  const family = Object.hasOwn(pathFamilies, id) ? pathFamilies[id] : undefined
  if (!family) throw new RangeError(`There is no path "${id}"; there are ${Object.keys(pathFamilies).join(', ')}.`)
  for (const name of Object.keys(values)) {
    if (!family.parameters.some(parameter => parameter.id === name)) {
      const known = family.parameters.map(parameter => parameter.id).join(', ')
      throw new RangeError(`Path ${id} has no parameter "${name}"; ${known ? `it has ${known}` : 'it has none'}.`)
    }
  }
  const parameters: Record<string, number> = {}
  for (const { id: name, default: usual, min, max } of family.parameters) {
    const value = values[name] ?? usual
    if (!(value >= min && value <= max)) throw new RangeError(`Path ${id}: ${name} must be between ${min} and ${max}, not ${value}.`)
    parameters[name] = value
  }
  return { id, label: family.label, parameters, ...family.functions(parameters) }
}
