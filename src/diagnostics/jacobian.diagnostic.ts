/**
 * Where the sensitivity of the features goes (LCF §4.3, A.2): J = ∂g/∂x_t of the pooled features after a block, split into the directions that
 * carry the class and all others. Cotangents only: for u ~ N(0,I), E‖P Jᵀu‖² = ‖J P‖_F².
 */
import { z } from 'zod'
import { PhiloxStream, STREAM_EVALUATION } from '../engine/philox.ts'
import { type Estimate, meanOf } from '../flow/estimate.ts'
import { recordInputCotangent } from '../model/jacobian.ts'
import type { Axis, Curve, Panel } from '../panel.ts'
import { type Bench, defineDiagnostic, type Group, type Measure } from './diagnostic.ts'
import { logLevels, lotsOf, mostSamples, normalNoise, recordLook, writeAll } from './look.ts'
import { ratioOf, root } from './masses.ts'
import { dimensionsOf, directionSettings, directionsOf, massIn, refuseDirections, type Semantic } from './semantic.ts'
import { few, finite, overSeeds, seedsSaid } from './words.ts'

/** Samples that go through the net at a time, at most. */
const CHUNK = 64

const settings = z.strictObject({
  ...directionSettings,
  layer: z.number().int().min(0).max(28).default(0).meta({ title: 'Layer', help: 'Features after this block; 0 takes the run’s own.' }),
  levels: z.number().int().min(3).max(32).default(8).meta({ title: 'Noise levels', help: 'Points from t = 0.001 on, evenly spaced in log t.' }),
  images: z.number().int().min(8).max(1024).default(64).meta({ title: 'Images', help: 'Held-out images behind each point.' }),
  probes: z.number().int().min(1).max(64).default(4).meta({ title: 'Probes', help: 'Random directions in feature space per image.' }),
})

type Chosen = z.output<typeof settings>

const LEVEL: Axis = { label: 'noise level t', scale: 'log' }

export default defineDiagnostic({
  id: 'jacobian',
  title: 'Where the features’ sensitivity goes',
  order: 40,
  group: 'representation',
  summary: 'How strongly features react to a change of class, and to every other change of the image, by noise level.',
  paper: 'LCF §4.3, Prop. 4 and 5 (arXiv 2509.20952)',
  formulas: {
    gains: 'G_{\\text{sem}} = \\tfrac{1}{r}\\operatorname{E}\\lVert J P_S\\rVert_F^2, \\quad G_{\\text{noise}} = \\tfrac{1}{d-r}\\operatorname{E}\\lVert J (I - P_S)\\rVert_F^2',
    ratio: '\\frac{G_{\\text{noise}}}{G_{\\text{sem}}}',
    norm: '\\sqrt{\\operatorname{E}\\lVert J\\rVert_F^2}, \\quad J = \\frac{\\partial g}{\\partial x_t}',
    share: '\\frac{r\\,G_{\\text{sem}}}{\\operatorname{E}\\lVert J\\rVert_F^2}',
  },
  settings,
  every: 500,
  work: ({ objective, net }, { levels, images, probes, layer }) => ({ forwards: levels * images * (1 + 2 * probes) * ((layer || objective.layer) / net.blocks) }),
  refuse(config, dataset, { layer, images, ...rest }) {
    if (layer > config.net.blocks) return `there is no block ${layer}; this net has ${config.net.blocks}`
    if (images > config.data.heldOut) return `${images} images are more than the ${config.data.heldOut} held-out ones; take at most as many`
    return refuseDirections(config, dataset, rest)
  },
})

export const measure: Measure<typeof settings> = async (bench, chosen) => {
  const { config, labels, groups } = bench
  const d = dimensionsOf(config)
  const layer = chosen.layer || config.objective.layer
  const t = logLevels(chosen.levels)
  const images = await bench.images(chosen.images, { split: 'test' })
  const semantic = await directionsOf(bench, chosen, images)
  const samples = await masses(bench, chosen, layer, t, images.images, semantic)
  const r = semantic.rank
  const curve = (replica: number, label: string, of: (at: number) => Estimate): Curve => {
    const estimates = t.map((_, at) => of(at))
    return { replica, kind: 'measured', label, x: t, y: estimates.map(({ value }) => finite(value)), spread: estimates.map(({ standardError }) => finite(standardError)) }
  }
  const count = `± standard error over ${chosen.images} images, ${chosen.probes} probes each`
  const scaled = (values: Float64Array, by: number) => meanOf(values.map(value => value / by))
  const gains = labels.flatMap((_, replica) => [
    curve(replica, 'class', at => scaled(samples[replica][at].inside, r)),
    curve(replica, 'other', at => scaled(samples[replica][at].outside, d - r)),
  ])
  const ratios = labels.map((_, replica) => curve(replica, '', at => ratioOf(samples[replica][at].outside, samples[replica][at].inside, r / (d - r))))
  const totals = labels.map((_, replica) => curve(replica, '', at => root(meanOf(samples[replica][at].total))))
  const shares = labels.map((_, replica) => curve(replica, '', at => ratioOf(samples[replica][at].inside, samples[replica][at].total, 1)))
  const where = `features after block ${layer}, mean over tokens; EMA weights`
  const panels: Panel[] = [
    {
      id: 'gains', title: 'How strongly features react to a change of class, and to anything else', x: LEVEL, y: { label: 'squared gain per direction', scale: 'log' },
      curves: gains, spread: count, summary: gainWords(groups, t, samples, r, d),
      notes: [semantic.note, `Mean of ‖Jv‖² over unit v among ${r} class direction${r > 1 ? 's' : ''} and the ${d - r} others; ${where}.`, 'Gains are not normalised by the features’ own scale, which differs between nets; the ratio beside is free of it.'],
      pictures: [{ label: 'Class directions', channels: config.net.channels, size: config.net.size, ...semantic.shown }],
    },
    {
      id: 'ratio', title: 'Reaction to other changes against reaction to the class', x: LEVEL, y: { label: 'gain of others / gain of class', scale: 'log' },
      curves: [...ratios, { replica: null, kind: 'baseline', label: 'equal', x: t, y: t.map(() => 1) }], spread: count, summary: ratioWords(groups, t, ratios), notes: [`G_noise / G_sem, free of the features’ scale; ${where}.`],
    },
    {
      id: 'norm', title: 'Whole sensitivity', x: LEVEL, y: { label: '‖J‖_F', scale: 'log' }, curves: totals, spread: count,
      summary: `‖J‖ at t = ${t[0]}: ${groups.map(group => `${group.label} ${overSeeds(group, i => totals[i].y[0])}`).join(', ')}${seedsSaid(groups)}.`,
      notes: [`r·G_sem + (d−r)·G_noise = ‖J‖_F² with r = ${r}, d = ${d}; ${where}.`],
    },
    {
      id: 'share', title: 'Share of the sensitivity that goes to the class', x: LEVEL, y: { label: 'r·G_sem / ‖J‖_F²', scale: 'linear', percent: true }, curves: [...shares, { replica: null, kind: 'baseline', label: 'no preference', x: t, y: t.map(() => r / d) }], spread: count,
      summary: `Of ${d} dimensions ${r} carr${r > 1 ? 'y' : 'ies'} the class; at t = ${t[0]} ${groups.map(group => `${group.label} gives ${r > 1 ? 'them' : 'it'} ${overSeeds(group, i => 100 * (shares[i].y[0] ?? NaN))} %`).join(', ')}${seedsSaid(groups)}.`, notes: ['Per direction and in total tell different stories, because the others are so many.'],
    },
  ]
  return panels
}

