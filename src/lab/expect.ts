/** How long a run will take, before it starts: its recordings' work at the adapter's speed, with all that is measured on the way. */
import type { Config } from '../config.ts'
import { datasetOf } from '../datasets/index.ts'
import { diagnosticOf, parseSettings } from '../diagnostics/index.ts'
import { stagesOf } from '../flow/solver.ts'
import type { Recorder } from '../engine/recorder.ts'
import { resolveReplica } from '../model/replica.ts'
import { recordersOf } from '../model/sampler.ts'
import type { RunTime } from '../protocol.ts'
import { scheduled } from './measurements.ts'
import type { RunRecording } from './plan.ts'
import { type Speed, timeFor } from './speed.ts'
import { type Counting, type Work, workOf } from './work.ts'

/** Diagnostics take so many times the work they count: kernels of their own compile, and the processor thinks in between. Seen for the preset “small”. */
const MEASURING = 1.5

/** One training step, all its micro-batches. */
export function stepWork({ training }: Pick<RunRecording, 'training'>, config: Config): Work {
  const resolved = config.replicas.map(replica => resolveReplica(config, replica))
  const knobs = resolved.map(({ objective, method }) => ({ ...method.knobs(objective), anchored: method.term === 'anchored' }))
  // Work over anchors goes on for as many as the replica with most of them has: of noise levels drawn evenly, a part T_min.
  const share = (1 + Math.max(0, ...knobs.filter(({ anchored, lambda }) => anchored && lambda > 0).map(({ tMin }) => tMin))) / 2
  const candidates = knobs.reduce((sum, { average }) => sum + Math.min(config.data.count, average?.candidates ?? 0), 0) / knobs.length
  const counting: Counting = { replicas: training.replicas, share, candidates }
  const { recorder, before, parts } = training
  const all = (passes: number, of: Pick<Recorder, 'dispatches'>): Work => {
    const { flops, dispatches } = workOf(of, counting)
    return { flops: passes * flops, dispatches: passes * dispatches }
  }
  const works = [all(parts, recorder), ...(before ? [all(parts, { dispatches: recorder.dispatches.slice(0, before.dispatches) }), all(parts, before.keep), all(1, before.term)] : [])]
  return works.reduce((sum, { flops, dispatches }) => ({ flops: sum.flops + flops, dispatches: sum.dispatches + dispatches }))
}

/** Loss by noise level, samples and diagnostics, as often as they come in the whole run. */
function lookWork({ training, evaluation, sampler }: RunRecording, config: Config): Work {
  const { train: { steps }, evaluate } = config
  const R = training.replicas
  const level = workOf(evaluation.recorder, { replicas: R })
  const levels = evaluate.every > 0 ? evaluation.levels.length * (Math.floor(steps / evaluate.every) + 1) : 0
  const drawing = recordersOf(sampler).map(recorder => workOf(recorder, { replicas: R }))
  const looks = evaluate.samplesEvery > 0 ? (Math.floor(steps / evaluate.samplesEvery) + 1) * evaluate.solverSteps * stagesOf(evaluate.solver) : 0
  const sum = (name: keyof Work) => levels * level[name] + looks * drawing.reduce((all, work) => all + work[name], 0)
  const image = level.flops / evaluation.count // through every replica
  const dataset = datasetOf(config.data.dataset)
  const measuring = scheduled(config).reduce((all, { id, every, settings }) => {
    const diagnostic = diagnosticOf(id)
    const parsed = parseSettings(diagnostic, settings)
    if (!dataset || diagnostic.refuse?.(config, dataset, parsed)) return all
    const { forwards, flops = 0 } = diagnostic.work(config, parsed)
    return all + (Math.floor(steps / every) + (steps % every > 0 ? 1 : 0)) * (forwards * image + flops * R)
  }, 0)
  return { flops: sum('flops') + MEASURING * measuring, dispatches: sum('dispatches') }
}

const rounded = (value: number, to: number) => Math.max(1, Math.round(value / to)) * to

/** In as many digits as an estimate is worth. */
export function about(seconds: number): string {
  const [minutes, hours, days] = [seconds / 60, seconds / 3600, seconds / 86400]
  if (seconds < 57) return `about ${rounded(seconds, seconds < 10 ? 1 : 5)} s`
  if (minutes < 57) return `about ${rounded(minutes, minutes < 10 ? 1 : 5)} min`
  if (hours < 36) return `about ${rounded(hours, hours < 10 ? 0.5 : 1)} h`
  if (days < 60) return `about ${rounded(days, 1)} days`
  return days < 700 ? `about ${rounded(days / 30.4, 1)} months` : `about ${rounded(days / 365, 1)} years`
}

/** @param config with settings that checkConfig has let through */
export function expectedTime(run: RunRecording, config: Config, speed: Speed): RunTime {
  const work = stepWork(run, config)
  const step = timeFor(work, speed)
  const seconds = config.train.steps * step + timeFor(lookWork(run, config), speed)
  return { step, seconds, about: about(seconds), flops: work.flops }
}
