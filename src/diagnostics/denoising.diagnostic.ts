/**
 * A velocity is a denoiser, x̂0 = x_t − t v, or (β′ x_t − β v)/W on another path (Generation Phases): how near its answer comes to the image at each noise level, what it looks like, and
 * how steep the field is, beside the best denoiser of the data and that of the training set.
 */
import { z } from 'zod'
import type { Config } from '../config.ts'
import { PhiloxStream, STREAM_EVALUATION } from '../engine/philox.ts'
import { empiricalSlope, greatestSlope, type Origin, originsOf } from '../flow/empirical_denoiser.ts'
import type { Path } from '../flow/paths.ts'
import { distinctPaths, linearLevel, pathsOf, type Place, placeOn, toImage } from '../flow/place.ts'
import { type ClosedForms, denoisingPanels, type Findings } from './denoising_panels.ts'
import { type Bench, defineDiagnostic, type Measure } from './diagnostic.ts'
import { atOnceOf, lotsOf, normalNoise, recordLook, showHeldOut } from './look.ts'
import { dimensionsOf } from './semantic.ts'
import { type Lens, netSlopes, PLAIN, readings, type Slope } from './slopes.ts'
import { levelsOf, LEVELS_WANTED } from './sweep.ts'

/** Numbers that the closed form of the training set may look at, and multiplications for one of its slopes, so that both take seconds. */
const MOST_WORK = 2e9
const MOST_SLOPE = 1e9

const settings = z.strictObject({
  t: z.string().max(200).default('0.001 0.003 0.01 0.03 0.05 0.1 0.2 0.3 0.4 0.5 0.6 0.7 0.8 0.9 0.99').refine(text => levelsOf(text), LEVELS_WANTED).meta({ title: 'Noise levels', help: 'Values of t above 0; at 0 the image is there already.', advanced: true }),
  images: z.number().int().min(8).max(1024).default(64).meta({ title: 'Images', help: 'Held-out images that are denoised at every level, each with the same noise.' }),
  draws: z.number().int().min(4).max(256).default(12).meta({ title: 'Images by heart', help: 'How many of them the best denoiser of the training set is asked about; it looks at all training images for each.' }),
  slopes: z.number().int().min(2).max(64).default(4).meta({ title: 'Images for slopes', help: 'Where the slope of the field is taken.' }),
  turns: z.number().int().min(2).max(100).default(12).meta({ title: 'Turns', help: 'Of the power iteration for the greatest slope, each with one product forward and one backward.' }),
})

type Chosen = z.output<typeof settings>

const numbersOf = (config: Config) => config.data.count * dimensionsOf(config)

export default defineDiagnostic({
  id: 'denoising',
  title: 'The network as a denoiser',
  tab: 'As a denoiser',
  order: 75,
  group: 'denoiser',
  summary: 'What the velocity says of the clean image, x̂₀ = x_t − t v, by noise level: how near it comes, what it looks like, how steep the field is.',
  paper: 'Generation Phases (arXiv 2510.24830)',
  formulas: {
    psnr: '10\\log_{10}\\frac{2^2}{\\tfrac{1}{d}\\operatorname{E}\\lVert \\hat x_0 - x_0\\rVert^2}, \\quad \\hat x_0 = x_t - t\\,v_\\theta(x_t,t)',
    gain: '10\\log_{10}\\frac{\\operatorname{E}\\lVert x_t - x_0\\rVert^2}{\\operatorname{E}\\lVert \\hat x_0 - x_0\\rVert^2}',
    slope: '\\operatorname{E}\\,\\Big\\lVert \\frac{\\partial v_\\theta}{\\partial x_t}\\Big\\rVert_2, \\quad \\frac{\\partial \\hat v}{\\partial x_t} = \\frac{I}{t} - \\frac{1-t}{t^3}\\operatorname{Cov}_w(x_k)',
    'slope-denoiser': '\\operatorname{E}\\,\\Big\\lVert \\frac{\\partial \\hat x_0}{\\partial x_t}\\Big\\rVert_2, \\quad \\frac{\\partial \\operatorname{E}[x_0|x_t]}{\\partial x_t} = \\frac{1-t}{t^2}\\operatorname{Cov}_w(x_k)',
  },
  settings,
  every: 0,
  work(config, { t, images, draws, slopes, turns }) {
    const levels = levelsOf(t)!.length
    return {
      forwards: levels * (images + slopes * (1 + 6 * turns)),
      flops: (distinctPaths(config).length * (6 * draws * numbersOf(config) + slopes * levels * Math.min(MOST_SLOPE, 16 * turns * numbersOf(config)))) / config.replicas.length,
    }
  },
  refuse(config, _, { t, images, draws, slopes }) {
    if (levelsOf(t)![0] === 0) return 'at t = 0 the image is there already and nothing is left to say; take noise levels above 0'
    if (images > config.data.heldOut) return `${images} images are more than the ${config.data.heldOut} held-out ones; take at most as many`
    if (draws > images) return `${draws} images by heart are more than the ${images} that are denoised; take at most as many`
    if (slopes > draws) return `${slopes} images for slopes are more than the ${draws} by heart; take at most as many`
    const most = Math.floor(MOST_WORK / (distinctPaths(config).length * numbersOf(config)))
    return draws > most ? `${draws} images over ${config.data.count} training images take too long; ${most < 4 ? 'the training set is too large for the closed form' : `take at most ${most}`}` : undefined
  },
})

