/**
 * What a solver's answer is worth: its distance from the exact solution of the net's own field, and that of its samples from real images, by how often it
 * asked; step sizes; how straight the ways are, and what lies on them.
 */
import { z } from 'zod'
import { type Config, configSchema } from '../config.ts'
import { STREAM_SAMPLE } from '../engine/philox.ts'
import { arrayCarrier } from '../flow/array_carrier.ts'
import { energyDistance, FEWEST } from '../flow/energy.ts'
import { type Estimate, meanOf } from '../flow/estimate.ts'
import { pathsOf, placeOn, toImage } from '../flow/place.ts'
import { follow, type SolverSettings, stagesOf } from '../flow/solver.ts'
import { isAdaptive, solvers } from '../flow/solvers.ts'
import { passesOf } from '../model/guidance.ts'
import { drawSamples, type Drawn, type DrawOptions, recordersOf, recordSampler } from '../model/sampler.ts'
import type { Axis, Curve, Panel, Pictures } from '../panel.ts'
import { type Bench, defineDiagnostic, type Measure } from './diagnostic.ts'
import { atOnceOf, normalNoise } from './look.ts'
import { dimensionsOf } from './semantic.ts'
import { few, finite, overSeeds, seedsSaid } from './words.ts'

const settings = z.strictObject({
  images: z.number().int().min(FEWEST).max(512).default(32).meta({ title: 'Images', help: 'Drawn by every solver from the same noise, and as many held-out ones to hold them against.', scale: 'log' }),
  doublings: z.number().int().min(1).max(8).default(4).meta({ title: 'Doublings', help: 'Solvers take 4 steps, then 8, and so on this many times.' }),
  reference: z.number().int().min(16).max(4096).default(128).meta({ title: 'Steps of the reference', help: 'RK4 steps of what counts as exact; four looks each.' }),
})

/** All that follow the field itself by steps of one length. */
const FIXED = Object.keys(solvers).filter(solver => solvers[solver].tableau && !isAdaptive(solver))
const WIDEST = FIXED.reduce((most, solver) => (stagesOf(solver) > stagesOf(most) ? solver : most))
const TOLERANCES = [1e-2, 1e-3, 1e-4]
/** dopri5's evaluations for these tolerances, near enough to plan with. */
const ADAPTIVE_LOOKS = 400

const stepsOf = (doublings: number) => Array.from({ length: doublings + 1 }, (_, i) => 4 * 2 ** i)
const looks = (doublings: number) => stepsOf(doublings).reduce((sum, n) => sum + n * FIXED.reduce((stages, solver) => stages + stagesOf(solver), 0), 0) + ADAPTIVE_LOOKS

export default defineDiagnostic({
  id: 'solver',
  title: 'Error of the sampler',
  tab: 'Solver error',
  order: 80,
  group: 'samples',
  summary: 'How far each solver ends from the exact solution of the network’s own field, and its samples from real images, for how many evaluations; how straight the ways to the images are.',
  paper: 'Lipman et al. 2022, fig. 7 (arXiv 2210.02747)',
  formulas: {
    straight: '\\int_0^1 \\operatorname{E}\\,\\lVert (x_1 - x_0) - v_\\theta(x_t,t)\\rVert^2\\,\\mathrm{d}t',
    quality: '2\\operatorname{E}\\lVert x - y\\rVert - \\operatorname{E}\\lVert x - x\'\\rVert - \\operatorname{E}\\lVert y - y\'\\rVert',
    error: '\\lVert \\hat x_0 - x_0\\rVert, \\quad \\frac{\\mathrm{d}x_t}{\\mathrm{d}t} = v_\\theta(x_t,t)',
  },
  settings,
  every: 0,
  work: (config, { images, doublings, reference }) => ({
    forwards: passesOf(config) * images * (4 * reference + looks(doublings) + 4 * 2 ** doublings),
    flops: (FIXED.length * (doublings + 1) + TOLERANCES.length + 1) * 8 * images ** 2 * dimensionsOf(config),
  }),
  refuse({ data: { count, heldOut } }, _, { images, doublings, reference }) {
    if (images > Math.min(count, heldOut)) return `${images} images are held against as many held-out ones and as many to train on, and there are ${heldOut} and ${count}; take at most ${Math.min(count, heldOut)}`
    return reference < 2 * 4 * 2 ** doublings ? `a reference of ${reference} steps is too near the ${4 * 2 ** doublings} steps it is to judge; take at least ${8 * 2 ** doublings} or fewer doublings` : undefined
  },
})

const EVALUATIONS: Axis = { label: 'evaluations of the network', scale: 'log' }

interface Attempt {
  solver: string
  changes: Partial<SolverSettings>
}

