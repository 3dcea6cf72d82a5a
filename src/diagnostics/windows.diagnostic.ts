/**
 * When on the way from noise to image a denoiser's errors matter (Generation Phases): its answer x̂0 is made worse by the same number of decibels inside
 * one window of noise levels after another, and what comes out is held against what came out before, from the same noise.
 */
import { z } from 'zod'
import type { Config } from '../config.ts'
import { PhiloxStream, STREAM_EVALUATION } from '../engine/philox.ts'
import { energyDistance, FEWEST } from '../flow/energy.ts'
import { nearestOf } from '../flow/neighbours.ts'
import { commonPath, fromImage, placeOn, toImage } from '../flow/place.ts'
import { refuseDifferent } from './curved.ts'
import { type Bench, defineDiagnostic, type Measure } from './diagnostic.ts'
import { eulerWays, firstNoise, gridFor } from './euler_ways.ts'
import { normalNoise, recordLook, showHeldOut } from './look.ts'
import { amplitudeOf, patternOf, type Perturbation, signsOf } from './perturbation.ts'
import { dimensionsOf } from './semantic.ts'
import { type Outcome, windowPanels } from './window_panels.ts'

/** Numbers that the search for the nearest training image looks at, for all samples of a replica and a window. */
const NEAREST_WORK = 2e8
const KINDS: readonly Perturbation[] = ['noise', 'drift']

const settings = z.strictObject({
  images: z.number().int().min(4).max(256).default(48).meta({ title: 'Images', help: 'Drawn from the same noise with every window; as many held-out ones say how large the network’s error is.' }),
  steps: z.number().int().min(8).max(200).default(25).meta({ title: 'Steps', help: 'Euler’s, from noise to image.' }),
  windows: z.number().int().min(2).max(16).default(5).meta({ title: 'Windows', help: 'Evenly over the noise levels; they may overlap.' }),
  length: z.number().min(0.05).max(1).default(0.3).meta({ title: 'Length', help: 'Of a window, in t.' }),
  drop: z.number().min(0).max(20).default(3).meta({ title: 'Drop', help: 'By how much x̂₀ is made worse inside the window: PSNR of each network, at each level.', unit: 'dB' }),
})

type Chosen = z.output<typeof settings>

/** The first is none. */
const runsOf = ({ windows }: Pick<Chosen, 'windows'>) => 1 + KINDS.length * windows
const searchedOf = (images: number, config: Config) => Math.min(images, Math.max(4, Math.floor(NEAREST_WORK / (config.data.count * dimensionsOf(config)))))

export default defineDiagnostic({
  id: 'windows',
  title: 'When errors matter',
  tab: 'Stages',
  order: 76,
  group: 'denoiser',
  summary: 'What becomes of samples when the network’s x̂₀ is made worse by the same amount at one stage of the way or another, as noise or as drift.',
  paper: 'Generation Phases (arXiv 2510.24830)',
  formulas: {
    change: "\\hat x_0' = \\hat x_0 + a_t\\,\\delta, \\quad a_t^2 = \\operatorname{MSE}(t)\\,(10^{\\Delta/10} - 1), \\quad \\tfrac{1}{d}\\lVert\\delta\\rVert^2 = 1",
    shift: '\\tfrac{1}{\\sqrt d}\\,\\lVert \\operatorname{E}[x_0\' - x_0] \\rVert',
    worse: '2\\operatorname{E}\\lVert x - y\\rVert - \\operatorname{E}\\lVert x - x\'\\rVert - \\operatorname{E}\\lVert y - y\'\\rVert',
    phase: '\\log_2 \\frac{\\operatorname{E}\\lVert x_0\' - x_0\\rVert_{\\text{drift}}}{\\operatorname{E}\\lVert x_0\' - x_0\\rVert_{\\text{noise}}}',
    farther: '\\operatorname{E}\\big[\\min_k \\tfrac{1}{\\sqrt d}\\lVert x_0\' - x_k\\rVert - \\min_k \\tfrac{1}{\\sqrt d}\\lVert x_0 - x_k\\rVert\\big]',
  },
  settings,
  every: 0,
  work: (config, chosen) => ({
    forwards: chosen.images * chosen.steps * (runsOf(chosen) + 1),
    flops: searchedOf(chosen.images, config) * config.data.count * dimensionsOf(config) * 3 * runsOf(chosen),
  }),
  refuse(config, _, { images, length, steps }) {
    const different = refuseDifferent(config)
    if (different) return different
    if (images > config.data.heldOut) return `${images} images are more than the ${config.data.heldOut} held-out ones; take at most as many`
    return length * steps < 2 ? `a window of ${length} holds fewer than 2 of ${steps} steps; take more steps or a longer window` : undefined
  },
})

