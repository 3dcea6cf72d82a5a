/** MNIST's IDX: two zero bytes, a type, the number of dimensions, each as a big-endian u32, then the numbers. */
import { ConfigError } from '../../config.ts'
import { baseName, type GivenFile, LONGEST_SIDE, MOST_IMAGES, said, SHORTEST_SIDE, type Source } from './source.ts'

const BYTES = 0x08

export const isIdx = (path: string) => /(ubyte|[.-]idx\d?)$/i.test(path)

interface Idx {
  path: string
  shape: number[]
  data: Uint8Array
}

async function readIdx({ path, bytes: read }: GivenFile): Promise<Idx> {
  const bytes = await read()
  if (bytes.length < 8 || bytes[0] !== 0 || bytes[1] !== 0) throw new ConfigError(`${path} is not an IDX file: it does not begin with two zero bytes and a type`)
  if (bytes[2] !== BYTES) throw new ConfigError(`${path} holds numbers of IDX type 0x${bytes[2].toString(16).padStart(2, '0')}; unsigned bytes (0x08) are read`)
  const dimensions = bytes[3]
  if (dimensions !== 1 && dimensions !== 3) throw new ConfigError(`${path} has ${dimensions} dimensions; labels have 1 and images 3`)
  const start = 4 + 4 * dimensions
  if (bytes.length < start) throw new ConfigError(`${path} ends inside its header`)
  const view = new DataView(bytes.buffer, bytes.byteOffset)
  const shape = Array.from({ length: dimensions }, (_, i) => view.getUint32(4 + 4 * i))
  const length = shape.reduce((product, size) => product * size, 1)
  if (length !== bytes.length - start) throw new ConfigError(`${path} has ${said(bytes.length - start)} bytes of numbers, and its header (${shape.join('×')}) promises ${said(length)}: it is cut short or damaged`)
  return { path, shape, data: bytes.subarray(start) }
}

/** What is common to the names of the two files of a pair: train-images-idx3-ubyte, train-labels-idx1-ubyte. */
const pairName = (path: string) => baseName(path).toLowerCase().replace(/(images?|labels?|idx\d?|ubyte|gz)|[^a-z0-9]/g, '')

/** Images with their labels; `train` and `t10k` or `test` beside each other are a given split. @throws ConfigError with one sentence */
export async function readIdxFiles(files: readonly GivenFile[]): Promise<Source> {
  const all = await Promise.all([...files].sort((a, b) => (a.path < b.path ? -1 : 1)).map(readIdx))
  const images = all.filter(({ shape }) => shape.length === 3)
  const labels = all.filter(({ shape }) => shape.length === 1)
  if (images.length === 0) throw new ConfigError(`${files[0].path} holds labels and no images; bring the file of images as well`)
  const [[, height, width]] = images.map(({ shape }) => shape)
  const total = images.reduce((sum, { shape }) => sum + shape[0], 0)
  if (total > MOST_IMAGES) throw new ConfigError(`${images[0].path} brings ${said(total)} images; at most ${said(MOST_IMAGES)} are read`)
  for (const side of [height, width]) if (side < SHORTEST_SIDE || side > LONGEST_SIDE) throw new ConfigError(`${images[0].path} has images of ${width}×${height} pixels; sides from ${SHORTEST_SIDE} to ${said(LONGEST_SIDE)} are read`)

  const every = new Uint8Array(total)
  const heldOut = new Uint8Array(total)
  const rows: Uint8Array[] = []
  for (const { path, shape: [count, h, w], data } of images) {
    if (h !== height || w !== width) throw new ConfigError(`${path} has images of ${w}×${h} pixels and ${images[0].path} of ${width}×${height}; they must be alike`)
    const own = images.length === 1 && labels.length === 1 ? labels[0] : labels.find(other => pairName(other.path) === pairName(path))
    if (!own && labels.length > 0) throw new ConfigError(`${path} has no file of labels of the same name beside it`)
    if (own && own.shape[0] !== count) throw new ConfigError(`${own.path} has ${said(own.shape[0])} labels, and ${path} ${said(count)} images`)
    if (own) every.set(own.data, rows.length)
    heldOut.fill(/t10k|test/i.test(baseName(path)) ? 1 : 0, rows.length, rows.length + count)
    for (let i = 0; i < count; i++) rows.push(data.subarray(i * h * w, (i + 1) * h * w))
  }
  const greatest = every.reduce((most, label) => Math.max(most, label), 0)
  return {
    kind: 'IDX', channels: 1, width, height, labels: every,
    classes: labels.length > 0 ? Array.from({ length: greatest + 1 }, (_, i) => String(i)) : ['unlabelled'],
    notes: labels.length > 0 ? [] : ['No labels came along, so all images are of one class.'],
    heldOut: heldOut.includes(1) && heldOut.includes(0) ? heldOut : null,
    picture: i => ({ width, height, planes: rows[i] }),
  }
}
