/** Loss by noise level, with EMA weights, on the training device: a forward-only recording beside the training one. */
import type { Config } from '../config.ts'
import { Recorder, type Tensor } from '../engine/recorder.ts'
import { PhiloxStream, STREAM_EVALUATION } from '../engine/philox.ts'
import { type Batch, interpolate } from '../ops/batch.ts'
import type { Extent } from '../ops/extent.ts'
import { squaredError } from '../ops/velocity_loss.ts'
import type { Training } from './training.ts'

export interface LevelEvaluation {
  recorder: Recorder
  batch: Batch
  /** Held-out images (n,ch,h,w). */
  images: Tensor
  /** (R,n) per-sample mean squared error of the velocity. */
  error: Tensor
  /** Noise levels, ascending, spaced evenly in log t. */
  levels: Float32Array
  count: number
}

/** Levels from .001 to .999, evenly spaced in log t: the low end is what the lab is about. */
export function noiseLevels(count: number): Float32Array {
  return Float32Array.from({ length: count }, (_, i) => 0.001 * (0.999 / 0.001) ** (i / (count - 1)))
}

/** One noise level per replay; the caller copies the level into `batch.t` first. Images and noise are the same at every level and evaluation. */
export function recordLevelEvaluation(config: Config, training: Training): LevelEvaluation {
  const { replicas: R, tensors, recorder: { tiles } } = training
  const recorder = new Recorder(tensors, tiles)
  recorder.at('loss by noise level')
  const n = config.evaluate.perLevel
  const d = training.batch.dimensions
  const labelled = config.net.classes > 0
  const images = recorder.tensor('held-out images', n * d)
  const own = (name: string, length: number) => recorder.tensor(`evaluation ${name}`, length)
  const row = recorder.computed('evaluation rows', R * n, () => Uint32Array.from({ length: R * n }, (_, i) => i % n))
  const eps = recorder.computed('evaluation noise', R * n * d, () => {
    const all = new Float32Array(R * n * d)
    new PhiloxStream(config.data.seed, STREAM_EVALUATION).fillNormal(all.subarray(0, n * d))
    for (let r = 1; r < R; r++) all.copyWithin(r * n * d, 0, n * d)
    return all
  })
  const batch: Batch = {
    t: own('t', R * n), row, source: row, place: null, xt: own('x_t', R * n * d), goal: own('target', R * n * d), labels: labelled ? own('labels', R * n) : null,
    eps, paths: training.paths, capacity: n, dimensions: d,
  }
  const extent: Extent = { replicas: R, samples: n }
  interpolate(recorder, extent, images, null, batch)
  const trace = training.dit.forward(recorder, training.optimizer.ema, { image: batch.xt, t: batch.t, labels: batch.labels, capacity: n }, { extent, keep: false, name: 'evaluation ' })
  const error = recorder.tensor('evaluation error', R * n)
  squaredError(recorder, R, n, d, trace.velocity, batch.goal, error)
  return { recorder, batch, images, error, levels: noiseLevels(config.evaluate.levels), count: n }
}
