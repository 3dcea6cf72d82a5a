/**
 * The diffusion transformer of Peebles & Xie (arXiv 2212.09748), adaLN-zero: forward on one screen, backward on the next.
 *
 * R replicas · B batch · T tokens · C width · H heads · L blocks · Pv padded patch vector · A = (6L+2)·C modulation vectors; of a self-conditioned
 * net, those of the blocks up to the bottleneck and of the self-condition, while the later ones stand apart (self_condition.ts). A net of one token
 * may do without attention: its blocks are then perceptrons, with three vectors each, and all else is the same.
 */
import type { NetConfig } from '../config.ts'
import type { Recorder, Tensor } from '../engine/recorder.ts'
import { attention, attentionBackward } from '../ops/attention.ts'
import { labelEmbedding, labelEmbeddingBackward, TIME_FEATURES, timeFeatures, timeFrequencies } from '../ops/condition.ts'
import type { Extent } from '../ops/extent.ts'
import { featureBackward, tokenMean } from '../ops/features.ts'
import { type Activation, type FlatParameters, linear, linearBackward, type LinearGradients } from '../ops/linear.ts'
import { modulate, modulateBackward, type ModulationPlaces } from '../ops/modulate.ts'
import { paddedPatch, patchify, unpatchify } from '../ops/patchify.ts'
import { type Levels, readOutput, scaleOutput, skipBackward } from '../ops/reading.ts'
import { blockVectors, type ParameterLayout } from './parameters.ts'
import { positionEmbedding } from './positions.ts'
import { type LateCondition, recordLateBackward, recordLateCondition, recordTrained, type SelfConditioned } from './self_condition.ts'

export interface DitInput {
  /** x_t, (R,capacity,ch,h,w) */
  image: Tensor
  /** (R,capacity) */
  t: Tensor
  /** (R,capacity), when the net has classes */
  labels: Tensor | null
  capacity: number
}

/** What attention leaves behind for its backward. */
interface AttentionTrace {
  y: Activation
  statistics: Tensor
  qkv: Activation
  mixed: Activation
  lse: Tensor
  branch: Activation
  out: Activation
}

/** What one block leaves behind for its backward. */
interface BlockTrace {
  x: Activation
  attention: AttentionTrace | null
  /** After attention; x where there is none. */
  middle: Activation
  y2: Activation
  statistics2: Tensor
  hidden: Tensor
  active: Activation
  branch2: Activation
  out: Activation
}

/** What embedding, conditioning and the blocks leave behind. */
export interface DitTrunk {
  input: DitInput
  patches: Activation
  features: Activation
  timeHidden: Tensor
  timeActive: Activation
  c: Tensor
  condition: Activation
  ada: Activation
  /** Of the blocks after the bottleneck, in a self-conditioned net, as far as the pass reaches them. */
  late: LateCondition | null
  blocks: BlockTrace[]
  /** How many dispatches of the recorder there were once block `tap` was done; 0 without a tap. */
  tapped: number
  /** Token means (R,B,1,C) after the blocks that `pooled` asked for, in its order. */
  pooled: Activation[]
}

export interface DitTrace extends DitTrunk {
  final: Activation
  finalStatistics: Tensor
  /** (R,B,ch,h,w) */
  velocity: Tensor
}

/** The gradient of the features after block `layer`: of their token mean, dz (R,B,1,C), or of all tokens, (R,B,T,C). */
export interface FeatureCotangent {
  layer: number
  pooled: boolean
  dz: Activation
  /** Samples of the blocks up to this one. */
  extent: Extent
}

export interface DitForwardOptions {
  /** Samples of the whole pass, and of blocks up to `tap`, where anchors run along. */
  extent: Extent
  tapExtent?: Extent
  tap?: number
  /** Keep what the backward needs; otherwise blocks share their buffers. */
  keep: boolean
  /** Blocks, counted from 1, after which the mean over tokens is wanted. */
  pooled?: readonly number[]
  name?: string
}

