/** What `lab step` is given, checked before anything is computed: config, weights, batch. */
import { type Config, netSchema, objectiveSchema, parseConfig, sections } from '../config.ts'
import { type GivenBatch, lowFirst } from '../lab/given_step.ts'
import { asFloat32, asWhole, type NpzTensor } from '../lab/npz.ts'
import { methods } from '../methods/index.ts'
import { readsFeatures } from '../methods/method.ts'
import { resolveReplica } from '../model/replica.ts'
import { labelRows, type NamedTensor, parameterLayout, toNamed } from '../model/parameters.ts'
import { positionEmbedding } from '../model/positions.ts'
import { CommandError } from './failure.ts'
import { nearTo } from './settings.ts'

type Tensors = Record<string, NpzTensor>

/**
 * Algorithm 1 as the paper prints it, on pooled features that are not normalised, with distances divided by the width. The lab's own
 * presets differ: there features have unit length.
 */
const OBJECTIVE = { variant: 'algorithm1', feature: 'pooled', normalise: false, distance: 'divided', detach: true, noise: 'same', reduction: 'mean' } as const

/** What a net has to be told; the rest of it is off, or as usual, unless it is named. */
const SIZES = ['channels', 'size', 'patch', 'width', 'blocks', 'heads'] as const

export interface StepConfig {
  /** With a batch of 2; `batchOf` puts the real one in. */
  config: Config
  net: Config['net']
  /** Features are wanted whatever the method when a layer is named, and by methods that compare them. */
  wantsFeatures: boolean
}

/** @throws CommandError or ConfigError with one sentence */
export function stepConfig(value: unknown, file: string): StepConfig {
  const isObject = (candidate: unknown): candidate is Record<string, unknown> => typeof candidate === 'object' && candidate !== null && !Array.isArray(candidate)
  if (!isObject(value)) throw new CommandError(`${file}: an object with net and objective is expected`)
  const unknown = Object.keys(value).find(key => !(key in sections) && key !== 'replicas')
  if (unknown !== undefined) throw new CommandError(`${file}: there is no section “${unknown}”; net and objective are read`)
  for (const section of ['net', 'objective']) if (!isObject(value[section])) throw new CommandError(`${file}: ${section} is missing; an object is expected`)
  const net = value.net as Record<string, unknown>
  const objective = value.objective as Record<string, unknown>
  const schemas = { net: netSchema, objective: objectiveSchema }
  for (const [section, schema] of Object.entries(schemas)) {
    const wrong = Object.keys(value[section] as object).find(key => !(key in schema.shape))
    if (wrong === undefined) continue
    const near = nearTo(wrong, Object.keys(schema.shape))
    throw new CommandError(`${file}: ${section}.${wrong} is not known; ${near.length > 0 ? 'near it: ' : 'there are '}${(near.length > 0 ? near : Object.keys(schema.shape)).join(', ')}`)
  }
  const missing = SIZES.find(key => net[key] === undefined)
  if (missing) throw new CommandError(`${file}: net.${missing} is missing`)
  if (typeof objective.method !== 'string' || !Object.hasOwn(methods, objective.method)) {
    throw new CommandError(`${file}: objective.method is ${JSON.stringify(objective.method) ?? 'missing'}; one of ${Object.keys(methods).join(', ')} is expected`)
  }
  const blocks = typeof net.blocks === 'number' ? net.blocks : 1
  const layer = Math.min(blocks, objectiveSchema.parse({}).layer)
  let config: Config
  try {
    config = parseConfig({ net, objective: { ...OBJECTIVE, layer, ...objective }, train: { batch: 2 }, replicas: [{}] })
  } catch (error) {
    throw new CommandError(`${file}: ${(error as Error).message}`)
  }
  return { config, net: config.net, wantsFeatures: objective.layer !== undefined || readsFeatures(methods[objective.method].term) }
}

const shapeText = (shape: readonly number[]) => `(${shape.join(', ')})`

/** @throws CommandError when a tensor is missing, misshapen or holds what is not a finite number */
function take(tensors: Tensors, name: string, shape: readonly number[], file: string): Float32Array {
  const tensor = Object.hasOwn(tensors, name) ? tensors[name] : undefined
  if (!tensor) throw new CommandError(`${file}: tensor ${name} is missing; shape ${shapeText(shape)} is expected`)
  if (tensor.shape.join() !== shape.join()) throw new CommandError(`${file}: tensor ${name} has shape ${shapeText(tensor.shape)}; ${shapeText(shape)} is expected`)
  let data: Float32Array
  try {
    data = asFloat32(tensor, name)
  } catch (error) {
    throw new CommandError(`${file}: ${(error as Error).message}`)
  }
  const broken = data.findIndex(value => !Number.isFinite(value))
  if (broken >= 0) throw new CommandError(`${file}: tensor ${name} holds ${String(tensor.data[broken])} at place ${broken}; finite float32 numbers are expected`)
  return data
}

