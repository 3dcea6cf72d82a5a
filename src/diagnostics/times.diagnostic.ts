/** Which noise levels training sees: the density of t, beside what is drawn; and how the weight of a level in the loss follows from it. */
import { z } from 'zod'
import { objectiveSchema } from '../config.ts'
import { drawTimes, timeDensity, type TimeSampler, timeSamplerOf } from '../flow/times.ts'
import { resolveReplica } from '../model/replica.ts'
import type { Curve, Panel } from '../panel.ts'
import { defineDiagnostic, type Measure, type Theory } from './diagnostic.ts'
import { few, overSeeds, seedsSaid } from './words.ts'

const { times, timeMean, timeScale } = objectiveSchema.shape

const settings = z.strictObject({
  times: times.meta({ title: 'Noise levels', help: 'Whose density, without a run. With one it is each network’s own.' }),
  timeMean: timeMean.meta({ title: 'Logit mean m', help: 'Of logit-normal levels.', step: 0.1 }),
  timeScale: timeScale.meta({ title: 'Logit scale s', help: 'Of logit-normal levels.', step: 0.1 }),
  draws: z.number().int().min(256).max(262144).default(16384).meta({ title: 'Draws', help: 'Levels behind the histogram.' }),
})

type Chosen = z.output<typeof settings>

const BINS = 25
const LOW = 0.1

export default defineDiagnostic({
  id: 'times',
  title: 'Noise levels that training sees',
  tab: 'Noise levels',
  order: 90,
  group: 'problem',
  summary: 'How often each noise level is drawn: density and histogram.',
  paper: 'LCF eq. 16 (arXiv 2509.20952)',
  formulas: {
    density: 'p(t) = \\frac{1}{s\\sqrt{2\\pi}\\,t(1-t)}\\, \\exp\\big(-(\\operatorname{logit} t - m)^2/2s^2\\big)',
  },
  settings,
  every: 0,
  work: () => ({ forwards: 0 }),
  withoutRun: true,
})

export const theory: Theory<typeof settings> = chosen => {
  const sampler = timeSamplerOf(chosen)
  const drawn = drawTimes(sampler, 0, 0, chosen.draws)
  const own = chosen.times === 'uniform' ? [] : [density(sampler, null, chosen.times)]
  return [panel([...own, histogram(drawn, null)], chosen, `${few(lowShare(drawn))} % of the ${chosen.times} levels lie below t = ${LOW}`, [sampler])]
}

export const measure: Measure<typeof settings> = async (bench, chosen) => {
  const { config, groups } = bench
  const own = config.replicas.map(replica => {
    const { objective, method, train } = resolveReplica(config, replica)
    const sampler = method.knobs(objective).times ?? timeSamplerOf(objective)
    return { sampler, drawn: drawTimes(sampler, train.seed, 0, chosen.draws) }
  })
  await bench.progress(1, 1)
  const said = groups.map(group => `${overSeeds(group, r => lowShare(own[r].drawn))} % in ${group.label}`).join(', ')
  return [panel(
    own.flatMap(({ sampler, drawn }, r) => [density(sampler, r, 'density'), histogram(drawn, r)]), chosen,
    `Of all levels ${said}${seedsSaid(groups)} lie below t = ${LOW}`, own.map(({ sampler }) => sampler),
  )]
}

/** Percent of the levels below `LOW`. */
const lowShare = (drawn: Float32Array) => (100 * drawn.reduce((sum, t) => sum + Number(t < LOW), 0)) / drawn.length

const FINE = Array.from({ length: 199 }, (_, i) => (i + 1) / 200)

const density = (sampler: TimeSampler, replica: number | null, label: string): Curve => ({ replica, kind: 'theory', label, x: FINE, y: FINE.map(t => timeDensity(sampler, t)) })

/** Density from draws, with the binomial standard error of each bin. */
function histogram(drawn: Float32Array, replica: number | null): Curve {
  const counts = new Float64Array(BINS)
  for (const t of drawn) counts[Math.min(BINS - 1, Math.floor(t * BINS))]++
  const shares = Array.from(counts, count => count / drawn.length)
  return {
    replica, kind: 'measured', label: replica === null ? 'drawn' : '', x: shares.map((_, i) => (i + 0.5) / BINS),
    y: shares.map(share => share * BINS), spread: shares.map(share => Math.sqrt((share * (1 - share)) / drawn.length) * BINS),
  }
}

function panel(curves: Curve[], { draws }: Chosen, low: string, samplers: TimeSampler[]): Panel {
  return {
    id: 'density', title: 'How often each noise level is drawn', x: { label: 'noise level t', scale: 'linear', domain: [0, 1] }, y: { label: 'density', scale: 'linear' },
    curves: [density({ mean: 0, scale: 0 }, null, 'uniform'), ...curves],
    spread: `± binomial standard error of a bin; ${draws.toLocaleString('en')} draws in ${BINS} bins`,
    summary: `${low}, where uniform ones put 10 %.`,
    notes: ['Drawn as on the GPU, before any strata. No weight undoes it: what is seen more often counts more.', ...(samplers.some(({ scale }) => scale > 0) ? ['LCF’s caption has it the other way round: m > 0 favours high noise.'] : [])],
  }
}
