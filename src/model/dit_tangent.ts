/**
 * The derivative of the transformer along a direction (forward mode): how velocity and features of a frozen pass move when the image, the
 * weights or both do. Each line stands for the same line of the forward in dit.ts; a prime in the kernels is `Tangent` here.
 */
import type { Recorder, Tensor } from '../engine/recorder.ts'
import { attentionTangent } from '../ops/attention.ts'
import { labelEmbedding, selfCondition } from '../ops/condition.ts'
import { tokenMean } from '../ops/features.ts'
import { type Activation, type FlatParameters, linear, linearTangent, type TangentEpilogue } from '../ops/linear.ts'
import { modulateTangent } from '../ops/modulate.ts'
import { patchify, unpatchify } from '../ops/patchify.ts'
import { readOutput, scaleOutput } from '../ops/reading.ts'
import type { Dit } from './dit.ts'
import type { Frozen } from './frozen.ts'
import type { LateCondition } from './self_condition.ts'

/** What moves; null stays. */
export interface Direction {
  /** (R,n,ch,h,w) */
  image: Tensor | null
  /** (R,parameters), laid out as the weights */
  weights: FlatParameters | null
}

export interface Tangent {
  /** (R,n,ch,h,w), null when not asked for */
  velocity: Tensor | null
  /** Of the token means (R,n,1,C) after the blocks asked for, in their order */
  features: Activation[]
  /** Of the tokens (R,n,T,C) after the last block that was gone through */
  tokens: Activation
}

export interface TangentOptions {
  /** false: no head, and no block after the last of `layers` */
  velocity?: boolean
  /** Blocks, counted from 1 */
  layers?: readonly number[]
  name?: string
}

/**
 * @param frozen recorded with `keep`, as far as the tangent goes
 * @throws RangeError when nothing moves, or the frozen pass does not hold what is asked for
 */
