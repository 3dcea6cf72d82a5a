/** CIFAR-10, binary version: records of a label and 3072 pixels, all of red, all of green, all of blue, rows from the top. */
import { ConfigError } from '../../config.ts'
import { baseName, type GivenFile, said, type Source } from './source.ts'

const SIDE = 32
const PIXELS = 3 * SIDE * SIDE
const RECORD = PIXELS + 1
const CLASSES = ['airplane', 'automobile', 'bird', 'cat', 'deer', 'dog', 'frog', 'horse', 'ship', 'truck']

export const isCifar = (path: string) => /\.bin$/i.test(path)

/** @throws ConfigError with one sentence */
export async function readCifar(files: readonly GivenFile[]): Promise<Source> {
  const records: Uint8Array[] = []
  const heldOut: number[] = []
  const ordered = [...files].sort((a, b) => (a.path < b.path ? -1 : 1))
  for (const { path, bytes: read } of ordered) {
    const bytes = await read()
    if (bytes.length === 0) throw new ConfigError(`${path} is empty`)
    if (bytes.length % RECORD !== 0) {
      const other = bytes.length % (RECORD + 1) === 0 ? '; records of 3,074 bytes are CIFAR-100’s, and CIFAR-10 is read' : ': it is cut short or no CIFAR-10 file'
      throw new ConfigError(`${path} has ${said(bytes.length)} bytes, which is no whole number of CIFAR-10 records of ${said(RECORD)} bytes${other}`)
    }
    const test = /test/i.test(baseName(path)) ? 1 : 0
    for (let at = 0; at < bytes.length; at += RECORD) {
      if (bytes[at] >= CLASSES.length) throw new ConfigError(`${path}: record ${said(at / RECORD + 1)} has the label ${bytes[at]}; CIFAR-10 has 0 to 9`)
      records.push(bytes.subarray(at, at + RECORD))
      heldOut.push(test)
    }
  }
  return {
    kind: 'CIFAR-10 binary', classes: CLASSES, channels: 3, width: SIDE, height: SIDE, notes: [],
    labels: Uint8Array.from(records, ([label]) => label),
    heldOut: new Set(heldOut).size === 2 ? Uint8Array.from(heldOut) : null,
    picture: i => ({ width: SIDE, height: SIDE, planes: records[i].subarray(1) }),
  }
}
