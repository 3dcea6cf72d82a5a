/**
 * When on the way from noise to image a denoiser's errors matter (Generation Phases): its answer x̂0 is made worse by the same number of decibels inside
 * one window of noise levels after another, and what comes out is held against what came out before, from the same noise.
 */
import { z } from 'zod'
import type { Config } from '../config.ts'
import { PhiloxStream, STREAM_EVALUATION } from '../engine/philox.ts'
import { type Estimate, meanOf } from '../flow/estimate.ts'
import { distanceOf, featureSet } from '../flow/frechet.ts'
import { nearestOf } from '../flow/neighbours.ts'
import { fromImage, pathsOf, placeOn, toImage } from '../flow/place.ts'
import { type Bench, defineDiagnostic, type Measure } from './diagnostic.ts'
import { piecesOf } from './drawn.ts'
import { eulerWays, firstNoise, gridFor } from './euler_ways.ts'
import { normalNoise, recordLook, showHeldOut } from './look.ts'
import { changeOf, meanChangeOf } from './moved.ts'
import { amplitudeOf, type Perturbation, perturbationOf, PERTURBATIONS } from './perturbation.ts'
import { featuresFor, referenceOf, refuseCount } from './quality_features.ts'
import { dimensionsOf } from './semantic.ts'
import { type Outcome, type Undisturbed, windowPanels } from './window_panels.ts'

/** Numbers that the search for the nearest training image looks at, for all samples of a replica and a window. */
const NEAREST_WORK = 2e8
/** Principal components of the pixels, where the lab has no classifier of the images. */
const COMPONENTS = 32

const settings = z.strictObject({
  images: z.number().int().min(64).max(1024).default(256).meta({ title: 'Images', help: 'Drawn from the same noise with every window, and compared with as many held-out ones. Compare distances of equal numbers only.', scale: 'log' }),
  steps: z.number().int().min(8).max(200).default(25).meta({ title: 'Steps', help: 'Euler’s, from noise to image.' }),
  windows: z.number().int().min(2).max(16).default(5).meta({ title: 'Windows', help: 'Evenly over the noise levels; they may overlap.' }),
  length: z.number().min(0.05).max(1).default(0.3).meta({ title: 'Length', help: 'Of a window, in t.' }),
  drop: z.number().min(0).max(20).default(3).meta({ title: 'Drop', help: 'By how much x̂₀ is made worse inside the window: PSNR of each network, at each level.', unit: 'dB' }),
})

type Chosen = z.output<typeof settings>

/** The first is none. */
const runsOf = ({ windows }: Pick<Chosen, 'windows'>) => 1 + PERTURBATIONS.length * windows
const searchedOf = (images: number, config: Config) => Math.min(images, Math.max(4, Math.floor(NEAREST_WORK / (config.data.count * dimensionsOf(config)))))

export default defineDiagnostic({
  id: 'windows',
  title: 'When errors matter',
  tab: 'Stages',
  order: 76,
  group: 'denoiser',
  summary: 'What becomes of samples when the network’s x̂₀ is made worse by the same amount at one stage of the way or another: by noise, by a drift, or by a shift of the image.',
  paper: 'Generation Phases (arXiv 2510.24830)',
  formulas: {
    change: "\\hat x_0' = \\hat x_0 + a_t\\,\\delta, \\quad a_t^2 = \\operatorname{MSE}(t)\\,(10^{\\Delta/10} - 1), \\quad \\tfrac{1}{d}\\lVert\\delta\\rVert^2 = 1",
    shift: '\\tfrac{1}{\\sqrt d}\\,\\lVert \\operatorname{E}[x_0\' - x_0] \\rVert',
    worse: '\\lVert \\mu_1 - \\mu_2\\rVert^2 + \\operatorname{tr}\\!\\big(\\Sigma_1 + \\Sigma_2 - 2(\\Sigma_1\\Sigma_2)^{1/2}\\big)',
    phase: '\\log_2 \\frac{\\operatorname{E}\\lVert x_0\' - x_0\\rVert_{\\text{drift or shift}}}{\\operatorname{E}\\lVert x_0\' - x_0\\rVert_{\\text{noise}}}',
    farther: '\\operatorname{E}\\big[\\min_k \\tfrac{1}{\\sqrt d}\\lVert x_0\' - x_k\\rVert - \\min_k \\tfrac{1}{\\sqrt d}\\lVert x_0 - x_k\\rVert\\big]',
  },
  settings,
  every: 0,
  work: (config, chosen) => ({
    forwards: chosen.images * chosen.steps * (runsOf(chosen) + 1),
    flops: searchedOf(chosen.images, config) * config.data.count * dimensionsOf(config) * 3 * runsOf(chosen),
  }),
  refuse(config, dataset, { images, length, steps }) {
    const problem = refuseCount(config, dataset, images)
    if (problem) return problem
    return length * steps < 2 ? `a window of ${length} holds fewer than 2 of ${steps} steps; take more steps or a longer window` : undefined
  },
})

