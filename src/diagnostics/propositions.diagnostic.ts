/**
 * The two inequalities behind LCF's story, with every quantity in them measured on the net they are about: a consistency check, not evidence.
 * Here g is all tokens after a block, because the velocity is a function u of those and not of their mean; whole Jacobians, row by row.
 */
import { Matrix, SVD } from 'ml-matrix'
import { z } from 'zod'
import type { Dataset } from '../datasets/dataset.ts'
import { STREAM_EVALUATION } from '../engine/philox.ts'
import { type Estimate, meanOf } from '../flow/estimate.ts'
import { recordInputCotangent, recordInputTangent } from '../model/jacobian.ts'
import type { Axis, Curve, Panel } from '../panel.ts'
import { refuseCurved } from './curved.ts'
import { type Bench, defineDiagnostic, type Measure } from './diagnostic.ts'
import { logLevels, normalNoise, recordLook, writeAll } from './look.ts'
import { dimensionsOf, directionSettings, directionsOf, refuseDirections, STATISTICS } from './semantic.ts'
import { few, finite } from './words.ts'

/** Rows of a Jacobian that go through the net at a time, for all images. */
const ROWS = 16
/** Images behind Q(t), at most. */
const MEANS = 256

const settings = z.strictObject({
  ...directionSettings,
  demand: z.enum(['conditional', 'marginal']).default('conditional').meta({ title: 'Demand', help: 'The paper’s I/t, for a fixed image; or the slope of the best velocity, where the data set knows it.' }),
  levels: z.number().int().min(2).max(12).default(5).meta({ title: 'Noise levels', help: 'Points from t = 0.001 to 0.9, evenly spaced in log t.' }),
  images: z.number().int().min(2).max(16).default(4).meta({ title: 'Images', help: 'Held-out images whose whole Jacobians are taken.' }),
})

type Chosen = z.output<typeof settings>

const LEVEL: Axis = { label: 'noise level t', scale: 'log' }

export default defineDiagnostic({
  id: 'propositions',
  title: 'What Propositions 4 and 5 say of this net',
  order: 60,
  group: 'representation',
  summary: 'The lower bound on the sensitivity to other changes and the upper bound on how far classes lie apart, beside what is measured.',
  paper: 'LCF Prop. 4 and 5, A.2 (arXiv 2509.20952)',
  formulas: {
    demand: '\\lVert P_S M_t\\rVert, \\quad r_t = \\lVert P_S (M_t - \\widehat M_t)\\rVert',
    prop4: '\\sup_{v \\in S,\\,\\lVert v\\rVert = 1} \\lVert J_g v\\rVert \\ge \\frac{\\lVert P_S M_t\\rVert - r_t}{L_u}',
    prop5: 'Q(t) \\le \\sqrt{B^2 - g_{\\text{req}}(t)^2}\\;\\delta_{\\max}',
  },
  settings,
  every: 0,
  work: (config, { levels, images }) => ({ forwards: levels * (images * dimensionsOf(config) * 6 + MEANS) }),
  refuse(config, dataset, { images, demand, ...rest }) {
    const curved = refuseCurved(config)
    if (curved) return curved
    if (images > config.data.heldOut) return `${images} images are more than the ${config.data.heldOut} held-out ones; take at most as many`
    if (demand === 'marginal' && !dataset.field) return `the best velocity of ${dataset.label} is not known; take the conditional demand`
    if (dataset.classes.length < 2) return `${dataset.label} has no two classes to lie apart`
    return refuseDirections(config, dataset, rest)
  },
})

export const measure: Measure<typeof settings> = async (bench, chosen) => {
  const t = logLevels(chosen.levels, 0.001, 0.9)
  const spectra = await measureLevels(bench, chosen, t)
  const distances = await classDistances(bench, chosen, t)
  return panelsOf(bench, t, spectra, distances)
}

/** Of one image at one level. */
interface Slopes {
  /** ‖P_S M‖, ‖P_S(M − ∂v/∂x)‖: operator norms of what is demanded, and of what of it the net does not do. */
  demanded: number
  missing: number
  /** ‖∂u/∂tokens‖ */
  head: number
  /** ‖∂tokens/∂x v‖ at its greatest among unit v in S_noise, and ‖∂tokens/∂x‖_F. */
  greatest: number
  whole: number
}

