/**
 * Condition of the optimisation at a fixed noise level (LCF Prop. 2 and 3): Gauss-Newton of the live net by exact products, its spectrum on a
 * sample of outputs, and beside it linear models of which everything is known.
 */
import { z } from 'zod'
import { PhiloxStream, STREAM_EVALUATION } from '../engine/philox.ts'
import { type Estimate, logLogSlope, meanOf } from '../flow/estimate.ts'
import { descend, hessianConditionNumber, stepsToReach, subspaceSpectrum, sufficientSteps } from '../flow/linear_bed.ts'
import { recordGaussNewton } from '../model/gauss_newton.ts'
import { recordTangentKernel } from '../model/tangent_kernel.ts'
import { interpolate, makeBatch } from '../ops/batch.ts'
import type { Axis, Curve, Panel } from '../panel.ts'
import { type Bench, defineDiagnostic, type Measure, type Theory } from './diagnostic.ts'
import { lanczos, symmetricEigenvalues } from './lanczos.ts'
import { logLevels, normalNoise, writeAll } from './look.ts'
import { few, finite, overSeeds, seedsSaid } from './words.ts'

/** Eigenvalues below this share of the greatest count as none: float32 products cannot tell them from rounding. */
const LEAST = 1e-6
/** δ of the damped condition number, as a share of the greatest eigenvalue. */
const DAMPING = 1e-4
/** Images behind the outputs of the tangent kernel. */
const KERNEL_IMAGES = 8
const BED = { dimensions: 16, rank: 8, lambda: 4 }

const settings = z.strictObject({
  levels: z.number().int().min(3).max(12).default(5).meta({ title: 'Noise levels', help: 'Points from t = 0.001 to 0.9, evenly spaced in log t.' }),
  images: z.number().int().min(4).max(256).default(16).meta({ title: 'Images', help: 'Held-out images behind one greatest eigenvalue.' }),
  batches: z.number().int().min(2).max(8).default(2).meta({ title: 'Batches', help: 'Disjoint sets of images: their spread is the band.' }),
  steps: z.number().int().min(4).max(80).default(20).meta({ title: 'Lanczos steps', help: 'More of them make the greatest eigenvalue exact; the residual says whether they do.' }),
  outputs: z.number().int().min(16).max(512).default(64).meta({ title: 'Outputs', help: 'Single numbers of the velocity whose tangent kernel is taken whole.' }),
  bedLevel: z.number().min(0.01).max(1).default(0.1).meta({ title: 't of the test bed', help: 'Noise level at which gradient descent is run on the linear model.', scale: 'log' }),
})

type Chosen = z.output<typeof settings>

const LEVEL: Axis = { label: 'noise level t', scale: 'log' }

export default defineDiagnostic({
  id: 'hessian',
  title: 'Condition number of the optimisation',
  order: 50,
  group: 'problem',
  summary: 'How unevenly the loss at one noise level curves in the weights: greatest eigenvalue, spectrum, and test beds of which all is known.',
  paper: 'LCF Prop. 2 and 3, eq. 7, 8, 40 (arXiv 2509.20952)',
  formulas: {
    kappa: '\\kappa = \\frac{\\lambda_{\\max}}{\\lambda_{\\min}}, \\quad H \\approx 2\\operatorname{E}[J_\\theta^{\\top} J_\\theta]',
    greatest: '\\lambda_{\\max} = \\max_u \\frac{u^{\\top} G\\,u}{u^{\\top}u}, \\quad G = \\tfrac{2}{n d}\\textstyle\\sum J^{\\top}J',
    rank: '\\frac{\\operatorname{tr} K}{\\lambda_{\\max}(K)}, \\quad K = J J^{\\top}',
    spectrum: 'K\\,u_i = \\lambda_i\\,u_i, \\quad K = J J^{\\top}',
    bed: '\\kappa(H(t)) = \\frac{\\lambda_{\\max}}{\\lambda_{\\min}}',
    descent: 'W_{k+1} = W_k - \\tfrac{1}{L}\\nabla L(W_k)',
  },
  settings,
  every: 0,
  work: (_, { levels, images, batches, steps, outputs }) => ({ forwards: levels * (5 * steps * images * batches + 4 * outputs * KERNEL_IMAGES) }),
  refuse({ data, net }, _, { images, batches, outputs }) {
    if (images * batches > data.heldOut) return `${batches} batches of ${images} images are more than the ${data.heldOut} held-out ones`
    const most = KERNEL_IMAGES * net.channels * net.size ** 2
    return outputs > most ? `${KERNEL_IMAGES} images have ${most} outputs, fewer than ${outputs}` : undefined
  },
  withoutRun: true,
})

