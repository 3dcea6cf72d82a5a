/**
 * What a loss makes of the features of a batch: the contrastive term of Local Contrastive Flow (arXiv 2509.20952, §5) and the dispersive loss
 * (arXiv 2506.09027). Pair distances, loss, gradient; every kernel has a single writer.
 */
import type { Recorder, Tensor } from '../engine/recorder.ts'
import { overBoth } from './extent.ts'
import type { Activation } from './linear.ts'

export interface Contrastive {
  replicas: number
  /** Samples of the whole batch, B here; rows B.. of z are the anchors. */
  batch: number
  knobs: Tensor
  state: Tensor
  /** Features (R,B or 2B,·,F), low-noise samples first. */
  z: Activation
  /** Scratch (R,B,B+1). */
  distances: Tensor
  /** (R,B) of (l, positive distance, mean negative distance, 0) */
  rows: Tensor
}

export const contrastiveSizes = (replicas: number, batch: number) => ({ distances: replicas * batch * (batch + 1), rows: 4 * replicas * batch })

/** Distances of the rows that each replica's term compares. */
export function pairDistances(recorder: Recorder, { replicas, batch, knobs, state, z, distances }: Contrastive): void {
  const columns = (z.rows * z.width) / 4
  const { groups, row } = overBoth(batch * (batch + 1))
  recorder.dispatch('contrastive_distance', { knobs, state, z: z.tensor, distances }, { batch, columns, z_stride: z.capacity * columns, row }, [...groups, replicas])
}

/** After `pairDistances`, for replicas whose term has anchors. */
export function contrastive(recorder: Recorder, { replicas, batch, knobs, state, distances, rows }: Contrastive): void {
  recorder.dispatch('contrastive_loss', { knobs, state, distances, rows }, { batch }, [Math.ceil(batch / 64), 1, replicas])
}

/** After `pairDistances`, and after `contrastiveBackward` where that is recorded too; dz (R,rows,·,F) of replicas whose term is the dispersive loss. */
export function dispersive(recorder: Recorder, { replicas, batch, knobs, state, z, distances, rows }: Contrastive, dz: Tensor): void {
  const columns = (z.rows * z.width) / 4
  recorder.dispatch('dispersive_loss', { knobs, state, distances, rows }, { batch }, [Math.ceil(batch / 64), 1, replicas])
  recorder.dispatch('dispersive_gradient', { knobs, state, z: z.tensor, shares: distances, dz, rows }, { batch, columns, z_stride: z.capacity * columns }, [Math.ceil((batch * columns) / 64), 1, replicas])
}

/** dz (R,2B,·,F): gradient of λ · mean l_i. `detach`: only the low-noise features receive one. */
export function contrastiveBackward(recorder: Recorder, { replicas, batch, knobs, state, z, distances }: Contrastive, detach: boolean, dz: Tensor): void {
  const columns = (z.rows * z.width) / 4
  recorder.dispatch('contrastive_gradient', { knobs, state, z: z.tensor, shares: distances, dz }, { batch, columns, z_stride: z.capacity * columns },
    [Math.ceil((2 * batch * columns) / 64), 1, replicas], { constants: { DETACH: detach ? 1 : 0 } })
}
