/**
 * How much of the loss knowing the training images by heart would take away: the floor of that finite set in closed form, beside the net's loss on
 * images it was trained on and on images it never saw. And what explicit flow matching makes of its target by averaging it over such images.
 */
import { z } from 'zod'
import { STREAM_EVALUATION } from '../engine/philox.ts'
import type { Config } from '../config.ts'
import { type AveragedLevel, type Averaging, type EmpiricalLevel, empiricalLevels } from '../flow/empirical.ts'
import { type Estimate, meanOf } from '../flow/estimate.ts'
import type { Path } from '../flow/paths.ts'
import { distinctPaths, floorOn, linearLevel, placeOn } from '../flow/place.ts'
import { resolveReplica } from '../model/replica.ts'
import type { Axis, Curve, Panel } from '../panel.ts'
import { type Bench, defineDiagnostic, type Group, type Measure } from './diagnostic.ts'
import { atOnceOf, logLevels, lotsOf, normalNoise, recordLook, writeAll } from './look.ts'
import { dimensionsOf } from './semantic.ts'
import { few, finite, onPath, overPaths, overSeeds, pathsSaid, seedsSaid } from './words.ts'

/** Numbers that the closed form may have to look at, so that it takes seconds. */
const MOST_WORK = 2e9

const settings = z.strictObject({
  levels: z.number().int().min(4).max(32).default(12).meta({ title: 'Noise levels', help: 'Points from t = 0.001 on, evenly spaced in log t.' }),
  images: z.number().int().min(8).max(1024).default(64).meta({ title: 'Images', help: 'Of each kind, trained on and held out, behind each measured point.' }),
  draws: z.number().int().min(4).max(256).default(16).meta({ title: 'Draws', help: 'Noisy images behind each point of the closed form, which looks at the whole training set for each.' }),
})

export default defineDiagnostic({
  id: 'memory',
  title: 'What learning by heart would give',
  tab: 'By heart',
  order: 70,
  group: 'denoiser',
  summary: 'Loss on training images and on held-out ones, beside the least possible loss on this finite training set; what averaging over it takes out of ExFM’s target.',
  paper: 'Closed-form flow matching (arXiv 2506.03719); ExFM (arXiv 2402.03232)',
  formulas: {
    memory: '\\operatorname{E}[\\varepsilon - x_0 \\mid x_t] = \\textstyle\\sum_i w_i\\,\\frac{x_t - x_i}{t}',
    candidates: '1/\\textstyle\\sum_i w_i^2, \\quad w_i \\propto \\exp\\big(-\\lVert x_t - (1-t)x_i\\rVert^2/2t^2\\big)',
    target: '\\tfrac{1}{d}\\operatorname{E}\\,\\big\\lVert \\hat v - \\operatorname{E}[\\varepsilon - x_0 \\mid x_t] \\big\\rVert^2, \\quad \\hat v = \\textstyle\\sum_{k \\le N} w_k\\,\\frac{x_t - x_k}{t}',
  },
  settings,
  every: 0,
  // The set is gone through once along each path. Smaller ones, of replicas that average over fewer images, come on top.
  work: (config, { levels, images, draws }) => ({ forwards: 2 * levels * images, flops: (distinctPaths(config).length * draws * config.data.count * dimensionsOf(config) * 8) / config.replicas.length }),
  refuse(config, _, { images, draws }) {
    const { count, heldOut } = config.data
    if (images > Math.min(count, heldOut)) return `${images} images are more than there are (${count} to train on, ${heldOut} held out); take at most as many`
    const most = Math.floor(MOST_WORK / (distinctPaths(config).length * count * dimensionsOf(config)))
    return draws > most ? `${draws} draws over ${count} training images take too long; ${most < 4 ? 'the training set is too large for the closed form' : `take at most ${most}`}` : undefined
  },
})

/** A way in which replicas average their target. */
interface Way extends Averaging {
  replicas: number[]
}

/** Of the training set the closed form goes through all along each path, and through as many first images as replicas there average over: mostly all. */
function setsOf(config: Config): { path: Path; images: number; ways: Way[] }[] {
  const { count } = config.data
  const found = distinctPaths(config).map(path => ({ path, images: count, ways: [] as Way[] }))
  config.replicas.forEach((replica, r) => {
    const { objective, method, train, path } = resolveReplica(config, replica)
    const { average } = method.knobs(objective)
    if (!average) return
    const images = train.images === 0 ? count : Math.min(train.images, count)
    let set = found.find(one => one.path.id === path.id && one.images === images)
    if (!set) found.push(set = { path, images, ways: [] })
    const own = { candidates: Math.min(average.candidates, images), own: average.own }
    const before = set.ways.find(one => one.candidates === own.candidates && one.own === own.own)
    if (before) before.replicas.push(r)
    else set.ways.push({ ...own, replicas: [r] })
  })
  return found
}

