/** A factor before everything. */
import type { Recorder, Tensor } from '../engine/recorder.ts'

/** y = factor · x, both (R,length) */
export function scale(recorder: Recorder, replicas: number, length: number, factor: number, x: Tensor, y: Tensor): void {
  recorder.dispatch('scale', { x, y }, { length, factor }, [Math.ceil(length / 64), 1, replicas])
}
