/** A run's history as it comes from a file or from the browser's storage, checked field by field: charts can draw whatever is accepted. */
import { z } from 'zod'
import { ConfigError } from '../config.ts'
import { METRICS } from '../ops/optimizer.ts'
import type { SampleGrid } from '../protocol.ts'
import { all, bandSchema, each, eventSchema, lossSchema, measurementSchema, misfit, step, whole } from '../record_schema.ts'
import { BANDS, NAMES, type ReplicaRecord, type RunHistory } from './history.ts'
import type { MetricsRow } from './trainer.ts'

const floats = z.instanceof(Float32Array)

const row = all<MetricsRow>()(each(METRICS, z.custom<number>(value => typeof value === 'number', 'a number is expected')))
const replica = all<ReplicaRecord>()({ from: step, last: row.nullable(), stuckFor: step, ...each(NAMES, floats) })

const historySchema = all<RunHistory>()({
  replicas: z.array(replica), losses: z.array(lossSchema), events: z.array(eventSchema), measurements: z.array(measurementSchema),
  bands: z.array(bandSchema),
  samples: all<SampleGrid>()({ step, channels: whole, size: whole, images: z.array(floats), real: floats, count: whole, evaluations: z.array(whole).optional(), rejected: z.array(step).optional(), forced: z.array(step).optional(), steered: z.string().optional() }).nullable(),
})

/**
 * @param shape of the run that it belongs to
 * @throws ConfigError with one sentence
 */
export function checkHistory(value: unknown, shape: Shape): RunHistory {
  const result = historySchema.safeParse(value)
  if (!result.success) {
    const { path, message } = result.error.issues[0]
    throw new ConfigError(`checkpoint: its history is damaged at ${path.join('.') || 'its beginning'}: ${message}`)
  }
  const wrong = unlike(result.data, shape)
  if (wrong) throw new ConfigError(`checkpoint: its history ${wrong}`)
  return result.data
}

export interface Shape {
  replicas: number
  /** At which the run stands. */
  step: number
  channels: number
  size: number
}

/** Why a history cannot be this run's, as the second half of a sentence. */
function unlike({ replicas, bands, losses, samples, measurements }: RunHistory, { replicas: R, step: at, channels, size }: Shape): string | null {
  if (replicas.length !== R) return `is of ${replicas.length} replicas and the config of ${R}`
  for (const [r, record] of replicas.entries()) {
    const wrong = NAMES.find(name => record.from + record[name].length !== at)
    if (wrong) return `has ${record[wrong].length} values of ${wrong} from step ${record.from} on for replica ${r}, and the run stands at step ${at}`
  }
  if (bands.map(({ label }) => label).join() !== BANDS.map(({ label }) => label).join()) return 'has other bands of noise levels than this lab'
  const wrong = misfit(R, { bands, losses, measurements })
  if (wrong) return wrong
  if (!samples) return null
  const pixels = samples.count * channels * size * size
  const fit = samples.channels === channels && samples.size === size && samples.images.length === R && samples.images.every(({ length }) => length === pixels) && samples.real.length <= pixels
  return fit ? null : 'has samples of another size'
}