/** [replica][level][image] */
async function measureLevels(bench: Bench, chosen: Chosen, t: number[]): Promise<Slopes[][][]> {
  const { training, config, data } = bench
  const { replicas: R, dit, optimizer: { ema } } = training
  const d = dimensionsOf(config)
  const n = chosen.images
  const S = n * ROWS
  const layer = config.objective.layer
  const width = dit.tokens * config.net.width
  const images = await bench.images(n, { split: 'test' })
  const semantic = await directionsOf(bench, chosen, images)

  const look = recordLook(bench, { samples: S, images: n, layers: [layer], keep: true })
  const back = bench.recorder()
  const pulled = recordInputCotangent(back, training, look.frozen, { velocity: true })
  if (!('velocity' in look.frozen.trace)) throw new Error('the forward pass stopped before the head')
  const dtokens = dit.backwardToTokens(back, ema, look.frozen.trace, { replicas: R, samples: S }, pulled.dvelocity!, layer)
  const on = bench.recorder()
  const pushed = recordInputTangent(on, training, look.frozen, { velocity: false, layers: [layer] })
  const table = await bench.lay(look.recorder, back, on)
  table.write(look.images, images.images)
  writeAll(table, R, look.batch.row, Uint32Array.from({ length: S }, (_, s) => Math.floor(s / ROWS)))
  const noise = normalNoise(n * d, config.data.seed, STREAM_EVALUATION, 7)
  const repeated = new Float32Array(S * d)
  for (let s = 0; s < S; s++) repeated.set(noise.subarray(Math.floor(s / ROWS) * d, (Math.floor(s / ROWS) + 1) * d), s * d)
  writeAll(table, R, look.batch.eps, repeated)

  const result: Slopes[][][] = Array.from({ length: R }, () => [])
  const unit = new Float32Array(S * d)
  const turns = Math.ceil(d / ROWS)
  let done = 0
  for (const level of t) {
    table.write(look.batch.t, new Float32Array(R * S).fill(level))
    table.submit(look.recorder)
    // Row k of ∂v/∂x and of ∂v/∂tokens, column k of ∂tokens/∂x; [replica·n + image][k]
    const make = () => Array.from({ length: R * n }, () => new Array<Float32Array>(d))
    const [velocity, head, tokens] = [make(), make(), make()]
    for (let turn = 0; turn < turns; turn++) {
      const index = (s: number) => turn * ROWS + (s % ROWS)
      unit.fill(0)
      for (let s = 0; s < S; s++) if (index(s) < d) unit[s * d + index(s)] = 1
      writeAll(table, R, pulled.dvelocity!, unit)
      writeAll(table, R, pushed.direction, unit)
      table.submit(back)
      table.submit(on)
      const take = (values: Float32Array, each: number, to: Float32Array[][]) => {
        for (let rs = 0; rs < R * S; rs++) if (index(rs % S) < d) to[Math.floor(rs / S) * n + Math.floor((rs % S) / ROWS)][index(rs % S)] = values.subarray(rs * each, (rs + 1) * each)
      }
      take(await table.read(pulled.dimage, 0, R * S * d), d, velocity)
      take(await table.read(dtokens.tensor, 0, R * S * width), width, head)
      take(await table.read(pushed.tokens.tensor, 0, R * S * width), width, tokens)
      await bench.progress(++done, t.length * turns)
    }
    const demand = demandOf(data.dataset, chosen, level, images.images, noise, d)
    for (let r = 0; r < R; r++) {
      result[r].push(Array.from({ length: n }, (_, i) => {
        const basis = rowsOf(semantic.basis(i), d)
        const asked = basis.map(row => demand(i, row))
        const given = basis.map(row => combine(row, velocity[r * n + i], d))
        const sensitivity = gramOf(tokens[r * n + i])
        return {
          demanded: operatorNorm(asked), missing: operatorNorm(asked.map((row, k) => row.map((value, j) => value - given[k][j]))),
          head: Math.sqrt(greatestEigenvalue(gramOf(head[r * n + i]))),
          greatest: Math.sqrt(greatestEigenvalue(without(sensitivity, basis))), whole: Math.sqrt(sensitivity.reduce((sum, row, k) => sum + row[k], 0)),
        }
      }))
    }
  }
  return result
}

/** s → sᵀM of image i: I/t, or the slope of the best velocity by central differences. */
function demandOf(dataset: Dataset, { demand }: Chosen, t: number, images: Float32Array, noise: Float32Array, d: number): (image: number, s: Float64Array) => Float64Array {
  if (demand === 'conditional') return (_, s) => s.map(value => value / t)
  const step = 1e-4
  return (image, s) => {
    const x = Float64Array.from({ length: d }, (_, k) => (1 - t) * images[image * d + k] + t * noise[image * d + k])
    const [above, below] = [new Float64Array(d), new Float64Array(d)]
    // M is symmetric: it is the derivative of (x − E[x0|x])/t, and a covariance is.
    dataset.field!(x.map((value, k) => value + step * s[k]), t, above)
    dataset.field!(x.map((value, k) => value - step * s[k]), t, below)
    return above.map((value, k) => (value - below[k]) / (2 * step))
  }
}

