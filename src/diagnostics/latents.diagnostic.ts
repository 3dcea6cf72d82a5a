/** What a linear read-out recovers of how each image was made: what becomes easier towards t = 0 while the class becomes harder. */
import { z } from 'zod'
import type { Estimate } from '../flow/estimate.ts'
import type { Curve, Panel } from '../panel.ts'
import { type Bench, defineDiagnostic, type Group, type Measure } from './diagnostic.ts'
import { ridge, type Target, targetsOf } from './ridge.ts'
import { levelsOf, LEVELS_WANTED, levelsTogether, netSource, noiseOf, refuseSweep } from './sweep.ts'
import { few, finite } from './words.ts'

const PENALTY = 1e-4

const settings = z.strictObject({
  train: z.number().int().min(32).max(65536).default(2048).meta({ title: 'Images to fit', help: 'Training images behind each read-out.', scale: 'log' }),
  test: z.number().int().min(16).max(65536).default(1024).meta({ title: 'Test images', help: 'Held-out images behind each R².', scale: 'log' }),
  layer: z.number().int().min(0).max(28).default(0).meta({ title: 'Layer', help: 'Features after this block; 0 takes the run’s own.' }),
  each: z.boolean().default(false).meta({ title: 'One chart for each', help: 'A chart for every latent besides the mean of all.' }),
  t: z.string().max(200).default('0.001 0.01 0.03 0.1 0.3').refine(text => levelsOf(text), LEVELS_WANTED).meta({ title: 'Noise levels', help: 'Values of t; 0 is the clean image.', advanced: true }),
})

export default defineDiagnostic({
  id: 'latents',
  title: 'What else the features tell',
  tab: 'What latents hold',
  order: 32,
  group: 'representation',
  summary: 'How well a linear read-out recovers orientation, position, background and whatever else an image was made from, by noise level.',
  paper: 'Beside LCF Prop. 4 and 5 (arXiv 2509.20952): what sensitivity is spent on',
  formulas: {
    latents: 'R^2 = 1 - \\frac{\\sum (y - \\hat y)^2}{\\sum (y - \\bar y)^2}',
  },
  settings,
  every: 2000,
  work: ({ net, objective }, { train, test, layer, t }) => ({ forwards: levelsOf(t)!.length * (train + test) * ((layer || objective.layer) / net.blocks) }),

  refuse(config, dataset, { train, test, layer }) {
    if (dataset.latentNames.length < 2) return `${dataset.label} does not say how its images are made, except for their class`
    if (train > config.data.count) return `${train} images to fit are more than the ${config.data.count} training images; take at most as many`
    if (train < 2 * config.net.width) return `${train} images to fit are too few for features of ${config.net.width} numbers; take at least ${2 * config.net.width}`
    return refuseSweep(config, { ...dataset, classes: ['', ''] }, { layer, test, images: train + test })
  },
})

export const measure: Measure<typeof settings> = async (bench, { train: fitted, test, layer, each, t: text }) => {
  const { config, training: { replicas: R }, labels, data: { dataset } } = bench
  const t = levelsOf(text)!
  const C = config.net.width
  const count = fitted + test
  const source = netSource(bench, [layer || config.objective.layer])
  const pieces = levelsTogether(t, R * count * C)
  const sweep = source.record(pieces[0].length, count)
  const table = await bench.lay(...sweep.recorders)
  const [seen, unseen] = [await bench.images(fitted, { split: 'train' }), await bench.images(test, { split: 'test' })]
  const latents = new Float32Array(seen.latents.length + unseen.latents.length)
  latents.set(seen.latents)
  latents.set(unseen.latents, seen.latents.length)
  const targets = targetsOf(dataset.latentNames, latents, fitted)
  const total = source.pieces(t.length, fitted) + source.pieces(t.length, test) + t.length
  let done = 0
  const between = () => bench.progress(Math.min(++done, total), total)
  /** [replica][level][target] */
  const found = labels.map(() => [] as Estimate[][])
  for (const levels of pieces) {
    await sweep.fill(table, { count: fitted, images: seen.images, noise: noiseOf(config, fitted, 0) }, 0, levels, between)
    await sweep.fill(table, { count: test, images: unseen.images, noise: noiseOf(config, test, 2) }, fitted, levels, between)
    for (const l of levels.keys()) {
      const features = await table.read(sweep.features, l * R * count * C, R * count * C)
      for (let r = 0; r < R; r++) found[r].push(ridge(features.subarray(r * count * C, (r + 1) * count * C), C, targets, fitted, PENALTY))
      await between()
    }
  }
  return panelsOf(bench, t, targets, found, fitted, test, each)
}