export class Dit {
  readonly tokens: number
  /** Pv and A */
  readonly patchWidth: number
  readonly adaWidth: number
  private readonly side: number
  private readonly positions: Tensor
  private readonly frequencies: Tensor

  /** @param reading knobs (R) that say what each replica's output means, and paths; null where all are velocities */
  constructor(recorder: Recorder, readonly net: NetConfig, readonly layout: ParameterLayout, private readonly reading: Pick<Levels, 'knobs' | 'paths'> | null = null) {
    this.side = net.size / net.patch
    this.tokens = this.side * this.side
    this.patchWidth = paddedPatch(net)
    this.adaWidth = layout.layers.modulation.outputs
    this.positions = recorder.computed('position embedding', this.tokens * net.width, () => positionEmbedding(this.side, net.width))
    this.frequencies = recorder.constant('time frequencies', timeFrequencies())
  }

  /** Whether block n is told what the bottleneck found; n = L is the final layer. */
  private isLate(n: number): boolean {
    return this.net.selfCondition > 0 && n >= this.net.selfCondition
  }

  /** Where block n's vectors stand, among the late ones where it is late: those of its attention, if it has one, then those of its MLP. */
  places(n: number): { attention: ModulationPlaces; mlp: ModulationPlaces } {
    const C = this.net.width
    const V = blockVectors(this.net)
    const at = V * (this.isLate(n) ? n - this.net.selfCondition : n) * C
    const from = (first: number): ModulationPlaces => ({ shift: first, scale: first + C, gate: first + 2 * C })
    return { attention: from(at), mlp: from(at + (V - 3) * C) }
  }

  /** Where the final layer's stand: behind those of the last block. */
  headPlaces(): ModulationPlaces {
    const { shift, scale } = this.places(this.net.blocks).attention
    return { shift, scale }
  }

  /** Block n's vectors. */
  adaOf({ ada, late }: DitTrunk, n: number): Activation {
    return this.isLate(n) ? late!.ada : ada
  }

  /** Where the self-condition's own vectors stand: behind those of the blocks up to the bottleneck. */
  selfConditioned(): SelfConditioned {
    const at = blockVectors(this.net) * this.net.selfCondition * this.net.width
    return { layout: this.layout, places: { shift: at, scale: at + this.net.width } }
  }

  forward(recorder: Recorder, weights: FlatParameters, input: DitInput, options: DitForwardOptions): DitTrace {
    const { net, tokens: T, layout: { layers } } = this
    const { extent, name = '' } = options
    const [R, B] = [extent.replicas, extent.samples]
    const trunk = this.trunk(recorder, weights, input, net.blocks, options)

    recorder.at('head')
    const final: Activation = { tensor: recorder.tensor(`${name}final`, R * B * T * net.width), capacity: B, rows: T, width: net.width }
    const finalStatistics = recorder.tensor(`${name}final statistics`, R * B * 2 * T)
    modulate(recorder, extent, trunk.blocks[net.blocks - 1].out, this.adaOf(trunk, net.blocks), this.headPlaces(), final, finalStatistics)
    // (R,B,T,Pv) in the order (py,px,c)
    const output: Activation = { tensor: recorder.tensor(`${name}output`, R * B * T * this.patchWidth), capacity: B, rows: T, width: this.patchWidth }
    linear(recorder, extent, weights, layers['final_layer.linear'], final, output)
    const velocity = recorder.tensor(`${name}velocity`, R * B * net.channels * net.size * net.size)
    if (!this.reading) {
      unpatchify(recorder, extent, net, 'ppc', output, velocity, B)
      return { ...trunk, final, finalStatistics, velocity }
    }
    const answer = recorder.tensor(`${name}answer`, velocity.length)
    unpatchify(recorder, extent, net, 'ppc', output, answer, B)
    readOutput(recorder, this.sizeOf(extent), this.levels(input)!, { tensor: input.image, capacity: input.capacity }, answer, velocity)
    return { ...trunk, final, finalStatistics, velocity }
  }