export function recordTangent(
  recorder: Recorder, dit: Dit, frozen: Frozen, direction: Direction, { velocity = true, layers = [], name = 'tangent ' }: TangentOptions = {},
): Tangent {
  const { net, layout, tokens: T, patchWidth } = dit
  const { trace, weights, samples: B } = frozen
  const moved = direction.weights
  const R = weights.replicas
  const C = net.width
  const extent = { replicas: R, samples: B }
  const depth = velocity ? net.blocks : Math.max(0, ...layers)
  if (!direction.image && !moved) throw new RangeError('a tangent needs something that moves: the image or the weights')
  if (!frozen.keep) throw new RangeError('a tangent needs a forward pass that keeps its activations: record it with keep')
  if (depth === 0 || Math.max(0, ...layers) > trace.blocks.length || (velocity && !('velocity' in trace))) {
    throw new RangeError(`the forward pass holds ${'velocity' in trace ? 'the velocity and ' : ''}blocks 1 to ${trace.blocks.length}; a tangent needs one of these`)
  }
  const activation = (label: string, rows: number, width: number): Activation =>
    ({ tensor: recorder.tensor(`${name}${label}`, R * B * rows * width), capacity: B, rows, width })
  const scratch = new Map<string, Activation>()

  /** What the weights' direction alone makes of x: x W' + b'. */
  const addendOf = (key: string, x: Activation, y: Activation): Activation | null => {
    if (!moved) return null
    const shape = `${y.rows} × ${y.width}`
    const addend = scratch.get(shape) ?? activation(`addend ${shape}`, y.rows, y.width)
    scratch.set(shape, addend)
    linear(recorder, extent, moved, layout.layers[key], x, addend)
    return addend
  }
  /** x, x' → y' of a layer; without x' only its weights move. */
  const through = (key: string, x: Activation, xTangent: Activation | null, yTangent: Activation, epilogue: TangentEpilogue = { kind: 'plain' }): Activation => {
    if (xTangent) linearTangent(recorder, extent, weights, layout.layers[key], xTangent, yTangent, epilogue, { addend: addendOf(key, x, yTangent) })
    else if (moved) linearTangent(recorder, extent, moved, layout.layers[key], x, yTangent, epilogue, { bias: true })
    return yTangent
  }
  /** Shifts, scales and gates depend on weights, noise level and label, not on the image; but for those of late blocks. */
  const conditionTangent = (table: FlatParameters) => {
    recorder.at('condition tangent')
    const timeActive = through('t_embedder.mlp.0', trace.features, null, activation('time active', 1, C), { kind: 'silu', pre: trace.timeHidden })
    const condition = activation('condition', 1, C)
    const addend = addendOf('t_embedder.mlp.2', trace.timeActive, condition)!
    // The table's direction joins the addend; the activation that comes along with it is nobody's.
    if (layout.labels && frozen.labels) labelEmbedding(recorder, extent, table, layout.labels, frozen.labels, addend, condition.tensor)
    linearTangent(recorder, extent, weights, layout.layers['t_embedder.mlp.2'], timeActive, condition, { kind: 'silu', pre: trace.c }, { addend })
    const c = trace.late && activation('c', 1, C)
    if (c) linearTangent(recorder, extent, weights, layout.layers['t_embedder.mlp.2'], timeActive, c, { kind: 'plain' }, { addend })
    return { c, ada: through('modulation', trace.condition, condition, activation('modulation', 1, dit.adaWidth)) }
  }
  const moving = moved && conditionTangent(moved)
  /** x' after the bottleneck → that of the late vectors, which depend on the image. */
  const lateTangent = (late: LateCondition): Activation => {
    recorder.at('self-condition tangent')
    const [mean, y, condition] = ['bottleneck mean', 'bottleneck y', 'late condition'].map(label => activation(label, 1, C))
    tokenMean(recorder, extent, x, mean)
    modulateTangent(recorder, extent, {
      x: late.mean, xTangent: mean, statistics: late.statistics, statisticsCapacity: B, ada: trace.ada, adaTangent: moving && moving.ada, places: dit.selfConditioned().places, yTangent: y,
    })
    const key = 'self_condition.linear'
    const addend = addendOf(key, late.y, condition)
    if (addend) selfCondition(recorder, extent, moving!.c!, addend, condition.tensor) // + c'; its activation is nobody's, as above
    linearTangent(recorder, extent, weights, layout.layers[key], y, condition, { kind: 'silu', pre: late.c.tensor }, { addend })
    return through('late modulation', late.condition, condition, activation('late modulation', 1, late.ada.width))
  }

  recorder.at('embed tangent')
  const patches = direction.image && activation('patches', T, patchWidth)
  if (patches) patchify(recorder, extent, net, 'cpp', direction.image!, B, patches)
  // The residual stream (R,B,T,C), and where a branch puts its sum, which is the stream from then on.
  let [x, next] = [through('x_embedder.proj', trace.patches, patches, activation('x', T, C)), activation('x next', T, C)]
  const [y, qkv, mixed, active] = [activation('y', T, C), activation('qkv', T, 3 * C), activation('attention', T, C), activation('active', T, 4 * C)]
  const features: Activation[] = []
  let adaTangent = moving && moving.ada
  for (let n = 0; n < depth; n++) {
    if (trace.late && n === net.selfCondition) adaTangent = lateTangent(trace.late)
    recorder.at(`block ${n} tangent`)
    const block = trace.blocks[n]
    const ada = dit.adaOf(trace, n)
    const { attention: first, mlp: second } = dit.places(n)
    const key = (layer: string) => `blocks.${n}.${layer}`
    const along = adaTangent
    const gate = (residual: Activation, branch: Activation, at: number): TangentEpilogue => ({ kind: 'gate', residual, branch, ada, adaTangent: along, gate: at, tokens: T })

    const attending = block.attention
    if (attending) {
      modulateTangent(recorder, extent, { x: block.x, xTangent: x, statistics: attending.statistics, statisticsCapacity: B, ada, adaTangent, places: first, yTangent: y })
      through(key('attn.qkv'), attending.y, y, qkv)
      attentionTangent(recorder, extent, net.heads, attending.qkv, attending.mixed, attending.lse, qkv, mixed)
      through(key('attn.proj'), attending.mixed, mixed, next, gate(x, attending.branch, first.gate!))
      ;[x, next] = [next, x]
    }

    modulateTangent(recorder, extent, { x: block.middle, xTangent: x, statistics: block.statistics2, statisticsCapacity: B, ada, adaTangent, places: second, yTangent: y })
    through(key('mlp.fc1'), block.y2, y, active, { kind: 'gelu', pre: block.hidden })
    through(key('mlp.fc2'), block.active, active, next, gate(x, block.branch2, second.gate!))
    ;[x, next] = [next, x]
    layers.forEach((layer, i) => {
      if (layer !== n + 1) return
      features[i] = activation(`token mean ${layer}`, 1, C)
      tokenMean(recorder, extent, x, features[i])
    })
  }
  if (!velocity || !('velocity' in trace)) return { velocity: null, features, tokens: x }

  recorder.at('head tangent')
  modulateTangent(recorder, extent, {
    x: trace.blocks[net.blocks - 1].out, xTangent: x, statistics: trace.finalStatistics, statisticsCapacity: B, ada: dit.adaOf(trace, net.blocks), adaTangent, places: dit.headPlaces(), yTangent: y,
  })
  const output = through('final_layer.linear', trace.final, y, activation('output', T, patchWidth))
  const velocityTangent = recorder.tensor(`${name}velocity`, R * B * net.channels * net.size * net.size)
  const levels = dit.levels(trace.input)
  const answer = levels ? recorder.tensor(`${name}answer`, velocityTangent.length) : velocityTangent
  unpatchify(recorder, extent, net, 'ppc', output, answer, B)
  const size = { replicas: R, samples: B, dimensions: net.channels * net.size ** 2 }
  if (levels && direction.image) readOutput(recorder, size, levels, { tensor: direction.image, capacity: B }, answer, velocityTangent)
  else if (levels) scaleOutput(recorder, size, levels, answer, velocityTangent)
  return { velocity: velocityTangent, features, tokens: x }
}
