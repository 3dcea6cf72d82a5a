/** One training step, taken apart: what each dispatch read, ran and left, as the page walks it. */

/** Numbers of one tensor as a dispatch left them, or a part of them: `groups` pictures of `rows` by `columns`. */
export interface WalkTensor {
  /** As the recording calls it. */
  name: string
  words: string
  /** Axes in letters, as in B T 3C; empty where nobody has named them. */
  letters: string[]
  sizes: number[]
  /** Of the whole tensor. */
  bytes: number
  /** Which part of it is here, in words; empty when the whole, or the whole of one image. */
  part: string
  groups: number
  rows: number
  columns: number
  values: Float32Array
  /** Of the values that are here and finite; null when none is. */
  statistics: { notFinite: number; low: number | null; high: number | null; mean: number | null; deviation: number | null }
}

/** One dispatch of a training step: what it read, what ran, what it wrote. */
export interface WalkMove {
  stage: string
  /** shaders/`kernel`.wgsl */
  kernel: string
  /** The file that records it; null when not known. */
  source: string | null
  /** Constants and include files that this use of the kernel has of its own. */
  variant: string
  workgroups: number[]
  /** `from`: the move that wrote it, null when it was there before. */
  reads: { name: string; letters: string[]; sizes: number[]; from: number | null }[]
  writes: WalkTensor[]
  /** Weights (heads,queries,keys) of one image, made anew from queries, keys and log-sum-exp; of attention alone. */
  attention: { heads: number; queries: number; keys: number; weights: Float32Array } | null
}

/** One training step of one replica, dispatch by dispatch, from the weights the run has now. */
export interface StepWalk {
  runId: string
  /** Number of the step, the first being 1: the one that the run takes next. */
  step: number
  replica: number
  label: string
  /** The image shown, of how many, and its noise level; with several `parts` these are images of the last micro-batch. */
  sample: number
  batch: number
  parts: number
  t: number | null
  letters: { letter: string; value: number; words: string }[]
  /** `source`: the file that says which kernels come in which order; null when not known. */
  stages: { name: string; words: string; source: string | null }[]
  /** Flow-matching loss and gradient length of the step, as its row of metrics will have them. */
  loss: number
  gradientNorm: number
  kernels: Record<string, { about: string; text: string }>
  moves: WalkMove[]
}