export const measure: Measure<typeof settings> = async (bench, chosen) => {
  const t = levelsOf(chosen.t)!
  const paths = distinctPaths(bench.config)
  const lots = [chosen.images, chosen.slopes].reduce((sum, count) => sum + lotsOf(count, atOnceOf(bench, count)).length, 0)
  const total = lots * t.length + paths.length * chosen.draws
  let done = 0
  const between = () => bench.progress(++done, total)
  const noise = normalNoise(chosen.images * dimensionsOf(bench.config), bench.config.data.seed, STREAM_EVALUATION, 13)
  const nets = await netAnswers(bench, chosen, t, noise, between)
  const slopes = await netSlopes(bench, { count: chosen.slopes, noise, t, turns: chosen.turns, between })
  const known: ClosedForms[] = []
  for (const path of paths) known.push(await closedForms(bench, chosen, path, t, noise, between))
  return denoisingPanels(bench, { ...chosen, t, noise, nets, slopes, known })
}

/** Squared errors of x̂0 (mean over pixels) [replica][level][image], and x̂0 of the first [replica][level], each replica on its own path. */
async function netAnswers(bench: Bench, { images: n }: Chosen, t: number[], noise: Float32Array, between: () => Promise<void>): Promise<Findings['nets']> {
  const { training: { replicas: R, batch: { dimensions: d } }, data } = bench
  const lot = atOnceOf(bench, n)
  const look = recordLook(bench, { samples: lot, images: lot })
  const table = await bench.lay(look.recorder)
  const paths = pathsOf(bench.config)
  const found: Findings['nets'] = paths.map(() => ({ errors: t.map(() => new Float64Array(n)), shown: [] }))
  for (const start of lotsOf(n, lot)) {
    showHeldOut(bench, table, look, lot, noise.subarray(start * d), start)
    for (const [l, level] of t.entries()) {
      table.write(look.batch.t, new Float32Array(R * lot).fill(level))
      table.submit(look.recorder)
      const [velocity, noised] = [await table.read(look.frozen.velocity!, 0, R * lot * d), await table.read(look.batch.xt, 0, R * lot * d)]
      for (const [r, path] of paths.entries()) {
        const { keep, along } = toImage(placeOn(path, level))
        const answer = noised.subarray(r * lot * d, (r + 1) * lot * d).map((x, k) => keep * x + along * velocity[r * lot * d + k])
        for (let i = 0; i < lot; i++) found[r].errors[l][start + i] = squaredError(answer.subarray(i * d, (i + 1) * d), data.heldOut, (start + i) * d)
        if (start === 0) found[r].shown.push(answer.slice(0, d))
      }
      await between()
    }
  }
  return found
}