export const theory: Theory<typeof settings> = chosen => [bedPanel(chosen), descentPanel(chosen)]

export const measure: Measure<typeof settings> = async (bench, chosen) => {
  const t = logLevels(chosen.levels, 0.001, 0.9)
  const greatest = await greatestByLevel(bench, chosen, t)
  const spectra = await kernelSpectra(bench, chosen, t)
  return [...panelsOf(bench, chosen, t, greatest, spectra), bedPanel(chosen), descentPanel(chosen)]
}

/** λ_max of Gauss-Newton, [replica][level], over batches; and the greatest residual, as a share of its eigenvalue. */
async function greatestByLevel(bench: Bench, { images: n, batches, steps, levels }: Chosen, t: number[]): Promise<{ estimates: Estimate[][]; residual: number }> {
  const { training, data, config } = bench
  const { replicas: R, layout: { length }, batch: { dimensions: d }, optimizer: { ema } } = training
  const forward = bench.recorder().at('curvature')
  const product = bench.recorder()
  const { batch, images } = noised(bench, n, n * batches)
  const mix = bench.recorder()
  interpolate(mix, { replicas: R, samples: n }, images, null, batch)
  const newton = recordGaussNewton(product, training, { samples: n, weights: ema, forward })
  const table = await bench.lay(mix, forward, product)
  table.write(images, data.heldOut.subarray(0, n * batches * d))
  const noise = normalNoise(n * batches * d, config.data.seed, STREAM_EVALUATION, 4)
  const values = Array.from({ length: R }, () => t.map((): number[] => []))
  let residual = 0
  let done = 0
  for (const [at, level] of t.entries()) {
    for (let b = 0; b < batches; b++) {
      table.write(batch.t, new Float32Array(R * n).fill(level))
      writeAll(table, R, batch.row, Uint32Array.from({ length: n }, (_, i) => b * n + i))
      writeAll(table, R, batch.eps, noise.subarray(b * n * d, (b + 1) * n * d))
      table.submit(mix)
      table.copy(batch.xt, 0, newton.frozen.image, 0, R * n * d)
      table.copy(batch.t, 0, newton.frozen.t, 0, R * n)
      table.submit(forward)
      const spectra = await lanczos(async vectors => {
        vectors.forEach((vector, r) => table.write(newton.direction.tensor, vector, r * length))
        table.submit(product)
        const result = await table.read(newton.product)
        await bench.progress(done++, levels * batches * steps)
        return vectors.map((_, r) => result.subarray(r * length, (r + 1) * length))
      }, { count: R, length, steps, seed: config.data.seed })
      spectra.forEach(({ ritz, residual: off }, r) => {
        values[r][at].push(ritz[0])
        if (ritz[0] > 0) residual = Math.max(residual, off / ritz[0])
      })
      done = (at * batches + b + 1) * steps
    }
  }
  return { estimates: values.map(byLevel => byLevel.map(meanOf)), residual }
}

function noised(bench: Bench, n: number, count: number) {
  const { training: { replicas: R, batch: { dimensions: d }, paths }, config } = bench
  const recorder = bench.recorder()
  return { batch: { ...makeBatch(recorder, R, n, d, config.net.classes > 0, 'curvature batch'), paths }, images: recorder.tensor('curvature images', count * d) }
}

/** Eigenvalues of 2/outputs · K on randomly chosen outputs, [replica][level], descending. */
async function kernelSpectra(bench: Bench, { outputs }: Chosen, t: number[]): Promise<number[][][]> {
  const { training, data, config } = bench
  const { replicas: R, batch: { dimensions: d }, optimizer: { ema } } = training
  const n = KERNEL_IMAGES
  const forward = bench.recorder().at('tangent kernel')
  const product = bench.recorder()
  const { batch, images } = noised(bench, n, n)
  const mix = bench.recorder()
  interpolate(mix, { replicas: R, samples: n }, images, null, batch)
  const kernel = recordTangentKernel(product, training, { samples: n, weights: ema, forward })
  const columns = product.tensor('kernel columns', outputs * R * n * d)
  const table = await bench.lay(mix, forward, product)
  table.write(images, data.heldOut.subarray(0, n * d))
  writeAll(table, R, batch.row, Uint32Array.from({ length: n }, (_, i) => i))
  writeAll(table, R, batch.eps, normalNoise(n * d, config.data.seed, STREAM_EVALUATION, 5))
  const chosen = chooseOutputs(outputs, n * d, config.data.seed)
  const [one, zero] = [new Float32Array([1]), new Float32Array([0])]
  const spectra: number[][][] = Array.from({ length: R }, () => [])
  let done = 0
  for (const level of t) {
    table.write(batch.t, new Float32Array(R * n).fill(level))
    table.submit(mix)
    table.copy(batch.xt, 0, kernel.frozen.image, 0, R * n * d)
    table.copy(batch.t, 0, kernel.frozen.t, 0, R * n)
    table.submit(forward)
    for (const [k, output] of chosen.entries()) {
      for (let r = 0; r < R; r++) table.write(kernel.direction, one, r * n * d + output)
      table.submit(product)
      table.copy(kernel.product, 0, columns, k * R * n * d, R * n * d)
      for (let r = 0; r < R; r++) table.write(kernel.direction, zero, r * n * d + output)
      if (k % 8 === 7) await bench.progress((done += 8), t.length * outputs)
    }
    const all = await table.read(columns)
    for (let r = 0; r < R; r++) {
      const gram = new Float64Array(outputs * outputs)
      chosen.forEach((_, k) => chosen.forEach((output, j) => { gram[k * outputs + j] = (2 / outputs) * all[(k * R + r) * n * d + output] }))
      spectra[r].push(symmetricEigenvalues(gram, outputs))
    }
  }
  return spectra
}

