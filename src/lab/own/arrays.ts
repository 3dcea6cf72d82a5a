/** NumPy arrays: images (N,ch,h,w), (N,h,w,ch) or (N,h,w), and labels (N). */
import { ConfigError } from '../../config.ts'
import { arraysOf, type NpzTensor } from '../npz.ts'
import { type GivenFile, LONGEST_SIDE, MOST_CLASSES, MOST_IMAGES, said, SHORTEST_SIDE, type Source } from './source.ts'
import { stemOf } from './archives.ts'

export const isNpy = (path: string) => /\.npy$/i.test(path)

interface Named extends NpzTensor {
  name: string
}

/** Which part of a set an array says it belongs to: x_train, test_images … */
type Part = 'train' | 'test' | ''
const partOf = (name: string): Part => (/test|t10k/i.test(name) ? 'test' : /train|val/i.test(name) ? 'train' : '')
const isImages = ({ shape, name }: Named) => (shape.length === 3 || shape.length === 4) && !LABELS.test(name)
const isLabels = ({ shape, dtype }: Named) => dtype !== 'bool' && (shape.length === 1 || (shape.length === 2 && shape[1] === 1))
const LABELS = /^(y|labels?|targets?|classes)(_|$)|_(y|labels?|targets?)$/i

/** @throws ConfigError with one sentence */
export async function readArrays(files: readonly GivenFile[]): Promise<Source> {
  const arrays: Named[] = []
  const notes: string[] = []
  let damaged: unknown
  for (const { path, bytes } of files) {
    try {
      const [tensor] = Object.values(arraysOf({ [path]: await bytes() }))
      arrays.push({ ...tensor, name: stemOf(path) })
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error
      damaged ??= error
      notes.push(`Left out: ${error.message}.`)
    }
  }
  const images = arrays.filter(isImages)
  if (images.length === 0 && damaged) throw damaged
  if (images.length === 0) throw new ConfigError(`no array of images is there (${arrays.map(({ name, shape }) => `${name} is (${shape.join(', ')})`).join('; ')}); the shapes (N, ch, h, w), (N, h, w, ch) and (N, h, w) are read`)
  return assemble(images, arrays.filter(isLabels), notes)
}

function assemble(images: Named[], labels: Named[], notes: string[]): Source {
  const layouts = images.map(layoutOf)
  const [{ channels, height, width }] = layouts
  images.forEach(({ name }, i) => {
    const other = layouts[i]
    if (other.channels !== channels || other.height !== height || other.width !== width) throw new ConfigError(`the arrays ${images[0].name} and ${name} both hold images, of different shapes; keep one of them`)
    const twin = images.findIndex(image => image.name !== name && partOf(image.name) === partOf(name) && !/val/i.test(image.name + name))
    if (twin > i) throw new ConfigError(`the arrays ${name} and ${images[twin].name} both hold images; keep one of them, or name them x_train and x_test`)
  })
  const total = images.reduce((sum, { shape }) => sum + shape[0], 0)
  if (total > MOST_IMAGES) throw new ConfigError(`there are ${said(total)} images; at most ${said(MOST_IMAGES)} are read`)

  if (images.some(({ name }) => /val/i.test(name))) notes.push('Validation images count as training images.')
  const toByte = byteScale(images, notes)
  const plane = height * width
  const pixels = new Uint8Array(total * channels * plane)
  const every = new Uint8Array(total)
  const heldOut = new Uint8Array(total)
  let at = 0
  let labelled = 0
  images.forEach((image, k) => {
    const count = image.shape[0]
    const { last } = layouts[k]
    const { data } = image
    if (data instanceof Uint8Array && image.dtype === 'u1' && !last) pixels.set(data, at * channels * plane)
    else for (let i = 0; i < count; i++) {
      for (let c = 0; c < channels; c++) {
        for (let p = 0; p < plane; p++) pixels[((at + i) * channels + c) * plane + p] = toByte(Number(data[last ? (i * plane + p) * channels + c : (i * channels + c) * plane + p]))
      }
    }
    const own = labelsOf(image, images, labels)
    if (own) {
      every.set(labelBytes(own), at)
      labelled++
    }
    heldOut.fill(partOf(image.name) === 'test' ? 1 : 0, at, at + count)
    at += count
  })
  if (labelled > 0 && labelled < images.length) throw new ConfigError(`some of the arrays ${images.map(({ name }) => name).join(', ')} have labels and some have none; give all of them labels, or none`)
  if (labelled === 0) notes.push('No labels came along, so all images are of one class.')
  const greatest = every.reduce((most, label) => Math.max(most, label), 0)
  return {
    kind: 'NumPy arrays', channels, width, height, labels: every, notes,
    classes: labelled > 0 ? Array.from({ length: greatest + 1 }, (_, i) => String(i)) : ['unlabelled'],
    heldOut: heldOut.includes(1) && heldOut.includes(0) ? heldOut : null,
    picture: i => ({ width, height, planes: pixels.subarray(i * channels * plane, (i + 1) * channels * plane) }),
  }
}

