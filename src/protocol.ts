/**
 * What the page and the training worker say to each other. Besides config.ts the only file both threads import.
 *
 * The worker owns the truth (device, weights, full-rate history); the page owns intent and the last tick.
 * A tick is a whole snapshot, so a lost one heals itself with the next.
 */
import type { Config, MeasureConfig, ReplicaConfig, SectionName } from './config.ts'

/** Knob values a running run accepts: fields marked `live` in the schema, of one replica or of all. */
export interface KnobPatch {
  /** Replica index, or all of them. */
  replica: number | 'all'
  section: SectionName
  field: string
  value: number | string | boolean
}

export type Command =
  /** Find an adapter, run the start-up self-test, report what the machine can do. */
  | { type: 'probe' }
  /** Throw away the run in progress, if any, and start this one, or go on from a checkpoint that a file gave. Answered by ticks, or a fault that leaves the old run untouched. */
  | { type: 'start'; runId: string; config: Config; paused?: boolean; checkpoint?: object }
  | { type: 'pause' }
  | { type: 'resume' }
  /** Exactly `count` training steps, then pause. */
  | { type: 'step'; count: number }
  | { type: 'patch'; patch: KnobPatch }
  /** Go on from a replica's weights and optimiser state as new replicas with other knobs. */
  | { type: 'fork'; runId: string; from: number; replicas: ReplicaConfig[] }
  /** More steps than the config asked for. */
  | { type: 'extend'; steps: number }
  | { type: 'plan'; requestId: number; config: Config }
  /** Measure one diagnostic now; with a run, between two of its steps. Those that need no run answer without one, or from theory alone when asked to. */
  | { type: 'measure'; id: string; settings?: Settings; theory?: boolean }
  /** Stop what is being measured; the run and earlier measurements stay as they are. */
  | { type: 'cancel-measure' }
  /** Which diagnostics are measured how often from now on; takes the place of the config's `measures`. */
  | { type: 'schedule'; measures: MeasureConfig[] }
  /** The whole table of kernel cases on this GPU. */
  | { type: 'selftest'; requestId: number }
  /** Which runs the browser keeps. */
  | { type: 'saves' }
  /** Go on with a run that was kept, as it was; `unstored` when the browser keeps nothing and the page had it. */
  | { type: 'open'; id: string; paused?: boolean; unstored?: object }
  /** What there is to see of a run that was kept, without going on with it. */
  | { type: 'look'; id: string }
  /** Walk the next step of one replica on a copy, between two steps of the run; `sample` is an image of the batch. */
  | { type: 'walk'; requestId: number; replica: number; sample: number }
  /** Keep the run as it is now: the page may be gone in a moment. */
  | { type: 'save' }
  | { type: 'discard'; id: string }
  /** The run, or one replica of it, as a file. */
  | { type: 'export'; requestId: number; asked: ExportAsked }
  /** Delete everything this page has left in the browser, as far as the worker can. */
  | { type: 'forget' }

export interface Capabilities {
  /** `vendor architecture` or the adapter's description. */
  adapter: string
  software: boolean
  features: string[]
  limits: { maxBufferSize: number; maxStorageBufferBindingSize: number; maxComputeWorkgroupStorageSize: number; maxComputeInvocationsPerWorkgroup: number }
}

/** Why no training is possible here; each has its own words on the page. */
export type Obstacle = 'insecure' | 'no-webgpu' | 'no-adapter' | 'limits' | 'self-test'

export interface MemoryPlan {
  /** Bytes of GPU memory the run will take. */
  total: number
  parts: { name: string; bytes: number }[]
  /** A sentence when it cannot be run, or the adapter cannot hold it, with the numbers; absent when it fits. */
  refusal?: string
  /** Trainable parameters of one replica. */
  parameters: number
  /** Absent where nothing is known of the adapter's speed. */
  time?: RunTime
}

/** What a run will take of somebody's time, about: the adapter was tried on a product and on small dispatches. */
export interface RunTime {
  /** Seconds of a training step. */
  step: number
  /** Seconds of all steps, and of what is measured on the way. */
  seconds: number
  /** The same as a time of day is told: “about 4 min”. */
  about: string
  /** Floating point operations of a step. */
  flops: number
}

/** A series over training steps, thinned to at most 200 points by keeping the least and the greatest of each bucket. */
export interface StepSeries {
  step: number[]
  /** values[i] belongs to step[i]; null where the value was not finite. */
  value: (number | null)[]
}

export interface ReplicaTick {
  label: string
  method: string
  seed: number
  /** Flow-matching loss per step (mean or sum as configured). */
  flow: StepSeries
  flowSmooth: StepSeries
  /** Contrastive loss per step; empty for methods without one. */
  contrastive: StepSeries
  gradientNorm: StepSeries
  last: { flow: number | null; contrastive: number | null; gradientNorm: number | null; learningRate: number; anchors: number; positiveDistance: number | null; negativeDistance: number | null }
  /** Steps skipped on the GPU because the gradient was not finite, and steps with no sample below T_min. */
  skipped: number
  emptyAnchors: number
  /** Live knob values as the GPU has them. */
  knobs: { tMin: number; lambda: number; tau: number; learningRate: number }
}

/** Held-out flow-matching loss at fixed noise levels, fixed images and fixed noise, with EMA weights; mean over pixels. */
export interface LossByT {
  step: number
  /** Noise levels, ascending. */
  t: number[]
  /** Images behind each point. */
  count: number
  /** [replica][level] */
  mean: (number | null)[][]
  standardError: (number | null)[][]
  /** Loss no model can go below at each level, where the data set knows one. */
  floor: number[] | null
  floorNote: string
  /** What must be known of these networks beside the numbers; absent where there is nothing, and in older runs. */
  notes?: string[]
}

