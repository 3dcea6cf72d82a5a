/** The regression of the velocity: loss per sample, its gradient, and the same error without a gradient for evaluation. */
import type { Recorder, Tensor } from '../engine/recorder.ts'
import type { Batch } from './batch.ts'

/** v (R,B,d), goal (R,capacity,d), negative (R,B) or null → dv (R,B,d), loss (R,B), and rows (R,B) vec4 of replicas that use negatives; the loss is a mean over `parts` such batches */
export function velocityLoss(
  recorder: Recorder, replicas: number, size: number, { dimensions, capacity, goal }: Pick<Batch, 'dimensions' | 'capacity' | 'goal'>, knobs: Tensor, state: Tensor, v: Tensor, negative: Tensor | null, dv: Tensor, loss: Tensor, rows: Tensor, parts = 1,
): void {
  recorder.dispatch('velocity_loss', { knobs, state, v, goal, dv, loss, negative: negative ?? recorder.placeholder('negatives'), rows }, { batch: size, dimensions, capacity, parts }, [size, 1, replicas],
    { constants: { NEGATIVES: negative ? 1 : 0 } })
}

/** v, goal (R,samples,d) → error (R,samples), mean over d */
export function squaredError(recorder: Recorder, replicas: number, samples: number, dimensions: number, v: Tensor, goal: Tensor, error: Tensor): void {
  recorder.dispatch('squared_error', { v, goal, error }, { samples, dimensions }, [samples, 1, replicas])
}
