/** A training step as a list of moves, one for each dispatch: read off the recording, without a device. */
import { type Config, passOf } from '../../config.ts'
import type { Binding, Dispatch, Tensor } from '../../engine/recorder.ts'
import { shaderSource, specialise } from '../../engine/specialise.ts'
import { blockVectors } from '../../model/parameters.ts'
import type { Training } from '../../model/training.ts'
import { letterWords, layerShapes, recordedIn, stageWords, tensorWords, trainingStages } from './words.ts'

/** A tensor as one dispatch has it: the whole of it, or one layer of the parameters. */
export interface Bound {
  tensor: Tensor
  /** Where it starts in the tensor, in elements. */
  offset: number
  name: string
  words: string
  /** Axes in the house's letters, with their sizes; without letters where nobody has named the tensor. */
  letters: string[]
  sizes: number[]
  type: 'f32' | 'u32'
  /** Axis 0 runs over the samples of the batch. */
  samples: boolean
  /** A layer of the parameters, or of the gradient planes. */
  layer: string | null
}

export interface Move {
  stage: string
  kernel: string
  /** The file that records it; null when the list of words does not know. */
  source: string | null
  /** Constants and include files that differ from the kernel file's own. */
  variant: string
  groups: Dispatch['groups']
  reads: (Bound & { from: number | null })[]
  writes: Bound[]
  shape: Record<string, number>
}

export interface Stage {
  name: string
  words: string
  /** The file that says which kernels come in which order; null when the list of words does not know the stage. */
  source: string | null
}

/** Numbers behind the letters. */
export function lettersOf({ net, train, data }: Config, patchWidth: number): Record<string, number> {
  const C = net.width
  const V = blockVectors(net)
  const M = V * (net.selfCondition || net.blocks) + 2
  const Ml = V * (net.blocks - net.selfCondition) + 2
  return {
    B: passOf(train), N: data.count, T: (net.size / net.patch) ** 2, C, H: net.heads, L: net.blocks, Pv: patchWidth, M, A: M * C, ch: net.channels, h: net.size, w: net.size,
    ...(net.classes > 0 ? { K: net.classes } : {}), ...(net.selfCondition > 0 ? { Ml, Al: Ml * C } : {}),
  }
}

/** The size of an axis: a number, a letter, or letters with a factor and a summand as in 4C+1. @throws when it is none of these */
export function sizeOf(axis: string, letters: Record<string, number>): number {
  const [, factor, letter, more] = /^(\d*)([A-Za-z]*)(?:\+(\d+))?$/.exec(axis) ?? []
  const value = letter ? letters[letter] : 1
  if (factor === undefined || value === undefined || axis === '') throw new RangeError(`no such axis: ${axis}`)
  return (factor === '' ? 1 : Number(factor)) * value + Number(more ?? 0)
}

const product = (sizes: readonly number[]) => sizes.reduce((all, size) => all * size, 1)
const padded = (length: number) => Math.max(4, Math.ceil(length / 4) * 4)

/** The axes of a tensor of that length, by the first of `shapes` that fits it; with anchors B counts twice. */
export function shapeOf(shapes: readonly string[], length: number, letters: Record<string, number>): { letters: string[]; sizes: number[] } | null {
  for (const shape of shapes) {
    const axes = shape.split(' ')
    if (axes[0] === 'parameters') return { letters: axes, sizes: [length] }
    for (const first of axes[0] === 'B' ? ['B', '2B'] : [axes[0]]) {
      const named = [first, ...axes.slice(1)]
      const sizes = named.map(axis => sizeOf(axis, letters))
      if (padded(product(sizes)) === length) return { letters: named, sizes }
    }
  }
  return null
}

/** The name without the number of its block. */
export const family = (name: string) => name.replace(/ \d+(?= |$)/, '')

/** Numbers that a picture can show; the knobs and counters of a replica are none. */
const types: Record<string, Bound['type']> = { f32: 'f32', vec2f: 'f32', vec4f: 'f32', u32: 'u32' }

interface Declared {
  access: 'read' | 'read_write'
  type: Bound['type'] | null
}

const declarations = new Map<string, Map<string, Declared>>()

/** The storage bindings of a kernel as its text declares them. */
function declared({ kernel, specialisation }: Pick<Dispatch, 'kernel' | 'specialisation'>): Map<string, Declared> {
  const key = `${kernel} ${JSON.stringify(specialisation)}`
  let known = declarations.get(key)
  if (!known) {
    const text = specialise(kernel, specialisation)
    known = new Map(Array.from(text.matchAll(/var<storage, (read|read_write)> (\w+): array<(\w+)/g), ([, access, name, type]) => [name, { access: access as Declared['access'], type: types[type] ?? null }]))
    declarations.set(key, known)
  }
  return known
}

