/**
 * What the page and the training worker say to each other.
 *
 * The worker owns the truth (device, weights, full-rate history); the page owns intent and the last tick.
 * A tick is a whole snapshot, so a lost one heals itself with the next.
 */
import type { Config, MeasureConfig, ReplicaConfig, SectionName } from './config.ts'
import type { Measurement, Settings } from './panel.ts'
import type { StepWalk } from './step_walk.ts'

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
  /** Go on from a replica's weights and optimiser state as new replicas with other knobs, for `extendBy` steps more than the run was to have. Answered like a start. */
  | { type: 'fork'; runId: string; from: number; replicas: ReplicaConfig[]; extendBy?: number }
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
  /** Loss no model can go below at each level, where the data set knows one and all replicas go along one path. */
  floor: number[] | null
  /** The same along each path, where these differ; absent otherwise. */
  floors?: { path: string; replicas: number[]; values: number[] }[]
  floorNote: string
  /** What must be known of these networks beside the numbers; absent where there is nothing, and in older runs. */
  notes?: string[]
}

/** Floor of one replica, [level]. */
export const floorOf = ({ floor, floors }: Pick<LossByT, 'floor' | 'floors'>, replica: number): number[] | null => floor ?? floors?.find(({ replicas }) => replicas.includes(replica))?.values ?? null

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

/** What is wanted as a file: one replica's weights, a folder in which PyTorch goes on training it, or the whole run. */
export type ExportAsked =
  | { what: 'safetensors'; replica: number; weights: 'ema' | 'raw' }
  /** `layer`: block whose mean token the file also answers with; the run's own when left out. */
  | { what: 'onnx'; replica: number; weights: 'ema' | 'raw'; layer?: number }
  | { what: 'pytorch'; replica: number }
  | { what: 'run' }
