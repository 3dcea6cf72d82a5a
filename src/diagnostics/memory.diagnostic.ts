/**
 * How much of the loss knowing the training images by heart would take away: the floor of that finite set in closed form, beside the net's loss on
 * images it was trained on and on images it never saw. And what explicit flow matching makes of its target by averaging it over such images.
 */
import { z } from 'zod'
import { STREAM_EVALUATION } from '../engine/philox.ts'
import type { Config } from '../config.ts'
import { averagedTargets, empiricalFloor } from '../flow/empirical.ts'
import { type Estimate, meanOf } from '../flow/estimate.ts'
import { floorOn, linearLevel, pathForAll, placeOn } from '../flow/place.ts'
import { resolveReplica } from '../model/knobs.ts'
import type { Axis, Curve, Panel } from '../panel.ts'
import { refuseDifferent } from './curved.ts'
import { defineDiagnostic, type Group, type Measure } from './diagnostic.ts'
import { logLevels, normalNoise, recordLook, writeAll } from './look.ts'
import { dimensionsOf } from './semantic.ts'
import { few, finite, overSeeds, seedsSaid } from './words.ts'

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
  // The set is gone through once for all, and once more for each way in which replicas average: mostly one.
  work: (config, { levels, images, draws }) => ({ forwards: 2 * levels * images, flops: (2 * draws * config.data.count * dimensionsOf(config) * 8) / config.replicas.length }),
  refuse(config, _, { images, draws }) {
    const different = refuseDifferent(config)
    if (different) return different
    const { count, heldOut } = config.data
    if (images > Math.min(count, heldOut)) return `${images} images are more than there are (${count} to train on, ${heldOut} held out); take at most as many`
    const most = Math.floor(MOST_WORK / (count * dimensionsOf(config)))
    return draws > most ? `${draws} draws over ${count} training images take too long; ${most < 4 ? 'the training set is too large for the closed form' : `take at most ${most}`}` : undefined
  },
})

/** Each way in which replicas average their target, and which replicas do so. */
function averagesOf(config: Config): { images: number; candidates: number; own: boolean; replicas: number[] }[] {
  const found: ReturnType<typeof averagesOf> = []
  config.replicas.forEach((replica, r) => {
    const { objective, method, train } = resolveReplica(config, replica)
    const { average } = method.knobs(objective)
    if (!average) return
    const images = train.images === 0 ? config.data.count : Math.min(train.images, config.data.count)
    const own = { images, candidates: Math.min(average.candidates, images), own: average.own }
    const before = found.find(one => one.images === own.images && one.candidates === own.candidates && one.own === own.own)
    if (before) before.replicas.push(r)
    else found.push({ ...own, replicas: [r] })
  })
  return found
}