  /** Where samples stand, for what depends on what the output means; null where it is the velocity. */
  levels({ t, capacity }: DitInput): Levels | null {
    return this.reading && { ...this.reading, t, capacity }
  }

  private sizeOf({ replicas, samples }: Extent) {
    return { replicas, samples, dimensions: this.net.channels * this.net.size ** 2 }
  }

  /** The forward pass up to and with block `depth`: what features are made of, without the blocks after and the head. */
  trunk(
    recorder: Recorder, weights: FlatParameters, input: DitInput, depth: number,
    { extent, tapExtent = extent, tap = 0, keep, pooled = [], name = '' }: DitForwardOptions,
  ): DitTrunk {
    const { net, tokens: T, layout: { layers } } = this
    const C = net.width
    const R = extent.replicas
    const activation = (label: string, capacity: number, rows: number, width: number): Activation =>
      ({ tensor: recorder.tensor(`${name}${label}`, R * capacity * rows * width), capacity, rows, width })
    const all = input.capacity

    recorder.at('embed')
    const patches = activation('patches', all, T, this.patchWidth) // (R,B,T,Pv)
    patchify(recorder, tapExtent, net, 'cpp', input.image, all, patches)
    let x = activation('x 0', all, T, C) // (R,B,T,C)
    linear(recorder, tapExtent, weights, layers['x_embedder.proj'], patches, x, { kind: 'position', positions: this.positions, tokens: T })

    recorder.at('condition')
    const features = activation('time features', all, 1, TIME_FEATURES) // (R,B,256)
    timeFeatures(recorder, tapExtent, input.t, this.frequencies, features)
    const timeActive = activation('time active', all, 1, C) // (R,B,C)
    const timeHidden = recorder.tensor(`${name}time hidden`, R * all * C)
    linear(recorder, tapExtent, weights, layers['t_embedder.mlp.0'], features, timeActive, { kind: 'silu', pre: timeHidden })
    const condition = activation('condition', all, 1, C) // silu(c)
    const c = recorder.tensor(`${name}c`, R * all * C)
    linear(recorder, tapExtent, weights, layers['t_embedder.mlp.2'], timeActive, condition, { kind: 'silu', pre: c })
    if (this.layout.labels && input.labels) labelEmbedding(recorder, tapExtent, weights, this.layout.labels, input.labels, { ...condition, tensor: c }, condition.tensor)
    const early = activation('modulation', all, 1, this.adaWidth) // (R,B,A)
    linear(recorder, tapExtent, weights, layers.modulation, condition, early)
    let ada = early
    let late: LateCondition | null = null

    const blocks: BlockTrace[] = []
    const means: Activation[] = []
    let tapped = 0
    for (let n = 0; n < depth; n++) {
      const capacity = n < tap ? all : extent.samples
      const samples = n < tap ? tapExtent : extent
      if (net.selfCondition > 0 && n === net.selfCondition) {
        recorder.at('self-condition')
        late = recordLateCondition(recorder, samples, weights, this.selfConditioned(), x, { ...condition, tensor: c }, early, capacity, name)
        ada = late.ada
      }
      recorder.at(`block ${n}`)
      const { attention: first, mlp: second } = this.places(n)
      const shared = keep || n === 0 ? null : blocks[n - 1]
      const make = (label: string, rows: number, width: number, share?: Activation) => share ?? activation(`${label} ${n}`, capacity, rows, width)
      const raw = (label: string, length: number, share?: Tensor) => share ?? recorder.tensor(`${name}${label} ${n}`, R * capacity * length)

      let attending: AttentionTrace | null = null
      if (net.attention) {
        const before = shared?.attention
        const y = make('y1', T, C, before?.y)
        const statistics = raw('statistics1', 2 * T, before?.statistics)
        modulate(recorder, samples, x, ada, first, y, statistics)
        const qkv = make('qkv', T, 3 * C, before?.qkv) // (R,B,T,3,H,D)
        linear(recorder, samples, weights, layers[`blocks.${n}.attn.qkv`], y, qkv)
        const mixed = make('attention', T, C, before?.mixed) // (R,B,T,H,D)
        const lse = raw('log-sum-exp', net.heads * T, before?.lse)
        attention(recorder, samples, net.heads, qkv, mixed, lse)
        const branch = make('branch1', T, C, before?.branch)
        const out = make('middle', T, C, before?.out)
        linear(recorder, samples, weights, layers[`blocks.${n}.attn.proj`], mixed, out, { kind: 'gate', branch: branch.tensor, residual: x, ada, gate: first.gate!, tokens: T })
        attending = { y, statistics, qkv, mixed, lse, branch, out }
      }
      const middle = attending?.out ?? x

      const y2 = make('y2', T, C, shared?.y2)
      const statistics2 = raw('statistics2', 2 * T, shared?.statistics2)
      modulate(recorder, samples, middle, ada, second, y2, statistics2)
      const active = make('active', T, 4 * C, shared?.active)
      const hidden = raw('hidden', 4 * T * C, shared?.hidden)
      linear(recorder, samples, weights, layers[`blocks.${n}.mlp.fc1`], y2, active, { kind: 'gelu', pre: hidden })
      const branch2 = make('branch2', T, C, shared?.branch2)
      const out = make('out', T, C, shared?.x)
      linear(recorder, samples, weights, layers[`blocks.${n}.mlp.fc2`], active, out, { kind: 'gate', branch: branch2.tensor, residual: middle, ada, gate: second.gate!, tokens: T })
      blocks.push({ x, attention: attending, middle, y2, statistics2, hidden, active, branch2, out })
      // At once, for a later block may write over these tokens.
      pooled.forEach((layer, i) => {
        if (layer !== n + 1) return
        means[i] = activation(`token mean ${layer}`, capacity, 1, C)
        tokenMean(recorder, samples, out, means[i])
      })
      if (n + 1 === tap) tapped = recorder.dispatches.length
      x = out
    }
    return { input, patches, features, timeHidden, timeActive, c, condition, ada: early, late, blocks, tapped, pooled: means }
  }

