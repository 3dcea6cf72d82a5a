/** How likely each net finds images it never saw: log-density by the change of variables along the net's own way from the image to noise. */
import { z } from 'zod'
import type { Config } from '../config.ts'
import type { Dataset } from '../datasets/dataset.ts'
import { isOwn } from '../datasets/own.ts'
import { PhiloxStream, STREAM_EVALUATION } from '../engine/philox.ts'
import { bitsPerDimension, BYTE_STEP, closedField, type Field, logDensities, type Probes, risingGrid, signProbes, traces, unitProbes } from '../flow/likelihood.ts'
import { pathsOf, placeOn } from '../flow/place.ts'
import { stagesOf } from '../flow/solver.ts'
import { solvers } from '../flow/solvers.ts'
import { recordFrozen } from '../model/frozen.ts'
import { recordInputTangent } from '../model/jacobian.ts'
import { alongPath } from './best_field.ts'
import { type Bench, defineDiagnostic, type Measure } from './diagnostic.ts'
import { type Best, likelihoodPanels, type Walk } from './likelihood_panels.ts'
import { writeAll } from './look.ts'
import { dimensionsOf } from './semantic.ts'

/** Images of each replica that go through the net at a time. */
const CHUNK = 64
/** Random signs that are held at once. */
const MOST_SIGNS = 2 ** 25
/** Dimensions up to which every diagonal entry of the Jacobian is taken. */
const MOST_EXACT = 64

const settings = z.strictObject({
  images: z.number().int().min(2).max(1024).default(32).meta({ title: 'Images', help: 'Held-out images whose density is taken.' }),
  steps: z.number().int().min(4).max(256).default(16).meta({ title: 'Steps', help: 'From the image to noise, shorter near the image; half as many are taken as well, to see the solver’s error.' }),
  solver: z.enum(['rk4', 'heun']).default('rk4').meta({ title: 'Solver', help: 'RK4 asks four times a step, Heun twice.' }),
  tMin: z.number().min(1e-5).max(0.4).default(0.001).meta({ title: 'Start at t', help: 'The image is taken to lie here: what happens below is cut off. Twice as much is cut off as well, to see what that does.', scale: 'log' }),
  divergence: z.enum(['probes', 'exact']).default('probes').meta({ title: 'Divergence', help: 'Estimated by random signs, the same all along the way (Hutchinson), or exact, which takes as many products as there are dimensions and at most 64 of these.' }),
  probes: z.number().int().min(1).max(64).default(2).meta({ title: 'Probes', help: 'Vectors of random signs for each image; without effect on an exact divergence.' }),
})

type Chosen = z.output<typeof settings>

const productsOf = (d: number, { divergence, probes }: Pick<Chosen, 'divergence' | 'probes'>) => (divergence === 'exact' ? d : probes)
/** Looks at the field on all three ways: the one that counts, with half the steps, and with twice as much cut off. */
const looksOf = ({ steps, solver }: Chosen) => stagesOf(solver) * (2 * steps + Math.ceil(steps / 2))

export default defineDiagnostic({
  id: 'likelihood',
  title: 'Likelihood of new images',
  order: 85,
  group: 'samples',
  summary: 'Log-density of held-out images under each network, by the instantaneous change of variables.',
  paper: 'Lipman et al. 2022, App. C (arXiv 2210.02747)',
  formulas: {
    density: '\\log p(x_0) = \\log N(x_1; 0, \\beta_1^2 I) + \\int_{t_{\\min}}^1 \\nabla\\!\\cdot v_\\theta(x_t,t)\\,\\mathrm{d}t, \\quad \\frac{\\mathrm{d}x_t}{\\mathrm{d}t} = v_\\theta(x_t,t)',
    images: '-\\tfrac{1}{d}\\log p(x_0) \\;\\text{(nats)}, \\quad -\\tfrac{1}{d}\\log_2 p(x_0) + \\log_2 127.5 \\;\\text{(bits, of bytes)}',
    divergence: '\\nabla\\!\\cdot v_\\theta = \\operatorname{tr} J = \\operatorname{E}\\,z^\\top J z, \\quad z_i = \\pm 1, \\quad J = \\frac{\\partial v_\\theta}{\\partial x_t}',
  },
  settings,
  every: 0,
  work: (config, chosen) => ({ forwards: chosen.images * looksOf(chosen) * (1 + productsOf(dimensionsOf(config), chosen)) }),
  refuse(config, _, { images, divergence, probes }) {
    if (images > config.data.heldOut) return `${images} images are more than the ${config.data.heldOut} held-out ones; take at most as many`
    const d = dimensionsOf(config)
    if (images * probes * d > MOST_SIGNS) return `${probes} probes for ${images} images of ${d} numbers take too much memory; take fewer images or probes`
    return divergence === 'exact' && d > MOST_EXACT ? `an exact divergence in ${d} dimensions takes too long, ${MOST_EXACT} are the most; take probes` : undefined
  },
})