const rowsOf = (basis: Float64Array, d: number) => Array.from({ length: basis.length / d }, (_, k) => basis.slice(k * d, (k + 1) * d))

/** Σ_k weights_k rows_k */
function combine(weights: Float64Array, rows: Float32Array[], d: number): Float64Array {
  const sum = new Float64Array(d)
  weights.forEach((weight, k) => { for (let j = 0; j < d; j++) sum[j] += weight * rows[k][j] })
  return sum
}

function gramOf(rows: Float32Array[]): Float64Array[] {
  const gram = rows.map(() => new Float64Array(rows.length))
  rows.forEach((a, i) => {
    for (let j = 0; j <= i; j++) {
      const b = rows[j]
      let sum = 0
      for (let k = 0; k < a.length; k++) sum += a[k] * b[k]
      gram[i][j] = sum
      gram[j][i] = sum
    }
  })
  return gram
}

/** (I−P) G (I−P) for an orthonormal basis. */
function without(gram: Float64Array[], basis: Float64Array[]): Float64Array[] {
  const d = gram.length
  const projector = Array.from({ length: d }, (_, i) => Float64Array.from({ length: d }, (__, j) => (i === j ? 1 : 0) - basis.reduce((sum, row) => sum + row[i] * row[j], 0)))
  const p = new Matrix(projector)
  const inside = p.mmul(new Matrix(gram)).mmul(p)
  return inside.to2DArray().map(row => Float64Array.from(row))
}

/** Of a symmetric matrix that is not negative, by power iteration to 1e-6. */
function greatestEigenvalue(matrix: Float64Array[]): number {
  const d = matrix.length
  let vector = Float64Array.from({ length: d }, (_, i) => 1 + 0.1 * Math.sin(i + 1)) // along no symmetry
  let value = 0
  for (let k = 0; k < 1000; k++) {
    const next = Float64Array.from(matrix, row => row.reduce((sum, entry, j) => sum + entry * vector[j], 0))
    const length = Math.hypot(...next)
    if (!(length > 0)) return 0
    vector = next.map(entry => entry / length)
    const before = value
    value = length
    if (k > 0 && Math.abs(value - before) < 1e-6 * value) break
  }
  return value
}

const operatorNorm = (rows: Float64Array[]) => new SVD(new Matrix(rows.map(row => Array.from(row))), { autoTranspose: true, computeLeftSingularVectors: false, computeRightSingularVectors: false }).diagonal[0]

/** Least distance between class means of tokens, [replica][level], and the greatest between class means of pixels. */
async function classDistances(bench: Bench, { levels }: Chosen, t: number[]): Promise<{ features: number[][]; pixels: number; count: number }> {
  const { training, config, data } = bench
  const n = Math.min(MEANS, config.data.heldOut)
  const { replicas: R, dit } = training
  const d = dimensionsOf(config)
  const { layer } = config.objective
  const width = dit.tokens * config.net.width
  const look = recordLook(bench, { samples: n, images: n, layers: [layer], velocity: false, name: 'means ' })
  const table = await bench.lay(look.recorder)
  table.write(look.images, data.heldOut.subarray(0, n * d))
  writeAll(table, R, look.batch.row, Uint32Array.from({ length: n }, (_, i) => i))
  writeAll(table, R, look.batch.eps, normalNoise(n * d, config.data.seed, STREAM_EVALUATION, 8))
  const labels = data.heldOutLabels.subarray(0, n)
  const features: number[][] = Array.from({ length: R }, () => [])
  for (const [at, level] of t.entries()) {
    table.write(look.batch.t, new Float32Array(R * n).fill(level))
    table.submit(look.recorder)
    const tokens = await table.read(look.frozen.trace.blocks[layer - 1].out.tensor, 0, R * n * width)
    for (let r = 0; r < R; r++) features[r].push(Math.min(...meanDistances(tokens.subarray(r * n * width, (r + 1) * n * width), labels, width)))
    await bench.progress(at + 1, levels)
  }
  const train = await bench.images(STATISTICS, { split: 'train' })
  return { features, count: n, pixels: Math.max(...meanDistances(train.images, train.labels, d)) }
}

/** Distances between the means of every two classes. */
function meanDistances(values: Float32Array, labels: Uint8Array, width: number): number[] {
  const sums = new Map<number, { mean: Float64Array; count: number }>()
  labels.forEach((label, i) => {
    const sum = sums.get(label) ?? { mean: new Float64Array(width), count: 0 }
    sums.set(label, sum)
    sum.count++
    for (let k = 0; k < width; k++) sum.mean[k] += values[i * width + k]
  })
  const means = [...sums.values()].map(({ mean, count }) => mean.map(value => value / count))
  return means.flatMap((a, i) => means.slice(i + 1).map(b => Math.sqrt(a.reduce((sum, value, k) => sum + (value - b[k]) ** 2, 0))))
}