export const measure: Measure<typeof settings> = async (bench, { levels, images: n, draws }) => {
  const { config, data, groups } = bench
  const t = logLevels(levels)
  const sets = setsOf(config)
  const total = lotsOf(2 * n, atOnceOf(bench, 2 * n)).length * t.length + sets.length
  let done = 0
  const step = () => bench.progress(++done, total)
  const errors = await squaredErrors(bench, n, t, step)
  const losses = errors.map(own => ({ trained: own.map(all => meanOf(all.subarray(0, n))), unseen: own.map(all => meanOf(all.subarray(n))) }))
  const { closed, averages } = await closedForms(bench, sets, t, draws, step)
  const averaged = (of: (level: AveragedLevel) => Estimate) =>
    averages.flatMap(({ replicas, label, levels }) => replicas.map(replica => curve(levels.map(of), { replica, kind: 'theory', label })))
  const known = (label: string, of: (level: Floor) => Estimate) =>
    closed.map(({ path, levels }) => curve(levels.map(of), { replica: null, kind: 'theory', label: onPath(label, path, closed) }))

  const level: Axis = { label: 'noise level t', scale: 'log' }
  const curve = (estimates: Estimate[], rest: Pick<Curve, 'replica' | 'kind' | 'label'>): Curve =>
    ({ ...rest, x: t, y: estimates.map(({ value }) => finite(value)), spread: estimates.map(({ standardError }) => finite(standardError)) })
  const gap = (group: Group, at: number) => overSeeds(group, r => losses[r].unseen[at].value - losses[r].trained[at].value)
  const middle = t.findIndex(value => value >= 0.3)
  const { floor } = data.dataset
  const classes = config.net.classes > 0
  const low = t.findIndex(value => value >= 0.03)
  const off = (at: number) => `t = ${t[at].toPrecision(2)} flow matching’s is off by ${overPaths(closed, ({ levels }) => few(levels[at].floor.value))}, ${averages.map(({ path, label, levels }) => `one averaged over ${label}${closed.length > 1 ? ` along ${path.short}` : ''} by ${few(levels[at].error.value)}`).join(', ')}`
  const target = (): Panel => ({
    id: 'target', title: 'How far targets are from the best velocity', x: level, y: { label: 'squared distance per pixel', scale: 'linear' },
    curves: [...known('target of flow matching', one => one.floor), ...averaged(({ error }) => error)], spread: `± standard error over ${draws} draws`,
    summary: `At ${off(middle)}; at ${off(low)}.`,
    notes: ['From the best velocity of this very training set (closed form): what is noise to the network, which averages it away in the end. Averaged over the whole set nothing is left; over candidates that a step draws there is the chance of drawing them, and without the own image a bias too, which stays.', ...pathsSaid(closed)],
  })
  return [{
    id: 'memory', title: 'Loss on images trained on, on images never seen, and by heart', x: level, y: { label: 'loss per pixel', scale: 'linear' },
    curves: [
      ...losses.flatMap(({ trained, unseen }, replica) => [curve(trained, { replica, kind: 'measured', label: 'trained on' }), curve(unseen, { replica, kind: 'measured', label: 'held out' })]),
      ...known(`by heart, ${config.data.count.toLocaleString('en')} images`, one => one.floor),
      ...(floor ? closed.map(({ path }): Curve => ({ replica: null, kind: 'theory', label: onPath('floor for new images', path, closed), x: t, y: t.map(at => finite(floorOn(path, at, level => floor(level, config.net.size, classes)))) })) : []),
    ],
    spread: `± standard error over ${n} images of each kind; by heart: over ${draws} draws`,
    summary: `At t = ${t[middle].toPrecision(2)} the loss on held-out images is above that on training images by ${groups.map(group => `${gap(group, middle)} in ${group.label}`).join(', ')}${seedsSaid(groups)}.`,
    notes: [
      'By heart: the least loss on this very training set, which only a net that reproduces it could reach. It is no goal; it is 0 wherever a noisy image can have come from one training image only.',
      'EMA weights; the same noise at every level.',
      ...pathsSaid(closed),
    ],
  }, {
    id: 'candidates', title: 'How many training images a noisy image may have come from', x: level, y: { label: 'effective number, 1/Σw²', scale: 'log' },
    curves: [...known('training images', one => one.effectiveCount), ...averaged(({ effectiveCount }) => effectiveCount)], spread: `± standard error over ${draws} draws`,
    summary: `At t = ${t[0]} a noisy image can have come from ${overPaths(closed, ({ levels }) => levels[0].effectiveCount.value.toPrecision(2))} of the ${config.data.count.toLocaleString('en')} training images, at t = ${t.at(-1)} from ${overPaths(closed, ({ levels }) => Math.round(levels.at(-1)!.effectiveCount.value).toLocaleString('en'))}.`,
    notes: ['Exact posterior weights (closed form).', ...(averages.length > 0 ? ['Of networks trained by ExFM: among the candidates N that their target is averaged over.'] : []), ...pathsSaid(closed)],
  }, ...(averages.length > 0 ? [target()] : [])]
}

