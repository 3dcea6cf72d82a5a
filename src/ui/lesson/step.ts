/** What a step of a lesson is made of: see, predict, do, check, name. The view in Lesson.tsx knows no step by name. */
import type { ClaimResult } from '../../record_schema.ts'
import type { StepId } from '../../store/lesson.ts'
import type { ShownRun } from '../../store/shown.ts'
import type { Figures } from './figures.ts'

export interface Choice {
  value: string
  label: string
}

export interface Question {
  ask: string
  choices: readonly Choice[]
}

/** What the page can tell of what the student has done. */
export interface Seen {
  shown: ShownRun
  figures: Figures | null
  view: string
  /** What the chart of loss by noise level shows. */
  lossView: 'raw' | 'excess' | 'denoiser'
  hidden: readonly number[]
  /** T_min among the settings. */
  tMin: number
  /** The recorded run was asked for. */
  revealed: boolean
}

export interface Check {
  ask: string
  choices(figures: Figures | null): readonly Choice[]
  /** Value of the right choice, read off the run where it depends on it; null where this run does not tell. */
  right(figures: Figures | null): string | null
  /** Where to look once more. */
  hint: string
  /** What the run lacks when it does not tell. */
  lacks?: string
}

/** A control of the lesson's own, or one of the page's that it brings along. */
export type Tool = 'scrub' | 'noises' | 'run' | 'tMin'

export interface Step {
  id: StepId
  title: string
  minutes: number
  /** One line on what this step is about. */
  see: readonly string[]
  /** LaTeX. */
  formula: string
  predict: Question
  do: {
    words: string
    tool?: Tool
    /** Whether the observable is there; a step without one is finished by its tool. */
    done?(seen: Seen): boolean
  }
  check: Check
  name: {
    term: string
    words: readonly string[]
    /** Section of the paper. */
    paper: string
  }
  /** Sentences with the numbers of the run in front of the student; those that it has not are left out. */
  found(figures: Figures): readonly string[]
  /** What does not come out at this scale, by the recorded study's own claims. */
  caveat?(claims: readonly ClaimResult[]): string | null
  /** It is about one image, at the noise level that its tool sets. */
  picture?: boolean
  /** The view to start from, and the chart to look at. */
  view: string
  look?: string
  /** The view to start from where there is room for one chart only, if it is not the loss. */
  alone?: string
  /** Only plain flow matching is shown at first. */
  plain?: boolean
}