export const measure: Measure<typeof settings> = async (bench, { levels, images: n, draws }) => {
  const { training: { replicas: R }, config, data, groups } = bench
  const d = dimensionsOf(config)
  const t = logLevels(levels)
  const look = recordLook(bench, { samples: 2 * n, images: 2 * n })
  const table = await bench.lay(look.recorder)
  table.write(look.images, data.train.subarray(0, n * d))
  table.write(look.images, data.heldOut.subarray(0, n * d), n * d)
  writeAll(table, R, look.batch.row, Uint32Array.from({ length: 2 * n }, (_, i) => i))
  writeAll(table, R, look.batch.eps, normalNoise(2 * n * d, config.data.seed, STREAM_EVALUATION, 9))
  const losses = Array.from({ length: R }, () => ({ trained: [] as Estimate[], unseen: [] as Estimate[] }))
  for (const [i, level] of t.entries()) {
    table.write(look.batch.t, new Float32Array(R * 2 * n).fill(level))
    table.submit(look.recorder)
    const [velocity, goal] = [await table.read(look.frozen.velocity!), await table.read(look.batch.goal)]
    const error = (sample: number) => {
      let sum = 0
      for (let k = sample * d; k < (sample + 1) * d; k++) sum += (velocity[k] - goal[k]) ** 2
      return sum / d
    }
    for (let r = 0; r < R; r++) {
      const part = (from: number) => meanOf(Float64Array.from({ length: n }, (_, s) => error(r * 2 * n + from + s)))
      losses[r].trained.push(part(0))
      losses[r].unseen.push(part(n))
    }
    await bench.progress(i + 1, t.length + 1)
  }
  const path = pathForAll(config)
  const [linear, random] = [t.map(at => linearLevel(placeOn(path, at))), { queries: draws, seed: config.data.seed }]
  /** Of a velocity on the linear path, on this one. */
  const onPath = ({ value, standardError, count }: Estimate, at: number): Estimate => {
    const factor = floorOn(path, t[at], () => 1)
    return { value: factor * value, standardError: factor * standardError, count }
  }
  const closed = empiricalFloor({ points: data.train, dimensions: d }, linear, random).map(({ floor, effectiveCount }, at) => ({ effectiveCount, floor: onPath(floor, at) }))
  const averages = averagesOf(config).map(one => ({
    ...one, label: `N = ${one.candidates.toLocaleString('en')}${one.own ? '' : ', own image left out'}`,
    levels: averagedTargets({ points: data.train.subarray(0, one.images * d), dimensions: d }, linear, { ...random, ...one }).map(({ error, effectiveCount }, at) => ({ effectiveCount, error: onPath(error, at) })),
  }))
  const averaged = (of: (level: (typeof averages)[number]['levels'][number]) => Estimate) =>
    averages.flatMap(({ replicas, label, levels }) => replicas.map(replica => curve(levels.map(of), { replica, kind: 'theory', label })))
  await bench.progress(t.length + 1, t.length + 1)

  const level: Axis = { label: 'noise level t', scale: 'log' }
  const curve = (estimates: Estimate[], rest: Pick<Curve, 'replica' | 'kind' | 'label'>): Curve =>
    ({ ...rest, x: t, y: estimates.map(({ value }) => finite(value)), spread: estimates.map(({ standardError }) => finite(standardError)) })
  const gap = (group: Group, at: number) => overSeeds(group, r => losses[r].unseen[at].value - losses[r].trained[at].value)
  const middle = t.findIndex(value => value >= 0.3)
  const { floor } = data.dataset
  const classes = config.net.classes > 0
  const low = t.findIndex(value => value >= 0.03)
  const off = (at: number) => `t = ${t[at].toPrecision(2)} flow matching’s is off by ${few(closed[at].floor.value)}, ${averages.map(({ label, levels }) => `one averaged over ${label} by ${few(levels[at].error.value)}`).join(', ')}`
  const target = (): Panel => ({
    id: 'target', title: 'How far targets are from the best velocity', x: level, y: { label: 'squared distance per pixel', scale: 'linear' },
    curves: [curve(closed.map(one => one.floor), { replica: null, kind: 'theory', label: 'target of flow matching' }), ...averaged(({ error }) => error)], spread: `± standard error over ${draws} draws`,
    summary: `At ${off(middle)}; at ${off(low)}.`,
    notes: ['From the best velocity of this very training set (closed form): what is noise to the network, which averages it away in the end. Averaged over the whole set nothing is left; over candidates that a step draws there is the chance of drawing them, and without the own image a bias too, which stays.'],
  })
  return [{
    id: 'memory', title: 'Loss on images trained on, on images never seen, and by heart', x: level, y: { label: 'loss per pixel', scale: 'linear' },
    curves: [
      ...losses.flatMap(({ trained, unseen }, replica) => [curve(trained, { replica, kind: 'measured', label: 'trained on' }), curve(unseen, { replica, kind: 'measured', label: 'held out' })]),
      curve(closed.map(one => one.floor), { replica: null, kind: 'theory', label: `by heart, ${config.data.count.toLocaleString('en')} images` }),
      ...(floor ? [{ replica: null, kind: 'theory', label: 'floor for new images', x: t, y: t.map(at => finite(floorOn(path, at, level => floor(level, config.net.size, classes)))) } as const] : []),
    ],
    spread: `± standard error over ${n} images of each kind; by heart: over ${draws} draws`,
    summary: `At t = ${t[middle].toPrecision(2)} the loss on held-out images is above that on training images by ${groups.map(group => `${gap(group, middle)} in ${group.label}`).join(', ')}${seedsSaid(groups)}.`,
    notes: [
      'By heart: the least loss on this very training set, which only a net that reproduces it could reach. It is no goal; it is 0 wherever a noisy image can have come from one training image only.',
      'EMA weights; the same noise at every level.',
    ],
  }, {
    id: 'candidates', title: 'How many training images a noisy image may have come from', x: level, y: { label: 'effective number, 1/Σw²', scale: 'log' },
    curves: [curve(closed.map(one => one.effectiveCount), { replica: null, kind: 'theory', label: 'training images' }), ...averaged(({ effectiveCount }) => effectiveCount)], spread: `± standard error over ${draws} draws`,
    summary: `At t = ${t[0]} a noisy image can have come from ${closed[0].effectiveCount.value.toPrecision(2)} of the ${config.data.count.toLocaleString('en')} training images, at t = ${t.at(-1)} from ${Math.round(closed.at(-1)!.effectiveCount.value).toLocaleString('en')}.`,
    notes: ['Exact posterior weights (closed form).', ...(averages.length > 0 ? ['Of networks trained by ExFM: among the candidates N that their target is averaged over.'] : [])],
  }, ...(averages.length > 0 ? [target()] : [])]
}
