/**
 * Softmax probes on features that are on the GPU already: many of them at once, each with its own weights and labelled rows.
 *
 * G groups of features (a replica at a noise level, say) · N images in each · S draws of labelled rows · P = G·S probes, p = g·S + s ·
 * n labelled rows · C features · K classes. The loss is mean cross-entropy + λ/2 ‖W‖², the intercept b without penalty.
 */
import type { Recorder, Tensor } from '../engine/recorder.ts'
import { overBoth } from './extent.ts'

export interface ProbeSizes {
  groups: number
  images: number
  draws: number
  /** Labelled rows of a draw that `rows` holds; a step may look at some of them. */
  labelled: number
  /** C, a multiple of 4. */
  width: number
  classes: number
}

export interface Probes extends ProbeSizes {
  /** (G,N,C) */
  features: Tensor
  /** Labelled rows of each draw as u32, (S,labelled); for the caller to write. */
  rows: Tensor
  /** Class of each image as u32, (N); for the caller to write. */
  labels: Tensor
  /** λ, (P); for the caller to write. */
  penalty: Tensor
  /** Mean and inverse standard deviation, (P,2,C) */
  scale: Tensor
  /** (P,K,C+4) with b in column C; zero at first. */
  weights: Tensor
  gradient: Tensor
  residual: Tensor
  /** What the convex fit carries from step to step, (P,4): momentum, greatest |gradient|, steps taken, 1 once arrived; zero at first. */
  progress: Tensor
}

export function makeProbes(recorder: Recorder, sizes: ProbeSizes, features: Tensor, labels: Tensor, name = 'probe'): Probes {
  const { groups, draws, labelled, width, classes } = sizes
  const count = groups * draws
  const length = count * classes * (width + 4)
  return {
    ...sizes, features, labels, rows: recorder.tensor(`${name} rows`, draws * labelled), penalty: recorder.tensor(`${name} penalty`, count),
    scale: recorder.tensor(`${name} scale`, count * 2 * width), weights: recorder.tensor(`${name} weights`, length),
    gradient: recorder.tensor(`${name} gradient`, length), residual: recorder.tensor(`${name} residual`, count * labelled * classes),
    progress: recorder.tensor(`${name} progress`, 4 * count),
  }
}

/** Features are seen with mean 0 and deviation 1 over each draw's labelled rows; without `normalise` as they are. */
export function probeScale(recorder: Recorder, { groups, images, draws, labelled, width, features, rows, scale }: Probes, normalise: boolean): void {
  recorder.dispatch('probe_scale', { x: features, rows, scale }, { draws, samples: labelled, capacity: labelled, images, columns: width / 4, normalise: normalise ? 1 : 0 },
    [Math.ceil(width / 256), groups * draws])
}

/** Gradient of the loss over labelled rows start … start + count − 1 of each draw; that of probes that have arrived stays as it was. */
export function probeGradient(recorder: Recorder, probes: Probes, start = 0, count = probes.labelled): void {
  const { groups, images, draws, labelled, width, classes, features, rows, labels, penalty, scale, weights, gradient, residual, progress } = probes
  const shape = { draws, samples: count, start, capacity: labelled, images, columns: width / 4, classes }
  recorder.dispatch('probe_residual', { x: features, rows, labels, scale, weights, progress, residual }, shape, [Math.ceil(count / 64), 1, groups * draws])
  recorder.dispatch('probe_gradient', { x: features, rows, scale, residual, penalty, weights, progress, gradient }, shape,
    [Math.ceil((classes * (width + 4)) / 256), 1, groups * draws])
}

/**
 * One step towards the least loss; probes with every |gradient| ≤ tolerance stay where they are. `before`, as large as the weights and zero at
 * first, holds the step before. `curvature` must bound the second derivative
 * without penalty: ½ (C + 1) does for features of deviation 1, by Böhning's bound (Ann. Inst. Stat. Math. 44, 1992) and the trace.
 */
export function probeDescent(recorder: Recorder, probes: Probes, before: Tensor, tolerance: number, curvature = (probes.width + 1) / 2): void {
  const { groups, draws, width, classes, gradient, penalty, weights, progress } = probes
  probeGradient(recorder, probes)
  recorder.dispatch('probe_nesterov', { gradient, penalty, weights, before, progress }, { length: (classes * (width + 4)) / 4, curvature, tolerance }, [groups * draws])
}

export interface AdamMoments {
  first: Tensor
  second: Tensor
  /** (steps,4): learning rate, weight decay, 1/(1 − β1^step), 1/(1 − β2^step); for the caller to write */
  pace: Tensor
}

export function makeAdamMoments(recorder: Recorder, { weights }: Probes, steps: number, name = 'probe'): AdamMoments {
  return { first: recorder.tensor(`${name} first moment`, weights.length), second: recorder.tensor(`${name} second moment`, weights.length), pace: recorder.tensor(`${name} pace`, 4 * steps) }
}

/** One AdamW step on labelled rows start … start + count − 1. */
export function probeAdamW(recorder: Recorder, probes: Probes, { first, second, pace }: AdamMoments, step: number, start: number, count: number): void {
  const { gradient, weights } = probes
  probeGradient(recorder, probes, start, count)
  const length = weights.length / 4
  const { groups, row } = overBoth(length)
  recorder.dispatch('probe_adamw', { gradient, pace, weights, first, second }, { length, row, step }, groups)
}

/** Images that one workgroup looks at: right answers are counted by such parts. */
export const PART = 64
export const parts = (count: number) => Math.ceil(count / PART)

/** correct (P,parts(count)): right answers among images start … start + count − 1 */
export function probeAccuracy(recorder: Recorder, probes: Probes, start: number, count: number, correct: Tensor): void {
  const { groups, images, draws, width, classes, features, labels, scale, weights } = probes
  recorder.dispatch('probe_accuracy', { x: features, labels, scale, weights, correct }, { draws, start, count, chunks: parts(count), images, columns: width / 4, classes },
    [parts(count), 1, groups * draws])
}

export interface NeighbourSizes {
  groups: number
  images: number
  width: number
  /** Images 0 … bank − 1 are the labelled ones. */
  bank: number
  /** k */
  near: number
}

/** correct (G,parts(count)): what the k nearest of the bank say rightly of images start … start + count − 1 */
export function probeNeighbours(
  recorder: Recorder, { groups, images, width, bank, near }: NeighbourSizes, features: Tensor, labels: Tensor, start: number, count: number, correct: Tensor,
): void {
  recorder.dispatch('probe_neighbours', { x: features, labels, correct }, { bank, start, count, chunks: parts(count), images, columns: width / 4 },
    [parts(count), 1, groups], { constants: { NEAR: near } })
}