export const measure: Measure<typeof settings> = async (bench, chosen) => {
  const { config, data, training: { replicas: R } } = bench
  const { images: n, steps, windows, length, drop } = chosen
  const d = dimensionsOf(config)
  const grid = gridFor(config, steps)
  const path = commonPath(config)!
  const total = steps * (runsOf(chosen) + 1)
  let done = 0
  const between = () => bench.progress(++done, total)
  const errors = await squaredErrors(bench, n, grid, between)
  const walk = await eulerWays(bench, n)
  const noise = firstNoise(bench, n)
  const drawWith = async (kind: Perturbation | null, from: number): Promise<Float64Array> => {
    const pattern = patternOf(kind ?? 'noise', config.net.channels, config.net.size)
    let step = -1
    return walk(noise, grid, between, (t, velocity) => {
      step++
      if (!kind || t < from || t > from + length) return
      const signs = signsOf(kind, n, new PhiloxStream(config.data.seed, STREAM_EVALUATION, 4096 + step))
      // x̂0 + a δ instead of x̂0.
      const { along } = fromImage(placeOn(path, t))
      for (let k = 0; k < velocity.length; k++) velocity[k] += along * amplitudeOf(errors[Math.floor(k / (n * d))][step], drop) * signs[Math.floor(k / d) % n] * pattern[k % d]
    })
  }
  const starts = Array.from({ length: windows }, (_, i) => (i * (1 - length)) / (windows - 1))
  const plain = await drawWith(null, 0)
  const searched = searchedOf(n, config)
  const nearest = async (values: Float64Array, r: number) => {
    const found = await nearestOf({ values: data.train, width: d }, { values: values.slice(r * n * d, (r * n + searched) * d), width: d }, async () => {})
    return Float64Array.from(found, ({ distance }) => distance)
  }
  const before: Float64Array[] = []
  for (let r = 0; r < R; r++) before.push(await nearest(plain, r))
  const outcomes: Outcome[] = []
  for (const kind of KINDS) {
    for (const from of starts) {
      const samples = await drawWith(kind, from)
      for (let r = 0; r < R; r++) {
        const own = (values: Float64Array) => values.subarray(r * n * d, (r + 1) * n * d)
        const worse = n < FEWEST ? null : energyDistance(own(samples), data.heldOut.subarray(0, n * d), d, own(plain))
        outcomes.push({ kind, replica: r, from, worse, difference: own(samples).map((value, i) => value - own(plain)[i]), farther: (await nearest(samples, r)).map((value, i) => value - before[r][i]), first: samples.slice(r * n * d, (r * n + 1) * d) })
      }
    }
  }
  return windowPanels(bench, { ...chosen, starts, outcomes, before, first: before.map((_, r) => plain.slice(r * n * d, (r * n + 1) * d)), end: grid[grid.length - 2] })
}

/** Mean squared error of x̂0 on held-out images at every time of the grid but the last, [replica][step]. */
async function squaredErrors(bench: Bench, n: number, grid: Float32Array, between: () => Promise<void>): Promise<number[][]> {
  const { training: { replicas: R, batch: { dimensions: d } }, config } = bench
  const look = recordLook(bench, { samples: n, images: n })
  const table = await bench.lay(look.recorder)
  showHeldOut(bench, table, look, n, normalNoise(n * d, config.data.seed, STREAM_EVALUATION, 10))
  const errors: number[][] = Array.from({ length: R }, () => [])
  for (const t of grid.subarray(0, -1)) {
    table.write(look.batch.t, new Float32Array(R * n).fill(t))
    table.submit(look.recorder)
    const { along } = toImage(placeOn(commonPath(config)!, t))
    const [velocity, goal] = [await table.read(look.frozen.velocity!, 0, R * n * d), await table.read(look.batch.goal, 0, R * n * d)]
    errors.forEach((own, r) => {
      let sum = 0
      for (let k = r * n * d; k < (r + 1) * n * d; k++) sum += (along * (velocity[k] - goal[k])) ** 2
      own.push(sum / (n * d))
    })
    await between()
  }
  return errors
}
