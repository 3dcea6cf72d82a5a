/** How features lie, without any probe: cheap enough to be followed while training. */
import { z } from 'zod'
import { defineDiagnostic, type Group, type Measure } from './diagnostic.ts'
import type { Axis, Curve, Panel } from '../panel.ts'
import { type Scatter, scatterOf } from './scatter.ts'
import { levelsOf, LEVELS_WANTED, levelsTogether, netSource, noiseOf, refuseSweep } from './sweep.ts'
import { few, finite, overSeeds, seedsSaid } from './words.ts'

/** Blocks of images that are left out in turn for the jackknife. */
const BLOCKS = 8
/** Width up to which the rank gets an error: eigenvalues of wide features take too long to be found once for every block. */
const RANKED = 96

const settings = z.strictObject({
  images: z.number().int().min(32).max(4096).default(512).meta({ title: 'Images', help: 'Held-out images behind each point.', scale: 'log' }),
  layer: z.number().int().min(0).max(28).default(0).meta({ title: 'Layer', help: 'Features after this block; 0 takes the run’s own.' }),
  t: z.string().max(200).default('0.001 0.01 0.03 0.1 0.2 0.5').refine(text => levelsOf(text), LEVELS_WANTED).meta({ title: 'Noise levels', help: 'Values of t; 0 is the clean image.', advanced: true }),
})

export default defineDiagnostic({
  id: 'features',
  title: 'How the features lie',
  order: 31,
  group: 'representation',
  summary: 'Share of the features’ variance that lies between classes, and how many directions they use, by noise level.',
  paper: 'Class separation and effective rank, beside LCF fig. 1 (arXiv 2509.20952)',
  formulas: {
    between: '\\frac{SS_b - (K-1)\\,MS_w}{SS_{\\text{total}}}',
    rank: '\\exp\\!\\Big(-\\textstyle\\sum_i p_i \\log p_i\\Big), \\quad p_i = \\lambda_i / \\textstyle\\sum_j \\lambda_j',
  },
  settings,
  every: 200,
  work: ({ net, objective }, { images, layer, t }) => ({ forwards: levelsOf(t)!.length * images * ((layer || objective.layer) / net.blocks) }),
  refuse: (config, dataset, { images, layer }) => refuseSweep(config, dataset, { layer, test: images, images }),
})

export const measure: Measure<typeof settings> = async (bench, { images: count, layer: asked, t: text }) => {
  const { config, training: { replicas: R }, labels, groups } = bench
  const t = levelsOf(text)!
  const C = config.net.width
  const source = netSource(bench, [asked || config.objective.layer])
  const pieces = levelsTogether(t, R * count * C)
  const sweep = source.record(pieces[0].length, count)
  const table = await bench.lay(...sweep.recorders)
  const { images, labels: classes } = await bench.images(count, { split: 'test' })
  const sight = { count, images, noise: noiseOf(config, count, 2) }
  const total = source.pieces(t.length, count) + t.length
  let done = 0
  const found = labels.map(() => [] as (Scatter & { errors: Scatter })[])
  for (const levels of pieces) {
    await sweep.fill(table, sight, 0, levels, () => bench.progress(Math.min(++done, total), total))
    for (const l of levels.keys()) {
      const features = await table.read(sweep.features, l * R * count * C, R * count * C)
      for (let r = 0; r < R; r++) found[r].push(withErrors(features.subarray(r * count * C, (r + 1) * count * C), classes, C))
      await bench.progress(Math.min(++done, total), total)
    }
  }
  const panel = (name: keyof Scatter, rest: Pick<Panel, 'id' | 'title' | 'notes'> & { y: Axis; unit: string; per: number }): Panel => {
    const curves = found.map((own, replica): Curve => ({
      replica, kind: 'measured', label: '', x: t, y: own.map(scatter => finite(scatter[name])), spread: own.map(({ errors }) => finite(errors[name])),
    }))
    const { unit, per, ...shown } = rest
    const low = t.findIndex(value => value > 0)
    const at = low < 0 ? 0 : low
    const said = (group: Group, of: (replica: number) => number | null) => `${overSeeds(group, r => times(of(r), per))}${unit}`
    const ends = groups.map(group => `${group.label} ${said(group, r => curves[r].y[at])}${t.length > at + 1 ? ` (greatest over t: ${said(group, r => greatest(curves[r].y))})` : ''}`)
    return {
      ...shown, x: { label: 'noise level t', scale: 'log' }, curves, spread: `± jackknife standard error over ${BLOCKS} blocks of ${count.toLocaleString('en')} held-out images`,
      summary: `At t = ${few(t[at])}: ${ends.join('; ')}${seedsSaid(groups)}.`,
    }
  }
  return [
    panel('between', {
      id: 'between', title: 'Share of the features’ variance that lies between classes', y: { label: 'between / total variance', scale: 'linear', domain: [0, 0.5], percent: true },
      per: 100, unit: ' %',
      notes: ['Sums over all features, less what classes would differ by chance: (SS_between − (K−1) MS_within) / SS_total.', 'Token means as they are, of EMA weights.'],
    }),
    panel('rank', {
      id: 'rank', title: 'How many directions the features use', y: { label: 'effective rank', scale: 'linear', domain: [1, 6] },
      per: 1, unit: '',
      notes: ['exp of the entropy of the eigenvalues of the features’ covariance, each as a share of their sum.'],
    }),
  ]
}

const times = (value: number | null, factor: number) => (value === null ? null : factor * value)

const greatest = (values: readonly (number | null)[]) => values.reduce((most, value) => (value !== null && (most === null || value > most) ? value : most), null)

/** The whole, and the delete-one-block jackknife of it. */
function withErrors(x: Float32Array, classes: Uint8Array, C: number): Scatter & { errors: Scatter } {
  const n = classes.length
  const parts = Array.from({ length: BLOCKS }, (_, block) => {
    const kept = Array.from({ length: n }, (_, i) => i).filter(i => i % BLOCKS !== block)
    const rows = new Float32Array(kept.length * C)
    kept.forEach((i, to) => rows.set(x.subarray(i * C, (i + 1) * C), to * C))
    return scatterOf(rows, kept.map(i => classes[i]), C, C <= RANKED)
  })
  const error = (name: keyof Scatter) => {
    const mean = parts.reduce((sum, part) => sum + part[name] / BLOCKS, 0)
    return Math.sqrt((parts.reduce((sum, part) => sum + (part[name] - mean) ** 2, 0) * (BLOCKS - 1)) / BLOCKS)
  }
  return { ...scatterOf(x, classes, C), errors: { between: error('between'), rank: error('rank') } }
}
