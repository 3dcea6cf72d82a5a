/** Whatever file of a model or a run somebody gives, read as far as it goes: what it is, and what may be done with it. */
import { type Config, ConfigError, parseConfig } from '../config.ts'
import { fittedTo } from '../datasets/fitting.ts'
import type { Dataset } from '../datasets/dataset.ts'
import { datasetOf, datasets } from '../datasets/index.ts'
import { describeOnnx, guessInputs } from '../onnx/describe.ts'
import { linearLevel, placeOn } from '../flow/place.ts'
import { resolveReplica } from '../model/replica.ts'
import type { Imported, ImportHints } from '../onnx/report.ts'
import type { ModelAbout, ModelReading, OpenedFile, WeightsAbout } from '../file_protocol.ts'
import { decodeRunFile } from './run_file.ts'
import type { Checkpoint } from './session.ts'
import { checkpointOf, readWeightsFile } from './weights_file.ts'

export interface GivenBytes {
  name: string
  bytes: Uint8Array
}

export interface ReadModel {
  opened: OpenedFile
  /** To go on from. `dataset` for weights whose file does not say. @throws ConfigError with one sentence */
  checkpoint(dataset?: string): Checkpoint
}

const isZip = ({ bytes }: GivenBytes) => bytes[0] === 0x50 && bytes[1] === 0x4b
const ACCEPTED = 'ONNX models, safetensors, and this lab’s own .zip and checkpoint.npz are read'

/** Of several files the others are those in which an ONNX model keeps its weights. @throws ConfigError with one sentence */
export function readModel(files: readonly GivenBytes[], hints: ImportHints = {}): ReadModel {
  const main = mainFile(files)
  const { name, bytes } = main
  const given = { name, bytes: files.reduce((sum, file) => sum + file.bytes.length, 0) }
  if (isZip(main)) {
    const checkpoint = decodeRunFile(bytes)
    const { config, step } = checkpoint
    return { opened: { ...given, kind: 'run', config, step, about: null, weights: null, reading: null, fitting: null, untrainedBelow: 0 }, checkpoint: () => checkpoint }
  }
  const others = Object.fromEntries(files.filter(file => file !== main).map(file => [file.name, file.bytes]))
  const tensors = /\.safetensors$/i.test(name) || (bytes.length > 8 && bytes[8] === 0x7b && bytes.subarray(4, 8).every(byte => byte === 0))
  const about = tensors ? null : readAbout(bytes)
  const { imported, weights } = readWeights(bytes, about, { ...hints, files: others })
  const { config = null, step = null } = imported ?? {}
  const reading = about && readingOf(about, imported)
  return {
    opened: { ...given, kind: tensors ? 'safetensors' : 'onnx', config, step, about, weights, reading, fitting: config ?? (about && reading && configLike(about, reading, Object.values(datasets))), untrainedBelow: config ? untrainedBelow(config) : 0 },
    checkpoint(dataset) {
      if (!imported) throw new ConfigError(`the weights cannot be loaded: ${weights.differences[0]}`)
      return checkpointOf(imported, dataset === undefined ? {} : sectionsFor(dataset))
    },
  }
}

/** Of the one replica that a file of ours is about. */
function pathIn(config: Config): Pick<ModelReading, 'path' | 'parameters'> {
  const { id, parameters } = resolveReplica(config, config.replicas[0]).path
  return { path: id as ModelReading['path'], ...(Object.keys(parameters).length > 0 ? { parameters } : {}) }
}

/** The same replica's, on the linear path along which files are asked. */
function untrainedBelow(config: Config): number {
  const { objective, method, path } = resolveReplica(config, config.replicas[0])
  const { tMin, flowBelow } = method.knobs(objective)
  return flowBelow || tMin === 0 ? 0 : linearLevel(placeOn(path, tMin))
}

/** Of a data set from a file there may be fewer images than usual. */
function sectionsFor(id: string): Pick<Config, 'data' | 'evaluate'> {
  const dataset = datasetOf(id)
  if (!dataset) throw new ConfigError(`there is no data set “${id}”`)
  const { data, evaluate } = fittedTo(parseConfig({}), dataset)
  return { data, evaluate }
}