export const measure: Measure<typeof settings> = async (bench, { images: n, doublings, reference }) => {
  const { config, training: { replicas: R }, data } = bench
  const d = dimensionsOf(config)
  const atOnce = atOnceOf(bench, n)
  const attempts: Attempt[] = [
    ...FIXED.flatMap(solver => stepsOf(doublings).map(solverSteps => ({ solver, changes: { solverSteps } }))),
    ...TOLERANCES.map(rtol => ({ solver: 'dopri5', changes: { rtol, atol: rtol } })),
  ]
  const record = (changes: Partial<SolverSettings>) => recordSampler(config, bench.training, { count: atOnce, settings: { ...config.evaluate, ...changes }, recorder: bench.recorder })
  const fixed = record({ solver: WIDEST }) // has the planes for the others too
  const adaptive = TOLERANCES.map(rtol => record({ solver: 'dopri5', rtol, atol: rtol }))
  const table = await bench.lay(...[fixed, ...adaptive].flatMap(recordersOf))
  let done = 0
  const total = attempts.length + 2
  /** All images of an attempt, piece by piece: `evaluations` on average over the pieces, `times` of the first. */
  const draw = async ({ solver, changes }: Attempt, { count = n, watch }: Pick<DrawOptions, 'watch'> & { count?: number } = {}): Promise<Drawn> => {
    const sampler = adaptive.find(({ settings: { rtol } }) => rtol === changes.rtol) ?? fixed
    const pieces: Drawn[] = []
    for (let first = 0; first < count; first += atOnce) {
      pieces.push(await drawSamples(table, { ...sampler, settings: { ...sampler.settings, ...changes, solver } }, config, { seed: config.data.seed, data, first, watch, between: () => bench.progress(done, total) }))
    }
    await bench.progress(++done, total)
    const sum = (r: number, of: (piece: Drawn) => number[]) => pieces.reduce((all, piece) => all + of(piece)[r], 0)
    return {
      times: pieces[0].times,
      evaluations: pieces[0].evaluations.map((_, r) => sum(r, one => one.evaluations) / pieces.length), rejected: pieces[0].rejected.map((_, r) => sum(r, one => one.rejected)), forced: pieces[0].forced.map((_, r) => sum(r, one => one.forced)),
      images: pieces[0].images.map((_, r) => {
        const all = new Float32Array(count * d)
        pieces.forEach(({ images }, i) => all.set(images[r].subarray(0, Math.min(atOnce, count - i * atOnce) * d), i * atOnce * d))
        return all
      }),
    }
  }
  const exact = await draw({ solver: 'rk4', changes: { solverSteps: reference } })
  const drawn: (Attempt & { drawn: Drawn })[] = []
  for (const attempt of attempts) drawn.push({ ...attempt, drawn: await draw(attempt) })

  const distance = (r: number, { images }: Drawn): Estimate => meanOf(Float64Array.from({ length: n }, (_, i) => {
    let sum = 0
    for (let k = i * d; k < (i + 1) * d; k++) sum += (images[r][k] - exact.images[r][k]) ** 2
    return Math.sqrt(sum / d)
  }))
  const byEvaluations = (of: (r: number, drawn: Drawn) => Estimate) => Array.from({ length: R }, (_, replica) => Object.values(solvers).flatMap(({ id: solver, label }): Curve[] => {
    const own = drawn.filter(one => one.solver === solver).map(one => ({ x: one.drawn.evaluations[replica], ...of(replica, one.drawn) })).sort((a, b) => a.x - b.x)
    return own.length === 0 ? [] : [{ replica, kind: 'measured', label, x: own.map(({ x }) => x), y: own.map(({ value }) => finite(value)), spread: own.map(({ standardError }) => finite(standardError)) }]
  })).flat()
  const last = (solver: string) => drawn.findLast(one => one.solver === solver)!.drawn
  const errors: Panel = {
    id: 'error', title: 'Distance from the exact solution, by evaluations', x: EVALUATIONS, y: { label: 'root mean square per pixel', scale: 'log' },
    curves: byEvaluations(distance).map(curve => ({ ...curve, y: curve.y.map(value => value || null) })),
    spread: `± standard error over ${n} images from the same noise`,
    summary: `With ${last('euler').evaluations[0]} evaluations Euler’s samples are off by ${bench.groups.map(group => `${overSeeds(group, r => distance(r, last('euler')).value)} in ${group.label}`).join(', ')}${seedsSaid(bench.groups)}.`,
    notes: [
      `Exact: RK4 with ${reference} steps on the same field, so this is the solver’s error and says nothing about the network’s.`,
      `dopri5 with tolerances ${TOLERANCES.join(', ')}; its evaluations include those of steps taken back (${last('dopri5').rejected.join(', ')} at the last)${n > atOnce ? `, and are a mean over pieces of ${atOnce} images` : ''}. Steps taken although their error was larger than allowed, for they could not be shorter: ${last('dopri5').forced.join(', ')}.`,
    ],
  }
  return [errors, quality(), stepSizes(bench, last('dopri5')), await straightness(bench, Math.min(n, atOnce), 4 * 2 ** doublings, draw), await testBed(doublings)]

  /** The same samples against held-out images, which is what an error of the solver costs in the end. */
  function quality(): Panel {
    const { groups } = bench
    const held = data.heldOut.subarray(0, n * d)
    const real = energyDistance(data.train.subarray(0, n * d), held, d)
    const known = new Map<Drawn, Estimate[]>()
    const apart = (r: number, one: Drawn) => {
      if (!known.has(one)) known.set(one, one.images.map(images => energyDistance(images, held, d)))
      return known.get(one)![r]
    }
    const curves = byEvaluations(apart)
    const xs = curves.flatMap(({ x }) => x)
    const fewest = drawn[0].drawn
    return {
      id: 'quality', title: 'Distance of the samples from real images, by evaluations', x: EVALUATIONS, y: { label: 'energy distance from held-out images', scale: 'linear' },
      curves: [
        ...curves,
        ...exact.evaluations.map((x, replica): Curve => ({ replica, kind: 'measured', label: 'exact solution', x: [x], y: [finite(apart(replica, exact).value)], spread: [finite(apart(replica, exact).standardError)] })),
        { replica: null, kind: 'baseline', label: 'training images', x: [Math.min(...xs), Math.max(...xs, ...exact.evaluations)], y: [real.value, real.value], spread: [real.standardError, real.standardError] },
      ],
      spread: `± standard error over ${n} images, from four parts of them`,
      summary: `With ${few(fewest.evaluations[0])} evaluations Euler’s samples are off by ${groups.map(group => `${overSeeds(group, r => apart(r, fewest).value)} in ${group.label}`).join(', ')}, those of the exact solution by ${groups.map(group => overSeeds(group, r => apart(r, exact).value)).join(', ')}${seedsSaid(groups)}; as many training images by ${few(real.value)}.`,
      notes: [
        'All solvers begin with the same noise and all samples are held against the same held-out images, so that two points of one network differ by less doubt than their bands say.',
        `In pixels, in which nearness is no measure of how good an image looks. Exact solution: RK4 with ${reference} steps. Without bias, so that it may fall a little below 0.`,
      ],
    }
  }
}

