/** `lab evaluate model.onnx`: a network from a file, asked through onnxruntime as the page asks it. */
import { basename } from 'node:path'
import { ConfigError } from '../config.ts'
import { type ModelReading, modelReadingSchema } from '../file_protocol.ts'
import { askFile, type FileQuestion } from '../lab/evaluate_file.ts'
import { featuresOf } from '../lab/file_quality.ts'
import { fittingFor, readModel } from '../lab/open_file.ts'
import { inLabTerms } from '../onnx/ask.ts'
import { checkFiles, openNetwork } from '../onnx/runtime.ts'
import { CommandError } from './failure.ts'
import { readBytes } from './files.ts'
import { progressBar } from './output.ts'
import { nearTo } from './settings.ts'

/** Images at once, where the file leaves that open. */
const BATCH = 32
/** As the page suggests. */
const LABELLED = 512

/** What `--what` names of a model, and the question it is part of. PSNR comes with the loss. */
export const OF_MODELS: Record<string, FileQuestion> = { loss: 'loss', gain: 'gain', kappa: 'gain', condition: 'gain', probe: 'probe', knn: 'probe', jacobian: 'jacobian', quality: 'quality' }
/** Takes longer than all the others together, so it is measured when it is named. */
const WHEN_NAMED: FileQuestion = 'quality'
/** Samples that are compared. */
const COMPARED = 256

export interface ModelOptions {
  /** Its mistakes are told before anything takes time. */
  what: string | undefined
  /** Further files, in which the model keeps its weights. */
  weights: readonly string[]
  /** `key=value` of a ModelReading. */
  ask: readonly string[]
  /** Id of a data set. */
  dataset: string | undefined
  images: number | undefined
  /** Samples that are compared with as many held-out images. */
  samples: number | undefined
  /** A network that makes features to compare them in, and the files in which it keeps its weights. */
  extractor: readonly string[]
}

export const isModel = (bytes: Uint8Array) => !(bytes[0] === 0x50 && bytes[1] === 0x4b)

export async function evaluateModel(path: string, bytes: Uint8Array, { what, weights, ask, dataset, images, samples, extractor }: ModelOptions) {
  const questions = questionsOf(what)
  const others = weights.map(file => ({ name: basename(file), bytes: plain(readBytes(file)) }))
  const { opened } = readModel([{ name: basename(path), bytes: plain(bytes) }, ...others])
  if (!opened.about || !opened.reading) throw new ConfigError(opened.kind === 'onnx' ? 'nothing in this model takes images, so it cannot be evaluated' : 'safetensors hold weights and no network: `lab import` makes a run of them, which can be evaluated')
  checkFiles(opened.about, others)
  const reading = readingWith(opened.reading, ask)
  const config = fittingFor({ ...opened, reading }, dataset)
  const labelled = Math.min(images ?? LABELLED, config.data.heldOut)
  if (questions.some(question => question === 'probe' || question === 'jacobian') && reading.features === null && what !== undefined) throw new CommandError('the model has no output that could be its features: name a value with --ask features=NAME (`lab inspect --json` lists them)')
  const { channels, size } = config.net
  const { network, batch, ran } = await openNetwork(plain(bytes), others, reading, [channels, size, size], false)
  const given = extractor.map(file => ({ name: basename(file), bytes: plain(readBytes(file)) }))
  let bar = progressBar('evaluating')
  let doing = ''
  const tell = async (label: string, done: number, total: number) => {
    if (label !== doing) {
      bar.stop()
      bar = progressBar(label)
      doing = label
    }
    bar.update(done, total)
  }
  const name = basename(path)
  try {
    const compare = questions.includes('quality') && { compare: { count: samples ?? COMPARED, features: await featuresOf(config, given.length > 0 ? { files: given, range: reading.range } : null, false, tell) } }
    const { loss, panels } = await askFile(inLabTerms(network, reading), { name, reading, config, labelled, untrainedBelow: opened.untrainedBelow, batch: batch ?? BATCH, ...compare }, questions, tell)
    return { name, ran, reading, config, loss: loss && { ...loss, step: opened.step ?? 0 }, panels: panels.filter(({ id }) => what === undefined || id !== 'neighbours' || named(what).includes('knn')) }
  } finally {
    bar.stop()
  }
}

/** A Buffer of Node shares its memory with others; onnxruntime and typed arrays want their own. */
const plain = (bytes: Uint8Array) => new Uint8Array(bytes)

const named = (what: string) => what.split(',').map(name => name.trim()).filter(Boolean)

function questionsOf(what: string | undefined): FileQuestion[] {
  if (what === undefined) return [...new Set(Object.values(OF_MODELS))].filter(question => question !== WHEN_NAMED)
  const known = Object.keys(OF_MODELS)
  const unknown = named(what).find(name => !known.includes(name))
  if (unknown !== undefined || named(what).length === 0) {
    const near = nearTo(unknown ?? '', known)
    throw new CommandError(`--what ${what}: of a model there is no “${unknown ?? ''}”; ${near.length > 0 ? `near it: ${near.join(', ')}` : `there are ${known.join(', ')}`}`)
  }
  return [...new Set(named(what).map(name => OF_MODELS[name]))]
}

/** @throws CommandError for keys and values that a reading has not */
export function readingWith(reading: ModelReading, changes: readonly string[]): ModelReading {
  const changed: Record<string, unknown> = { ...reading }
  for (const change of changes) {
    const [, key, text] = /^(\w+)=(.*)$/.exec(change) ?? []
    const known = Object.keys(modelReadingSchema.shape)
    if (key === undefined || !known.includes(key)) throw new CommandError(`--ask ${change}: key=value is expected, with one of ${known.join(', ')}`)
    changed[key] = key === 'scale' ? Number(text) : text === '' && ['time', 'labels', 'features'].includes(key) ? null : text
    const { success, error } = modelReadingSchema.shape[key as keyof ModelReading].safeParse(changed[key])
    if (!success) throw new CommandError(`--ask ${change}: ${error.issues[0].message}`)
  }
  return modelReadingSchema.parse(changed)
}