function chooseOutputs(count: number, among: number, seed: number): number[] {
  const random = new PhiloxStream(seed, STREAM_EVALUATION, 6)
  const chosen = new Set<number>()
  while (chosen.size < count) chosen.add(random.integer(among))
  return [...chosen]
}

/** λ_max over the least eigenvalue that is not rounding. */
const positive = (spectrum: number[]) => spectrum[0] / spectrum.filter(value => value > LEAST * spectrum[0]).at(-1)!
const damped = (spectrum: number[]) => (spectrum[0] * (1 + DAMPING)) / (Math.max(0, spectrum.at(-1)!) + DAMPING * spectrum[0])
const stableRank = (spectrum: number[]) => spectrum.reduce((sum, value) => sum + value, 0) / spectrum[0]

function panelsOf({ groups, labels }: Bench, { outputs, images, batches, steps }: Chosen, t: number[], { estimates, residual }: Awaited<ReturnType<typeof greatestByLevel>>, spectra: number[][][]): Panel[] {
  const curves = (label: string, of: (spectrum: number[]) => number): Curve[] =>
    labels.map((_, replica) => ({ replica, kind: 'measured', label, x: t, y: spectra[replica].map(spectrum => finite(spectrum[0] > 0 ? of(spectrum) : null)) }))
  const plus = curves('κ₊', positive)
  const slopes = (replica: number) => slopeNear(t, plus[replica].y)
  const sampled = `${outputs} outputs of ${KERNEL_IMAGES} held-out images, chosen at random once; a point has no error bar of its own, seeds have`
  return [
    {
      id: 'kappa', title: 'How unevenly the loss curves, by noise level', x: LEVEL, y: { label: 'condition number of Gauss-Newton', scale: 'log' },
      curves: [...bedCurves(t), ...plus, ...curves('damped', damped)], spread: sampled,
      summary: `At t = ${t[0]} the condition number κ₊ is ${groups.map(group => `${overSeeds(group, r => plus[r].y[0])} in ${group.label} (as t^${overSeeds(group, slopes)} below t = 0.1)`).join(', ')}${seedsSaid(groups)}.`,
      notes: [
        `κ₊ = λ_max over the least eigenvalue above ${LEAST}·λ_max; damped = (λ_max + δ)/(λ_min + δ) with δ = ${DAMPING}·λ_max. A net has more weights than outputs, so the least eigenvalue of its Hessian is 0 and means nothing.`,
        'Eigenvalues of the tangent kernel J Jᵀ on the sampled outputs, which are those of Gauss-Newton there; κ₊ grows with the number of outputs.',
        'Prop. 3’s (1/t)² law needs directions off the data: the dashed linear models have it on a subspace and not on isotropic data.',
      ],
    },
    {
      id: 'greatest', title: 'Steepest direction in the weights', x: LEVEL, y: { label: 'λ_max of Gauss-Newton', scale: 'log' },
      curves: estimates.map((byLevel, replica): Curve => ({ replica, kind: 'measured', label: '', x: t, y: byLevel.map(({ value }) => finite(value)), spread: byLevel.map(({ standardError }) => finite(standardError)) })),
      spread: `± standard error over ${batches} batches of ${images} images`,
      summary: `From t = ${few(t.at(-1)!)} down to ${t[0]} the greatest eigenvalue goes ${groups.map(group => `from ${overSeeds(group, r => estimates[r].at(-1)!.value)} to ${overSeeds(group, r => estimates[r][0].value)} in ${group.label}`).join(', ')}${seedsSaid(groups)}.`,
      notes: [`G = 2/(n d) Σ JᵀJ by exact tangents and cotangents, ${steps} Lanczos steps with full reorthogonalisation; greatest residual ${(100 * residual).toPrecision(2)} % of its eigenvalue.`, 'Plain gradient descent at this level diverges above a step of 2/λ_max.'],
    },
    {
      id: 'rank', title: 'How many directions count', x: LEVEL, y: { label: 'stable rank, trace / λ_max', scale: 'log' }, curves: curves('', stableRank), spread: sampled,
      summary: `At t = ${t[0]} the trace is ${groups.map(group => `${overSeeds(group, r => stableRank(spectra[r][0]))} times the greatest eigenvalue in ${group.label}`).join(', ')}${seedsSaid(groups)}.`, notes: ['Of the tangent kernel on the sampled outputs; at most their number.'],
    },
    {
      id: 'spectrum', title: 'Whole spectrum on the sampled outputs', x: { label: 'eigenvalue, in order', scale: 'log' }, y: { label: 'eigenvalue', scale: 'log' },
      curves: groups.flatMap(({ replicas: [replica] }) => [0, Math.floor(t.length / 2), t.length - 1].map((at): Curve =>
        ({ replica, kind: 'measured', label: `t = ${few(t[at])}`, x: spectra[replica][at].map((_, i) => i + 1), y: spectra[replica][at].map(value => (value > LEAST * spectra[replica][at][0] ? value : null)) }))),
      spread: sampled, summary: `${outputs} eigenvalues at three noise levels, first seed of each method.`, notes: [`Those below ${LEAST} of the greatest are rounding and left out.`],
    },
  ]
}

