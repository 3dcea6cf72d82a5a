/**
 * Data of the plane, seen: the points that a net carries from noise to data, its velocity all over the plane, and beside them the pairs it was trained on,
 * whose straight ways cross, and the best velocity, whose ways do not (Lipman et al. 2022, fig. 4; rectified flow, arXiv 2209.03003, fig. 2).
 */
import { z } from 'zod'
import { configSchema, passOf } from '../config.ts'
import { chartOf } from '../datasets/plane.ts'
import { PhiloxStream, STREAM_EVALUATION, STREAM_SAMPLE } from '../engine/philox.ts'
import { energyDistance } from '../flow/energy.ts'
import type { Estimate } from '../flow/estimate.ts'
import type { Path } from '../flow/paths.ts'
import { fromImage, pathsOf, placeOn, toImage } from '../flow/place.ts'
import { stagesOf } from '../flow/solver.ts'
import { solvers } from '../flow/solvers.ts'
import { meanSlope, passesOf, pushedFrom } from '../model/guidance.ts'
import { recordFrozen } from '../model/frozen.ts'
import { resolveReplica } from '../model/replica.ts'
import { drawSamples, recordersOf, recordSampler } from '../model/sampler.ts'
import type { Curve, PlaneView } from '../panel.ts'
import { bestField, type Field, LEAST, mixed } from './best_field.ts'
import { type Bench, defineDiagnostic, type Measure } from './diagnostic.ts'
import { normalNoise, writeAll } from './look.ts'
import { atLevels, middles, nearestClasses, type Way, wayAlong } from './plane_views.ts'
import { dimensionsOf } from './semantic.ts'
import { few, finite, overSeeds, seedsSaid } from './words.ts'

/** Steps between levels that are shown. */
const SHOWN = 24
const levels = Array.from({ length: SHOWN + 1 }, (_, i) => 1 - i / SHOWN)

const settings = z.strictObject({
  points: z.number().int().min(16).max(2048).default(256).meta({ title: 'Points', help: 'Drawn by each net, all from the same noise.', scale: 'log' }),
  solver: z.enum(Object.keys(solvers)).default('euler').meta({ title: 'Solver', help: 'How points follow the velocity; with few steps its error is seen.' }),
  steps: z.number().int().min(2).max(200).default(24).meta({ title: 'Steps', help: 'From t = 1 to 0; dopri5 chooses its own.', unit: 'steps', scale: 'log' }),
  arrows: z.number().int().min(0).max(31).default(13).meta({ title: 'Arrows', help: 'Along one side of the picture; 0 draws none.' }),
  label: z.number().int().min(0).max(255).default(0).meta({ title: 'Class of the arrows', help: 'Whose velocity the arrows show, of a network that is told the class; the first is 0.', advanced: true }),
})

/** Levels from one at which nets are asked for arrows to the next; between them arrows change evenly. */
const APART = 3
const asked = levels.filter((_, l) => l % APART === 0)
/** Places that a net is asked about in one pass. */
const AT_ONCE = 2048

/** Velocity in the middle of each square, and what it amounts to; both (·,side²,2). */
interface Answered {
  arrows: Float32Array
  answers: Float32Array
}

const joined = (levels: readonly Answered[]): Answered => {
  const all = (of: keyof Answered) => Float32Array.from(levels.flatMap(level => [...level[of]]))
  return { arrows: all('arrows'), answers: all('answers') }
}

