/** What any file that the lab reads holds, as far as that can be told without running or training anything. */
import { ConfigError } from '../config.ts'
import type { ModelAbout } from '../file_protocol.ts'
import { describeOnnx } from '../onnx/describe.ts'
import { readModel } from './open_file.ts'
import { arraysOf, readArchive } from './npz.ts'
import type { DecodePicture } from './own/pictures.ts'
import { readSource } from './own/read.ts'
import { baseName, type GivenFile } from './own/source.ts'
import { zipDirectory } from './zip.ts'

export type FileHolds =
  | { kind: 'onnx'; about: ModelAbout }
  | { kind: 'safetensors'; tensors: { name: string; shape: readonly number[]; type: string; role: string | null }[]; net: object | null; step: number | null; notes: string[] }
  | { kind: 'run'; step: number; config: object; replicas: number; measurements: string[]; losses: number }
  | { kind: 'arrays'; arrays: { name: string; shape: readonly number[]; type: string }[] }
  | { kind: 'images'; format: string; name: string; count: number; width: number; height: number; channels: number; classes: { name: string; count: number }[]; heldOut: number | null; notes: string[] }

/** @param files one file, or those of a folder. @throws ConfigError with one sentence */
export async function inspectFiles(files: readonly GivenFile[], decode: DecodePicture): Promise<FileHolds> {
  const [file] = files
  if (files.length !== 1 || /\.(bin|gz|tgz|tar|npy|png|jpe?g)$|ubyte$|[.-]idx\d?$/i.test(file.path)) return images(files, decode)
  const bytes = await file.bytes()
  if (bytes[0] === 0x50 && bytes[1] === 0x4b) {
    const names = zipDirectory(bytes).map(({ name }) => name)
    const has = (wanted: string) => names.some(name => name === wanted || name.endsWith(`/${wanted}`))
    if (has('checkpoint.npz') || (has('config.json') && has('parameters.npy'))) return run(file.path, bytes)
    if (names.some(name => name.endsWith('.npy'))) return arrays(bytes)
    return images(files, decode)
  }
  const { opened } = readModel([{ name: baseName(file.path), bytes }])
  if (opened.kind === 'onnx') return { kind: 'onnx', about: describeOnnx(bytes) }
  const { tensors, net, notes, differences } = opened.weights!
  return { kind: 'safetensors', tensors: tensors.map(({ name, shape, type, role }) => ({ name, shape, type, role })), net, step: opened.step, notes: [...notes, ...differences] }
}

function run(path: string, bytes: Uint8Array): FileHolds {
  const { checkpoint } = readModel([{ name: baseName(path), bytes }])
  const { config, step, replicas, history } = checkpoint()
  return { kind: 'run', step, config, replicas: replicas.length, losses: history?.losses.length ?? 0, measurements: [...new Set((history?.measurements ?? []).map(({ id }) => id))] }
}

function arrays(bytes: Uint8Array): FileHolds {
  const found = Object.entries(arraysOf(readArchive(bytes)))
  if (found.length === 0) throw new ConfigError('the archive holds no arrays')
  return { kind: 'arrays', arrays: found.map(([name, { shape, dtype }]) => ({ name, shape, type: dtype })) }
}

async function images(files: readonly GivenFile[], decode: DecodePicture): Promise<FileHolds> {
  const { source: { kind: format, channels, width, height, labels, heldOut, classes, notes }, name } = await readSource(files, decode)
  const counts = classes.map(() => 0)
  for (const label of labels) counts[label]++
  return {
    kind: 'images', format, name, count: labels.length, width, height, channels, notes, heldOut: heldOut && heldOut.reduce((sum, one) => sum + one, 0),
    classes: classes.map((one, i) => ({ name: one, count: counts[i] })),
  }
}
