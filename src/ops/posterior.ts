/** The best denoiser of a finite set of images, in closed form. */
import type { Recorder, Tensor } from '../engine/recorder.ts'

export interface Points {
  /** (N,d) */
  tensor: Tensor
  count: number
  dimensions: number
}

/** E[x0|x_t] over all points, for `rows` of x (rows,d) at levels t (rows), all above 0 and of the linear path, to mean (rows,d). */
export function posteriorMean(recorder: Recorder, rows: number, { tensor, count, dimensions }: Points, t: Tensor, x: Tensor, mean: Tensor): void {
  recorder.dispatch('posterior_mean', { points: tensor, t, x, mean }, { points: count, dimensions }, [rows, 1, 1])
}
