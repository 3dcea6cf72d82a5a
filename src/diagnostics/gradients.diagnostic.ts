/**
 * Theorem 2 of Lipman et al. 2022, seen: the conditional velocity of one pair and the marginal one, its mean over all that x_t may have come from, lead to
 * the same gradient. On n samples the two differ by noise, which falls as 1/√n.
 */
import { z } from 'zod'
import { PhiloxStream, STREAM_EVALUATION } from '../engine/philox.ts'
import { type Estimate, logLogSlope, meanOf } from '../flow/estimate.ts'
import { pathsOf, placeOn } from '../flow/place.ts'
import { recordWeightGradient } from '../model/weight_gradient.ts'
import type { Axis, Curve } from '../panel.ts'
import { bestField, mixed, MOST_IMAGES } from './best_field.ts'
import { type Bench, defineDiagnostic, type Measure } from './diagnostic.ts'
import { writeAll } from './look.ts'
import { dimensionsOf } from './semantic.ts'
import { few, finite, overSeeds, seedsSaid } from './words.ts'

/** Samples of one backward pass; the smallest n. */
const PIECE = 16
/** Noise levels are drawn evenly from here on; nearer to 0 the closed form needs more digits than float32 has. */
const LEAST = 0.01

const settings = z.strictObject({
  doublings: z.number().int().min(2).max(8).default(5).meta({ title: 'Doublings', help: `From ${PIECE} samples: each doubling takes twice as many.` }),
})

export default defineDiagnostic({
  id: 'gradients',
  title: 'Two targets, one gradient',
  tab: 'Two gradients',
  order: 45,
  group: 'problem',
  summary: 'The gradient of the loss against the velocity of each pair, as training has it, and against the mean velocity at x_t, which is what is to be learned: they differ by noise that more samples take away.',
  paper: 'Lipman et al. 2022, theorem 2 (arXiv 2210.02747)',
  formulas: { difference: '\\nabla_\\theta \\operatorname{E}\\lVert v_\\theta - v\\rVert^2 = \\nabla_\\theta \\operatorname{E}\\big\\lVert v_\\theta - \\operatorname{E}[v \\mid x_t]\\big\\rVert^2' },
  settings,
  every: 0,
  work: (config, { doublings }) => ({ forwards: 5 * PIECE * 2 ** doublings, flops: (PIECE * 2 ** doublings * Math.min(MOST_IMAGES, config.data.count) * dimensionsOf(config) * 4) / config.replicas.length }),
  refuse: ({ net: { classes } }) => (classes > 0 ? 'a network that is told the class has a mean velocity for each; take net.classes = 0' : undefined),
})

const SAMPLES: Axis = { label: 'samples n', scale: 'log' }

export const measure: Measure<typeof settings> = async (bench, { doublings }) => {
  const { training: { replicas: R }, groups, config } = bench
  const pieces = 2 ** doublings
  const total = PIECE * pieces
  const found = await differences(bench, doublings)
  const n = Array.from({ length: doublings + 1 }, (_, j) => PIECE * 2 ** j)
  const relative = found.map(({ apart, length }) => apart.map(({ value, standardError }) => ({ value: value / length, standardError: standardError / length })))
  const slopes = relative.map(values => logLogSlope(n, values.map(({ value }) => value)).slope)
  const start = relative.reduce((sum, [{ value }]) => sum + value / R, 0)
  return [{
    id: 'difference', title: 'How far the two gradients are apart, by samples', x: SAMPLES, y: { label: 'length of the difference / length of the gradient', scale: 'log' },
    curves: [
      ...relative.map((values, replica): Curve => ({ replica, kind: 'measured', label: '', x: n, y: values.map(({ value }) => finite(value)), spread: values.map(({ standardError }) => finite(standardError)) })),
      { replica: null, kind: 'theory', label: '1/√n', x: n, y: n.map(count => start * Math.sqrt(PIECE / count)) },
    ],
    spread: `± standard error over disjoint sets of n from ${total.toLocaleString('en')} samples; at the last n there is one`,
    summary: `The difference falls as n to the power ${groups.map(group => `${overSeeds(group, r => slopes[r])} in ${group.label}`).join(', ')}${seedsSaid(groups)}; −0.5 is noise alone. At n = ${total.toLocaleString('en')} it is ${few(relative[0].at(-1)!.value)} of the gradient${R > 1 ? ` in ${bench.labels[0]}` : ''}.`,
    notes: [
      `The gradient it is compared with is that of the mean velocity over all ${total.toLocaleString('en')} samples, of the weights as they are trained, with plain flow matching’s loss and even noise levels above ${LEAST}.`,
      bench.data.dataset.field ? 'The mean velocity is that of the distribution the data are drawn from.' : `The mean velocity is that of the first ${Math.min(MOST_IMAGES, config.data.count).toLocaleString('en')} training images, from which the samples are.`,
    ],
  }]
}