  /**
   * dvelocity (R,B,ch,h,w) → gradients of every parameter, into the planes.
   * `feature` lets the gradient of the features after block `layer` in; with anchors in its extent, those samples get gradients too.
   * `learns` (R) of 0 or 1: where a self-conditioned net's W does; everywhere when left out.
   */
  backward(
    recorder: Recorder, weights: FlatParameters, gradients: LinearGradients, input: DitInput, trace: DitTrace, extent: Extent, dvelocity: Tensor,
    feature?: FeatureCotangent, learns: Tensor | null = null,
  ): void {
    const { net, layout: { layers } } = this
    const below = feature?.extent ?? extent
    const activation = (label: string, width: number): Activation =>
      ({ tensor: recorder.tensor(label, extent.replicas * below.samples * width), capacity: below.samples, rows: 1, width })
    const dada = activation('d modulation', this.adaWidth) // (R,B,A)
    const { dx, dlate } = this.backwardTokens(recorder, weights, { gradients, dada }, trace, extent, dvelocity, feature)

    recorder.at('embed backward')
    linearBackward(recorder, below, weights, layers['x_embedder.proj'], gradients, trace.patches, dx, null)
    recorder.at('condition backward')
    const dc = activation('d c', net.width)
    linearBackward(recorder, below, weights, layers.modulation, gradients, trace.condition, dada, dc, { kind: 'silu', pre: trace.c })
    if (dlate) recordTrained(recorder, this.lateExtent(extent, feature), weights, gradients, this.selfConditioned(), trace.late!, dlate, dc, learns)
    if (this.layout.labels && input.labels) labelEmbeddingBackward(recorder, below, weights, this.layout.labels, input.labels, input.capacity, dc, gradients.planes)
    const dtime = activation('d time', net.width)
    linearBackward(recorder, below, weights, layers['t_embedder.mlp.2'], gradients, trace.timeActive, dc, dtime, { kind: 'silu', pre: trace.timeHidden })
    linearBackward(recorder, below, weights, layers['t_embedder.mlp.0'], gradients, trace.features, dtime, null)
  }

