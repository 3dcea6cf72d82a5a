/** Latents of images read from features by ridge regression, in closed form. */
import { CholeskyDecomposition, Matrix } from 'ml-matrix'
import type { Estimate } from '../flow/estimate.ts'

/** One latent as numbers to regress: an angle is two, a class one for each class. */
export interface Target {
  name: string
  /** (columns) of (images) */
  columns: Float64Array[]
}

/** Share of a latent's variance above which it counts as given by the class, and only the rest of it is asked for. */
const GIVEN = 0.5

/**
 * Targets of a data set's latents. An angle that goes all the way round becomes cosine and sine. Of a latent that mostly follows from the class
 * (orientation of a grating) the residual is taken: its distance from the class mean, in deviations of that class. Latents that never vary are
 * left out.
 * @param latents (n, names), the first being the class  @param fitted class means and deviations are of the first `fitted` images
 */
export function targetsOf(names: readonly string[], latents: Float32Array, fitted: number): Target[] {
  const width = names.length
  const n = latents.length / width
  const column = (at: number) => Float64Array.from({ length: n }, (_, i) => latents[i * width + at])
  const labels = column(0)
  const classes = [...new Set(labels)].sort((a, b) => a - b)
  const targets: Target[] = classes.length > 1 ? [{ name: 'class', columns: classes.map(k => labels.map(label => (label === k ? 1 : 0))) }] : []
  for (let at = 1; at < width; at++) {
    const values = column(at)
    const [all, own] = [momentsOf(values, fitted, () => true), new Map(classes.map(k => [k, momentsOf(values, fitted, i => labels[i] === k)]))]
    if (!(all.deviation > 1e-6 * Math.abs(all.mean))) continue
    const within = [...own.values()].reduce((sum, { count, deviation }) => sum + (count * deviation ** 2) / fitted, 0)
    const [low, high] = [values.reduce((a, b) => Math.min(a, b)), values.reduce((a, b) => Math.max(a, b))]
    if (classes.length > 1 && within < (1 - GIVEN) * all.deviation ** 2) {
      if (within > 1e-9 * all.deviation ** 2) targets.push({ name: `${names[at]} within its class`, columns: [values.map((value, i) => {
        const { mean, deviation } = own.get(labels[i])!
        return deviation > 0 ? (value - mean) / deviation : 0
      })] })
    } else if (low >= 0 && high <= 2 * Math.PI && high - low > 6) {
      targets.push({ name: names[at], columns: [values.map(Math.cos), values.map(Math.sin)] })
    } else {
      targets.push({ name: names[at], columns: [values] })
    }
  }
  return targets
}

function momentsOf(values: Float64Array, fitted: number, counts: (i: number) => boolean): { count: number; mean: number; deviation: number } {
  const chosen = values.subarray(0, fitted).filter((_, i) => counts(i))
  const mean = chosen.reduce((sum, value) => sum + value / chosen.length, 0)
  return { count: chosen.length, mean, deviation: Math.sqrt(chosen.reduce((sum, value) => sum + (value - mean) ** 2 / chosen.length, 0)) }
}

/**
 * R² of each target on the images after the first `fitted`, from a ridge fit on those: min 1/n ‖Y − Z W‖² + λ‖W‖², Z the features z-scored with
 * the fitted images (one that never varies is 0), Y centred. Over a target's columns errors and variances are summed. Standard error over test
 * images by the delta method; the fit's own doubt is not in it.
 * @param x features (n,C)
 */
export function ridge(x: Float32Array, C: number, targets: readonly Target[], fitted: number, penalty: number): Estimate[] {
  const n = x.length / C
  const z = standardised(x, C, fitted)
  const train = new Matrix(C, C)
  for (let a = 0; a < C; a++) {
    for (let b = 0; b <= a; b++) {
      let sum = a === b ? penalty : 0
      for (let i = 0; i < fitted; i++) sum += (z[i * C + a] * z[i * C + b]) / fitted
      train.set(a, b, sum)
      train.set(b, a, sum)
    }
  }
  const solver = new CholeskyDecomposition(train)
  return targets.map(({ columns }) => {
    const errors = new Float64Array(n - fitted)
    const variances = new Float64Array(n - fitted)
    for (const y of columns) {
      const mean = y.subarray(0, fitted).reduce((sum, value) => sum + value / fitted, 0)
      const level = y.subarray(fitted).reduce((sum, value) => sum + value / (n - fitted), 0)
      const right = new Matrix(C, 1)
      for (let c = 0; c < C; c++) {
        let sum = 0
        for (let i = 0; i < fitted; i++) sum += (z[i * C + c] * (y[i] - mean)) / fitted
        right.set(c, 0, sum)
      }
      const weights = solver.solve(right).to1DArray()
      for (let i = fitted; i < n; i++) {
        let guess = mean
        for (let c = 0; c < C; c++) guess += z[i * C + c] * weights[c]
        errors[i - fitted] += (y[i] - guess) ** 2
        variances[i - fitted] += (y[i] - level) ** 2
      }
    }
    return oneMinusRatio(errors, variances)
  })
}

function oneMinusRatio(errors: Float64Array, variances: Float64Array): Estimate {
  const count = errors.length
  const [above, below] = [errors, variances].map(values => values.reduce((sum, value) => sum + value / count, 0))
  const ratio = above / below
  const squares = errors.reduce((sum, error, i) => sum + (error - ratio * variances[i]) ** 2, 0)
  return { value: 1 - ratio, standardError: Math.sqrt(squares / (count - 1) / count) / below, count }
}

/** Mean 0 and deviation 1 over the first `fitted` rows. */
function standardised(x: Float32Array, C: number, fitted: number): Float64Array {
  const z = new Float64Array(x.length)
  for (let c = 0; c < C; c++) {
    const { mean, deviation } = momentsOf(Float64Array.from({ length: fitted }, (_, i) => x[i * C + c]), fitted, () => true)
    if (!(deviation > 1e-5 * Math.abs(mean))) continue
    for (let i = c; i < x.length; i += C) z[i] = (x[i] - mean) / deviation
  }
  return z
}