export default defineDiagnostic({
  id: 'plane',
  title: 'The plane',
  order: 79,
  group: 'samples',
  summary: 'Points on their way from noise to data, and the velocity all over the plane, of each network, of the training pairs, of the best velocity there is and of what ΔFM makes of it.',
  paper: 'Lipman et al. 2022, fig. 4 (arXiv 2210.02747); ΔFM (arXiv 2506.05350)',
  formulas: { plane: '2\\operatorname{E}\\lVert x - y\\rVert - \\operatorname{E}\\lVert x - x\'\\rVert - \\operatorname{E}\\lVert y - y\'\\rVert, \\quad v(x \\mid x_0) = \\frac{\\beta_t\'}{\\beta_t}\\,(x - \\alpha_t\\,x_0) + \\alpha_t\'\\,x_0, \\quad v_\\Delta = \\frac{v - \\lambda\\hat T}{1 - \\lambda}' },
  settings,
  every: 0,
  atStart: true,
  work: (config, { points, solver, steps, arrows }) => ({ forwards: passesOf(config) * points * steps * stagesOf(solver) + arrows ** 2 * asked.length }),
  refuse({ data: { heldOut, count }, net: { classes } }, dataset, { points, label }) {
    if (!dataset.plane) return `${dataset.label} has images and no points of a plane; take a data set of points, as checkerboard or eight-gaussians`
    if (2 * points > Math.min(heldOut, count)) return `${points} points need twice as many held-out ones and as many to train on, and there are ${heldOut} and ${count}; take at most ${Math.floor(Math.min(heldOut, count) / 2)}`
    return classes > 0 && label >= classes ? `there is no class ${label}; the last is ${classes - 1}` : undefined
  },
})