function panelsOf({ groups, labels }: Bench, t: number[], slopes: Slopes[][][], { features, pixels, count }: Awaited<ReturnType<typeof classDistances>>): Panel[] {
  const over = (r: number, at: number, of: (slope: Slopes) => number): Estimate => meanOf(slopes[r][at].map(of))
  const curve = (replica: number, label: string, of: (at: number) => Estimate): Curve => {
    const estimates = t.map((_, at) => of(at))
    return { replica, kind: 'measured', label, x: t, y: estimates.map(({ value }) => finite(value)), spread: estimates.map(({ standardError }) => finite(standardError)) }
  }
  const required = ({ demanded, missing, head }: Slopes) => (demanded - missing) / head
  const lower = labels.map((_, r) => t.map((__, at) => over(r, at, required).value))
  const budget = labels.map((_, r) => Math.max(...t.map((__, at) => over(r, at, ({ whole }) => whole).value)))
  const upper = labels.map((_, r) => t.map((level, at) => Math.sqrt(Math.max(0, budget[r] ** 2 - Math.max(0, lower[r][at]) ** 2)) * (1 - level) * pixels))
  const images = slopes[0][0].length
  const spread = `± standard error over ${images} images, whole Jacobians`
  const vacuous = groups.map(({ label, replicas }) => `${replicas.reduce((sum, r) => sum + lower[r].filter(value => !(value > 0)).length, 0)} of ${replicas.length * t.length} in ${label}`).join(', ')
  const exceeded = labels.some((_, r) => features[r].some((value, at) => value > upper[r][at]))
  return [
    {
      id: 'demand', title: 'What the target asks of the class directions, and what of it the net leaves undone', x: LEVEL, y: { label: 'slope', scale: 'log' },
      curves: [
        { replica: null, kind: 'theory', label: 'demanded, ‖P_S M‖', x: t, y: t.map((_, at) => finite(over(0, at, ({ demanded }) => demanded).value)) },
        ...labels.map((_, r) => curve(r, 'left undone, r_t', at => over(r, at, ({ missing }) => missing))),
      ],
      spread, summary: `At t = ${t[0]} the target asks for a slope of ${few(over(0, 0, ({ demanded }) => demanded).value)}; left undone: ${groups.map(({ label, replicas: [r] }) => `${few(over(r, 0, ({ missing }) => missing).value)} in ${label}`).join(', ')}.`,
      notes: ['Trained nets leave nearly all of it undone at low noise, and need not do it: for the conditional demand I/t the best possible velocity does not either, except off the data.'],
    },
    {
      id: 'prop4', title: 'Greatest reaction to other changes, and Proposition 4’s lower bound', x: LEVEL, y: { label: 'gain of the tokens', scale: 'log' },
      curves: [...labels.map((_, r) => curve(r, 'measured', at => over(r, at, ({ greatest }) => greatest))), ...labels.map((_, replica): Curve => ({ replica, kind: 'theory', label: 'lower bound', x: t, y: lower[replica].map(value => (value > 0 ? value : null)) }))],
      spread, summary: `The bound is vacuous (0 or less) at ${vacuous} of the points.`,
      notes: ['g_req = (‖P_S M‖ − r_t)/L_u with r_t and L_u measured on the same net: it cannot be evidence for what it bounds. Where it is 0 or less it says nothing and is not drawn.', 'The proof needs P_S M v = M v on S, which holds for M = I/t only.'],
    },
    {
      id: 'prop5', title: 'How far the two nearest classes lie apart, and Proposition 5’s upper bound', x: LEVEL, y: { label: 'distance of class means in the tokens', scale: 'log' },
      curves: [...labels.map((_, replica): Curve => ({ replica, kind: 'measured', label: 'measured, Q(t)', x: t, y: features[replica].map(finite) })), ...labels.map((_, replica): Curve => ({ replica, kind: 'theory', label: 'upper bound', x: t, y: upper[replica].map(finite) }))],
      spread: `class means over ${count} held-out images`,
      summary: exceeded ? 'Q(t) exceeds the bound in places: the bound is that of a linearised net.' : 'Q(t) stays below the bound at every level.',
      notes: [`√(B² − g_req²)·(1−t)·δ, with B the greatest ‖∂g/∂x‖_F of these levels and δ = ${pixels.toPrecision(3)} the greatest distance between class means of pixels; the (1−t) is ours, because x_t holds the image times that.`, 'The least of several noisy distances is too small on average, and the distance of noisy means too large.'],
    },
  ]
}