function squaredError(answer: ArrayLike<number>, images: Float32Array, from: number): number {
  let sum = 0
  for (let k = 0; k < answer.length; k++) sum += (answer[k] - images[from + k]) ** 2
  return sum / answer.length
}

/** The best denoisers along a path, of the training set and of what it was drawn from where that is known. */
async function closedForms({ config, data }: Bench, { draws, slopes, turns }: Chosen, path: Path, t: number[], noise: Float32Array, between: () => Promise<void>): Promise<ClosedForms> {
  const d = dimensionsOf(config)
  const { field } = data.dataset
  // What is best for x_t is what is best for x_t/(α + β), which lies on the linear path, at this level.
  const linear = t.map(level => linearLevel(placeOn(path, level)))
  const set = { points: data.train, dimensions: d }
  const random = () => new PhiloxStream(config.data.seed, STREAM_EVALUATION, 15)
  const found: ClosedForms = {
    path,
    heart: { errors: t.map(() => new Float64Array(draws)), shown: t.map(() => new Float32Array(d)), slopes: { velocity: t.map(() => []), denoiser: t.map(() => []) } },
    best: field ? { slopes: { velocity: t.map(() => []), denoiser: t.map(() => []) } } : null,
  }
  const slopeOf = (origin: Origin, place: Place, lens: Lens): Slope | null => (16 * origin.rows.length * d * turns > MOST_SLOPE ? null : greatestSlope(slopeThrough(lens, place, empiricalSlope(set, origin)), d, turns, random()))
  for (let i = 0; i < draws; i++) {
    const part = (values: Float32Array) => values.subarray(i * d, (i + 1) * d)
    for (const [at, origin] of originsOf(set, part(data.heldOut), part(noise), linear).entries()) {
      found.heart.errors[at][i] = squaredError(origin.mean, data.heldOut, i * d)
      if (i === 0) found.heart.shown[at].set(origin.mean)
      if (i >= slopes) continue
      const place = placeOn(path, t[at])
      for (const reading of readings) {
        const lens = reading === 'velocity' ? PLAIN : toImage(place)
        found.heart.slopes[reading][at].push(slopeOf(origin, place, lens))
        if (field) found.best!.slopes[reading][at].push(greatestSlope(slopeThrough(lens, place, fieldSlope(field, part(data.heldOut), part(noise), linear[at])), d, turns, random()))
      }
    }
    await between()
  }
  return found
}

/** u → ∂v/∂x u on the linear path, of a field in closed form whose Jacobian is symmetric, as that of (x − E[x0|x])/t is; by central differences. */
function fieldSlope(field: (x: Float64Array, t: number, out: Float64Array) => void, x0: Float32Array, eps: Float32Array, t: number): (u: Float64Array) => Float64Array {
  const x = Float64Array.from(x0, (value, k) => (1 - t) * value + t * eps[k])
  const [above, below] = [new Float64Array(x.length), new Float64Array(x.length)]
  return u => {
    const step = 1e-4 / (Math.hypot(...u) || 1)
    field(x.map((value, k) => value + step * u[k]), t, above)
    field(x.map((value, k) => value - step * u[k]), t, below)
    return above.map((value, k) => (value - below[k]) / (2 * step))
  }
}

/**
 * What a lens makes of the slope of the best velocity along another path, from that along the linear one at the same image and noise: with
 * v = (β′ x − W D(x))/β, D that of the linear path at x/(α + β) and there D = x − t v, the velocity's is (β′/β − W/(β(α + β))) I + W/(α + β)² J.
 */
function slopeThrough({ keep, along }: Lens, { alpha, beta, dbeta, wronskian }: Place, linear: (u: Float64Array) => Float64Array): (u: Float64Array) => Float64Array {
  const whole = alpha + beta
  const [straight, bent] = [keep + (along * (dbeta - wronskian / whole)) / beta, (along * wronskian) / whole ** 2]
  return u => {
    const product = linear(u)
    return u.map((value, k) => straight * value + bent * product[k])
  }
}
