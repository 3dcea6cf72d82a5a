/**
 * A training objective. One file in this folder with a `defineMethod` default export is all it takes to add one: the page builds its
 * choice, legend and help from it, and every replica of a recording may use a different one, because a method is only knob values.
 */
import type { NetConfig, ObjectiveConfig } from '../config.ts'
import type { TimeSampler } from '../flow/times.ts'

/** The part of the GPU's knobs that a method decides. */
export interface MethodKnobs {
  tMin: number
  lambda: number
  /** The flow term also covers t < T_min. */
  flowBelow: boolean
  /** How t is drawn, where the method says so and not the run. */
  times?: TimeSampler
  /** What the network's output is; the velocity where it is not said. */
  prediction?: 'image' | 'noise'
  /** How many images the target is averaged over, and whether the sample's own is one of them; its own target where it is not said. */
  average?: { candidates: number; own: boolean }
  /** Whether what tells later blocks of the bottleneck's features learns; held as it is, at zero from the start, where it is not said. */
  selfConditions?: boolean
}

/**
 * What stands beside the regression of the velocity, times λ: nothing; features of low-noise samples against those of the same images at T_min; all
 * features of the batch pushed apart; the velocity pushed from the target of another sample.
 */
export type Term = null | 'anchored' | 'dispersive' | 'negatives'

/** Whether it reads features. */
export const readsFeatures = (term: Term): boolean => term === 'anchored' || term === 'dispersive'

export interface Method {
  id: string
  label: string
  /** For the end of a line on a chart, where few letters fit. */
  short: string
  /** How its lines look, the same wherever it is drawn. A marker tells it apart without colour. */
  look: { colour: 'vermillion' | 'blue' | 'green' | 'purple' | 'black' | 'grey'; marker: 'circle' | 'square' | 'triangle' | 'diamond' }
  /** Where it stands in lists, least first. */
  order: number
  /** One sentence. */
  summary: string
  paper: string
  /** What is minimised, in LaTeX; `npm run formulas` after a change. */
  formula?: string
  /** Controls this method listens to, besides those of training itself. */
  uses: readonly (keyof ObjectiveConfig)[]
  /** Recordings in which no method has such a term leave its machinery out. */
  term: Term
  /** What that is called on charts. */
  termName?: string
  /** Why it cannot be trained so, in one sentence; undefined when it can. */
  refuse?(objective: ObjectiveConfig, net: NetConfig): string | undefined
  knobs(objective: ObjectiveConfig): MethodKnobs
}

/** What a method with the contrastive term listens to. */
export const CONTRASTIVE_CONTROLS = ['tMin', 'lambda', 'tau', 'lambdaStart', 'lambdaRamp', 'layer', 'feature', 'normalise', 'distance', 'variant', 'detach', 'noise', 'loss'] as const

export function defineMethod(method: Method): Method {
  return method
}