function layoutOf({ name, shape }: Named): { channels: 1 | 3; height: number; width: number; last: boolean } {
  const [, a, b, c] = shape
  const colours = (size: number): size is 1 | 3 => size === 1 || size === 3
  const found = shape.length === 3 ? { channels: 1 as const, height: a, width: b, last: false }
    : colours(a) ? { channels: a, height: b, width: c, last: false }
      : colours(c) ? { channels: c, height: a, width: b, last: true } : null
  if (!found) throw new ConfigError(`array ${name} has the shape (${shape.join(', ')}); (N, ch, h, w) and (N, h, w, ch) with 1 or 3 channels and (N, h, w) are read`)
  for (const side of [found.height, found.width]) if (side < SHORTEST_SIDE || side > LONGEST_SIDE) throw new ConfigError(`array ${name} has images of ${found.width}×${found.height} pixels; sides from ${SHORTEST_SIDE} to ${said(LONGEST_SIDE)} are read`)
  return found
}

/** From the numbers of all these arrays to bytes: 0…255, 0…1 and −1…1 are told apart by what occurs. */
function byteScale(images: Named[], notes: string[]): (value: number) => number {
  if (images.every(({ dtype }) => dtype === 'u1')) return value => value
  if (images.every(({ dtype }) => dtype === 'bool')) return value => 255 * value
  let [least, greatest] = [Infinity, -Infinity]
  for (const { name, data } of images) {
    for (let i = 0; i < data.length; i++) {
      const value = Number(data[i])
      if (!Number.isFinite(value)) throw new ConfigError(`array ${name} holds ${value} at place ${said(i)}; images are made of finite numbers`)
      if (value < least) least = value
      if (value > greatest) greatest = value
    }
  }
  const fraction = images.some(({ dtype }) => dtype.startsWith('f'))
  const slack = 1e-3
  if (fraction && least >= -1 - slack && least < 0 && greatest <= 1 + slack) {
    notes.push('Values from −1 to 1 were brought to 8 bits.')
    return value => Math.round(Math.min(255, Math.max(0, (value + 1) * 127.5)))
  }
  if (fraction && least >= 0 && greatest <= 1 + slack) {
    notes.push('Values from 0 to 1 were brought to 8 bits.')
    return value => Math.round(Math.min(255, value * 255))
  }
  if (least >= 0 && greatest <= 255) return Math.round
  throw new ConfigError(`the images hold values from ${least} to ${greatest}; 0 to 255, and for fractions also 0 to 1 and −1 to 1, are read`)
}

/** The labels that belong to these images. */
function labelsOf(image: Named, images: Named[], labels: Named[]): Named | null {
  const part = image.name.toLowerCase().replaceAll(/(^|_)(x|images?|data|imgs?)(?=_|$)/g, '').replaceAll('_', '')
  const near = images.length === 1 ? labels : labels.filter(({ name }) => name.toLowerCase().replaceAll(/(^|_)(y|labels?|targets?)(?=_|$)/g, '').replaceAll('_', '') === part)
  if (near.length === 0) return null
  const fitting = near.filter(({ shape }) => shape[0] === image.shape[0])
  if (fitting.length === 0) throw new ConfigError(`array ${near[0].name} has ${said(near[0].shape[0])} labels, and ${image.name} ${said(image.shape[0])} images`)
  const chosen = fitting.length === 1 ? fitting[0] : fitting.find(({ name }) => LABELS.test(name))
  if (!chosen) throw new ConfigError(`the arrays ${fitting.map(({ name }) => name).join(' and ')} could both be labels; call one of them labels`)
  return chosen
}

function labelBytes({ name, data }: Named): Uint8Array {
  return Uint8Array.from(data as ArrayLike<number | bigint>, (value, i) => {
    const label = Number(value)
    if (!Number.isInteger(label) || label < 0 || label >= MOST_CLASSES) throw new ConfigError(`array ${name} holds the label ${label} at place ${said(i)}; whole numbers from 0 to ${MOST_CLASSES - 1} are read`)
    return label
  })
}