/** Squared errors of the velocity (mean over pixels) of n training images, then of n held-out ones, [replica][level]; all 2n in lots. */
async function squaredErrors(bench: Bench, n: number, t: readonly number[], step: () => Promise<void>): Promise<Float64Array[][]> {
  const { training: { replicas: R, batch: { dimensions: d } }, config, data } = bench
  const lot = atOnceOf(bench, 2 * n)
  const look = recordLook(bench, { samples: lot, images: lot })
  const table = await bench.lay(look.recorder)
  const images = new Float32Array(2 * n * d)
  images.set(data.train.subarray(0, n * d))
  images.set(data.heldOut.subarray(0, n * d), n * d)
  const noise = normalNoise(2 * n * d, config.data.seed, STREAM_EVALUATION, 9)
  writeAll(table, R, look.batch.row, Uint32Array.from({ length: lot }, (_, i) => i))
  const errors = Array.from({ length: R }, () => t.map(() => new Float64Array(2 * n)))
  for (const start of lotsOf(2 * n, lot)) {
    table.write(look.images, images.subarray(start * d, (start + lot) * d))
    writeAll(table, R, look.batch.eps, noise.subarray(start * d, (start + lot) * d))
    for (const [l, level] of t.entries()) {
      table.write(look.batch.t, new Float32Array(R * lot).fill(level))
      table.submit(look.recorder)
      const [velocity, goal] = [await table.read(look.frozen.velocity!), await table.read(look.batch.goal)]
      for (let s = 0; s < R * lot; s++) {
        let sum = 0
        for (let k = s * d; k < (s + 1) * d; k++) sum += (velocity[k] - goal[k]) ** 2
        errors[Math.floor(s / lot)][l][start + (s % lot)] = sum / d
      }
      await step()
    }
  }
  return errors
}

type Floor = Pick<EmpiricalLevel, 'floor' | 'effectiveCount'>

/** Closed forms at these levels of each path that replicas go along: of all training images, and of each way of averaging over them. */
async function closedForms({ config, data }: Bench, sets: ReturnType<typeof setsOf>, t: number[], draws: number, step: () => Promise<void>) {
  const d = dimensionsOf(config)
  const closed: { path: Path; levels: Floor[] }[] = []
  const averages: (Way & { path: Path; label: string; levels: AveragedLevel[] })[] = []
  for (const { path, images, ways } of sets) {
    const linear = t.map(at => linearLevel(placeOn(path, at)))
    const found = empiricalLevels({ points: data.train.subarray(0, images * d), dimensions: d }, linear, { queries: draws, seed: config.data.seed }, ways)
    /** Of a velocity on the linear path, on this one. */
    const here = ({ value, standardError, count }: Estimate, at: number): Estimate => {
      const factor = floorOn(path, t[at], () => 1)
      return { value: factor * value, standardError: factor * standardError, count }
    }
    if (images === config.data.count) closed.push({ path, levels: found.map(({ floor, effectiveCount }, at) => ({ effectiveCount, floor: here(floor, at) })) })
    ways.forEach((way, w) => averages.push({
      ...way, path, label: `N = ${way.candidates.toLocaleString('en')}${way.own ? '' : ', own image left out'}`,
      levels: found.map(({ averaged }, at) => ({ effectiveCount: averaged[w].effectiveCount, error: here(averaged[w].error, at) })),
    }))
    await step()
  }
  return { closed, averages: averages.sort((a, b) => a.replicas[0] - b.replicas[0]) }
}
