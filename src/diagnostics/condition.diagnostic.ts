/**
 * How far the answer must move when the input moves a little (LCF Prop. 1), and how far the net's answer does move: pairs of inputs made of one
 * image and two noises at the same level.
 */
import { z } from 'zod'
import { STREAM_EVALUATION } from '../engine/philox.ts'
import { conditionGrid, conditionNumber, conditionNumberAt, lowerBoundEq19, lowerBoundEq25, type Pair, sampleConditionNumber } from '../flow/condition.ts'
import { type Estimate, logLogSlope, rootMeanSquareRatio } from '../flow/estimate.ts'
import { makePath, pathFamilies, type Path, samePath } from '../flow/paths.ts'
import { commonPath, distinctPaths } from '../flow/place.ts'
import type { Axis, Curve, Panel } from '../panel.ts'
import { defineDiagnostic, type Measure, type Theory } from './diagnostic.ts'
import { logLevels, lotsOf, mostSamples, normalNoise, recordLook, writeAll } from './look.ts'
import { few, finite, overPaths, overSeeds, seedsSaid, withSpread } from './words.ts'

/** Slopes are fitted to levels up to here. */
const NEAR_ZERO = 0.05
/** d of the sampled check, small enough for a slider to feel live. */
const SAMPLED_DIMENSIONS = 64

const settings = z.strictObject({
  path: z.enum(Object.keys(pathFamilies) as [string, ...string[]]).default('linear').meta({ title: 'Path', help: 'How the image turns into noise, for the theory; the paths that networks of a run were trained along are drawn as well.' }),
  p: z.number().min(0.1).max(8).default(2).meta({ title: 'Power p', help: 'β = t^p, for the power paths.', step: 0.1 }),
  sigmaMin: z.number().min(0.0001).max(0.5).default(0.01).meta({ title: 'σ_min', help: 'Noise left at t = 0, for the Lipman and VE paths.', scale: 'log' }),
  t2: z.number().min(0).max(1).default(0).meta({ title: 'Second level t₂', help: '0 takes both versions of the image at the same level; otherwise the second stays at this one.', step: 0.01 }),
  norm: z.number().min(0).max(10).default(1).meta({ title: '‖x₀‖² per dimension', help: 'Counts only when the two levels differ.', step: 0.1 }),
  levels: z.number().int().min(4).max(64).default(16).meta({ title: 'Noise levels', help: 'Points from t = 0.001 on, evenly spaced in log t.' }),
  pairs: z.number().int().min(8).max(1024).default(64).meta({ title: 'Pairs', help: 'Images behind each measured point; each is seen with two noises. Also the pairs of the sampled check.' }),
})

type Chosen = z.output<typeof settings>

const LEVEL: Axis = { label: 'noise level t', scale: 'log' }

export default defineDiagnostic({
  id: 'condition',
  title: 'Condition number of the problem',
  order: 10,
  group: 'problem',
  summary: 'By how much the target, and the net’s answer, change for a small change of the input, by noise level.',
  paper: 'LCF Prop. 1, eq. 19, 24, 25 (arXiv 2509.20952)',
  formulas: {
    condition: '\\kappa(t,t) = \\frac{\\sqrt{\\operatorname{E}\\lVert \\Delta v\\rVert^2}}{\\sqrt{\\operatorname{E}\\lVert \\Delta x\\rVert^2}}, \\quad \\frac{\\beta_t\'}{\\beta_t} = \\frac{1}{t}',
    path: 'x_t = \\alpha_t\\,x_0 + \\beta_t\\,\\varepsilon, \\quad v = \\alpha_t\'\\,x_0 + \\beta_t\'\\,\\varepsilon',
    ways: 'v(x \\mid x_0) = \\frac{\\beta_t\'}{\\beta_t}\\,(x - \\alpha_t\\,x_0) + \\alpha_t\'\\,x_0',
    schedules: '\\kappa(t,t) = \\frac{|\\beta_t\'|}{\\beta_t}',
    grid: '\\kappa^2 = \\frac{(\\alpha_1\'-\\alpha_2\')^2\\lVert x_0\\rVert^2 + d\\,(\\beta_1\'^2+\\beta_2\'^2)}{(\\alpha_1-\\alpha_2)^2\\lVert x_0\\rVert^2 + d\\,(\\beta_1^2+\\beta_2^2)}',
  },
  settings,
  every: 100,
  work: (_, { levels, pairs }) => ({ forwards: 2 * levels * pairs }),
  refuse: ({ data }, _, { pairs }) => (pairs > data.heldOut ? `${pairs} pairs are more than the ${data.heldOut} held-out images; take at most as many` : undefined),
  withoutRun: true,
})

