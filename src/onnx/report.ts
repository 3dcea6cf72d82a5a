/** What came of reading somebody's weights, tensor by tensor. */
import { type Config, type NetConfig, netSchema } from '../config.ts'
import { type NamedTensor, parameterLayout, toNamed } from '../model/parameters.ts'
import { positionEmbedding } from '../model/positions.ts'
import type { Source } from './metadata.ts'

export interface TensorReport {
  /** As the file calls it. */
  name: string
  shape: readonly number[]
  type: string
  /**
   * matched: it is (part of) the parameter `role`; fixed: it holds what the engine has built in (positions, frequencies, ones of a LayerNorm);
   * shape: it has the place of `role`, and another shape; unmatched: the engine has no place for it.
   */
  status: 'matched' | 'fixed' | 'shape' | 'unmatched'
  /** The engine's name of the parameter, or in a few words what it is. */
  role: string | null
}

export interface ImportedTime {
  /** What the file's own t is at pure noise: 1, or 1000 where it counts DiT's steps. The weights need no change for either. */
  scale: number
}

/** Which of the graph's inputs is what. */
export interface InputNames {
  image: string
  time: string | null
  labels: string | null
}

export interface Imported {
  /** Whole config, when this lab wrote the file; the replicas are the one that was exported. */
  config: Config | null
  /** Of the weights, when this lab wrote the file. */
  step: number | null
  /** As far as the file tells; null when it is no such transformer. */
  net: NetConfig | null
  /** Every parameter of `net` by DiT's names, in PyTorch's shapes; null when one is missing, has another shape or is not finite. */
  parameters: Record<string, NamedTensor> | null
  tensors: TensorReport[]
  /** Parameters that the file has not. */
  missing: { name: string; shape: number[] }[]
  time: ImportedTime | null
  /** Whether a variance follows its answer, as DDPM's nets have it. */
  variance: boolean
  /** Null when the graph is no such transformer, or the file has no graph. */
  inputs: InputNames | null
  /** What the file does not tell and must be said by whoever gives it. */
  asks: ('heads' | 'size')[]
  /** In one sentence each, in what the engine's answer would differ from the file's. Empty: they agree but for rounding. */
  differences: string[]
  /** In one sentence each, what was taken for granted or may be worth knowing. */
  notes: string[]
}

/** What a file may leave open. */
export interface ImportHints {
  /** Attention heads. */
  heads?: number
  /** Side of the images in pixels. */
  size?: number
}

/** Parameter tensors of a net with their shapes, in the engine's order. */
export function expectedShapes(net: NetConfig): Record<string, number[]> {
  const layout = parameterLayout(net)
  return Object.fromEntries(Object.entries(toNamed(layout, new Float32Array(layout.length))).map(([name, { shape }]) => [name, shape]))
}

/** What a label table's rows stand for. A file of others does not say whether its last row is for no label; whoever knows the data set can (`withNullRow`). */
export const labelsOf = (rows: number, source: Source | null): Pick<NetConfig, 'classes' | 'labelDrop'> => {
  const net = source?.config.net
  return net && rows > 0 ? { classes: net.classes, labelDrop: net.labelDrop } : { classes: rows, labelDrop: 0 }
}

/** DiT's own share of labels that are left out; its table has a row for them. */
const DIT_LABEL_DROP = 0.1

/** The same net, its last label taken for that of no class, if so it has as many classes as the data set; else null. */
export const withNullRow = <Net extends Pick<NetConfig, 'classes' | 'labelDrop'>>(net: Net, classes: number): Net | null =>
  net.labelDrop === 0 && classes > 0 && net.classes === classes + 1 ? { ...net, classes, labelDrop: DIT_LABEL_DROP } : null

/** What an exported file of ours says of its run, as far as one replica is concerned. */
export function describeSource(source: Source | null): { config: Config | null; step: number | null } {
  return source ? { config: { ...source.config, replicas: [source.config.replicas[source.replica]] }, step: source.step } : { config: null, step: null }
}