const seedsMeant = (groups: readonly Group[]) => (groups.some(({ replicas }) => replicas.length > 1) ? ' (means over seeds)' : '')

function panelsOf({ labels, groups }: Pick<Bench, 'labels' | 'groups'>, t: number[], targets: Target[], found: Estimate[][][], fitted: number, test: number, each: boolean): Panel[] {
  const others = targets.map((_, k) => k).filter(k => targets[k].name !== 'class')
  const mean = (estimates: Estimate[]): Estimate => ({
    value: others.reduce((sum, k) => sum + estimates[k].value / others.length, 0),
    // Of the same test images, so not independent: the mean of the errors is the most it can be.
    standardError: others.reduce((sum, k) => sum + estimates[k].standardError / others.length, 0), count: test,
  })
  const curve = (replica: number, label: string, of: (estimates: Estimate[]) => Estimate): Curve => ({
    replica, kind: 'measured', label, x: t, y: found[replica].map(estimates => finite(of(estimates).value)), spread: found[replica].map(estimates => finite(of(estimates).standardError)),
  })
  const common = {
    x: { label: 'noise level t', scale: 'log' }, y: { label: 'R² on held-out images', scale: 'linear', domain: [0, 1] },
    spread: `± standard error over ${test.toLocaleString('en')} test images; fitted on ${fitted.toLocaleString('en')}`,
  } satisfies Partial<Panel>
  const [low, high] = [t.findIndex(value => value > 0), t.length - 1].map(i => Math.max(0, i))
  const change = ({ replicas }: Group, of: (estimates: Estimate[]) => Estimate) => {
    const over = (at: number) => two(replicas.reduce((sum, r) => sum + of(found[r][at]).value / replicas.length, 0))
    return `${over(high)} → ${over(low)}`
  }
  const overview: Panel = {
    ...common, id: 'latents', title: 'What else the features tell',
    curves: labels.flatMap((_, r) => [
      curve(r, 'everything but the class', mean),
      ...targets.flatMap(({ name }, k) => (name === 'class' ? [curve(r, 'class', estimates => estimates[k])] : [])),
    ]),
    summary: `From t = ${few(t[high])} to ${few(t[low])} the mean R² of ${others.length} latents goes ${groups.map(group => `${change(group, mean)} for ${group.label}`).join(', ')}${seedsMeant(groups)}.`,
    notes: [
      ...groups.map(group => `${group.label}, t = ${few(t[high])} → ${few(t[low])}: ${targets.map(({ name }, k) => `${name} ${change(group, estimates => estimates[k])}`).join(', ')}.`),
      `Ridge, λ = ${PENALTY} on z-scored features; an angle counts as its cosine and sine, the class as one number for each. Of a latent that mostly follows from the class only what the class leaves open is asked.`,
    ],
  }
  if (!each) return [overview]
  return [overview, ...targets.map(({ name }, k): Panel => ({
    ...common, id: `latents ${name}`, title: `How readable ${name} is`, curves: labels.map((_, r) => curve(r, '', estimates => estimates[k])),
    summary: `R² of ${name} from t = ${few(t[high])} to ${few(t[low])}: ${groups.map(group => `${group.label} ${change(group, estimates => estimates[k])}`).join(', ')}${seedsMeant(groups)}.`, notes: [],
  }))]
}

const two = (value: number) => (Number.isFinite(value) ? value.toFixed(2).replace(/^-/, '−') : 'nothing')
