/** What a run consists of, recorded without a device, and what it will take of the GPU's memory. */
import { type Config, ConfigError } from '../config.ts'
import { READBACK_DEPTH } from '../engine/readback.ts'
import { Recorder, type Tensor, type Tiles } from '../engine/recorder.ts'
import { type Limits, refuseTensor, UNIFORM_STRIDE } from '../engine/recording.ts'
import { type LevelEvaluation, recordLevelEvaluation } from '../model/evaluation.ts'
import { recordersOf, recordSampler, type Sampler } from '../model/sampler.ts'
import { recordersOfStep, recordTraining, type Training } from '../model/training.ts'
import { METRICS, METRICS_RING } from '../ops/optimizer.ts'
import type { MemoryPlan, RunTime } from '../protocol.ts'
import { checkConfig } from './data.ts'

export interface RunRecording {
  training: Training
  evaluation: LevelEvaluation
  sampler: Sampler
}

export function recordRun(config: Config, tiles?: Tiles): RunRecording {
  const training = recordTraining(config, { images: config.data.count, tiles })
  const { evaluate } = config
  const recorder = () => new Recorder(training.tensors, training.recorder.tiles)
  return { training, evaluation: recordLevelEvaluation(config, training), sampler: recordSampler(config, training, { count: evaluate.samples, settings: evaluate, recorder }) }
}

/** What a run will take, found by recording it without a device, or why there can be none; with these tiles where they are known, which changes a few bytes. `time` says how long such a recording takes. */
export function planMemory(config: Config, limits: Limits, tiles?: Tiles, time?: (run: RunRecording) => RunTime): MemoryPlan {
  try {
    checkConfig(config)
    const run = recordRun(config, tiles)
    const plan = planOf(run, limits)
    return time && !plan.refusal ? { ...plan, time: time(run) } : plan
  } catch (error) {
    if (error instanceof RangeError || error instanceof ConfigError) return { total: 0, parts: [], parameters: 0, refusal: error.message }
    throw error
  }
}

/** The same for a run that is recorded already. */
export function planOf({ training, evaluation, sampler }: RunRecording, limits: Limits): MemoryPlan {
  const groups: [string, (tensor: Tensor) => boolean][] = [
    ['weights, optimiser and EMA', tensor => ['weights', 'Adam mean', 'Adam square', 'EMA weights'].includes(tensor.name)],
    ['gradients', tensor => tensor.name.startsWith('gradient')],
    ['training images', tensor => tensor.name.startsWith('training')],
    ['evaluation and samples', tensor => /^(evaluation|sampler|held-out)/.test(tensor.name)],
    ['activations', () => true],
  ]
  const parts = groups.map(([name]) => ({ name, bytes: 0 }))
  let refusal: string | undefined
  for (const tensor of training.tensors) {
    parts[groups.findIndex(([, belongs]) => belongs(tensor))].bytes += tensor.length * 4
    const tooLarge = refuseTensor(tensor, limits)
    if (tooLarge) refusal ??= `${tooLarge}: use ${adviceFor(tensor)}`
  }
  const dispatches = [...recordersOfStep(training), evaluation.recorder, ...recordersOf(sampler)].reduce((sum, recorder) => sum + recorder.dispatches.length, 0)
  parts.push({ name: 'shapes and read-back', bytes: dispatches * UNIFORM_STRIDE + READBACK_DEPTH * metricsBytes(training) })
  return { total: parts.reduce((sum, part) => sum + part.bytes, 0), parts, parameters: training.layout.count, refusal }
}

function adviceFor({ name }: Tensor): string {
  if (name.startsWith('training')) return 'fewer training images, or smaller ones'
  if (/^(weights|Adam|EMA|gradient)/.test(name)) return 'a smaller width, fewer blocks or fewer replicas'
  return 'more micro-batches, a smaller batch or width, or fewer replicas'
}

/** Of the metrics ring, and of each staging buffer that reads it. */
export const metricsBytes = ({ replicas }: Training) => METRICS_RING * replicas * METRICS.length * 4
