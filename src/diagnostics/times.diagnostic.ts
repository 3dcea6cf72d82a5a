/** Which noise levels training sees: the density of t, beside what is drawn; and how the weight of a level in the loss follows from it. */
import { z } from 'zod'
import { objectiveSchema } from '../config.ts'
import { drawTimes, timeDensity, type TimeSampler, timeSamplerOf } from '../flow/times.ts'
import { resolveReplica } from '../model/knobs.ts'
import type { Curve, Panel } from '../protocol.ts'
import { defineDiagnostic, type Measure, type Theory } from './diagnostic.ts'
import { few } from './words.ts'

const { times, timeMean, timeScale } = objectiveSchema.shape

const settings = z.strictObject({
  times: times.meta({ title: 'Noise levels', help: 'Without a run: whose density. With a run, each network’s own is drawn beside it.' }),
  timeMean: timeMean.meta({ title: 'Logit mean m', help: 'Of logit-normal levels.', step: 0.1 }),
  timeScale: timeScale.meta({ title: 'Logit scale s', help: 'Of logit-normal levels.', step: 0.1 }),
  draws: z.number().int().min(256).max(262144).default(16384).meta({ title: 'Draws', help: 'Levels behind the histogram.' }),
})

type Chosen = z.output<typeof settings>

const BINS = 25

export default defineDiagnostic({
  id: 'times',
  title: 'Noise levels that training sees',
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

export const theory: Theory<typeof settings> = chosen => [panel(chosen, [])]

export const measure: Measure<typeof settings> = async (bench, chosen) => {
  const own = bench.config.replicas.map((replica, r) => {
    const { objective, method, train } = resolveReplica(bench.config, replica)
    return histogram(method.knobs(objective).times ?? timeSamplerOf(objective), chosen.draws, train.seed, r)
  })
  await bench.progress(1, 1)
  return [panel(chosen, own)]
}

/** Density from draws, with the binomial standard error of each bin. */
function histogram(sampler: TimeSampler, draws: number, seed: number, replica: number | null): Curve {
  const counts = new Float64Array(BINS)
  for (const t of drawTimes(sampler, seed, 0, draws)) counts[Math.min(BINS - 1, Math.floor(t * BINS))]++
  const shares = Array.from(counts, count => count / draws)
  return {
    replica, kind: 'measured', label: replica === null ? 'drawn' : '', x: shares.map((_, i) => (i + 0.5) / BINS),
    y: shares.map(share => share * BINS), spread: shares.map(share => Math.sqrt((share * (1 - share)) / draws) * BINS),
  }
}

function panel(chosen: Chosen, own: Curve[]): Panel {
  const x = Array.from({ length: 199 }, (_, i) => (i + 1) / 200)
  const samplers: [string, TimeSampler][] = [['uniform', { mean: 0, scale: 0 }], ...(chosen.times === 'uniform' ? [] : [[chosen.times, timeSamplerOf(chosen)] as [string, TimeSampler]])]
  const [, sampler] = samplers.at(-1)!
  const below = (bound: number) => drawTimes(sampler, 0, 0, chosen.draws).reduce((sum, t) => sum + Number(t < bound), 0) / chosen.draws
  return {
    id: 'density', title: 'How often each noise level is drawn', x: { label: 'noise level t', scale: 'linear', domain: [0, 1] }, y: { label: 'density', scale: 'linear' },
    curves: [...samplers.map(([label, one]): Curve => ({ replica: null, kind: 'theory', label, x, y: x.map(t => timeDensity(one, t)) })), ...(own.length > 0 ? own : [histogram(sampler, chosen.draws, 0, null)])],
    spread: `± binomial standard error of a bin; ${chosen.draws.toLocaleString('en')} draws in ${BINS} bins`,
    summary: `${few(100 * below(0.1))} % of the ${chosen.times} levels lie below t = .1, where uniform ones put 10 %.`,
    notes: ['Drawn as on the GPU, before any strata. No weight undoes it: what is seen more often counts more.', ...(chosen.times === 'logit-normal' ? ['LCF’s caption has it the other way round: m > 0 favours high noise.'] : [])],
  }
}
