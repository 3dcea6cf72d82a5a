/** One stage of an ODE solver. */
import type { Recorder, Tensor } from '../engine/recorder.ts'

/** y = x + h (a v + b w); x, v, w, y (R,samples·d), stage (R) of (h, a, b, 0) */
export function solverStep(recorder: Recorder, replicas: number, length: number, x: Tensor, v: Tensor, w: Tensor, stage: Tensor, y: Tensor): void {
  recorder.dispatch('solver_step', { x, v, w, h: stage, y }, { length }, [Math.ceil(length / 64), 1, replicas])
}