export const measure: Measure<typeof settings> = async (bench, chosen) => {
  const { config, training: { replicas: R }, data } = bench
  const { images: n, tMin, steps } = chosen
  const d = dimensionsOf(config)
  const paths = pathsOf(config)
  const far = paths.map(path => placeOn(path, 1).beta) // as the sampler begins
  const P = chosen.divergence === 'exact' ? 1 : chosen.probes
  const bytes = areBytes(config, data.dataset)
  const images = startOf(data.heldOut.subarray(0, n * d), bytes, config.data.seed)
  const signs = signProbes(n, d, chosen.probes, new PhiloxStream(config.data.seed, STREAM_EVALUATION, 11))
  const chunk = Math.min(CHUNK, n)
  const starts = Array.from({ length: Math.ceil(n / chunk) }, (_, i) => Math.min(i * chunk, n - chunk)) // the last chunk overlaps; what is seen twice counts the second time
  const total = looksOf(chosen) * starts.length
  let done = 0
  const fieldOf = await recordNets(bench, chunk, () => bench.progress(++done, total))
  const rateOf = (logDensity: number) => (bytes ? bitsPerDimension(logDensity, d) : -logDensity / d)

  const walk = async (grid: Float64Array): Promise<Walk[]> => {
    const walks = Array.from({ length: R }, (): Walk => ({ rates: new Float64Array(n * P), way: [] }))
    for (const start of starts) {
      const probes: Probes = chosen.divergence === 'exact' ? unitProbes(R * chunk, d) : forReplicas(signs, R, start * d, chunk * d)
      const { logDensity, way } = await logDensities(fieldOf(start, probes), repeat(images.subarray(start * d, (start + chunk) * d), R), { dimensions: d, estimates: P, s: point => far[Math.floor(point / chunk)] }, grid, solvers[chosen.solver].tableau!)
      walks.forEach((walk, r) => {
        const own = (values: Float64Array) => values.subarray(r * chunk * P, (r + 1) * chunk * P)
        walk.rates.set(own(logDensity).map(rateOf), start * P)
        for (const [i, { t, divergence }] of way.entries()) (walk.way[i] ??= { t, divergence: new Float64Array(n * P) }).divergence.set(own(divergence).map(value => value / d), start * P)
      })
    }
    return walks
  }
  const grid = risingGrid(steps, tMin)
  const nets = await walk(grid)
  const coarse = await walk(risingGrid(Math.ceil(steps / 2), tMin))
  const cut = await walk(risingGrid(steps, 2 * tMin))
  const { field } = data.dataset
  const known = new Map<string, Best>()
  if (field) for (const [r, path] of paths.entries()) {
    if (known.has(path.id)) continue
    const { logDensity, way } = await logDensities(closedField(alongPath(field, path), n, d, signs), images, { dimensions: d, estimates: chosen.probes, s: () => far[r] }, grid, solvers[chosen.solver].tableau!)
    known.set(path.id, { path, rates: logDensity.map(rateOf), way: way.map(({ t, divergence }) => ({ t, divergence: divergence.map(value => value / d) })) })
  }
  const best = field ? paths.map(({ id }) => known.get(id)!) : null
  return likelihoodPanels(bench, chosen, { nets, coarse, cut, best, bytes, looks: stagesOf(chosen.solver) * steps, estimates: P })
}

/** Whether pixels are bytes: images from a file at their own side. Shrunk ones are means of bytes. */
const areBytes = ({ net }: Config, { id, size }: Dataset) => isOwn(id) && net.size === size

/** In float64; bytes with noise uniform over their width. */
function startOf(images: Float32Array, bytes: boolean, seed: number): Float64Array {
  if (!bytes) return Float64Array.from(images)
  const random = new PhiloxStream(seed, STREAM_EVALUATION, 12)
  return Float64Array.from(images, value => value + BYTE_STEP * random.uniform(-0.5, 0.5))
}

function repeat(values: Float64Array, times: number): Float64Array {
  const all = new Float64Array(times * values.length)
  for (let i = 0; i < times; i++) all.set(values, i * values.length)
  return all
}

/** The same signs for every replica, so that what they estimate can be compared. */
const forReplicas = ({ exact, directions }: Probes, replicas: number, from: number, length: number): Probes => ({ exact, directions: directions.map(z => repeat(z.subarray(from, from + length), replicas)) })

/** Fields of all replicas over `samples` held-out images each, from one of them on; a net with classes is told those of the images. */
async function recordNets(bench: Bench, samples: number, between: () => Promise<void>): Promise<(start: number, probes: Probes) => Field> {
  const { training, config, data } = bench
  const { replicas: R } = training
  const length = R * samples * dimensionsOf(config)
  const [look, push] = [bench.recorder().at('likelihood'), bench.recorder()]
  const frozen = recordFrozen(look, training, { samples, weights: training.optimizer.ema, keep: true, name: 'likelihood ' })
  const tangent = recordInputTangent(push, training, frozen, { name: 'likelihood tangent ' })
  const table = await bench.lay(look, push)
  return (start, probes) => {
    if (frozen.labels) writeAll(table, R, frozen.labels, Uint32Array.from(data.heldOutLabels.subarray(start, start + samples)))
    return async (x, t) => {
      table.write(frozen.image, Float32Array.from(x))
      table.write(frozen.t, new Float32Array(R * samples).fill(t))
      table.submit(look)
      const velocity = await table.read(frozen.velocity!, 0, length)
      const divergence = await traces(probes, R * samples, z => {
        table.write(tangent.direction, Float32Array.from(z))
        table.submit(push)
        return table.read(tangent.velocity!, 0, length)
      })
      await between()
      return { velocity, divergence }
    }
  }
}