function mainFile(files: readonly GivenBytes[]): GivenBytes {
  if (files.length === 0) throw new ConfigError(`there is no file; ${ACCEPTED}`)
  if (files.length === 1) return files[0]
  const models = files.filter(({ name }) => /\.(onnx|safetensors|npz|zip)$/i.test(name))
  if (models.length !== 1) throw new ConfigError(`${models.length === 0 ? 'none' : models.length} of the ${files.length} files ${models.length === 0 ? 'is a model' : 'are models'}; give one model, and beside an ONNX file those in which it keeps its weights`)
  return models[0]
}

function readAbout(bytes: Uint8Array): ModelAbout {
  try {
    return describeOnnx(bytes)
  } catch (error) {
    if (error instanceof ConfigError) throw new ConfigError(`${error.message} (${ACCEPTED})`)
    throw error
  }
}

/** A model that can be looked at is no failure where its weights cannot be had, as when they are in a second file that was not given. */
function readWeights(bytes: Uint8Array, about: ModelAbout | null, options: Parameters<typeof readWeightsFile>[1]): { imported: Imported | null; weights: WeightsAbout } {
  try {
    const imported = readWeightsFile(bytes, options)
    const { net, parameters, tensors, missing, asks, differences, notes } = imported
    return { imported, weights: { net, whole: parameters !== null, tensors, missing, asks, differences, notes } }
  } catch (error) {
    if (!about || !(error instanceof ConfigError)) throw error
    return { imported: null, weights: { net: null, whole: false, tensors: [], missing: [], asks: [], differences: [error.message], notes: [] } }
  }
}

/** As far as names, types and shapes tell; null when nothing takes images. */
function readingOf(about: ModelAbout, imported: Imported | null): ModelReading | null {
  const { image, time, labels } = imported?.inputs ?? guessInputs(about)
  if (image === null) return null
  const output = about.outputs.find(({ shape }) => shape?.length === 4) ?? about.outputs.find(({ shape }) => shape === null) ?? about.outputs[0]
  const features = about.outputs.find(value => value !== output && value.shape?.length === 2)?.name ?? null
  const whole = /int/.test(about.inputs.find(({ name }) => name === time)?.type ?? '')
  const given = { image, time, labels, output: output.name, features, zero: 'clean', range: 'signed' } as const
  // A variance behind the answer is the mark of DDPM's nets (DiT's learn_sigma), which predict the noise at steps 0 to 999.
  const channels = about.inputs.find(({ name }) => name === image)?.shape?.[1]
  if (imported?.variance || (typeof channels === 'number' && output.shape?.[1] === 2 * channels)) return { ...given, scale: 999, predicts: 'noise', path: 'ddpm' }
  return { ...given, scale: whole ? 999 : imported?.time?.scale ?? 1, predicts: 'velocity', ...(imported?.config ? pathIn(imported.config) : { path: 'linear' }) }
}

/** Settings of an evaluation with images of the shape that the model takes; null when none of these data sets has such. */
function configLike({ inputs }: ModelAbout, { image, labels }: ModelReading, among: readonly Dataset[]): Config | null {
  const shape = inputs.find(({ name }) => name === image)?.shape
  const [, channels, size] = shape ?? []
  const fits = among.find(dataset => (typeof channels !== 'number' || dataset.channels === channels) && (typeof size !== 'number' || dataset.sizes.includes(size)))
  if (!fits) return null
  const side = typeof size === 'number' ? size : fits.size
  const patch = [2, 4, 1].find(each => side % each === 0)
  const config = parseConfig({ net: { channels: fits.channels, size: side, patch, classes: labels === null ? 0 : fits.classes.length }, replicas: [{ method: 'fm' }] })
  return { ...fittedTo(config, fits), net: config.net }
}

/** The settings under which a model is evaluated on a data set, or on its own. @throws ConfigError with one sentence when its images have another shape */
export function fittingFor({ about, config, fitting, reading }: OpenedFile, id: string | undefined): Config {
  if (!about || !reading) throw new ConfigError('nothing in this model takes images')
  const wanted = id === undefined ? null : datasetOf(id)
  if (wanted === undefined) throw new ConfigError(`there is no data set “${id}”; there are ${Object.keys(datasets).join(', ')}`)
  const found = wanted === null ? fitting : config ? { ...fittedTo(config, wanted), net: config.net } : configLike(about, reading, [wanted])
  if (!found) throw new ConfigError(`the model takes images of the shape (${about.inputs.find(({ name }) => name === reading.image)?.shape?.map(size => size ?? '?').join(', ')}), and ${wanted?.label ?? 'no data set here'} has none like that`)
  return found
}
