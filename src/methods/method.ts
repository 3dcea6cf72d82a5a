/**
 * A training objective. One file in this folder with a `defineMethod` default export is all it takes to add one: the page builds its
 * choice, legend and help from it, and every replica of a recording may use a different one, because a method is only knob values.
 */
import type { ObjectiveConfig } from '../config.ts'

/** The part of the GPU's knobs that a method decides. */
export interface MethodKnobs {
  tMin: number
  lambda: number
  /** The flow term also covers t < T_min. */
  flowBelow: boolean
}

export interface Method {
  id: string
  label: string
  /** For the end of a line on a chart, where few letters fit. */
  short: string
  /** How its lines look, the same wherever it is drawn. A marker tells it apart without colour. */
  look: { colour: 'vermillion' | 'blue' | 'green' | 'purple' | 'grey'; marker: 'circle' | 'square' | 'triangle' | 'diamond' }
  /** Where it stands in lists, least first. */
  order: number
  /** One sentence. */
  summary: string
  paper: string
  /** What is minimised, in LaTeX; `npm run formulas` after a change. */
  formula?: string
  /** Controls this method listens to, besides those of training itself. */
  uses: readonly (keyof ObjectiveConfig)[]
  /** Whether some λ > 0 can make this method read features and anchors: recordings without such a method leave that machinery out. */
  contrastive: boolean
  knobs(objective: Pick<ObjectiveConfig, 'tMin' | 'lambda'>): MethodKnobs
}

/** What a method with the contrastive term listens to. */
export const CONTRASTIVE_CONTROLS = ['tMin', 'lambda', 'tau', 'lambdaStart', 'lambdaRamp', 'layer', 'feature', 'normalise', 'distance', 'variant', 'detach', 'noise'] as const

export function defineMethod(method: Method): Method {
  return method
}