/** @param training one replica, recorded for the walk */
export function deriveMoves(config: Config, training: Training): Move[] {
  const letters = lettersOf(config, training.dit.patchWidth)
  const written = new Map<string, number>()
  const keyOf = ({ tensor, layer }: Bound) => `${tensor.name} ${layer ?? ''}`
  return training.recorder.dispatches.map((dispatch, index) => {
    const bound = [...declared(dispatch)].flatMap(([name, { access, type }]) => {
      const binding = dispatch.bindings[name]
      if (!type || !binding || !isShown('tensor' in binding ? binding.tensor : binding)) return []
      return [{ access, one: boundOf(binding, type, training, letters) }]
    })
    const having = (wanted: Declared['access']) => bound.filter(({ access }) => access === wanted).map(({ one }) => one)
    const reads = having('read').map(one => ({ ...one, from: written.get(keyOf(one)) ?? null }))
    const writes = having('read_write')
    for (const one of writes) written.set(keyOf(one), index)
    const { kernel, stage, groups, shape } = dispatch
    return { stage, kernel, source: Object.hasOwn(recordedIn, kernel) ? `src/ops/${recordedIn[kernel]}.ts` : null, variant: variantOf(dispatch), groups, reads, writes, shape }
  })
}

/** Left out: what only stands where a kernel has a binding that is not used, and workgroup counts. */
const isShown = ({ name, usage }: Tensor) => !name.startsWith('no ') && usage === 'storage'

function variantOf({ specialisation: { constants = {}, includes = {} } }: Dispatch): string {
  return [...Object.entries(constants).map(([name, value]) => `${name} = ${value}`), ...Object.values(includes)].join(', ')
}

function boundOf(binding: Binding, type: Bound['type'], training: Training, letters: Record<string, number>): Bound {
  const [tensor, offset] = 'tensor' in binding ? [binding.tensor, binding.offset] : [binding, 0]
  const layer = 'tensor' in binding && [training.parameters.tensor, training.gradients.planes].includes(tensor) ? layerAt(training, offset) : null
  if (layer) return { tensor, offset, type, samples: false, ...layerOf(training, tensor, layer, letters) }
  const known = tensorWords[family(tensor.name)]
  const flat = known?.shapes[0] === 'parameters' ? training.layout.length : tensor.length
  const shape = known ? shapeOf(known.shapes, flat, letters) : null
  const words = known?.words ?? ''
  if (shape) return { tensor, offset, type, name: tensor.name, words, ...shape, samples: /^2?B$/.test(shape.letters[0]), layer: null }
  // Nobody has said what it is: by sample where that comes out even.
  const { B } = letters
  const samples = tensor.length % B === 0 && tensor.length > B
  return { tensor, offset, type, name: tensor.name, words, letters: [], sizes: samples ? [B, tensor.length / B] : [tensor.length], samples, layer: null }
}

const layerAt = ({ layout }: Training, offset: number): string | null =>
  Object.entries(layout.layers).find(([, layer]) => layer.offset === offset)?.[0] ?? (layout.labels?.offset === offset ? 'labels' : null)

function layerOf({ layout, gradients }: Training, tensor: Tensor, layer: string, letters: Record<string, number>): Pick<Bound, 'name' | 'words' | 'letters' | 'sizes' | 'layer'> {
  const placed = layout.layers[layer]
  const sizes = placed ? [placed.inputs + 1, placed.outputs] : [layout.labels!.rows, layout.labels!.width]
  const withNone = !placed && layout.labels!.rows > layout.net.classes
  const axes = (withNone ? 'K+1 C' : layerShapes[layer.replace(/^blocks\.\d+\./, '')])?.split(' ') ?? []
  const fits = axes.length === 2 && axes.every((axis, i) => sizeOf(axis, letters) === sizes[i])
  const gradient = tensor === gradients.planes
  return {
    name: `${gradient ? 'gradient' : 'weights'} ${layer}`, layer, sizes, letters: fits ? axes : [],
    words: `${gradient ? 'Gradient of the weights' : 'Weights'} of ${layer}${placed ? '; the last row is the bias' : `, one row for each class${withNone ? ' and one for no label' : ''}`}`,
  }
}

/** The stages in the order in which they come. */
export function stagesOf(moves: readonly Pick<Move, 'stage'>[]): Stage[] {
  const names = [...new Set(moves.map(({ stage }) => stage))]
  return names.map(name => {
    const key = family(name)
    const known = Object.hasOwn(stageWords, key)
    return { name, words: known ? stageWords[key] : '', source: known ? `src/model/${trainingStages.includes(key) ? 'training' : 'dit'}.ts` : null }
  })
}

/** What a kernel is for: the comment at the head of its file, its includes left out. */
export function aboutKernel(kernel: string): string {
  const lines = shaderSource(kernel).split('\n')
  const end = lines.findIndex(line => !line.startsWith('//'))
  return lines.slice(0, end).filter(line => !line.startsWith('// #include')).map(line => line.slice(3)).join('\n')
}

/** The letters that a run has, with their numbers and meanings. */
export function legendOf(letters: Record<string, number>): { letter: string; value: number; words: string }[] {
  return Object.entries(letters).map(([letter, value]) => ({ letter, value, words: letterWords[letter] ?? '' }))
}