export const measure: Measure<typeof settings> = async (bench, chosen) => {
  const { config, data, labels, groups, training: { replicas: R } } = bench
  const { points: n, solver, steps, arrows: side } = chosen
  const d = dimensionsOf(config)
  const chart = chartOf(data.dataset, d, config.net.size)
  let [done, total] = [0, steps + 1]
  const step = () => bench.progress(Math.min(++done, total), total)
  const own = { ...config.evaluate, solver, solverSteps: steps }

  const real = data.heldOut.subarray(0, n * d)
  const paths = pathsOf(config)
  const [path] = paths
  const aim = data.train.subarray(0, d)
  const { classes: K } = config.net
  const inTurn = Array.from({ length: n }, (_, i) => (K > 0 ? i % K : 0))
  const forms = formsOf(bench)
  const noise = normalNoise(n * d, config.data.seed, STREAM_SAMPLE)
  const places = chart.lift(middles(side, chart.extent))

  // Held-out points on the path, each with noise of its own: where points should be at each level.
  const other = new Float32Array(n * d)
  new PhiloxStream(config.data.seed, STREAM_EVALUATION, 21).fillNormal(other)
  const distances = (way: Way, own: Path): Estimate[] => {
    const at = atLevels(way, levels)
    return levels.map((t, l) => energyDistance(at.subarray(l * n * d, (l + 1) * n * d), mixed(real, other, own, t), d))
  }
  const { pairs, pairArrows, theories } = await bench.kept(['plane', n, steps, side, chosen.label, ...forms.map(({ label }) => label)].join(' '), withoutNets)
  const ways = await waysOf(bench, chosen, own, step)
  const arrows = side === 0 ? null : await arrowsOf(bench, chosen)
  const curve = (estimates: Estimate[], rest: Pick<Curve, 'replica' | 'kind' | 'label'>): Curve =>
    ({ ...rest, x: levels, y: estimates.map(({ value }) => finite(value)), spread: estimates.map(({ standardError }) => finite(standardError)) })
  const found = ways.map((way, r) => distances(way, paths[r]))

  const view = (way: Way, replica: number | null, label: string, field: Answered | null): PlaneView => {
    const shown = chart.flatten(atLevels(way, levels))
    const ends = shown.subarray(2 * n * SHOWN)
    const classes = way === pairs ? [...data.trainLabels.subarray(0, n)]
      : K > 0 ? inTurn
        : nearestClasses(ends, chart.flatten(real), data.heldOutLabels)
    return { replica, label, ways: shown, classes, ...(field ?? { arrows: null, answers: null }) }
  }
  const off = groups.map(group => `${group.label} ${overSeeds(group, r => found[r].at(-1)!.value)}`)
  const again = [0, 1].map(k => energyDistance(data.train.subarray(k * n * d, (k + 1) * n * d), real, d).value)
  return [{
    id: 'plane', title: 'Points on their way from noise to data', x: { label: 'noise level t', scale: 'linear', domain: [0, 1] }, y: { label: 'energy distance from p_t', scale: 'linear' },
    curves: [
      ...found.map((estimates, replica) => curve(estimates, { replica, kind: 'measured', label: '' })),
      ...theories.map(({ least, label }) => curve(least, { replica: null, kind: 'theory', label })),
    ],
    spread: `± standard error over ${n} points, from four parts of them, which is too much where the distance is near 0`,
    summary: `Energy distance to new data (0 = alike): ${off.join(', ')}${seedsSaid(groups)}; two real sets differ by about ±${few(Number(Math.max(...again.map(Math.abs)).toPrecision(1)))}.`,
    notes: [
      `EMA weights, ${solver === 'dopri5' ? `dopri5’s own steps (${ways.map(({ t }) => t.length - 1).join(', ')})` : `${steps} ${solver} steps`} from the same noise${config.net.size > 1 ? `; in ${d} dimensions, of which 2 are shown` : ''}. p_t: held-out points and noise, mixed for level t.`,
      `Two sets of ${n.toLocaleString('en')} training points lie ${again.map(few).join(' and ')} from as many held-out ones: below 0 is chance.`,
      ...(K > 0 ? [`Networks are told the class; arrows are those of the class ${data.dataset.classes[chosen.label]}.`] : []),
      ...(forms.length > 1 ? ['ΔFM’s minimum is (v − λT̂)/(1 − λ), v the best velocity and T̂ the mean target of the samples it is pushed from; λ as it is in the end. It leads elsewhere than the data, by construction.'] : []),
      ...(side > 0 ? ['Arrows of training pairs lead to one point, ringed: what a network is asked for when x_t was made of that point. They grow as 1/β towards t = 0, where those of t = 0.001 stand.'] : []),
      ...(side > 0 ? [`Arrows of networks are asked for at ${asked.length} levels and change evenly between.`] : []),
      'Training pairs cross on their ways; at a crossing a velocity can only be their mean, so that points that follow it never cross.',
      ...(data.dataset.plane!.zoom ? [`Shown ${data.dataset.plane!.zoom.times} times as large as it is, with ${data.dataset.plane!.zoom.centre.map(few).join(', ')} in the middle.`] : []),
      ...(paths.some(({ id }) => id !== path.id) ? [`Training pairs and best velocity on the path of ${labels[0]}.`] : []),
    ],
    plane: {
      extent: chart.extent, t: levels, side, classes: [...data.dataset.classes], data: chart.flatten(real), dataClasses: [...data.heldOutLabels.subarray(0, n)],
      views: [
        { ...view(pairs, null, 'training pairs', pairArrows), ...(side > 0 && { mark: [...chart.flatten(aim)] as [number, number] }) },
        ...ways.map((way, r) => view(way, r, labels[r], arrows && arrows[r])),
        ...theories.map(({ way, label, arrows }) => view(way, null, label, arrows)),
      ],
    },
  }]

  /** Training pairs, and velocities in closed form with their ways, which are most of the work and the same at every step. */
  async function withoutNets() {
    const solver = { ...configSchema.parse({}).evaluate, solver: 'heun' as const, solverSteps: Math.max(8, steps) }
    total += forms.length * solver.solverSteps
    const turned = (field: Field, own: Path) => (side === 0 ? null : joined(levels.map(t => answered(field(places, t), places, own, t))))
    const theories: { label: string; way: Way; least: Estimate[]; arrows: Answered | null }[] = []
    for (const { label, path, field } of forms) {
      const way = await wayAlong(field(inTurn), noise, solver, path, step)
      theories.push({ label, way, least: distances(way, path), arrows: turned(field(new Array<number>(side * side).fill(chosen.label)), path) })
    }
    const pairs: Way = { t: levels, states: levels.map(t => mixed(data.train, noise, path, t)) }
    return { pairs, pairArrows: turned(towards(aim, path), path), theories }
  }

  /** Of each replica. */
  async function waysOf({ training }: Bench, { points: count }: typeof chosen, settings: typeof own, between: () => Promise<void>): Promise<Way[]> {
    const sampler = recordSampler(config, training, { count, settings, recorder: () => bench.recorder(), name: 'plane ' })
    const table = await bench.lay(...recordersOf(sampler))
    const states = paths.map(path => [noise.map(value => placeOn(path, 1).beta * value)])
    const { times } = await drawSamples(table, sampler, config, {
      seed: config.data.seed, data, between,
      async passed(taken, read) {
        const all = await read()
        taken.forEach((has, r) => { if (has) states[r].push(all.slice(r * count * d, (r + 1) * count * d)) })
      },
    })
    return times.map((t, r) => ({ t, states: states[r] }))
  }

  /** A velocity (side²,d) at these places, as it is shown. */
  function answered(velocity: ArrayLike<number>, at: Float32Array, own: Path, t: number): Answered {
    const { keep, along } = toImage(placeOn(own, t))
    return { arrows: chart.turn(velocity), answers: chart.flatten(at.map((x, k) => keep * x + along * velocity[k])) }
  }

  /** On the grid at each level, of each replica. */
  async function arrowsOf({ training }: Bench, { label }: typeof chosen): Promise<Answered[]> {
    const recorder = bench.recorder().at('arrows')
    const samples = side * side
    const together = Math.min(asked.length, Math.max(1, Math.floor(AT_ONCE / samples))) // levels of one pass
    const frozen = recordFrozen(recorder, training, { samples: together * samples, weights: training.optimizer.ema, name: 'arrows ' })
    const table = await bench.lay(recorder)
    for (let l = 0; l < together; l++) for (let r = 0; r < R; r++) table.write(frozen.image, places, (r * together + l) * samples * d)
    if (frozen.labels) writeAll(table, R, frozen.labels, new Uint32Array(together * samples).fill(label))
    const found = Array.from({ length: R }, () => new Float32Array(asked.length * samples * d))
    for (let from = 0; from < asked.length; from += together) {
      const own = asked.slice(from, from + together)
      writeAll(table, R, frozen.t, Float32Array.from({ length: together * samples }, (_, i) => own[Math.floor(i / samples)] ?? 0))
      table.submit(recorder)
      const velocity = await table.read(frozen.velocity!)
      found.forEach((all, r) => all.set(velocity.subarray(r * together * samples * d, (r * together + own.length) * samples * d), from * samples * d))
    }
    return found.map((velocity, r) => {
      const all = atLevels({ t: asked, states: asked.map((_, l) => velocity.subarray(l * samples * d, (l + 1) * samples * d)) }, levels)
      return joined(levels.map((t, l) => answered(all.subarray(l * samples * d, (l + 1) * samples * d), places, paths[r], t)))
    })
  }
}