interface Found {
  /** ‖mean over n of Jᵀ(u_m − u_c)‖, n = PIECE 2^j: [j] */
  apart: Estimate[]
  /** ‖mean over all of Jᵀ(v − u_m)‖ */
  length: number
}

/** Of each replica. Sums of pieces are added in pairs, so that no more of them are kept than there are doublings. */
async function differences(bench: Bench, doublings: number): Promise<Found[]> {
  const { training, config, data } = bench
  const { replicas: R, layout: { length } } = training
  const d = dimensionsOf(config)
  const forward = bench.recorder().at('gradients')
  const backward = bench.recorder()
  const { frozen, direction, gradient } = recordWeightGradient(backward, training, { samples: PIECE, weights: training.parameters, forward, name: 'gradients ' })
  const table = await bench.lay(forward, backward)
  const paths = pathsOf(config)
  const fields = paths.map(path => bestField(bench, d, path).field)
  const random = new PhiloxStream(config.data.seed, STREAM_EVALUATION, 22)
  const among = data.dataset.field ? data.train.length / d : Math.min(MOST_IMAGES, Math.floor(data.train.length / d))
  const state = Array.from({ length: R }, () => ({ waiting: [] as (Float64Array | null)[], norms: Array.from({ length: doublings + 1 }, () => [] as number[]), whole: new Float64Array(length) }))
  const imageAt = (row: number) => data.train.subarray(row * d, (row + 1) * d)
  const pieces = 2 ** doublings
  for (let piece = 0; piece < pieces; piece++) {
    const t = Float32Array.from({ length: PIECE }, () => LEAST + (1 - LEAST) * random.uniform())
    const eps = new Float32Array(PIECE * d)
    random.fillNormal(eps)
    const x0 = new Float32Array(PIECE * d)
    for (let i = 0; i < PIECE; i++) x0.set(imageAt(random.integer(among)), i * d)
    const each = <T>(values: Float32Array, work: (own: Float32Array, i: number) => T) => Array.from({ length: PIECE }, (_, i) => work(values.subarray(i * d, (i + 1) * d), i))
    const images = paths.map(path => Float32Array.from(each(eps, (own, i) => [...mixed(x0.subarray(i * d, (i + 1) * d), own, path, t[i])]).flat()))
    images.forEach((own, r) => table.write(frozen.image, own, r * PIECE * d))
    writeAll(table, R, frozen.t, t)
    table.submit(forward)
    const velocity = await table.read(frozen.velocity!)
    const marginal = images.map((own, r) => Float32Array.from(each(own, (x, i) => [...fields[r](x, t[i])]).flat()))
    const conditional = paths.map(path => Float32Array.from(each(eps, (own, i) => {
      const { dalpha, dbeta } = placeOn(path, t[i])
      return Array.from(own, (value, k) => dalpha * x0[i * d + k] + dbeta * value)
    }).flat()))
    const pull = async (of: (r: number, k: number) => number) => {
      table.write(direction, Float32Array.from({ length: R * PIECE * d }, (_, at) => (2 / d) * of(Math.floor(at / (PIECE * d)), at % (PIECE * d))))
      table.submit(backward)
      return table.read(gradient.tensor)
    }
    const apart = await pull((r, k) => marginal[r][k] - conditional[r][k])
    const toMean = await pull((r, k) => velocity[r * PIECE * d + k] - marginal[r][k])
    state.forEach(({ waiting, norms, whole }, r) => {
      for (let i = 0; i < length; i++) whole[i] += toMean[r * length + i] / (PIECE * pieces)
      let sum = Float64Array.from(apart.subarray(r * length, (r + 1) * length))
      for (let j = 0; ; j++) {
        norms[j].push(lengthOf(sum) / (PIECE * 2 ** j))
        const before = waiting[j]
        if (!before) {
          waiting[j] = sum
          break
        }
        sum = sum.map((value, i) => value + before[i])
        waiting[j] = null
      }
    })
    await bench.progress(piece + 1, pieces)
  }
  return state.map(({ norms, whole }) => ({ apart: norms.map(meanOf), length: lengthOf(whole) }))
}

const lengthOf = (vector: Float64Array) => Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0))
