/** What an explicit ODE or SDE solver makes of velocities, several nets side by side. */
import type { Recorder, Tensor } from '../engine/recorder.ts'

/** Velocities that a combination can be made of. */
export const MOST_PLANES = 8
/** Words of one replica's combination. */
export const ROW_WORDS = 4 + MOST_PLANES

/** One replica's combination as the kernel reads it: keep x + Σ along_j k_j + noise ξ. */
export function packRow({ keep, along, noise }: { keep: number; along: readonly number[]; noise: number }, seed: number, draw: number): Uint32Array {
  const numbers = new Float32Array(ROW_WORDS)
  numbers.set([keep, noise])
  numbers.set(along, 4)
  const words = new Uint32Array(numbers.buffer)
  words.set([seed, draw], 2)
  return words
}

/** rows (R,12), x (R,length), k (planes,R,length) → y (R,length) */
export function solverCombine(recorder: Recorder, replicas: number, length: number, planes: number, rows: Tensor, x: Tensor, k: Tensor, y: Tensor): void {
  recorder.dispatch('solver_combine', { rows, x, k, y }, { length, planes }, [Math.ceil(length / 64), 1, replicas])
}

/** along (R,8), x, y (R,length), k (planes,R,length) → norm (R) */
export function solverError(recorder: Recorder, replicas: number, length: number, planes: number, { atol, rtol }: { atol: number; rtol: number }, along: Tensor, x: Tensor, y: Tensor, k: Tensor, norm: Tensor): void {
  recorder.dispatch('solver_error', { along, x, y, k, norm }, { length, planes, atol, rtol }, [1, 1, replicas])
}

/** v ← own · v + held · first + mean · m: rows (R) of (own, held, mean, 0), first, mean, velocity (R,length); the first two null where no row asks for them */
export function mixVelocity(recorder: Recorder, replicas: number, length: number, rows: Tensor, first: Tensor | null, mean: Tensor | null, velocity: Tensor): void {
  recorder.dispatch('mix_velocity', { rows, first: first ?? recorder.placeholder('first velocity'), mean: mean ?? recorder.placeholder('mean target'), velocity }, { length }, [Math.ceil(length / 64), 1, replicas])
}
