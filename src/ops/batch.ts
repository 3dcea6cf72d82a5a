/** A training batch made on the GPU from counters: which images, which noise levels, which noise. */
import type { Recorder, Tensor } from '../engine/recorder.ts'
import { type Extent, groupsOver } from './extent.ts'

export interface Batch {
  /** (R,capacity) */
  t: Tensor
  /** Number of each sample before low-noise ones were put first, (R,capacity). */
  source: Tensor
  /** Row of the data set, (R,capacity). */
  row: Tensor
  /** Where each stands in the whole batch, low-noise ones first there too, (R,B); only where someone compares samples of all micro-batches. */
  place: Tensor | null
  /** (R,capacity,d) */
  eps: Tensor
  xt: Tensor
  /** v* = α′ x0 + β′ ε, on the linear path ε − x0, (R,capacity,d) */
  goal: Tensor
  /** (R,capacity); only with classes */
  labels: Tensor | null
  /** The replicas' paths (path_table.ts), (R,PATH_WORDS); null where all are linear. */
  paths: Tensor | null
  capacity: number
  /** d = ch·h·w */
  dimensions: number
}

export function makeBatch(recorder: Recorder, replicas: number, capacity: number, dimensions: number, labelled: boolean, name = 'batch'): Batch {
  const each = replicas * capacity
  return {
    t: recorder.tensor(`${name} t`, each), source: recorder.tensor(`${name} source`, each), row: recorder.tensor(`${name} row`, each), place: null,
    eps: recorder.tensor(`${name} noise`, each * dimensions), xt: recorder.tensor(`${name} x_t`, each * dimensions), goal: recorder.tensor(`${name} target`, each * dimensions),
    labels: labelled ? recorder.tensor(`${name} labels`, each) : null, paths: null, capacity, dimensions,
  }
}

/** Draws t, source and row of a batch of `size`, or of the next of its `parts` micro-batches of that size; state learns how many lie below T_min. */
export function draw(recorder: Recorder, replicas: number, size: number, knobs: Tensor, state: Tensor, batch: Batch, parts = 1): void {
  recorder.dispatch('draw', { knobs, state, t: batch.t, source: batch.source, row: batch.row, place: batch.place ?? recorder.placeholder('place') }, { batch: size, capacity: batch.capacity, parts }, [1, 1, replicas], { constants: { PLACES: batch.place ? 1 : 0 } })
}

/** In place of another sample's number: this one is pushed from none. */
export const NONE = 0xffffffff

/** The target of every sample becomes its mean over the images that x_t may have come from, in replicas that ask for it. */
export function averageGoal(recorder: Recorder, replicas: number, size: number, data: Tensor, knobs: Tensor, state: Tensor, { row, t, xt, goal, paths, dimensions, capacity }: Batch): void {
  recorder.dispatch('average_goal', { knobs, state, data, row, t, xt, goal, paths: paths ?? recorder.placeholder('paths') }, { dimensions, capacity }, [size, 1, replicas], alongPaths(paths))
}

/** Another sample of the batch, or micro-batch, for each, negative (R,B), for losses that push from its target. */
export function drawNegatives(recorder: Recorder, replicas: number, size: number, knobs: Tensor, state: Tensor, batch: Batch, negative: Tensor, parts = 1): void {
  recorder.dispatch('draw_negatives', { knobs, state, labels: batch.labels ?? recorder.placeholder('labels'), negative }, { batch: size, capacity: batch.capacity, parts }, [1, 1, replicas],
    { constants: { LABELLED: batch.labels ? 1 : 0 } })
}

/** ε of every sample; samples from `size` on are anchors. */
export function noise(recorder: Recorder, extent: Extent, size: number, knobs: Tensor, state: Tensor, batch: Batch): void {
  recorder.dispatch('noise', { knobs, state, source: batch.source, eps: batch.eps },
    { samples: extent.samples, dimensions: batch.dimensions, capacity: batch.capacity, batch: size },
    groupsOver(extent, { units: Math.ceil(batch.dimensions / 4), perGroup: 64 }))
}

/** How kernels that know paths are specialised. */
export const alongPaths = (paths: Tensor | null): { constants: Record<string, number> } => ({ constants: { PATHS: paths ? 1 : 0 } })

/** x_t = α x0 + β ε and v*; labels too where there are any. */
export function interpolate(recorder: Recorder, extent: Extent, data: Tensor, classes: Tensor | null, batch: Batch): void {
  recorder.dispatch('interpolate', { data, row: batch.row, t: batch.t, eps: batch.eps, xt: batch.xt, goal: batch.goal, paths: batch.paths ?? recorder.placeholder('paths') },
    { samples: extent.samples, dimensions: batch.dimensions, capacity: batch.capacity },
    groupsOver(extent, { units: batch.dimensions, perGroup: 64 }), alongPaths(batch.paths))
  if (classes && batch.labels) {
    recorder.dispatch('gather_labels', { row: batch.row, classes, labels: batch.labels }, { samples: extent.samples, capacity: batch.capacity },
      groupsOver(extent, { units: 1, perGroup: 64 }))
  }
}

/**
 * Labels become `classes`, no label, with probability `labelDrop`. `negative` (R,B) or null: what such a sample was to be pushed from, which replicas that
 * skip it take away.
 */
export function dropLabels(
  recorder: Recorder, extent: Extent, size: number, { classes, labelDrop }: { classes: number; labelDrop: number }, knobs: Tensor, state: Tensor, { source, labels, capacity }: Pick<Batch, 'source' | 'labels' | 'capacity'>, negative: Tensor | null,
): void {
  recorder.dispatch('drop_labels', { knobs, state, source, labels: labels ?? recorder.placeholder('labels'), negative: negative ?? recorder.placeholder('negatives') },
    { samples: extent.samples, capacity, batch: size, none: classes, probability: labelDrop }, groupsOver(extent, { units: 1, perGroup: 64 }), { constants: { NEGATIVES: negative ? 1 : 0 } })
}
