/** What a net's output means: velocity, image or noise, and whose error is minimised (JiT, arXiv 2511.13720, table 1). Which it is stands in the knobs of each replica. */
import type { Recorder, Tensor } from '../engine/recorder.ts'
import { alongPaths, type Batch } from './batch.ts'

/** Where the samples stand: t (R,capacity). */
export interface Levels {
  knobs: Tensor
  /** As in Batch. */
  paths: Tensor | null
  t: Tensor
  capacity: number
}

interface Size {
  replicas: number
  samples: number
  dimensions: number
}

function dispatch(recorder: Recorder, part: 0 | 1 | 2, { replicas, samples, dimensions }: Size, { knobs, paths, t, capacity }: Levels, x: { tensor: Tensor; capacity: number } | null, u: Tensor | null, y: Tensor): void {
  recorder.dispatch('read_output', { knobs, t, x: x?.tensor ?? recorder.placeholder('x_t'), u: u ?? recorder.placeholder('output'), y, paths: paths ?? recorder.placeholder('paths') },
    { samples, dimensions, capacity, x_capacity: x?.capacity ?? 0 }, [Math.ceil((samples * dimensions) / 64), 1, replicas], { constants: { PART: part, ...alongPaths(paths).constants } })
}

/** x (R,capacity,d), u (R,samples,d) → v = skip x + out u; for tangents as well, of both */
export const readOutput = (recorder: Recorder, size: Size, levels: Levels, x: { tensor: Tensor; capacity: number }, u: Tensor, v: Tensor) => dispatch(recorder, 0, size, levels, x, u, v)

/** u → out u: the cotangent of the output from that of the velocity, or the tangent of the velocity while x stays */
export const scaleOutput = (recorder: Recorder, size: Size, levels: Levels, u: Tensor, y: Tensor) => dispatch(recorder, 1, size, levels, null, u, y)

/** dx += skip dv: the way past the net */
export const skipBackward = (recorder: Recorder, size: Size, levels: Levels, dv: Tensor, dx: Tensor) => dispatch(recorder, 2, size, levels, { tensor: dv, capacity: size.samples }, null, dx)

/** v (R,B,d), v* in batch.goal → p (R,B,d) and q (R,capacity,d), whose difference squared is minimised */
export function weighError(recorder: Recorder, replicas: number, size: number, { dimensions, capacity, goal, paths, t }: Pick<Batch, 'dimensions' | 'capacity' | 'goal' | 'paths' | 't'>, knobs: Tensor, v: Tensor, p: Tensor, q: Tensor): void {
  recorder.dispatch('weigh_error', { knobs, t, v, goal, p, q, paths: paths ?? recorder.placeholder('paths') }, { batch: size, dimensions, capacity },
    [Math.ceil((size * dimensions) / 64), 1, replicas], alongPaths(paths))
}

/** dp (R,B,d) → dv = √w dp */
export function weighErrorBackward(recorder: Recorder, replicas: number, size: number, { dimensions, capacity, paths, t }: Pick<Batch, 'dimensions' | 'capacity' | 'paths' | 't'>, knobs: Tensor, dp: Tensor, dv: Tensor): void {
  recorder.dispatch('weigh_error', { knobs, t, v: dp, goal: recorder.placeholder('target'), p: dv, q: recorder.placeholder('weighed target'), paths: paths ?? recorder.placeholder('paths') }, { batch: size, dimensions, capacity },
    [Math.ceil((size * dimensions) / 64), 1, replicas], { constants: { MODE: 1, ...alongPaths(paths).constants } })
}