export const theory: Theory<typeof settings> = chosen => [demanded(chosen, [], []), ...drawn(pathOf(chosen)), schedules(chosen), grid(chosen)]

export const measure: Measure<typeof settings> = async (bench, chosen) => {
  const { levels, pairs, t2 } = chosen
  const { training: { replicas: R, batch: { dimensions: d } }, config, data } = bench
  const lot = Math.min(pairs, Math.max(1, Math.floor(mostSamples(bench) / 2)))
  const look = recordLook(bench, { samples: 2 * lot, images: pairs })
  const table = await bench.lay(look.recorder)
  table.write(look.images, data.heldOut.subarray(0, pairs * d))
  const noise = normalNoise(2 * pairs * d, config.data.seed, STREAM_EVALUATION, 1)

  const t = logLevels(levels)
  const gains: Estimate[][] = Array.from({ length: R }, () => [])
  for (const [i, level] of t.entries()) {
    writeAll(table, R, look.batch.t, Float32Array.from({ length: 2 * lot }, (_, k) => (k < lot ? level : t2 || level)))
    const found = Array.from({ length: R }, () => ({ input: new Float64Array(pairs), answer: new Float64Array(pairs) }))
    for (const start of lotsOf(pairs, lot)) {
      writeAll(table, R, look.batch.row, Uint32Array.from({ length: 2 * lot }, (_, k) => start + (k % lot)))
      for (let half = 0; half < 2 * R; half++) {
        const from = ((half % 2) * pairs + start) * d
        table.write(look.batch.eps, noise.subarray(from, from + lot * d), half * lot * d)
      }
      table.submit(look.recorder)
      const each = 2 * lot * d
      const [input, velocity] = [await table.read(look.batch.xt, 0, R * each), await table.read(look.frozen.velocity!, 0, R * each)]
      // Of each replica by itself: along another path the same pair lies otherwise far apart.
      for (const [r, own] of found.entries()) {
        own.input.set(squaredChanges(input.subarray(r * each, (r + 1) * each), lot), start)
        own.answer.set(squaredChanges(velocity.subarray(r * each, (r + 1) * each), lot), start)
      }
    }
    found.forEach(({ input, answer }, r) => gains[r].push(rootMeanSquareRatio(answer, input)))
    await bench.progress(i + 1, t.length)
  }
  const measured = gains.map((gain, replica): Curve =>
    ({ replica, kind: 'measured', label: '', x: t, y: gain.map(({ value }) => finite(value)), spread: gain.map(({ standardError }) => finite(standardError)) }))
  const paths = distinctPaths(config)
  const panel = demanded(chosen, measured, paths)
  const demands = overPaths(paths.map(path => ({ path })), ({ path }) => few(conditionNumberAt(path, t[0])))
  const said = bench.groups.map(group => `${group.label} reaches ${overSeeds(group, r => measured[r].y[0])}`)
  return [{
    ...panel, spread: `± standard error over ${pairs} pairs; theory is exact`,
    summary: `At t = ${t[0]} the target demands a slope of ${demands}; ${said.join(', ')}${seedsSaid(bench.groups)}.`,
  }, ...drawn(commonPath(config) ?? pathOf(chosen)), schedules(chosen), grid(chosen)]
}

/** ‖Δ‖² of each pair, (i, pairs + i) of values (2·pairs, d) */
function squaredChanges(values: Float32Array, pairs: number): Float64Array {
  const d = values.length / (2 * pairs)
  return Float64Array.from({ length: pairs }, (_, i) => {
    let sum = 0
    for (let k = 0; k < d; k++) sum += (values[i * d + k] - values[(pairs + i) * d + k]) ** 2
    return sum
  })
}

/** √E‖Δv‖² / √E‖Δx‖² over pairs; velocity, input (2·pairs, d): a pair is (i, pairs + i). */
export const gainOf = (velocity: Float32Array, input: Float32Array, pairs: number): Estimate => rootMeanSquareRatio(squaredChanges(velocity, pairs), squaredChanges(input, pairs))

