/** Whether networks that are as good make the same samples: how far apart those of two lie that begin with the same noise. */
import { z } from 'zod'
import { type Estimate, meanOf } from '../flow/estimate.ts'
import { stagesOf } from '../flow/solver.ts'
import { passesOf } from '../model/guidance.ts'
import { defineDiagnostic, type Measure } from './diagnostic.ts'
import { drawMany, piecesOf } from './drawn.ts'
import { dimensionsOf } from './semantic.ts'
import { few, finite } from './words.ts'

const settings = z.strictObject({
  count: z.number().int().min(16).max(2048).default(128).meta({ title: 'Samples', help: 'Drawn of every replica, all from the same noise.', scale: 'log' }),
})

export default defineDiagnostic({
  id: 'same-noise',
  title: 'Samples of the same noise',
  tab: 'Same noise',
  order: 81,
  group: 'samples',
  summary: 'How far apart samples of two networks lie that begin with the same noise: networks that are as good by their distance from real images may make others.',
  paper: 'Generation Phases (arXiv 2510.24830), of equal FID and other behaviour',
  formulas: { apart: '\\operatorname{E}_{\\varepsilon}\\,\\tfrac{1}{\\sqrt d}\\,\\lVert \\hat x_0^{(i)}(\\varepsilon) - \\hat x_0^{(j)}(\\varepsilon)\\rVert' },
  settings,
  every: 0,
  work(config, { count }) {
    const { solver, solverSteps } = config.evaluate
    return { forwards: count * solverSteps * stagesOf(solver) * passesOf(config), flops: 3 * config.replicas.length * count * dimensionsOf(config) }
  },
  refuse: ({ replicas }) => (replicas.length < 2 ? 'it compares networks, and this run has one; give it a second replica' : undefined),
})

export const measure: Measure<typeof settings> = async (bench, { count }) => {
  const { config, labels, groups } = bench
  const d = dimensionsOf(config)
  const total = piecesOf(bench, count) * config.evaluate.solverSteps
  let done = 0
  const samples = await drawMany(bench, count, () => bench.progress(Math.min(++done, total), total))
  /** @param shift of the noise of the second; 0 is the same */
  const apart = (a: number, b: number, shift = 0): Estimate => meanOf(Float64Array.from({ length: count }, (_, i) => {
    let sum = 0
    for (let k = 0; k < d; k++) sum += (samples[a][i * d + k] - samples[b][((i + shift) % count) * d + k]) ** 2
    return Math.sqrt(sum / d)
  }))
  const at = labels.map((_, r) => r + 1)
  const between = labels.map((_, a) => labels.map((__, b) => apart(a, b)))
  const other = labels.map((_, r) => apart(r, r, 1).value)
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value / values.length, 0)
  const pairs = groups.flatMap((one, i) => groups.slice(i + 1).map(two => ({ names: `${one.label} and ${two.label}`, value: mean(one.replicas.flatMap(a => two.replicas.map(b => between[a][b].value))) }))).sort((a, b) => a.value - b.value)
  const name = ({ names, value }: (typeof pairs)[number]) => `${few(value)} (${names})`
  const said = pairs.length > 3 ? [`${name(pairs[0])} to ${name(pairs[pairs.length - 1])}`] : pairs.map(name)
  const seeds = groups.flatMap(({ replicas }) => replicas.flatMap((a, i) => replicas.slice(i + 1).map(b => between[a][b].value)))
  return [{
    id: 'apart', title: 'How far apart samples of the same noise lie', x: { label: 'replica', scale: 'linear' }, y: { label: 'replica', scale: 'linear' }, curves: [], spread: '',
    heat: [{ label: 'Replicas', x: { label: 'replica', scale: 'linear', at }, y: { label: 'replica', scale: 'linear', at }, unit: 'root mean square per pixel', values: between.map(row => row.map(({ value }) => finite(value))) }],
    summary: `Samples of the same noise lie apart by ${[...said, ...(seeds.length > 0 ? [`${few(mean(seeds))} (one kind of net from seed to seed)`] : [])].join(', ')}; those of other noise by ${few(mean(other))}.`,
    notes: [
      `Mean over ${count} samples of the same noise (standard error at most ${few(Math.max(...between.flat().map(({ standardError }) => standardError)))}), EMA weights, the run’s own sampler. Replicas by their number: ${labels.map((label, r) => `${r + 1} ${label}`).join(', ')}.`,
    ],
  }]
}