  /**
   * dvelocity (R,B,ch,h,w), the gradient of features, or both → dimage (R,B,ch,h,w). Weights get no gradients. Without dvelocity it starts at
   * the features' block, so that `trace` may end there.
   */
  backwardInput(
    recorder: Recorder, weights: FlatParameters, trace: DitTrunk | DitTrace, extent: Extent, dvelocity: Tensor | null, feature: FeatureCotangent | undefined, dimage: Tensor,
  ): void {
    const [B, rows, width] = [extent.samples, this.tokens, this.patchWidth]
    const { dx } = this.backwardTokens(recorder, weights, null, trace, extent, dvelocity, feature)
    recorder.at('embed backward')
    const dpatches: Activation = { tensor: recorder.tensor('d patches', extent.replicas * B * rows * width), capacity: B, rows, width }
    linearBackward(recorder, extent, weights, this.layout.layers['x_embedder.proj'], null, trace.patches, dx, dpatches)
    unpatchify(recorder, extent, this.net, 'cpp', dpatches, dimage, B)
    const levels = this.levels(trace.input)
    if (dvelocity && levels) skipBackward(recorder, this.sizeOf(extent), levels, dvelocity, dimage)
  }

  /** dvelocity (R,B,ch,h,w) → gradient of the tokens after block `layer` (R,B,T,C), through the blocks above it and the head alone. */
  backwardToTokens(recorder: Recorder, weights: FlatParameters, trace: DitTrace, extent: Extent, dvelocity: Tensor, layer: number): Activation {
    return this.backwardTokens(recorder, weights, null, trace, extent, dvelocity, undefined, layer).dx
  }

  /** Samples that have a gradient in the blocks after the bottleneck. */
  private lateExtent(extent: Extent, feature: FeatureCotangent | undefined): Extent {
    return feature && this.net.selfCondition < feature.layer ? feature.extent : extent
  }

