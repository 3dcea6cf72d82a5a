/**
 * What a label does: how much of the velocity tells classes apart by noise level, how much it changes when the label is left out, which is what guidance
 * amplifies, and whether samples of a class stand where its images do (contrastive flow matching and guidance push them further).
 */
import { z } from 'zod'
import { STREAM_EVALUATION } from '../engine/philox.ts'
import { type Estimate, rootMeanSquareRatio } from '../flow/estimate.ts'
import { commonPath, isLinear } from '../flow/place.ts'
import { stagesOf } from '../flow/solver.ts'
import { isGuidable, passesOf } from '../model/guidance.ts'
import { labelPanel, meansPanel, separationPanel } from './class_panels.ts'
import { type Bench, defineDiagnostic, type Measure } from './diagnostic.ts'
import { drawMany, piecesOf } from './drawn.ts'
import { atOnceOf, lotsOf, normalNoise, recordLook, showHeldOut, writeAll } from './look.ts'
import { dimensionsOf } from './semantic.ts'
import { separationOf } from './separation.ts'
import { levelsOf, LEVELS_WANTED } from './sweep.ts'

const settings = z.strictObject({
  t: z.string().max(200).default('0.001 0.01 0.03 0.1 0.2 0.3 0.4 0.5 0.6 0.7 0.8 0.9 0.99').refine(text => levelsOf(text), LEVELS_WANTED).meta({ title: 'Noise levels', help: 'Values of t; at 0 the image is clean.', advanced: true }),
  images: z.number().int().min(32).max(4096).default(256).meta({ title: 'Images', help: 'Held-out images behind each point by noise level, each with its own noise.', scale: 'log' }),
  samples: z.number().int().min(2).max(256).default(16).meta({ title: 'Samples of a class', help: 'Images drawn of each class, for networks that are told one.' }),
})

export default defineDiagnostic({
  id: 'classes',
  title: 'What the label does',
  order: 82,
  group: 'samples',
  summary: 'How much of the velocity tells classes apart, how much a label changes it by noise level, and where samples of a class stand beside its images.',
  paper: 'Contrastive flow matching (arXiv 2506.05350); classifier-free guidance (arXiv 2207.12598)',
  formulas: {
    separation: '\\frac{SS_b - (K-1)\\,MS_w}{SS_{\\text{total}}}',
    label: '\\sqrt{\\tfrac{1}{d}\\operatorname{E}\\,\\lVert v_y - v_\\varnothing\\rVert^2}',
    means: '\\frac{\\langle \\hat\\mu_y - \\mu,\\; \\mu_y - \\mu\\rangle}{\\lVert \\mu_y - \\mu\\rVert^2}',
  },
  settings,
  every: 0,
  work(config, { t, images, samples }) {
    const { net: { classes }, evaluate: { solver, solverSteps } } = config
    return { forwards: levelsOf(t)!.length * images * (isGuidable(config) ? 2 : 1) + samples * classes * solverSteps * stagesOf(solver) * passesOf(config) }
  },
  refuse({ data: { heldOut } }, { label, classes }, { images }) {
    if (classes.length < 2) return `${label} has no two classes to tell apart`
    return images > heldOut ? `${images} images are more than the ${heldOut} held-out ones; take at most as many` : undefined
  },
})

export const measure: Measure<typeof settings> = async (bench, { t: text, images, samples }) => {
  const { config, data } = bench
  const t = levelsOf(text)!
  const count = samples * config.net.classes
  const total = lotsOf(images, atOnceOf(bench, images)).length * t.length + (count > 0 ? piecesOf(bench, count) * config.evaluate.solverSteps : 0)
  let done = 0
  const step = () => bench.progress(Math.min(++done, total), total)
  const { separation, target, change } = await byLevel(bench, t, images, step)
  const panels = [separationPanel(bench, { t, images }, separation, target)]
  if (change) panels.push(labelPanel(bench, { t, images }, change))
  if (count > 0) panels.push(meansPanel(bench, samples, await drawMany(bench, count, step), data))
  return panels
}

/** Of each replica and level: what of its velocity lies between classes, and by how much it changes without the label; null where no label can be left out. */
async function byLevel(bench: Bench, t: number[], n: number, step: () => Promise<void>) {
  const { config, data, training: { replicas: R } } = bench
  const d = dimensionsOf(config)
  const lot = atOnceOf(bench, n)
  const look = recordLook(bench, { samples: lot, images: lot })
  const table = await bench.lay(look.recorder)
  const classes = data.heldOutLabels.subarray(0, n)
  const noise = normalNoise(n * d, config.data.seed, STREAM_EVALUATION, 17)
  const each = n * d
  const separation: Estimate[][] = Array.from({ length: R }, () => [])
  const change: Estimate[][] | null = isGuidable(config) ? Array.from({ length: R }, () => []) : null
  const path = commonPath(config)
  const target: Estimate[] = []
  for (const level of t) {
    const [told, untold, goal] = [new Float32Array(R * each), change && new Float32Array(R * each), new Float32Array(each)]
    for (const start of lotsOf(n, lot)) {
      showHeldOut(bench, table, look, lot, noise.subarray(start * d), start)
      table.write(look.batch.t, new Float32Array(R * lot).fill(level))
      const answer = async (all: Float32Array) => {
        table.submit(look.recorder)
        const velocity = await table.read(look.frozen.velocity!, 0, R * lot * d)
        for (let r = 0; r < R; r++) all.set(velocity.subarray(r * lot * d, (r + 1) * lot * d), r * each + start * d)
      }
      await answer(told)
      goal.set(await table.read(look.batch.goal, 0, lot * d), start * d)
      if (untold) {
        writeAll(table, R, look.batch.labels!, new Uint32Array(lot).fill(config.net.classes))
        await answer(untold)
      }
      await step()
    }
    // Along the linear path the targets are the same at every level.
    if (path) target.push(isLinear(path) && target[0] ? target[0] : separationOf(goal, classes, d))
    for (let r = 0; r < R; r++) {
      separation[r].push(separationOf(told.subarray(r * each, (r + 1) * each), classes, d))
      if (!change || !untold) continue
      const squares = Float64Array.from({ length: n }, (_, i) => {
        let sum = 0
        for (let k = r * each + i * d; k < r * each + (i + 1) * d; k++) sum += (told[k] - untold[k]) ** 2
        return sum / d
      })
      change[r].push(rootMeanSquareRatio(squares, new Float64Array(n).fill(1)))
    }
  }
  return { separation, target: path && { found: target, label: isLinear(path) ? 'in the targets ε − x₀' : 'in the targets' }, change }
}
