/** Weights of one replica as a file for other programs, and files of other programs as a run to go on from. The page and the terminal use the same. */
import { type Config, ConfigError, type ConfigInput, dataSchema, parseConfig } from '../config.ts'
import { datasetOf, datasets } from '../datasets/index.ts'
import { startState } from '../model/knobs.ts'
import { fromNamed, parameterLayout, toNamed } from '../model/parameters.ts'
import { exportOnnx } from '../onnx/export.ts'
import { importOnnx, type ImportOptions } from '../onnx/import.ts'
import { type WeightKind, writeMetadata } from '../onnx/metadata.ts'
import { importNamed } from '../onnx/named.ts'
import { type Imported, withNullRow } from '../onnx/report.ts'
import { checkConfig } from './data.ts'
import { readSafetensors, writeSafetensors } from './safetensors.ts'
import type { Checkpoint } from './session.ts'

export const FORMATS = ['onnx', 'safetensors'] as const
export type WeightFormat = (typeof FORMATS)[number]

export interface ExportChoice {
  /** 0 for the first. */
  replica: number
  weights: WeightKind
  format: WeightFormat
  /** Block whose mean token an ONNX file also answers with; the config's own when left out. */
  layer?: number
  /** Of the lab, for the file's notes. */
  version: string
}

/** @throws ConfigError when there is no such replica, RangeError when there is no such layer */
export function exportWeights({ config, step, replicas }: Pick<Checkpoint, 'config' | 'step' | 'replicas'>, { replica, weights, format, layer, version }: ExportChoice): Uint8Array<ArrayBuffer> {
  const state = replicas[replica]
  if (!state) throw new ConfigError(`there is no replica ${replica}; there are ${replicas.length}, counted from 0`)
  const parameters = toNamed(parameterLayout(config.net), weights === 'ema' ? state.ema : state.parameters)
  const source = { config, replica, weights, step, version }
  return format === 'onnx' ? exportOnnx({ ...source, parameters, layer }) : writeSafetensors(parameters, writeMetadata(source))
}

/** Of either format, told apart by how it begins. @throws ConfigError with one sentence for a file that cannot be read */
export function readWeightsFile(bytes: Uint8Array, options: ImportOptions = {}): Imported {
  // safetensors: a length of which the upper half is zero, then JSON. No ONNX file has zeros there.
  const json = bytes.length > 8 && bytes[8] === 0x7b && bytes.subarray(4, 8).every(byte => byte === 0)
  return json ? importNamed(readSafetensors(bytes), options) : importOnnx(bytes, options)
}

/**
 * A run at step 0 from imported weights: the running mean starts as a copy of them, the optimiser afresh.
 * @param sections of the config to come, for a file that does not say; what is left out is chosen so that the net fits
 * @throws ConfigError when the weights are not whole, or no data set has such images
 */
export function checkpointOf(imported: Imported, sections: Pick<ConfigInput, 'data' | 'objective' | 'train' | 'replicas' | 'evaluate'> = {}): Checkpoint {
  const { net, parameters } = imported
  if (!net || !parameters) throw new ConfigError(`the weights cannot be loaded: ${imported.differences[0] ?? 'they are not whole'}`)
  const config = configFor(imported, sections)
  const flat = fromNamed(parameterLayout(net), parameters)
  const empty = () => new Float32Array(flat.length)
  const replicas = config.replicas.map(() => ({ parameters: flat.slice(), ema: flat.slice(), first: empty(), second: empty(), state: startState() }))
  return { config, step: 0, replicas }
}

function configFor({ config: own, net }: Imported, sections: ConfigInput): Config {
  const base: ConfigInput = own ?? { ...fitted(net!, sections.data?.dataset), objective: { layer: Math.min(net!.blocks, 3) }, replicas: [{ method: 'fm' }] }
  const merge = <T extends object>(a: T | undefined, b: T | undefined) => ({ ...a, ...b })
  const config = parseConfig({
    ...base, data: merge(base.data, sections.data), objective: merge(base.objective, sections.objective), train: merge(base.train, sections.train),
    evaluate: merge(base.evaluate, sections.evaluate), replicas: sections.replicas ?? base.replicas,
  })
  checkConfig(config)
  return config
}

/** The net and images for it; a label table with one row more than there are classes has DiT's row for no label. @throws ConfigError when there are none */
function fitted(net: Config['net'], asked: string | undefined): Required<Pick<ConfigInput, 'net' | 'data'>> {
  const { channels, size, classes } = net
  // The default before the others, as many classes before one less.
  const known = [datasets[dataSchema.parse({}).dataset], ...Object.values(datasets)].filter(dataset => dataset.channels === channels && dataset.sizes.includes(size))
  const id = asked ?? (known.find(dataset => classes === 0 || dataset.classes.length === classes) ?? known.find(dataset => withNullRow(net, dataset.classes.length)))?.id
  if (id !== undefined) return { net: withNullRow(net, datasetOf(id)?.classes.length ?? 0) ?? net, data: { dataset: id } }
  const among = classes > 0 ? ` and ${classes} classes` : ''
  throw new ConfigError(`the weights are for images of ${channels} channels at ${size} pixels${among}, and there is no data set here like that`)
}