export const measure: Measure<typeof settings> = async (bench, chosen) => {
  const { config, data, training: { replicas: R } } = bench
  const { images: n, steps, windows, length, drop } = chosen
  const d = dimensionsOf(config)
  const grid = gridFor(config, steps)
  const paths = pathsOf(config)
  const { each, firsts } = piecesFor(bench, n)
  const shown = piecesFor(bench, Math.min(n, config.data.heldOut))
  const total = steps * (shown.firsts.length + firsts.length * runsOf(chosen))
  let done = 0
  const between = () => bench.progress(++done, total)
  const wait = () => bench.progress(done, total)

  const { all: [features] } = await featuresFor(bench, COMPONENTS, wait)
  const reference = await referenceOf(bench, features, n, wait)
  const errors = await squaredErrors(bench, shown, grid, between)
  const walk = await eulerWays(bench, each)
  const noise = firstNoise(bench, n)
  /** → samples of each replica (n,d) */
  const drawWith = async (kind: Perturbation | null, from: number): Promise<Float64Array[]> => {
    const samples = Array.from({ length: R }, () => new Float64Array(n * d))
    for (const first of firsts) {
      const start = new Float64Array(R * each * d)
      for (let r = 0; r < R; r++) start.set(noise.subarray((r * n + first) * d, (r * n + first + each) * d), r * each * d)
      let step = -1
      const drawn = await walk(start, grid, between, (t, velocity, x) => {
        step++
        if (!kind || t < from || t > from + length) return
        for (let r = 0; r < R; r++) {
          const [own, at] = [velocity.subarray(r * each * d, (r + 1) * each * d), x.subarray(r * each * d, (r + 1) * each * d)]
          const place = placeOn(paths[r], t)
          const [toward, back] = [toImage(place), fromImage(place)]
          const delta = perturbationOf(kind, at.map((value, k) => toward.keep * value + toward.along * own[k]), config.net, new PhiloxStream(config.data.seed, STREAM_EVALUATION, 4096 + first * steps + step))
          const amplitude = amplitudeOf(errors[r][step], drop)
          for (let k = 0; k < own.length; k++) own[k] += back.along * amplitude * delta[k]
        }
      })
      samples.forEach((own, r) => own.set(drawn.subarray(r * each * d, (r + 1) * each * d), first * d))
    }
    return samples
  }
  const searched = searchedOf(n, config)
  const nearest = async (values: Float64Array) => {
    const found = await nearestOf({ values: data.train, width: d }, { values: values.subarray(0, searched * d), width: d }, wait)
    return Float64Array.from(found, ({ distance }) => distance)
  }
  const apart = async (values: Float64Array): Promise<Estimate | null> => {
    if (!values.every(Number.isFinite)) return null
    const found = distanceOf(featureSet(await features.of(Float32Array.from(values)), features.width), reference.held)
    await wait()
    return found
  }
  const starts = Array.from({ length: windows }, (_, i) => (i * (1 - length)) / (windows - 1))
  const plain = await drawWith(null, 0)
  const before: Undisturbed[] = []
  for (const values of plain) before.push({ distance: await apart(values), nearest: await nearest(values), first: values.slice(0, d) })
  const outcomes: Outcome[] = []
  for (const kind of PERTURBATIONS) {
    for (const from of starts) {
      for (const [replica, values] of (await drawWith(kind, from)).entries()) {
        const difference = values.map((value, i) => value - plain[replica][i])
        const farther = (await nearest(values)).map((value, i) => value - before[replica].nearest[i])
        outcomes.push({ kind, replica, from, change: changeOf(difference, n), meanChange: meanChangeOf(difference, n), distance: await apart(values), farther: meanOf(farther), first: values.slice(0, d) })
      }
    }
  }
  return windowPanels(bench, { ...chosen, starts, outcomes, before, reference, end: grid[grid.length - 2] })
}

/** Pieces of equal size that can be asked about at once; the last may begin among the images of the one before it. */
function piecesFor(bench: Bench, count: number): { each: number; firsts: number[] } {
  const pieces = piecesOf(bench, count)
  const each = Math.ceil(count / pieces)
  return { each, firsts: Array.from({ length: pieces }, (_, i) => Math.min(i * each, count - each)) }
}

/** Mean squared error of x̂0 on held-out images at every time of the grid but the last, [replica][step]. */
async function squaredErrors(bench: Bench, { each, firsts }: { each: number; firsts: readonly number[] }, grid: Float32Array, between: () => Promise<void>): Promise<number[][]> {
  const { training: { replicas: R, batch: { dimensions: d } }, config } = bench
  const look = recordLook(bench, { samples: each, images: each })
  const table = await bench.lay(look.recorder)
  const paths = pathsOf(config)
  const levels = grid.subarray(0, -1)
  const noise = normalNoise((firsts[firsts.length - 1] + each) * d, config.data.seed, STREAM_EVALUATION, 10)
  const errors = Array.from({ length: R }, () => Array.from(levels, () => 0))
  for (const first of firsts) {
    showHeldOut(bench, table, look, each, noise.subarray(first * d), first)
    for (const [step, t] of levels.entries()) {
      table.write(look.batch.t, new Float32Array(R * each).fill(t))
      table.submit(look.recorder)
      const [velocity, goal] = [await table.read(look.frozen.velocity!, 0, R * each * d), await table.read(look.batch.goal, 0, R * each * d)]
      errors.forEach((own, r) => {
        const { along } = toImage(placeOn(paths[r], t))
        for (let k = r * each * d; k < (r + 1) * each * d; k++) own[step] += (along * (velocity[k] - goal[k])) ** 2 / (firsts.length * each * d)
      })
      await between()
    }
  }
  return errors
}
