/** What a solver's answer is worth: its distance from the exact solution of the net's own field, by how often it asked; step sizes; how straight the ways are. */
import { z } from 'zod'
import { configSchema } from '../config.ts'
import { STREAM_SAMPLE } from '../engine/philox.ts'
import { arrayCarrier } from '../flow/array_carrier.ts'
import { type Estimate, meanOf } from '../flow/estimate.ts'
import { pathsOf, placeOn } from '../flow/place.ts'
import { follow, type SolverSettings } from '../flow/solver.ts'
import { tableaux } from '../flow/tableau.ts'
import { passesOf } from '../model/guidance.ts'
import { drawSamples, type Drawn, type DrawOptions, recordersOf, recordSampler } from '../model/sampler.ts'
import type { Axis, Curve, Panel } from '../protocol.ts'
import { type Bench, defineDiagnostic, type Measure } from './diagnostic.ts'
import { normalNoise } from './look.ts'
import { few, finite, overSeeds, seedsSaid } from './words.ts'

const settings = z.strictObject({
  images: z.number().int().min(2).max(64).default(8).meta({ title: 'Images', help: 'Drawn by every solver from the same noise.' }),
  doublings: z.number().int().min(1).max(6).default(4).meta({ title: 'Doublings', help: 'Solvers take 4 steps, then 8, and so on this many times.' }),
  reference: z.number().int().min(16).max(512).default(128).meta({ title: 'Steps of the reference', help: 'RK4 steps of what counts as exact; four looks each.' }),
})

const FIXED = ['euler', 'midpoint', 'heun', 'rk4'] as const
const TOLERANCES = [1e-2, 1e-3, 1e-4]
/** dopri5's evaluations for these tolerances, near enough to plan with. */
const ADAPTIVE_LOOKS = 400

const stepsOf = (doublings: number) => Array.from({ length: doublings + 1 }, (_, i) => 4 * 2 ** i)
const looks = (doublings: number) => stepsOf(doublings).reduce((sum, n) => sum + 9 * n, 0) + ADAPTIVE_LOOKS

export default defineDiagnostic({
  id: 'solver',
  title: 'Error of the sampler',
  order: 80,
  group: 'samples',
  summary: 'How far each solver ends from the exact solution of the network’s own field, for how many evaluations; how straight the ways to the images are.',
  paper: 'Lipman et al. 2022, fig. 7 (arXiv 2210.02747)',
  formulas: {
    straight: '\\int_0^1 \\operatorname{E}\\,\\lVert (x_1 - x_0) - v_\\theta(x_t,t)\\rVert^2\\,\\mathrm{d}t',
    error: '\\lVert \\hat x_0 - x_0\\rVert, \\quad \\frac{\\mathrm{d}x_t}{\\mathrm{d}t} = v_\\theta(x_t,t)',
  },
  settings,
  every: 0,
  work: (config, { images, doublings, reference }) => ({ forwards: passesOf(config) * images * (4 * reference + looks(doublings) + 4 * 2 ** doublings) }),
  refuse: (_, __, { doublings, reference }) => (reference < 2 * 4 * 2 ** doublings ? `a reference of ${reference} steps is too near the ${4 * 2 ** doublings} steps it is to judge; take at least ${8 * 2 ** doublings} or fewer doublings` : undefined),
})

const EVALUATIONS: Axis = { label: 'evaluations of the network', scale: 'log' }

interface Attempt {
  solver: keyof typeof tableaux
  changes: Partial<SolverSettings>
}