function stepSizes({ labels }: Bench, { times }: Drawn): Panel {
  const curves = times.map((passed, replica): Curve => ({ replica, kind: 'measured', label: '', x: passed.slice(1), y: passed.slice(1).map((t, i) => passed[i] - t) }))
  const counts = times.map((passed, r) => `${passed.length - 1} for ${labels[r]}`)
  return {
    id: 'steps', title: 'Steps that dopri5 chooses', x: { label: 'noise level t at the end of a step', scale: 'linear', domain: [0, 1] }, y: { label: 'length of the step', scale: 'log' }, curves, spread: '',
    summary: `At tolerance ${TOLERANCES.at(-1)} dopri5 takes ${counts.join(', ')} steps.`, notes: ['Short steps stand where the field bends; the first is of a fixed length, and a jump over untrained levels is one step.'],
  }
}

/** E‖(x_1 − x_0) − v‖² per pixel along the way, whose integral over t is 0 for straight ways alone. */
async function straightness({ training: { replicas: R }, config, groups }: Bench, n: number, solverSteps: number, draw: (attempt: Attempt, options: Pick<DrawOptions, 'watch'> & { count: number }) => Promise<Drawn>): Promise<Panel> {
  const seen: Seen[] = []
  const { images, times } = await draw({ solver: 'midpoint', changes: { solverSteps } }, { count: n, watch: async (t, read) => { seen.push({ t, velocity: await read('velocity'), state: await read('state') }) } })
  const each = images[0].length
  const noise = normalNoise(each, config.data.seed, STREAM_SAMPLE)
  const far = pathsOf(config).map(path => placeOn(path, 1).beta) // of the noise that they begin with
  const bent = images.map((image, r) => seen.map(({ velocity }) => meanOf(Float64Array.from({ length: n }, (_, i) => {
    let sum = 0
    for (let k = (i * each) / n; k < ((i + 1) * each) / n; k++) sum += (far[r] * noise[k] - image[k] - velocity[r * each + k]) ** 2
    return sum / (each / n)
  }))))
  const whole = (r: number) => bent[r].reduce((sum, { value }, i) => sum + value * (times[r][i] - times[r][i + 1]), 0)
  return {
    id: 'straight', title: 'How the ways to the images bend', x: { label: 'noise level t', scale: 'linear', domain: [0, 1] }, y: { label: '‖(x₁ − x₀) − v‖² per pixel', scale: 'linear' },
    curves: Array.from({ length: R }, (_, replica): Curve => ({ replica, kind: 'measured', label: '', x: seen.map(({ t }) => t[replica]), y: bent[replica].map(({ value }) => finite(value)), spread: bent[replica].map(({ standardError }) => finite(standardError)) })),
    spread: `± standard error over ${n} images`,
    summary: `Straightness, the integral over t (0 is straight): ${groups.map(group => `${overSeeds(group, whole)} in ${group.label}`).join(', ')}${seedsSaid(groups)}.`,
    notes: [`As in rectified flow (Liu et al. 2022), along ${solverSteps} midpoint steps.`],
    ...(config.net.size > 1 && { pictures: groups.flatMap(({ label, replicas: [r] }) => picturesOf(config, label, r, seen, images)) }),
  }
}

