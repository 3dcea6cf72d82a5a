/** What the page says to the workers that read, keep and evaluate files, and what they answer. Like protocol.ts for both sides. */
import { z } from 'zod'
import { type Config, objectiveSchema } from './config.ts'
import type { Panel } from './panel.ts'
import type { LossByT } from './protocol.ts'

/** Pixels and labels of a visitor's own images, training images first. */
export interface OwnPool {
  /** (N,ch,size,size), 0 black to 255 */
  pixels: Uint8Array
  /** (N), index of the class */
  labels: Uint8Array
}

/** What is known of a visitor's own images besides the images. */
export interface OwnSet {
  id: string
  label: string
  /** The format they came in, in words. */
  kind: string
  classes: string[]
  channels: number
  /** Side in pixels. */
  size: number
  train: number
  test: number
  /** Whether the file says which images are held out, or a seeded draw does. */
  split: 'given' | 'seeded'
  /** What must be said about how they were read. */
  notes: string[]
  /** A few held-out images. */
  preview: OwnPool
}

/** How images from a file are to be kept. */
export interface OwnAsked {
  label: string
  /** Side in pixels. */
  size: number
  /** The largest square in the middle brought to the size, or the middle of the image as it is. */
  fit: 'resize' | 'crop'
  /** As in the file, or converted. */
  channels: 'file' | 'grey' | 'rgb'
}

/** To the worker that reads and keeps visitors' images. */
export type DataCommand =
  | { type: 'list' }
  /** Reads files, and keeps nothing yet. Paths tell the classes of pictures. */
  | { type: 'open'; files: { path: string; file: File }[] }
  /** The files that were opened, as they would be kept. */
  | { type: 'convert'; asked: OwnAsked }
  /** Keeps what was converted last. */
  | { type: 'keep' }
  | { type: 'remove'; id: string }

export type DataReport =
  /** `problem` says in one sentence why not all that are kept are there. */
  | { type: 'sets'; sets: OwnSet[]; problem: string | null }
  /** What was read, what is suggested, and the size of an image as it stands in the file. */
  | { type: 'opened'; asked: OwnAsked; width: number; height: number; count: number }
  | { type: 'converted'; set: OwnSet }
  | { type: 'kept'; set: OwnSet }
  | { type: 'reading'; label: string; done: number; total: number }
  | { type: 'refused'; message: string }

/** What goes into an ONNX file's network, or comes out of it. */
export interface ModelValue {
  name: string
  /** float32, int64, …; or what it is when it is no tensor. */
  type: string
  /** A number, a letter for an open size, or null when nothing is said. Null altogether when even the rank is open. */
  shape: (number | string | null)[] | null
}

/** What an ONNX file says of itself. */
export interface ModelAbout {
  inputs: ModelValue[]
  outputs: ModelValue[]
  /** Most frequent first; operators of other domains with the domain in front. */
  operators: { name: string; count: number }[]
  nodes: number
  /** Numbers in float tensors. */
  parameters: number
  /** By domain, '' being ONNX's own. */
  opsets: Record<string, number>
  producer: string
  metadata: Record<string, string>
  /** Names of further files that hold its weights. */
  files: string[]
  /** Values on the way whose shape (B, …) is known, in the order they are made: any can be looked at through `exposeValues`. */
  values: { name: string; operator: string; shape: (number | string)[] }[]
}

/** A file's weights beside what the engine has, tensor by tensor; src/onnx/report.ts says what the words mean. */
export interface WeightsAbout {
  net: Config['net'] | null
  /** Whether every parameter was found. */
  whole: boolean
  tensors: { name: string; shape: readonly number[]; type: string; status: 'matched' | 'fixed' | 'shape' | 'unmatched'; role: string | null }[]
  missing: { name: string; shape: number[] }[]
  asks: ('heads' | 'size')[]
  differences: string[]
  notes: string[]
}

const name = z.string().max(500)

/** How a network is asked and its answer read. In its own terms: t = 1 is pure noise for the lab. */
export const modelReadingSchema = z.strictObject({
  image: name,
  time: name.nullable(),
  labels: name.nullable(),
  output: name,
  /** Value whose mean over tokens or places counts as the features; null for none. */
  features: name.nullable(),
  /** What the time input is at its far end: 1, 999 or 1000. */
  scale: z.number().min(1e-6).max(1e6),
  /** Where its time is 0. */
  zero: z.enum(['clean', 'noise']),
  /** The velocity of the path, αε − βx0 (Salimans & Ho 2022), the clean image, or the noise. */
  predicts: z.enum(['velocity', 'v', 'image', 'noise']),
  /** What it was trained on: the lab's own line, a path of flow/paths.ts, or DDPM's 1,000 steps (DiT). */
  path: z.enum(['ddpm', ...objectiveSchema.shape.path.unwrap().options]),
  /** Of that path, where they are not the usual ones. */
  parameters: z.record(z.string().max(20), z.number()).optional(),
  /** Pixels from −1 to 1, or from 0 to 1. */
  range: z.enum(['signed', 'unit']),
})
export type ModelReading = z.output<typeof modelReadingSchema>

/** What was found in a file that was opened. */
export interface OpenedFile {
  name: string
  bytes: number
  kind: 'run' | 'onnx' | 'safetensors'
  /** As the file has it; null for files of others. */
  config: Config | null
  step: number | null
  about: ModelAbout | null
  weights: WeightsAbout | null
  /** How it is most likely to be asked; null when it cannot be run here. */
  reading: ModelReading | null
  /** Its own settings, or others under which it can be evaluated; null where no data set has such images. */
  fitting: Config | null
  /** The level below which its method trains no velocity; 0 where it does everywhere, or that is not known. */
  untrainedBelow: number
}

/** To the worker that reads files of models. */
export type FileCommand =
  | { type: 'read'; files: { name: string; file: Blob }[]; heads?: number; size?: number }
  /** What was read last, as something to train on from. `dataset` where the file does not say. */
  | { type: 'begin'; dataset?: string }

export type FileReport =
  | { type: 'read'; opened: OpenedFile }
  | { type: 'begin'; config: Config; checkpoint: object }
  | { type: 'refused'; message: string }

/** To the worker that runs models; it is ended when it has answered, or must not go on. */
export interface EvaluateCommand {
  name: string
  files: { name: string; file: Blob }[]
  reading: ModelReading
  /** Images, noise and levels are those of an evaluation of such a run. */
  config: Config
  /** Images with a label, and as many held-out ones, for what features say; 0 leaves that out. */
  labelled: number
  /** Samplers go from this level to 0 in one step, where the settings ask for that. */
  untrainedBelow: number
  /** On the GPU if it gives the same numbers there. */
  gpu: boolean
  /** Samples that are compared with as many held-out images; 0 leaves that out. */
  compare: number
  /** A network that makes features to compare them in, the first file, with those that hold its weights, and the pixels it takes. */
  extractor: { files: { name: string; file: Blob }[]; range: ModelReading['range'] } | null
}

/** What a network from a file did, and the diagnostic whose panel of the same id it stands beside, where there is one. */
export interface FilePanel extends Panel {
  diagnostic: string | null
}

/** A network from a file beside live runs. */
export interface FileEvaluation {
  name: string
  loss: LossByT
  /** Besides the loss by noise level. */
  panels: FilePanel[]
  samples: { channels: number; size: number; count: number; images: Float32Array }
  /** Where it ran, in words. */
  ran: string
  duration: number
}

export type EvaluateReport =
  | { type: 'evaluating'; label: string; done: number; total: number }
  | { type: 'evaluated'; evaluation: FileEvaluation }
  | { type: 'refused'; message: string }