/** Mean held-out loss over a band of noise levels, per evaluation. */
export interface BandSeries {
  label: string
  from: number
  to: number
  step: number[]
  /** [replica][evaluation] */
  value: (number | null)[][]
}

export interface SampleGrid {
  step: number
  channels: number
  size: number
  /** [replica] → (n,ch,h,w) flattened, nominally in [-1,1]; every replica from the same noise. */
  images: Float32Array[]
  /** Held-out real images (n,ch,h,w). */
  real: Float32Array
  count: number
  /** Of each replica: forward passes for what the solver asked, those of steps it took back included; such steps; steps taken although their error was larger than allowed. Absent in older runs. */
  evaluations?: number[]
  /** Guidance and correction, in words; absent where samples were drawn as the networks were trained. */
  steered?: string
  rejected?: number[]
  forced?: number[]
}

/** A live change, drawn as a vertical line on every step chart. */
export interface RunEvent {
  step: number
  label: string
}

export interface Tick {
  type: 'tick'
  runId: string
  sequence: number
  state: 'running' | 'paused' | 'finished'
  step: number
  /** The step at which the run will stop. */
  steps: number
  stepsPerSecond: number
  config: Config
  replicas: ReplicaTick[]
  lossByT: LossByT | null
  bands: BandSeries[]
  samples: SampleGrid | null
  events: RunEvent[]
  /** GPU bytes and the counts of one training step. */
  cost: { bytes: number; dispatches: number; submits: number; parameters: number }
}

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

/** A run that the browser keeps. */
export interface SavedRun {
  id: string
  /** Milliseconds since 1970. */
  savedAt: number
  step: number
  /** The step at which it will stop. */
  steps: number
  /** What it takes in storage, near enough. */
  bytes: number
  /** null when it cannot be read. */
  config: Config | null
  /** Why it cannot be gone on with, in one sentence. */
  problem?: string
  /** Another tab has it open, and goes on saving it. */
  elsewhere?: boolean
}

export interface Saves {
  /** The last one first. */
  runs: SavedRun[]
  /** Bytes that the browser says this page takes, and may take. */
  used: number | null
  room: number | null
  /** Why the run is not kept, in one sentence; null while all is well. */
  problem: string | null
  /** Then this is the run in memory: the page holds it, for it outlives the worker. */
  unstored: { run: SavedRun; checkpoint: object } | null
}

export type FaultKind = 'config' | 'saved' | 'measure' | 'memory' | 'device-lost' | 'non-finite' | 'kernel' | 'internal'

export interface SelfTestRow {
  kernel: string
  shape: string
  /** Greatest error against the float64 twin, relative to the greatest value. */
  error: number
  tolerance: number
  passed: boolean
}

export type Report =
  | { type: 'ready'; capabilities: Capabilities }
  | { type: 'obstacle'; obstacle: Obstacle; detail: string }
  | Tick
  | { type: 'progress'; label: string; done: number; total: number }
  /** Once more when the adapter's speed is known. */
  | { type: 'plan'; requestId: number; plan: MemoryPlan }
  /** What the presets will take, “about 4 min”, by id; absent where there is no room for one. */
  | { type: 'times'; times: Record<string, string> }
  /** A diagnostic is under way; `id` null when none is any more. */
  | { type: 'measuring'; id: string | null; done: number; total: number }
  | { type: 'measured'; runId: string | null; measurement: Measurement }
  /** Every loss by noise level, as it comes: a tick has the last one only. */
  | { type: 'evaluated'; runId: string; loss: LossByT }
  | { type: 'selftest'; requestId: number; rows: SelfTestRow[] }
  /** After every save and whenever they were asked for. */
  | ({ type: 'saves' } & Saves)
  /** What was found of a run before it was opened. Its ticks follow. */
  | { type: 'history'; runId: string; losses: LossByT[]; measurements: Measurement[] }
  /** What there is to see of a run that is kept; `found` null when it cannot be read, and then `problem` says why in one sentence. */
  | { type: 'past'; runId: string; found: { tick: Tick; losses: LossByT[]; measurements: Measurement[] } | null; problem?: string }
  /** `walk` null when there is none; then `problem` says why in one sentence. */
  | { type: 'walked'; requestId: number; walk: StepWalk | null; problem?: string }
  /** `bytes` null when it could not be made; then `problem` says why in one sentence. `step` is that of the weights. */
  | { type: 'exported'; requestId: number; asked: ExportAsked; step: number; bytes: Uint8Array<ArrayBuffer> | null; problem?: string }
  /** `id` names the diagnostic that could not be measured; `alive` is false when the worker has no run any more. */
  | { type: 'fault'; kind: FaultKind; message: string; step?: number; runId?: string; id?: string; alive?: boolean }

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

/** What is wanted as a file: one replica's weights, a folder in which PyTorch goes on training it, or the whole run. */
export type ExportAsked =
  | { what: 'safetensors'; replica: number; weights: 'ema' | 'raw' }
  /** `layer`: block whose mean token the file also answers with; the run's own when left out. */
  | { what: 'onnx'; replica: number; weights: 'ema' | 'raw'; layer?: number }
  | { what: 'pytorch'; replica: number }
  | { what: 'run' }