export const measure: Measure<typeof settings> = async (bench, { images: n, doublings, reference }) => {
  const { config, training: { replicas: R } } = bench
  const attempts: Attempt[] = [
    ...FIXED.flatMap(solver => stepsOf(doublings).map(solverSteps => ({ solver, changes: { solverSteps } }))),
    ...TOLERANCES.map(rtol => ({ solver: 'dopri5' as const, changes: { rtol, atol: rtol } })),
  ]
  const record = (changes: Partial<SolverSettings>) => recordSampler(config, bench.training, { count: n, settings: { ...config.evaluate, ...changes }, recorder: bench.recorder })
  const fixed = record({ solver: 'rk4' }) // has the planes for the others too
  const adaptive = TOLERANCES.map(rtol => record({ solver: 'dopri5', rtol, atol: rtol }))
  const table = await bench.lay(...[fixed, ...adaptive].flatMap(recordersOf))
  let done = 0
  const draw = async ({ solver, changes }: Attempt, options: Partial<DrawOptions> = {}): Promise<Drawn> => {
    const sampler = adaptive.find(({ settings: { rtol } }) => rtol === changes.rtol) ?? fixed
    const drawn = await drawSamples(table, { ...sampler, settings: { ...sampler.settings, ...changes, solver } }, config, { seed: config.data.seed, data: bench.data, ...options })
    await bench.progress(++done, attempts.length + 2)
    return drawn
  }
  const exact = await draw({ solver: 'rk4', changes: { solverSteps: reference } })
  const drawn: (Attempt & { drawn: Drawn })[] = []
  for (const attempt of attempts) drawn.push({ ...attempt, drawn: await draw(attempt) })

  const distance = (r: number, { images }: Drawn): Estimate => {
    const each = images[r].length / n
    return meanOf(Float64Array.from({ length: n }, (_, i) => {
      let sum = 0
      for (let k = i * each; k < (i + 1) * each; k++) sum += (images[r][k] - exact.images[r][k]) ** 2
      return Math.sqrt(sum / each)
    }))
  }
  const solvers = Object.keys(tableaux) as Attempt['solver'][]
  const curves = Array.from({ length: R }, (_, replica) => solvers.flatMap((solver): Curve[] => {
    const own = drawn.filter(one => one.solver === solver).map(one => ({ x: one.drawn.evaluations[replica], ...distance(replica, one.drawn) })).sort((a, b) => a.x - b.x)
    return own.length === 0 ? [] : [{ replica, kind: 'measured', label: tableaux[solver].label, x: own.map(({ x }) => x), y: own.map(({ value }) => finite(value || null)), spread: own.map(({ standardError }) => finite(standardError)) }]
  })).flat()
  const last = (solver: Attempt['solver']) => drawn.findLast(one => one.solver === solver)!.drawn
  const errors: Panel = {
    id: 'error', title: 'Distance from the exact solution, by evaluations', x: EVALUATIONS, y: { label: 'root mean square per pixel', scale: 'log' }, curves,
    spread: `± standard error over ${n} images from the same noise`,
    summary: `With ${last('euler').evaluations[0]} evaluations Euler’s images are off by ${bench.groups.map(group => `${overSeeds(group, r => distance(r, last('euler')).value)} in ${group.label}`).join(', ')}${seedsSaid(bench.groups)}.`,
    notes: [
      `Exact: RK4 with ${reference} steps on the same field, so this is the solver’s error and says nothing about the network’s.`,
      `dopri5 with tolerances ${TOLERANCES.join(', ')}; its evaluations include those of steps taken back (${last('dopri5').rejected.join(', ')} at the last). Steps taken although their error was larger than allowed, for they could not be shorter: ${last('dopri5').forced.join(', ')}.`,
    ],
  }
  return [errors, stepSizes(bench, last('dopri5')), await straightness(bench, n, 4 * 2 ** doublings, draw), await testBed(doublings)]
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
async function straightness({ training: { replicas: R }, config, groups }: Bench, n: number, solverSteps: number, draw: (attempt: Attempt, options: Partial<DrawOptions>) => Promise<Drawn>): Promise<Panel> {
  const seen: { t: readonly number[]; velocity: Float32Array }[] = []
  const { images, times } = await draw({ solver: 'midpoint', changes: { solverSteps } }, { watch: async (t, read) => { seen.push({ t, velocity: await read('velocity') }) } })
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
  }
}

/** The same solvers where the answer is known: x0 ~ N(0, s²), whose field k(t) x leads from x to exactly s x. */
async function testBed(doublings: number): Promise<Panel> {
  const s = 0.5
  const rate = (t: number) => (t - (1 - t) * s ** 2) / ((1 - t) ** 2 * s ** 2 + t ** 2)
  const base = configSchema.parse({}).evaluate
  const attempts = [...FIXED.map(solver => ({ solver, all: stepsOf(doublings).map(solverSteps => ({ solverSteps })) })), { solver: 'dopri5' as const, all: [...TOLERANCES, 1e-5, 1e-6].map(rtol => ({ rtol, atol: rtol })) }]
  const curves: Curve[] = []
  for (const { solver, all } of attempts) {
    const points: [number, number][] = []
    for (const changes of all) {
      const carrier = arrayCarrier(Float64Array.of(1), ([x], t) => [rate(t) * x], () => [])
      const { evaluations } = await follow(carrier, { ...base, ...changes, solver }, [0])
      points.push([evaluations[0], Math.abs(carrier.x[0] - s)])
    }
    curves.push({ replica: null, kind: 'theory', label: `${tableaux[solver].label}, order ${tableaux[solver].order}`, x: points.map(([x]) => x), y: points.map(([, y]) => finite(y || null)) })
  }
  const euler = curves[0].y.at(-1)!
  return {
    id: 'gaussian', title: 'The same where the answer is known', x: EVALUATIONS, y: { label: 'distance from s x', scale: 'log' }, curves, spread: '',
    summary: `On a Gaussian with s = ${s} Euler is off by ${few(euler)} after ${curves[0].x.at(-1)} evaluations, RK4 by ${few(curves[3].y.at(-1)!)} after ${curves[3].x.at(-1)}.`,
    notes: ['Computed in double precision, no network. The midpoint rule gains an order here, for x² is quadratic in t and its leading error 0.'],
  }
}
