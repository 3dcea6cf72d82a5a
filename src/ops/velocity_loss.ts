/** The regression of the velocity: loss per sample, its gradient, and the same error without a gradient for evaluation. */
import type { Recorder, Tensor } from '../engine/recorder.ts'

/** v (R,B,d), goal (R,capacity,d) → dv (R,B,d), loss (R,B) */
export function velocityLoss(recorder: Recorder, replicas: number, size: number, dimensions: number, capacity: number, knobs: Tensor, state: Tensor, v: Tensor, goal: Tensor, dv: Tensor, loss: Tensor): void {
  recorder.dispatch('velocity_loss', { knobs, state, v, goal, dv, loss }, { batch: size, dimensions, capacity }, [size, 1, replicas])
}

/** v, goal (R,samples,d) → error (R,samples), mean over d */
export function squaredError(recorder: Recorder, replicas: number, samples: number, dimensions: number, v: Tensor, goal: Tensor, error: Tensor): void {
  recorder.dispatch('squared_error', { v, goal, error }, { samples, dimensions }, [samples, 1, replicas])
}
