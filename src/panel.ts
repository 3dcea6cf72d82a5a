/** What a measurement is: panels of curves, maps and pictures, from which the page, the terminal and every export draw it. */

/** Values of a diagnostic's controls, by field; each diagnostic has a schema for its own. */
export type Settings = Record<string, number | boolean | string>

export interface Axis {
  /** In words, with the unit if there is one. */
  label: string
  scale: 'log' | 'linear'
  /** Ends that must be shown whatever the data. */
  domain?: [number, number]
  percent?: boolean
}

/** One line of a panel. */
export interface Curve {
  /** Replica measured; null for what belongs to no replica. */
  replica: number | null
  /** Measured is drawn solid, theory dashed, a baseline or ceiling dotted; what a network from a file did, in a colour of its own. */
  kind: 'measured' | 'theory' | 'baseline' | 'file'
  /** For the legend; of a replica's curve, only what tells it from the replica's other curves in this panel (empty when it is alone). */
  label: string
  x: number[]
  /** null where there is no finite value */
  y: (number | null)[]
  /** Half the width of the band around y; what it means stands in the panel's `spread`. */
  spread?: (number | null)[]
}

/** Numbers over two axes. */
export interface HeatMap {
  label: string
  x: Axis & { at: number[] }
  y: Axis & { at: number[] }
  /** values[row of y][column of x] */
  values: (number | null)[][]
  unit: string
}

/** Small pictures (n,ch,h,w), e.g. directions in pixel space. */
export interface Pictures {
  label: string
  channels: number
  size: number
  pixels: Float32Array
  captions: string[]
}

/** What a net's answer is told as: the velocity, or the image that it amounts to (a velocity is a denoiser: Generation Phases, arXiv 2510.24830). */
export type Reading = 'velocity' | 'denoiser'

/** Points that something carries over the plane, and its velocity there. */
export interface PlaneView {
  /** Replica measured; null for training pairs and theory. */
  replica: number | null
  label: string
  /** Where each point stands at each level, (levels,n,2) */
  ways: Float32Array
  /** Of each point. */
  classes: number[]
  /** Velocity in the middle of side × side squares, row by row from the lower left, at each level, (levels,side²,2); null where there is none */
  arrows: Float32Array | null
  /** The clean points x̂₀ that these velocities amount to, laid out alike. */
  answers?: Float32Array | null
  /** The point that the arrows are about, where they are about one. */
  mark?: [number, number]
}

/** Several of these from the same noise. */
export interface PlaneViews {
  /** Half the side of the square that is shown, about 0. */
  extent: number
  /** Noise levels, from 1 down to 0. */
  t: number[]
  side: number
  /** Names. */
  classes: string[]
  /** Held-out points (m,2) and their classes. */
  data: Float32Array
  dataClasses: number[]
  views: PlaneView[]
}

/** One chart of a measurement. The page, the terminal and every export draw it from this alone. */
export interface Panel {
  id: string
  /** What it shows, in words. */
  title: string
  x: Axis
  y: Axis
  curves: Curve[]
  /** What the bands are and how many numbers stand behind a point: “± SD over 16 label draws; 2,048 test images”. */
  spread: string
  /** One sentence on what it shows for these replicas. */
  summary: string
  /** Definitions and caveats that must stand beside the picture. */
  notes: string[]
  heat?: HeatMap[]
  pictures?: Pictures[]
  plane?: PlaneViews
  /** Panels of one `of` say the same of velocity and of denoiser: the page shows one at a time, the first until it is told which. */
  reading?: { of: string; as: Reading }
}

/** What a diagnostic found. */
export interface Measurement {
  id: string
  /** Training steps behind the weights; null when no run was looked at. */
  step: number | null
  settings: Settings
  panels: Panel[]
  /** Seconds it took. */
  duration: number
}
