/** `--data PATH`: images of one's own, from a file or a folder, as a data set that the rest of the lab takes like any other. */
import { existsSync, readdirSync, statSync } from 'node:fs'
import { join, relative, resolve, sep } from 'node:path'
import type { Command } from 'commander'
import { ConfigError } from '../config.ts'
import type { Dataset } from '../datasets/dataset.ts'
import { datasets, registerDataset } from '../datasets/index.ts'
import { ownDataset } from '../datasets/own.ts'
import { convert, suggested } from '../lab/own/convert.ts'
import { readSource } from '../lab/own/read.ts'
import { baseName, type GivenFile } from '../lab/own/source.ts'
import type { OwnAsked } from '../file_protocol.ts'
import { decodePicture } from './decode_picture.ts'
import { CommandError } from './failure.ts'
import { readBytes } from './files.ts'
import { progressBar } from './output.ts'
import { parseCount } from './settings.ts'

export interface DataOptions {
  data?: string
  dataSize?: string
  dataFit: string
  dataChannels: string
}

const FITS = ['resize', 'crop'] as const
const CHANNELS = ['file', 'grey', 'rgb'] as const
const MOST_FILE = 2 ** 30

export const dataOptions = (command: Command): Command => command
  .option('--data <path>', 'your own images: CIFAR-10 (.bin, .tar.gz), IDX (.gz), .npz, .npy, .zip or a folder of PNG and JPEG pictures by class')
  .option('--data-size <pixels>', 'the side they are kept at; the file’s own when left out, at most 64')
  .option(`--data-fit <${FITS.join('|')}>`, 'bring the largest square in the middle to that side, or cut the middle out as it is', 'resize')
  .option(`--data-channels <${CHANNELS.join('|')}>`, 'as in the file, or converted', 'file')

/** Reads the images and makes them known under the id of the data set that is returned. @throws CommandError */
export async function openData({ data: path, dataSize, dataFit, dataChannels }: DataOptions): Promise<Dataset | undefined> {
  if (path === undefined) return undefined
  if (!isOneOf(FITS, dataFit)) throw new CommandError(`--data-fit ${dataFit}: there are ${FITS.join(' and ')}`)
  if (!isOneOf(CHANNELS, dataChannels)) throw new CommandError(`--data-channels ${dataChannels}: there are ${CHANNELS.join(', ')}`)
  const size = dataSize === undefined ? undefined : parseCount('--data-size', dataSize, 2)
  const bar = progressBar('reading images')
  const breathe = () => new Promise<void>(done => { setImmediate(done) })
  try {
    const opened = await readSource(filesAt(path), decodePicture)
    const asked: OwnAsked = { ...suggested(opened), fit: dataFit, channels: dataChannels, ...(size === undefined ? {} : { size }) }
    const { set, pool } = await convert(opened.source, asked, (done, total) => bar.update(done, total), breathe)
    const dataset = ownDataset(set, pool)
    registerDataset(dataset)
    for (const note of set.notes) process.stderr.write(`lab: ${path}: ${note}\n`)
    return dataset
  } catch (error) {
    if (error instanceof ConfigError) throw new CommandError(`--data ${path}: ${error.message}`)
    throw error
  } finally {
    bar.stop()
  }
}

/** A path given as `--set data.dataset=PATH` means `--data PATH`. */
export function withoutDataPath<T extends DataOptions & { set: string[] }>(options: T): T {
  const KEY = 'data.dataset='
  const path = options.set.findLast(setting => setting.startsWith(KEY))?.slice(KEY.length)
  if (path === undefined || path in datasets || !existsSync(path)) return options
  return { ...options, data: path, set: options.set.filter(setting => !setting.startsWith(KEY)) }
}

function isOneOf<T extends string>(choices: readonly T[], word: string): word is T {
  return (choices as readonly string[]).includes(word)
}

/** A file, or all that lie in a folder. @param option that named it, for the sentence when nothing is there. @throws CommandError */
export function filesAt(path: string, option = '--data '): GivenFile[] {
  const known = statSync(path, { throwIfNoEntry: false })
  if (!known) throw new CommandError(`${option}${path}: there is no such file or folder`)
  if (!known.isDirectory()) return [fileAt(path, baseName(path.replaceAll(sep, '/')))]
  const whole = resolve(path)
  const entries = readdirSync(whole, { recursive: true, withFileTypes: true }).filter(entry => entry.isFile())
  return entries.map(entry => {
    const file = join(entry.parentPath, entry.name)
    return fileAt(file, [baseName(whole.replaceAll(sep, '/')), ...relative(whole, file).split(sep)].join('/'))
  })
}

const fileAt = (file: string, path: string): GivenFile => ({
  path,
  async bytes() {
    const { size } = statSync(file)
    if (size > MOST_FILE) throw new CommandError(`${file} has ${size.toLocaleString('en')} bytes; at most ${MOST_FILE.toLocaleString('en')} are read`)
    const bytes = readBytes(file)
    return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  },
})