function slopeNear(t: number[], y: (number | null)[]): number | null {
  const low = t.map((level, i) => [level, y[i]] as const).filter(([level, value]) => level <= 0.1 && value !== null && value > 0)
  return low.length < 2 ? null : logLogSlope(low.map(([level]) => level), low.map(([, value]) => value)).slope
}

const { dimensions, rank, lambda } = BED
const subspace = subspaceSpectrum(dimensions, rank, lambda)
const isotropic = subspaceSpectrum(dimensions, dimensions, 1)

function bedCurves(t: number[]): Curve[] {
  return [
    { replica: null, kind: 'theory', label: 'linear model, data on a subspace', x: t, y: t.map(level => hessianConditionNumber(subspace, level)) },
    { replica: null, kind: 'theory', label: 'linear model, isotropic data', x: t, y: t.map(level => hessianConditionNumber(isotropic, level)) },
  ]
}

function bedPanel({ bedLevel }: Chosen): Panel {
  const t = logLevels(25, 0.001, 1)
  return {
    id: 'bed', title: 'Linear models: where low noise makes learning slow, and where it does not', x: LEVEL, y: { label: 'κ(H(t))', scale: 'log' }, curves: bedCurves(t), spread: '',
    summary: `At t = ${bedLevel} the Hessian’s condition number is ${few(hessianConditionNumber(subspace, bedLevel))} for data on a subspace and ${few(hessianConditionNumber(isotropic, bedLevel))} for isotropic data.`,
    notes: [`Exact: v = Wx on data with variance ${lambda} in ${rank} of ${dimensions} dimensions and none in the others, and on data with variance 1 in all. Low noise alone does not make the problem ill-conditioned; directions off the data do.`],
  }
}

function descentPanel({ bedLevel }: Chosen): Panel {
  const steps = 400
  const run = descend(subspace, bedLevel, { steps, start: 'zero', seed: 0 })
  const easy = descend(isotropic, bedLevel, { steps, start: 'zero', seed: 0 })
  const x = Array.from({ length: steps / 4 + 1 }, (_, i) => 4 * i)
  const share = (values: Float64Array) => x.map(k => finite(values[0] > 0 ? Math.max(values[k] / values[0], 1e-12) : null))
  const needed = stepsToReach(run.squaredError, 0.1)
  return {
    id: 'descent', title: 'Gradient descent really run on the linear models', x: { label: 'step', scale: 'linear' }, y: { label: '‖W − W*‖² / at the start', scale: 'log' },
    curves: [
      { replica: null, kind: 'theory', label: 'worst case, eq. 40, subspace', x, y: share(run.bound) },
      { replica: null, kind: 'measured', label: 'data on a subspace', x, y: share(run.squaredError) },
      { replica: null, kind: 'measured', label: 'isotropic data', x, y: share(easy.squaredError) },
    ],
    spread: '', summary: `To come ten times nearer to the optimum at t = ${bedLevel}, data on a subspace took ${needed === null ? `more than ${steps}` : needed} steps; eq. 40 promises ${few(sufficientSteps(run.conditionNumber, 0.1))} at most.`,
    notes: ['The iteration bound is an upper bound for the worst case: enough, not required. Step 1/L, from W = 0, float64.'],
  }
}