/** Of all replicas at the beginning of a step: velocity and state (R,n,d). */
interface Seen {
  t: readonly number[]
  velocity: Float32Array
  state: Float32Array
}

/** Pictures of one way. */
const SHOWN = 8

/** The first image on its way, and what the velocity says of its end there, x̂0. */
function picturesOf(config: Config, label: string, r: number, seen: readonly Seen[], images: readonly Float32Array[]): Pictures[] {
  const { channels, size } = config.net
  const d = dimensionsOf(config)
  const from = r * images[r].length
  const path = pathsOf(config)[r]
  const shown = Array.from({ length: SHOWN }, (_, i) => seen[Math.floor((i * seen.length) / SHOWN)])
  const row = (what: string, of: (one: Seen) => Float32Array): Pictures => {
    const pixels = new Float32Array((SHOWN + 1) * d)
    shown.forEach((one, i) => pixels.set(of(one), i * d))
    pixels.set(images[r].subarray(0, d), SHOWN * d)
    return { label: `${label}: ${what}`, channels, size, pixels, captions: [...shown.map(({ t }) => `t = ${t[r].toFixed(2)}`), 'image'] }
  }
  return [
    row('x_t on its way', ({ state }) => state.subarray(from, from + d)),
    row('x̂₀, what the velocity says of the image there', ({ t, state, velocity }) => {
      const { keep, along } = toImage(placeOn(path, t[r]))
      return state.subarray(from, from + d).map((x, k) => keep * x + along * velocity[from + k])
    }),
  ]
}

/** The same solvers where the answer is known: x0 ~ N(0, s²), whose field k(t) x leads from x to exactly s x. */
async function testBed(doublings: number): Promise<Panel> {
  const s = 0.5
  const rate = (t: number) => (t - (1 - t) * s ** 2) / ((1 - t) ** 2 * s ** 2 + t ** 2)
  const base = configSchema.parse({}).evaluate
  const attempts = [...FIXED.map(solver => ({ solver, all: stepsOf(doublings).map(solverSteps => ({ solverSteps })) })), { solver: 'dopri5', all: [...TOLERANCES, 1e-5, 1e-6].map(rtol => ({ rtol, atol: rtol })) }]
  const curves: Curve[] = []
  for (const { solver, all } of attempts) {
    const points: [number, number][] = []
    for (const changes of all) {
      const carrier = arrayCarrier(Float64Array.of(1), ([x], t) => [rate(t) * x], () => [])
      const { evaluations } = await follow(carrier, { ...base, ...changes, solver }, [0])
      points.push([evaluations[0], Math.abs(carrier.x[0] - s)])
    }
    curves.push({ replica: null, kind: 'theory', label: `${solvers[solver].label}, order ${solvers[solver].tableau!.order}`, x: points.map(([x]) => x), y: points.map(([, y]) => finite(y || null)) })
  }
  const [euler, rk4] = ['euler', 'rk4'].map(solver => curves[attempts.findIndex(one => one.solver === solver)])
  return {
    id: 'gaussian', title: 'The same where the answer is known', x: EVALUATIONS, y: { label: 'distance from s x', scale: 'log' }, curves, spread: '',
    summary: `On a Gaussian with s = ${s} Euler is off by ${few(euler.y.at(-1)!)} after ${euler.x.at(-1)} evaluations, RK4 by ${few(rk4.y.at(-1)!)} after ${rk4.x.at(-1)}.`,
    notes: ['Computed in double precision, no network. The midpoint rule gains an order here, for x² is quadratic in t and its leading error 0.'],
  }
}