function pathOf({ path, p, sigmaMin }: Chosen): Path {
  const known = pathFamilies[path].parameters.map(({ id }) => id)
  return makePath(path, { ...(known.includes('p') ? { p } : {}), ...(known.includes('sigmaMin') ? { sigmaMin } : {}) })
}

/** What the path demands, and those that nets were trained along, and on the same axes what was measured. */
function demanded(chosen: Chosen, measured: Curve[], trained: Path[]): Panel {
  const path = pathOf(chosen)
  const { t2, norm, levels, pairs } = chosen
  const x = logLevels(levels)
  const pairAt = (t: number): Pair => ({ t1: t, t2: t2 || t, squaredNorm: norm * SAMPLED_DIMENSIONS, dimensions: SAMPLED_DIMENSIONS })
  const theory = (label: string, y: (number | null)[]): Curve => ({ replica: null, kind: 'theory', label, x, y: y.map(finite) })
  const others = trained.filter(other => !samePath(other, path))
  // Paths that differ in their parameters alone are told apart by these.
  const named = ({ id, short, parameters }: Path) => (id === path.id && others.some(other => other.id === id) ? [short, ...pathFamilies[id].parameters.map(one => `${one.label} = ${parameters[one.id]}`)].join(', ') : short)
  const exact = theory([t2 === 0 ? 'demanded' : `demanded, κ(t, ${t2})`, ...(others.length > 0 ? [named(path)] : [])].join(', '), x.map(t => conditionNumber(path, pairAt(t))))
  const taught = others.map(other => theory(`demanded, ${named(other)}`, x.map(t => conditionNumberAt(other, t))))
  const bounds = [theory('bound, eq. 19', x.map(t => lowerBoundEq19(path, pairAt(t)))), ...(t2 === 0 ? [] : [theory('bound, eq. 25', x.map(t => lowerBoundEq25(path, pairAt(t))))])]
  const sampled = t2 === 0 ? [] : [sampledCurve(path, x, pairs, pairAt)]
  const linear = chosen.path === 'linear' && t2 === 0
  return {
    id: 'condition', title: 'Slope: demanded and reached', x: LEVEL, y: { label: 'change of output / change of input', scale: 'log' },
    curves: [exact, ...taught, ...bounds, ...sampled, ...measured],
    spread: t2 === 0 ? '' : `sampled: ± standard error over ${pairs} pairs of noises in ${SAMPLED_DIMENSIONS} dimensions`,
    summary: `At t = ${x[0]} the ${path.label.toLowerCase()} path demands a slope of ${few(exact.y[0])}${slopeWords(x, exact.y)}.`,
    notes: [
      `The dashed line is a property of the objective by construction${linear ? ': 1/t on the linear path' : ''}, whatever the net; what a net does about it is the solid line.`,
      'Root mean square over two independent noises of one image; it is not the Lipschitz constant of the field that a net should learn.',
      ...(t2 === 0 ? ['At equal levels drawing pairs gives the exact value for any number of pairs, so nothing is sampled here.'] : []),
    ],
  }
}

/** Beyond this a function of the path is left out: β′ may go to infinity. */
const STEEPEST = 5
const SHOWN_NOISES = [-2, -1, 0, 1, 2]