  /**
   * → gradient of the tokens after block `stop` (0: before the first), and on the way, where `wanted`, of weights and modulation vectors; that
   * of a self-conditioned net's late c, where the way led past it.
   */
  private backwardTokens(
    recorder: Recorder, weights: FlatParameters, wanted: { gradients: LinearGradients; dada: Activation } | null, trace: DitTrunk | DitTrace, extent: Extent,
    dvelocity: Tensor | null, feature?: FeatureCotangent, stop = 0,
  ): { dx: Activation; dlate: Activation | null } {
    const { net, tokens: T, layout: { layers } } = this
    const { gradients, dada } = wanted ?? { gradients: null, dada: null }
    const C = net.width
    const R = extent.replicas
    const below = feature?.extent ?? extent // blocks up to the feature's; may carry anchors
    const all = below.samples
    const activation = (label: string, rows: number, width: number): Activation =>
      ({ tensor: recorder.tensor(label, R * all * rows * width), capacity: all, rows, width })

    const dbranch = activation('d branch', T, C)
    const dhidden = activation('d hidden', T, 4 * C)
    const dqkv = activation('d qkv', T, 3 * C)
    const delta = recorder.tensor('d delta', R * trace.patches.capacity * net.heads * T)
    const dy = activation('d y', T, C)
    let [dx, dxNext] = [activation('d x', T, C), activation('d x next', T, C)] // (R,B,T,C)
    const top = dvelocity ? net.blocks : feature?.layer ?? 0
    const passes = trace.late !== null && stop <= net.selfCondition && top > net.selfCondition
    const dlate = passes ? activation('d late c', 1, C) : null
    const dadaLate = passes ? activation('d late modulation', 1, trace.late!.ada.width) : null
    const dadaOf = (n: number) => (this.isLate(n) ? dadaLate : dada)

    if (dvelocity) {
      if (!('velocity' in trace)) throw new Error('a gradient of the velocity needs a forward pass with its head')
      recorder.at('head backward')
      const doutput = activation('d output', T, this.patchWidth)
      const levels = this.levels(trace.input)
      const danswer = levels ? recorder.tensor('d answer', dvelocity.length) : dvelocity
      if (levels) scaleOutput(recorder, this.sizeOf(extent), levels, dvelocity, danswer)
      patchify(recorder, extent, net, 'ppc', danswer, extent.samples, doutput)
      linearBackward(recorder, extent, weights, layers['final_layer.linear'], gradients, trace.final, doutput, dy)
      modulateBackward(recorder, extent, {
        dy, x: trace.blocks[net.blocks - 1].out, statistics: trace.finalStatistics, statisticsCapacity: extent.samples, ada: this.adaOf(trace, net.blocks),
        places: this.headPlaces(), dresidual: null, dx, before: { dbranch, gate: this.places(net.blocks - 1).mlp.gate! }, branch: null, dada: dadaOf(net.blocks),
      })
    }

    for (let n = top - 1; n >= stop; n--) {
      const block = trace.blocks[n]
      const ada = this.adaOf(trace, n)
      // The first late block: the branch before it has its gate among the early vectors, and its gradient waits for that through c.
      const bottleneck = dlate !== null && n === net.selfCondition
      const { attention: first, mlp: second } = this.places(n)
      const before = n > 0 && !bottleneck ? { dbranch, gate: this.places(n - 1).mlp.gate! } : null // the MLP of the block before
      const attending = block.attention
      if (feature?.layer === n + 1) {
        recorder.at('feature backward')
        featureBackward(recorder, below, dvelocity ? extent.samples : 0, feature.pooled, feature.dz, ada, second.gate!, dx, dbranch)
      }
      recorder.at(`block ${n} backward`)
      const samples = feature && n < feature.layer ? below : extent
      const layer = (name: string) => layers[`blocks.${n}.${name}`]

      linearBackward(recorder, samples, weights, layer('mlp.fc2'), gradients, block.active, dbranch, dhidden, { kind: 'gelu', pre: block.hidden })
      linearBackward(recorder, samples, weights, layer('mlp.fc1'), gradients, block.y2, dhidden, dy)
      modulateBackward(recorder, samples, {
        dy, x: block.middle, statistics: block.statistics2, statisticsCapacity: block.y2.capacity, ada, places: second,
        dresidual: dx, dx: dxNext, before: attending ? { dbranch, gate: first.gate! } : before, branch: block.branch2, dada: dadaOf(n),
      })
      ;[dx, dxNext] = [dxNext, dx]

      if (attending) {
        const { y, statistics, qkv, mixed, lse, branch } = attending
        linearBackward(recorder, samples, weights, layer('attn.proj'), gradients, mixed, dbranch, dy)
        attentionBackward(recorder, samples, net.heads, qkv, mixed, lse, dy, dqkv, delta)
        linearBackward(recorder, samples, weights, layer('attn.qkv'), gradients, y, dqkv, dy)
        modulateBackward(recorder, samples, { dy, x: block.x, statistics, statisticsCapacity: y.capacity, ada, places: first, dresidual: dx, dx: dxNext, before, branch, dada: dadaOf(n) })
        ;[dx, dxNext] = [dxNext, dx]
      }
      if (bottleneck) {
        recorder.at('self-condition backward')
        recordLateBackward(recorder, this.lateExtent(extent, feature), weights, gradients, this.selfConditioned(), trace.late!, trace.ada,
          { dada: dadaLate!, dlate: dlate!, dearly: dada, dx, dbranch, gate: this.places(n - 1).mlp.gate! })
      }
    }
    return { dx, dlate }
  }
}