function refuseOthers(tensors: Tensors, known: readonly string[], file: string): void {
  const other = Object.keys(tensors).find(name => !known.includes(name))
  if (other === undefined) return
  const near = nearTo(other, known)
  throw new CommandError(`${file}: tensor ${other} is not known${near.length > 0 ? `; near it: ${near.join(', ')}` : `; there are ${known.length} tensors, from ${known[0]} to ${known.at(-1)}`}`)
}

const POSITIONS = 'pos_embed'

/** Weights by DiT's names. `pos_embed`, which DiT's state_dict carries along, may be there if it is the fixed table. */
export function weightsOf(tensors: Tensors, net: Config['net'], file: string): Record<string, NamedTensor> {
  const layout = parameterLayout(net)
  const expected = Object.entries(toNamed(layout, new Float32Array(layout.length)))
  const weights = Object.fromEntries(expected.map(([name, { shape }]) => [name, { shape, data: take(tensors, name, shape, file) }]))
  refuseOthers(tensors, [...Object.keys(weights), POSITIONS], file)
  if (Object.hasOwn(tensors, POSITIONS)) {
    const side = net.size / net.patch
    const table = positionEmbedding(side, net.width)
    const found = take(tensors, POSITIONS, [1, side * side, net.width], file)
    if (found.some((value, i) => Math.abs(value - table[i]) > 1e-5)) throw new CommandError(`${file}: tensor ${POSITIONS} is not DiT's fixed sine-cosine table, which the lab always uses; leave it out`)
  }
  return weights
}

/** The batch and the config completed with its size. @throws CommandError */
export function batchOf(tensors: Tensors, { config, net }: StepConfig, file: string): { config: Config; given: GivenBatch } {
  const B = tensors.x0?.shape[0] ?? 0
  if (tensors.x0 && B === 0) throw new CommandError(`${file}: tensor x0 has shape ${shapeText(tensors.x0.shape)}; at least one image is expected`)
  const image = [net.channels, net.size, net.size]
  const [x0, eps, t] = [take(tensors, 'x0', [B || 1, ...image], file), take(tensors, 'eps', [B, ...image], file), take(tensors, 't', [B], file)]
  const outside = t.findIndex(value => value < 0 || value > 1)
  if (outside >= 0) throw new CommandError(`${file}: tensor t holds ${t[outside]} at place ${outside}; noise levels from 0 to 1 are expected`)
  let complete: Config
  try {
    complete = parseConfig({ ...config, train: { ...config.train, batch: B } })
  } catch (error) {
    throw new CommandError(`${file}: ${(error as Error).message}`)
  }
  const { objective, method } = resolveReplica(complete, complete.replicas[0])
  if (B === 1 && method.term === 'negatives') throw new CommandError(`${file}: ${method.label} pushes from other images, so the batch needs at least 2`)
  if (B === 1 && method.term === 'anchored' && objective.variant === 'equation14') throw new CommandError(`${file}: equation 14 compares an image with others, so the batch needs at least 2`)
  const given: GivenBatch = { x0, eps, t, y: labels(tensors, net, B, file), anchorEps: anchorNoise(tensors, complete, t, image, file) }
  refuseOthers(tensors, ['x0', 'eps', 't', ...(net.classes > 0 ? ['y'] : []), 'anchor_eps'], file)
  return { config: complete, given }
}

function labels(tensors: Tensors, { classes, labelDrop }: Config['net'], B: number, file: string): Float64Array | undefined {
  if (classes === 0) {
    if (tensors.y) throw new CommandError(`${file}: tensor y is there, and the net has no classes (net.classes is 0)`)
    return undefined
  }
  let y: Float64Array = new Float64Array()
  try {
    if (tensors.y) y = asWhole(tensors.y, 'y')
  } catch (error) {
    throw new CommandError(`${file}: ${(error as Error).message}`)
  }
  take(tensors, 'y', [B], file)
  const outside = y.findIndex(value => value < 0 || value >= labelRows({ classes, labelDrop }))
  if (outside >= 0) throw new CommandError(`${file}: tensor y holds ${y[outside]} at place ${outside}; classes from 0 to ${classes - 1}${labelDrop > 0 ? `, or ${classes} for none,` : ''} are expected`)
  return y
}

/** Noise of the anchors: of every sample, or of those below T_min in their order. Read only where anchors have noise of their own. */
function anchorNoise(tensors: Tensors, config: Config, t: Float32Array, image: number[], file: string): Float32Array | undefined {
  const { objective, method } = resolveReplica(config, config.replicas[0])
  if (method.term !== 'anchored' || objective.noise !== 'fresh') return undefined
  const { order, low } = lowFirst(t, objective.tMin)
  if (tensors.anchor_eps?.shape[0] === t.length) return take(tensors, 'anchor_eps', [t.length, ...image], file)
  const found = take(tensors, 'anchor_eps', [low, ...image], file)
  const each = found.length / Math.max(1, low)
  const all = new Float32Array(t.length * each)
  for (let i = 0; i < low; i++) all.set(found.subarray(i * each, (i + 1) * each), order[i] * each)
  return all
}