/** The path by itself: its four functions, and the ways from one value to noises, whose slope is the conditional velocity. */
function drawn(path: Path): Panel[] {
  const x = Array.from({ length: 65 }, (_, i) => i / 64)
  const level: Axis = { label: 'noise level t', scale: 'linear', domain: [0, 1] }
  const curve = (label: string, f: (t: number) => number): Curve => ({ replica: null, kind: 'theory', label, x, y: x.map(t => (Math.abs(f(t)) <= STEEPEST ? f(t) : null)) })
  const steep = [path.dbeta, path.dalpha].some(f => x.some(t => Math.abs(f(t)) > STEEPEST))
  const [far, near] = [path.beta(1), path.beta(0)]
  return [{
    id: 'path', title: `What the path “${path.label}” is made of`, x: level, y: { label: 'α, β, α′, β′', scale: 'linear' },
    curves: [curve('α, of the image', path.alpha), curve('β, of the noise', path.beta), curve('α′', path.dalpha), curve('β′', path.dbeta)], spread: '',
    summary: `At t = 0.5: ${few(path.alpha(0.5))} of the image and ${few(path.beta(0.5))} of the noise; at t = 1: ${few(path.alpha(1))} and ${few(far)}.`,
    notes: ['Exact. The primes are what a network is asked for: of the image α′, of the noise β′.', ...(steep ? [`Left out beyond ±${STEEPEST}.`] : [])],
  }, {
    id: 'ways', title: 'Ways from one value to noise', x: level, y: { label: 'x_t of x₀ = 1', scale: 'linear' },
    curves: SHOWN_NOISES.map(noise => curve(`ε = ${noise}`, t => path.alpha(t) + path.beta(t) * noise)), spread: '',
    summary: `Five noises of one pixel that is 1: the slope of a way is the velocity that the network is asked for there.${near > 0 ? ` The ways begin ${few(near)} ε beside it.` : ''}`,
    notes: ['Exact. A network sees one point and not the way, so where ways of different images and noises cross it learns their mean.', ...(far > STEEPEST ? [`Left out beyond ±${STEEPEST}; they end at ${few(far)} ε.`] : [])],
  }]
}

function sampledCurve(path: Path, x: number[], pairs: number, pairAt: (t: number) => Pair): Curve {
  const drawn = x.map(t => (Number.isFinite(conditionNumber(path, pairAt(t))) ? sampleConditionNumber(path, { ...pairAt(t), count: pairs, seed: 0 }) : null))
  return { replica: null, kind: 'measured', label: 'sampled', x, y: drawn.map(estimate => estimate?.value ?? null), spread: drawn.map(estimate => estimate?.standardError ?? null) }
}

function schedules(chosen: Chosen): Panel {
  const x = logLevels(chosen.levels)
  const curves = Object.keys(pathFamilies).map((id): Curve => {
    const path = pathOf({ ...chosen, path: id })
    return { replica: null, kind: 'theory', label: path.label, x, y: x.map(t => finite(conditionNumberAt(path, t))) }
  })
  return {
    id: 'schedules', title: 'What each schedule demands', x: LEVEL, y: { label: 'κ(t,t) = |β′| / β', scale: 'log' }, curves, spread: '',
    summary: `At t = 0.1 the linear path demands ${few(conditionNumberAt(makePath('linear'), 0.1))}, the cosine one ${few(conditionNumberAt(makePath('cosine'), 0.1))}, Lipman’s with σ_min = ${chosen.sigmaMin} ${few(conditionNumberAt(makePath('lipman', { sigmaMin: chosen.sigmaMin }), 0.1))}.`,
    notes: ['Exact. No schedule escapes: where β goes to 0 with t, κ goes to infinity; σ_min > 0 caps it.'],
  }
}

function grid(chosen: Chosen): Panel {
  const path = pathOf(chosen)
  const at = logLevels(16)
  const values = conditionGrid(path, at, chosen.norm * SAMPLED_DIMENSIONS, SAMPLED_DIMENSIONS)
  return {
    id: 'grid', title: 'Two versions of an image at different levels', x: { ...LEVEL, label: 't₁' }, y: { ...LEVEL, label: 't₂' }, curves: [], spread: '',
    summary: `On the ${path.label.toLowerCase()} path the condition number is large only where both levels are small.`, notes: ['Exact (eq. 24, with the primes that the print lost).'],
    heat: [{ label: `κ(t₁,t₂), ${path.label}`, x: { ...LEVEL, label: 't₁', at }, y: { ...LEVEL, label: 't₂', at }, unit: 'change of target / change of input', values: at.map((_, row) => at.map((_, column) => finite(values[row * at.length + column]))) }],
  }
}

/** “ (as t^−1 below t = 0.05)”, where a slope can be fitted. */
function slopeWords(x: number[], y: (number | null)[]): string {
  const low = x.map((t, i) => ({ t, value: y[i] })).filter(({ t, value }) => t <= NEAR_ZERO && value !== null && value > 0)
  if (low.length < 3) return ''
  const { slope, standardError } = logLogSlope(low.map(({ t }) => t), low.map(({ value }) => value))
  return ` (as t^${withSpread(slope, standardError)} below t = ${NEAR_ZERO})`
}