/** Beyond what 16-bit storage does to numbers up to 1. */
const TABLE_TOLERANCE = 4e-3

export const OTHER_POSITIONS = 'the table of positions is not the fixed one of sines and cosines that the engine has'

/** @param table (T,C), T = side² */
export function isPositionTable(table: ArrayLike<number>, side: number, width: number): boolean {
  return width % 4 === 0 && table.length === side * side * width && positionEmbedding(side, width).every((value, i) => Math.abs(value - table[i]) < TABLE_TOLERANCE)
}

type Numbers = Exclude<keyof NetConfig, 'attention'>
/** A net as far as a file tells. */
type Guess = { [field in Numbers]: number | null } & Pick<NetConfig, 'attention'>
type Whole = { [field in Numbers]: number } & Pick<NetConfig, 'attention'>

/** The net and its parameters, or what keeps them from being whole; `differences` are those known so far. */
export function assemble(
  guess: Guess, found: ReadonlyMap<string, NamedTensor>, differences: string[],
): Pick<Imported, 'net' | 'parameters' | 'missing' | 'asks' | 'differences'> & { misshapen: string[] } {
  const asks = (['heads', 'size'] as const).filter(field => guess[field] === null)
  const nothing = { net: null, parameters: null, missing: [], misshapen: [], asks }
  if (asks.length > 0) return { ...nothing, differences: [...differences, ...asks.map(field => `${{ heads: 'the number of attention heads', size: 'the side of the images' }[field]} is not in the file`)] }
  const net = guess as Whole
  const fault = faultOf(net)
  if (fault) return { ...nothing, differences: [...differences, fault] }
  const { faults, ...rest } = gather(net as NetConfig, found)
  return { net: net as NetConfig, ...rest, asks, differences: [...differences, ...faults] }
}

/** In one sentence why the engine cannot hold such a net, or nothing. */
function faultOf(net: Whole): string | undefined {
  const result = netSchema.safeParse(net)
  if (!result.success) {
    const [issue] = result.error.issues
    return `the file’s network has ${issue.path.join('.')} ${String(net[issue.path[0] as keyof NetConfig])}, which the engine has not: ${issue.message}`
  }
  const { width, heads, size, patch } = net
  if (width % (4 * heads) !== 0) return `the file’s network has width ${width} and ${heads} heads; the engine needs a width divisible by 4 × heads`
  if (size % patch !== 0) return `the file’s images have side ${size} and its patches ${patch}; the one must be divisible by the other`
  return undefined
}

/** Collects parameters under the engine's names and says which are missing, of another shape or broken. */
function gather(net: NetConfig, found: ReadonlyMap<string, NamedTensor>) {
  const expected = Object.entries(expectedShapes(net))
  const text = (shape: readonly number[]) => `(${shape.join(', ')})`
  const missing = expected.filter(([name]) => !found.has(name)).map(([name, shape]) => ({ name, shape }))
  const present = expected.filter(([name]) => found.has(name)).map(([name, shape]) => ({ name, shape, tensor: found.get(name)! }))
  const misshapen = present.filter(({ shape, tensor }) => tensor.shape.join() !== shape.join())
  const broken = present.map(({ name, tensor: { data } }) => ({ name, data, place: data.findIndex(value => !Number.isFinite(value)) })).filter(({ place }) => place >= 0)
  const faults = [
    ...missing.map(({ name, shape }) => `${name} ${text(shape)} is missing`),
    ...misshapen.map(({ name, shape, tensor }) => `${name} has shape ${text(tensor.shape)}; the engine’s has ${text(shape)}`),
    ...broken.map(({ name, data, place }) => `${name} holds ${data[place]} at place ${place}; only finite numbers can be loaded`),
  ]
  return { parameters: faults.length === 0 ? Object.fromEntries(present.map(({ name, tensor }) => [name, tensor])) : null, missing, misshapen: misshapen.map(({ name }) => name), faults }
}
