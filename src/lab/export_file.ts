/** What leaves the page, as one file. */
import { strToU8 } from 'fflate'
import type { RunData } from '../datasets/dataset.ts'
import type { ExportAsked } from '../protocol.ts'
import { outgrownFolder } from './outgrown/folder.ts'
import { replicaLabel } from './replica_tick.ts'
import { encodeRunFile, zipFiles } from './run_file.ts'
import type { Checkpoint } from './session.ts'
import { exportWeights } from './weights_file.ts'

/** Name of the folder in the .zip for PyTorch. */
const FOLDER = 'continue-in-pytorch'

/** @throws ConfigError when there is no such replica, RangeError when there is no such layer */
export function exportFile(checkpoint: Checkpoint, asked: ExportAsked, data: RunData, version: string): Uint8Array<ArrayBuffer> {
  const { config } = checkpoint
  if (asked.what === 'run') return encodeRunFile(checkpoint, config.replicas.map((_, r) => replicaLabel(config, r)), version)
  if (asked.what === 'pytorch') {
    const files = outgrownFolder(checkpoint, asked.replica, data, version)
    return zipFiles(Object.fromEntries(Object.entries(files).map(([name, content]) => [`${FOLDER}/${name}`, typeof content === 'string' ? strToU8(content) : content])))
  }
  return exportWeights(checkpoint, { replica: asked.replica, weights: asked.weights, format: asked.what, version, layer: asked.what === 'onnx' ? asked.layer : undefined })
}