/** ‖P_S Jᵀu‖², ‖(I−P_S) Jᵀu‖² and ‖Jᵀu‖² of each image, mean over its probes. */
interface Masses {
  inside: Float64Array
  outside: Float64Array
  total: Float64Array
}

/** [replica][level] */
async function masses(bench: Bench, { probes, images: n }: Chosen, layer: number, t: number[], images: Float32Array, semantic: Semantic): Promise<Masses[][]> {
  const { training, config } = bench
  const { replicas: R } = training
  const d = dimensionsOf(config)
  const C = config.net.width
  const chunk = Math.min(CHUNK, n, mostSamples(bench))
  const look = recordLook(bench, { samples: chunk, images: n, layers: [layer], velocity: false, keep: true })
  const back = bench.recorder()
  const { dfeatures, dimage } = recordInputCotangent(back, training, look.frozen, { layer })
  const table = await bench.lay(look.recorder, back)
  table.write(look.images, images)
  const noise = normalNoise(n * d, config.data.seed, STREAM_EVALUATION, 2)
  const random = new PhiloxStream(config.data.seed, STREAM_EVALUATION, 3)
  const result = Array.from({ length: R }, () => t.map((): Masses => ({ inside: new Float64Array(n), outside: new Float64Array(n), total: new Float64Array(n) })))
  const starts = lotsOf(n, chunk)
  const u = new Float32Array(chunk * C)
  let done = 0
  for (const [at, level] of t.entries()) {
    table.write(look.batch.t, new Float32Array(R * chunk).fill(level))
    for (const start of starts) {
      writeAll(table, R, look.batch.row, Uint32Array.from({ length: chunk }, (_, i) => start + i))
      writeAll(table, R, look.batch.eps, noise.subarray(start * d, (start + chunk) * d))
      table.submit(look.recorder)
      for (let r = 0; r < R; r++) for (let i = 0; i < chunk; i++) for (const values of Object.values(result[r][at])) values[start + i] = 0
      for (let p = 0; p < probes; p++) {
        random.fillNormal(u)
        writeAll(table, R, dfeatures!.tensor, u)
        table.submit(back)
        const g = await table.read(dimage)
        for (let r = 0; r < R; r++) {
          for (let i = 0; i < chunk; i++) {
            const row = g.subarray((r * chunk + i) * d, (r * chunk + i + 1) * d)
            const inside = massIn(semantic.basis(start + i), row, d)
            const total = row.reduce((sum, value) => sum + value * value, 0)
            const masses = result[r][at]
            masses.inside[start + i] += inside / probes
            masses.total[start + i] += total / probes
            masses.outside[start + i] += (total - inside) / probes
          }
        }
      }
      await bench.progress(++done, t.length * starts.length)
    }
  }
  return result
}

function gainWords(groups: readonly Group[], t: number[], samples: Masses[][], r: number, d: number): string {
  const middle = t.findIndex(level => level >= 0.1)
  const top = middle < 0 ? t.length - 1 : middle
  const inside = (group: Group, at: number) => overSeeds(group, replica => meanOf(samples[replica][at].inside).value / r)
  const outside = (group: Group, at: number) => overSeeds(group, replica => meanOf(samples[replica][at].outside).value / (d - r))
  const said = (reaction: typeof inside) => groups.map(group => `from ${reaction(group, top)} to ${reaction(group, 0)} in ${group.label}`).join(', ')
  return `From t = ${few(t[top])} to ${t[0]} the reaction to a change of class goes ${said(inside)}; to other changes ${said(outside)}${seedsSaid(groups)}.`
}

function ratioWords(groups: readonly Group[], t: number[], ratios: Curve[]): string {
  return `At t = ${t[0]} features react to other changes ${groups.map(group => `${overSeeds(group, i => ratios[i].y[0])} times as strongly as to the class in ${group.label}`).join(', ')}${seedsSaid(groups)}.`
}
