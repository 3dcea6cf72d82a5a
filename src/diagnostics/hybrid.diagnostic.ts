/**
 * What a network adds to learning by heart, and where: the way from noise follows the best velocity of the training set (closed form, which ends on
 * training images) down to a noise level, and the network's own from there (closed-form flow matching, arXiv 2506.03719).
 */
import { z } from 'zod'
import { arrayCarrier } from '../flow/array_carrier.ts'
import { type Estimate, meanOf } from '../flow/estimate.ts'
import { nearestOf } from '../flow/neighbours.ts'
import type { Path } from '../flow/paths.ts'
import { distinctPaths, pathsOf } from '../flow/place.ts'
import type { Axis, Curve, Panel, Pictures } from '../panel.ts'
import { heartFlops, recordByHeart } from './by_heart.ts'
import { type Bench, defineDiagnostic, type Measure } from './diagnostic.ts'
import { eulerWays, firstNoise, gridFor, walkToImage } from './euler_ways.ts'
import { dimensionsOf } from './semantic.ts'
import { levelsOf, LEVELS_WANTED } from './sweep.ts'
import { few, finite, onPath, overSeeds, pathsSaid, seedsSaid } from './words.ts'

/** Operations that the closed form may take, so that it takes seconds. */
const MOST_WORK = 6e10

/** Pictures in a row beside the one by heart, at most. */
const SHOWN = 6

const settings = z.strictObject({
  images: z.number().int().min(4).max(256).default(16).meta({ title: 'Images', help: 'Drawn from the same noise with every change of hands.' }),
  steps: z.number().int().min(8).max(200).default(25).meta({ title: 'Steps', help: 'Euler’s, from noise to image.' }),
  t: z.string().max(200).default('0.1 0.2 0.3 0.4 0.5 0.6 0.7 0.8 0.9 1').refine(text => levelsOf(text), LEVELS_WANTED).meta({ title: 'Handed over at t', help: 'Noise levels at which the network takes over; the nearest step counts. At 1 it goes all the way.', advanced: true }),
})

type Chosen = z.output<typeof settings>

export default defineDiagnostic({
  id: 'hybrid',
  title: 'By heart first, then the network',
  tab: 'Hand-over',
  order: 77,
  group: 'denoiser',
  summary: 'Where on the way from noise the network departs from its training images: the way follows the training set’s own best velocity down to t, and the network’s from there.',
  paper: 'Closed-form flow matching (arXiv 2506.03719)',
  formulas: {
    nearest: '\\frac{\\mathrm{d}x_t}{\\mathrm{d}t} = \\begin{cases} \\hat v(x_t,t) & t > \\tau \\\\ v_\\theta(x_t,t) & t \\le \\tau \\end{cases}',
  },
  settings,
  every: 0,
  work: (config, chosen) => ({
    forwards: levelsOf(chosen.t)!.reduce((sum, t) => sum + Math.ceil(t * chosen.steps) * chosen.images, 0),
    flops: heartFlops(config, distinctPaths(config).length * chosen.images, chosen.steps) / config.replicas.length + 3 * levelsOf(chosen.t)!.length * chosen.images * config.data.count * dimensionsOf(config),
  }),
  refuse(config, _, chosen) {
    if (chosen.images > config.data.heldOut) return `${chosen.images} images are more than the ${config.data.heldOut} held-out ones they are compared with; take at most as many`
    const most = Math.floor(MOST_WORK / heartFlops(config, distinctPaths(config).length, chosen.steps))
    return chosen.images > most ? `the closed form over ${config.data.count} training images takes too long for ${chosen.images} images in ${chosen.steps} steps; ${most < 4 ? 'the training set is too large for it' : `take at most ${most} images`}` : undefined
  },
})