/** The velocity of all x that were made of x0: β′/β (x − α x0) + α′ x0. */
const towards = (x0: Float32Array, path: Path): Field => (x, t) => {
  const { keep, along } = fromImage(placeOn(path, Math.max(t, LEAST)))
  return Float32Array.from({ length: x.length }, (_, i) => keep * x[i] + along * x0[i % x0.length])
}

/** Velocities in closed form: the best one, on the path of the first replica, and ΔFM's minimum for each λ and mean target of a replica that is trained so, on its own path. `field` is of points with these labels. */
function formsOf(bench: Bench): { label: string; path: Path; field: (labels: readonly number[]) => Field }[] {
  const { config, data } = bench
  const d = dimensionsOf(config)
  const paths = pathsOf(config)
  const best = (path: Path) => (labels: readonly number[]) => bestField(bench, d, path, config.net.classes > 0 ? labels : undefined)
  const forms = [{ label: best(paths[0])([]).words, path: paths[0], field: (labels: readonly number[]) => best(paths[0])(labels).field }]
  paths.forEach((path, r) => {
    const { objective: { lambda, negatives }, train } = resolveReplica(config, config.replicas[r])
    if (!pushedFrom(config, r, data, []) || lambda === 0) return
    const slope = few(meanSlope(config, r))
    // All that it depends on: it is kept by its label.
    const label = [
      `ΔFM’s minimum, λ = ${lambda}`, ...(negatives === 'any' ? [] : [`negatives ${negatives}${negatives === 'permutation' ? ` of ${passOf(train)}` : ''}`]),
      ...(train.images === 0 || train.images >= config.data.count ? [] : [`first ${train.images} images`]),
      ...(path.id === paths[0].id ? [] : [path.label]), ...(slope === few(-1) ? [] : [`E[α′] = ${slope}`]),
    ].join(', ')
    if (forms.some(other => other.label === label)) return
    forms.push({
      label, path,
      field(labels) {
        const [{ field }, push] = [best(path)(labels), pushedFrom(config, r, data, labels)!]
        return (x, t) => push(field(x, t))
      },
    })
  })
  return forms
}