export const measure: Measure<typeof settings> = async (bench, chosen) => {
  const { config, data, training: { replicas: R } } = bench
  const { images: n, steps } = chosen
  const d = dimensionsOf(config)
  const grid = gridFor(config, steps)
  const paths = pathsOf(config)
  const nearestStep = (t: number) => grid.subarray(0, -1).reduce((best, at, i) => (Math.abs(at - t) < Math.abs(grid[best] - t) ? i : best), 0)
  const handed = [...new Set(levelsOf(chosen.t)!.map(nearestStep))].sort((a, b) => b - a) // t ascending
  const total = distinctPaths(config).length * steps + handed.reduce((sum, step) => sum + steps - step + 1, 0)
  let done = 0
  const between = () => bench.progress(++done, total)
  const wait = () => bench.progress(done, total)

  const of = (r: number, all: Float64Array) => all.slice(r * n * d, (r + 1) * n * d)
  const noise = firstNoise(bench, n)
  const { recorder, velocity } = recordByHeart(bench, n)
  const asked = await bench.lay(recorder)
  const walkByHeart = async (path: Path): Promise<Float64Array[]> => {
    const heart = arrayCarrier(of(paths.findIndex(({ id }) => id === path.id), noise), (x, t) => velocity(asked, x, t, path), () => [], between)
    const passed: Float64Array[] = []
    const { look } = heart
    heart.look = (plane, t) => {
      passed.push(heart.x)
      return look(plane, t)
    }
    await walkToImage(heart, grid, config, [path])
    return [...passed, heart.x]
  }
  const near = async (values: Float64Array | Float32Array) => {
    const found = await nearestOf({ values: data.train, width: d }, { values, width: d }, wait)
    return meanOf(Float64Array.from(found, ({ distance }) => distance))
  }
  const hearts: Heart[] = []
  for (const path of distinctPaths(config)) {
    const states = await walkByHeart(path)
    hearts.push({ path, states, distance: await near(states.at(-1)!) })
  }
  const own = paths.map(({ id }) => hearts.find(({ path }) => path.id === id)!)
  const walk = await eulerWays(bench, n)
  const hybrids: { t: number; distances: Estimate[]; first: Float64Array[] }[] = []
  for (const step of handed) {
    const start = new Float64Array(R * n * d)
    own.forEach(({ states }, r) => start.set(states[step], r * n * d))
    const samples = await walk(start, grid.subarray(step), between)
    const ended = own.map((_, r) => of(r, samples))
    const distances: Estimate[] = []
    for (const values of ended) distances.push(await near(values))
    hybrids.push({ t: grid[step], distances, first: ended.map(values => values.slice(0, d)) })
    await between()
  }
  return [nearestPanel(bench, chosen, hybrids, { all: hearts, own }, await near(data.heldOut.slice(0, n * d)))]
}

/** The way by heart along one of the replicas' paths. */
interface Heart {
  path: Path
  /** (n,d) at each time of the grid */
  states: Float64Array[]
  /** At its end. */
  distance: Estimate
}

interface Hybrid {
  t: number
  distances: Estimate[]
  first: Float64Array[]
}

function nearestPanel({ labels, groups, config }: Bench, { images: n, steps }: Chosen, hybrids: Hybrid[], { all: hearts, own }: { all: Heart[]; own: Heart[] }, unseen: Estimate): Panel {
  const x = hybrids.map(({ t }) => t)
  const axis: Axis = { label: 'noise level τ at which the network takes over', scale: 'linear', domain: [0, 1] }
  const flat = (label: string, kind: Curve['kind'], { value, standardError }: Estimate): Curve => ({ replica: null, kind, label, x: [0, 1], y: [value, value], spread: [standardError, standardError] })
  const alone = hybrids.at(-1)!
  /** Where half of what the network has in the end is reached, from the image on. */
  const half = (r: number) => hybrids.find(({ distances }) => distances[r].value - own[r].distance.value > (alone.distances[r].value - own[r].distance.value) / 2)?.t ?? null
  const { channels, size } = config.net
  const shown = hybrids.filter((_, i) => (hybrids.length - 1 - i) % Math.ceil(hybrids.length / SHOWN) === 0)
  const pictures = groups.map(({ label, replicas: [r] }): Pictures => {
    const all = [own[r].states.at(-1)!.subarray(0, channels * size * size), ...shown.map(({ first }) => first[r])]
    return { label: `A sample that ${label} ends`, channels, size, pixels: Float32Array.from(all.flatMap(one => Array.from(one))), captions: ['by heart', ...shown.map(({ t }) => `from t = ${few(t)}`)] }
  })
  return {
    id: 'nearest', title: 'How far from the training images, by where the network takes over', x: axis, y: { label: 'root mean square distance to the nearest', scale: 'linear' },
    curves: [
      ...labels.map((_, replica): Curve => ({ replica, kind: 'measured', label: '', x, y: hybrids.map(({ distances }) => finite(distances[replica].value)), spread: hybrids.map(({ distances }) => finite(distances[replica].standardError)) })),
      ...hearts.map(({ path, distance }) => flat(onPath('by heart all the way', path, hearts), 'theory', distance)), flat('held-out images', 'baseline', unseen),
    ],
    spread: `± standard error over ${n} samples from the same noise; ${config.data.count.toLocaleString('en')} training images`,
    summary: `Handed over at ${groups.map(group => `t = ${overSeeds(group, half)} to ${group.label}`).join(', ')}, samples end half as far from the training images as handed over at t = ${few(alone.t)}, where they lie ${groups.map(group => overSeeds(group, r => alone.distances[r].value)).join(', ')} away${seedsSaid(groups)}; held-out images lie ${few(unseen.value)} away.`,
    notes: [
      'By heart: the best velocity of this very training set (closed form), which ends on training images. It is no goal. Where the curve is flat the network still undoes what the closed form did; where it falls to the left the training image has been chosen.',
      `Euler, ${steps} steps, EMA weights, no guidance; the same noise for every network${hearts.length > 1 ? ', times the β(1) of its path' : ''}.`,
      ...pathsSaid(hearts),
    ],
    pictures,
  }
}
