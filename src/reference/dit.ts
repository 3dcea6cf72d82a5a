/**
 * The whole diffusion transformer (Peebles & Xie, arXiv 2212.09748; adaLN-zero blocks), forward and backward, made of the twins
 * beside it. This is what the GPU's model is held against.
 */
import type { NetConfig } from '../config.ts'
import { siluBackward, siluForward, geluBackward, geluForward } from './activations.ts'
import { attentionBackward, attentionForward } from './attention.ts'
import { type DitParameters, zeroParameters } from './dit_parameters.ts'
import { tokenMeanBackward, tokenMeanForward } from './features.ts'
import { gateResidualBackward, gateResidualForward } from './gate_residual.ts'
import { linearBackward, linearForward } from './matmul.ts'
import { modulateBackward, modulateForward } from './modulate.ts'
import { patchify, type PatchGeometry, type PatchOrder, unpatchify } from './patchify.ts'
import { positionEmbedding } from './positions.ts'
import { TIME_FEATURES, timeFeatures } from './time_features.ts'

/** Column block `index` of a (B, count·C) matrix: one of the vectors a modulation layer puts side by side. */
function chunk(all: Float64Array, index: number, count: number, B: number, C: number): Float64Array {
  const part = new Float64Array(B * C)
  for (let b = 0; b < B; b++) {
    for (let c = 0; c < C; c++) part[b * C + c] = all[(b * count + index) * C + c]
  }
  return part
}

/** The adjoint of taking all chunks: (B,C) each -> (B, count·C) */
function joinChunks(parts: Float64Array[], B: number, C: number): Float64Array {
  const all = new Float64Array(B * parts.length * C)
  for (let index = 0; index < parts.length; index++) {
    for (let b = 0; b < B; b++) {
      for (let c = 0; c < C; c++) all[(b * parts.length + index) * C + c] = parts[index][b * C + c]
    }
  }
  return all
}

function addInto(target: Float64Array, addend: Float64Array): void {
  for (let i = 0; i < target.length; i++) target[i] += addend[i]
}

function dimensions(net: NetConfig, B: number) {
  const side = net.size / net.patch
  const image = (order: PatchOrder): PatchGeometry => ({ batch: B, channels: net.channels, height: net.size, width: net.size, patch: net.patch, order })
  return { T: side * side, side, C: net.width, H: net.heads, D: net.width / net.heads, patchWidth: net.patch * net.patch * net.channels, image }
}

/** x (B,T,C), condition (B,C) = silu(c) -> x (B,T,C) */
function blockForward(net: NetConfig, parameters: DitParameters, n: number, x: Float64Array, condition: Float64Array, B: number) {
  const { T, C, H, D } = dimensions(net, B)
  const name = `blocks.${n}`
  const V = net.attention ? 6 : 3
  const modulation = linearForward(condition, parameters[`${name}.adaLN_modulation.1`], B, C, V * C) // (B,VC)
  const [shift2, scale2, gate2, ...first] = [V - 3, V - 2, V - 1, 0, 1, 2].map((i) => chunk(modulation, i, V, B, C))

  const attended = net.attention ? attend(x, first) : null
  const middle = attended?.out ?? x
  const norm2 = modulateForward(middle, shift2, scale2, B, T, C)
  const hidden = linearForward(norm2.y, parameters[`${name}.mlp.fc1`], B * T, C, 4 * C)
  const active = geluForward(hidden)
  const mlp = linearForward(active, parameters[`${name}.mlp.fc2`], B * T, 4 * C, C)
  const out = gateResidualForward(middle, gate2, mlp, B, T, C)
  return { x, scale2, gate2, attended, middle, norm2, hidden, active, mlp, out }

  function attend(x: Float64Array, [shift, scale, gate]: Float64Array[]) {
    const norm = modulateForward(x, shift, scale, B, T, C)
    const qkv = linearForward(norm.y, parameters[`${name}.attn.qkv`], B * T, C, 3 * C) // (B,T,3,H,D)
    const attention = attentionForward(qkv, B, T, H, D)
    const projected = linearForward(attention.out, parameters[`${name}.attn.proj`], B * T, C, C)
    return { scale, gate, norm, qkv, attention, projected, out: gateResidualForward(x, gate, projected, B, T, C) }
  }
}

/** dout (B,T,C) -> dx (B,T,C), dcondition (B,C); parameter gradients are put into `gradients` */
function blockBackward(
  net: NetConfig, parameters: DitParameters, gradients: DitParameters, n: number, saved: ReturnType<typeof blockForward>,
  condition: Float64Array, dout: Float64Array, B: number,
) {
  const { T, C, H, D } = dimensions(net, B)
  const name = `blocks.${n}`
  const layerBackward = (layer: string, input: Float64Array, dy: Float64Array, rows: number, inputs: number, outputs: number) => {
    const { dx, dwb } = linearBackward(input, parameters[`${name}.${layer}`], dy, rows, inputs, outputs)
    gradients[`${name}.${layer}`] = dwb
    return dx
  }

  const residual2 = gateResidualBackward(saved.gate2, saved.mlp, dout, B, T, C)
  const dactive = layerBackward('mlp.fc2', saved.active, residual2.dbranch, B * T, 4 * C, C)
  const dnorm2 = layerBackward('mlp.fc1', saved.norm2.y, geluBackward(saved.hidden, dactive), B * T, C, 4 * C)
  const modulate2 = modulateBackward(saved.middle, saved.scale2, saved.norm2.mean, saved.norm2.rstd, dnorm2, B, T, C)
  const dvectors = [modulate2.dshift, modulate2.dscale, residual2.dgate]
  let dx = residual2.dx
  addInto(dx, modulate2.dx)

  if (saved.attended) {
    const { scale, gate, norm, qkv, attention, projected } = saved.attended
    const residual1 = gateResidualBackward(gate, projected, dx, B, T, C)
    const dattention = layerBackward('attn.proj', attention.out, residual1.dbranch, B * T, C, C)
    const dqkv = attentionBackward(qkv, attention.out, attention.lse, dattention, B, T, H, D)
    const dnorm1 = layerBackward('attn.qkv', norm.y, dqkv, B * T, C, 3 * C)
    const modulate1 = modulateBackward(saved.x, scale, norm.mean, norm.rstd, dnorm1, B, T, C)
    dvectors.unshift(modulate1.dshift, modulate1.dscale, residual1.dgate)
    dx = residual1.dx
    addInto(dx, modulate1.dx)
  }
  return { dx, dcondition: layerBackward('adaLN_modulation.1', condition, joinChunks(dvectors, B, C), B, C, dvectors.length * C) }
}

/** Tokens after the bottleneck x (B,T,C), c and silu(c) (B,C) -> what later blocks are conditioned on (self_condition.ts of the model) */
function lateForward(net: NetConfig, parameters: DitParameters, x: Float64Array, c: Float64Array, condition: Float64Array, B: number) {
  const { T, C } = dimensions(net, B)
  const mean = tokenMeanForward(x, B, T, C)
  const modulation = linearForward(condition, parameters['self_condition.adaLN_modulation.1'], B, C, 2 * C)
  const scale = chunk(modulation, 1, 2, B, C)
  const norm = modulateForward(mean, chunk(modulation, 0, 2, B, C), scale, B, 1, C)
  const late = linearForward(norm.y, parameters['self_condition.linear'], B, C, C)
  addInto(late, c)
  return { mean, scale, norm, c: late, condition: siluForward(late) }
}

/** Gradient of silu(late c) (B,C) -> dx (B,T,C) of the tokens after the bottleneck, dc (B,C), dcondition (B,C) of the early silu(c) */
function lateBackward(
  net: NetConfig, parameters: DitParameters, gradients: DitParameters, saved: ReturnType<typeof lateForward>, condition: Float64Array, dlateCondition: Float64Array, B: number,
) {
  const { T, C } = dimensions(net, B)
  const dc = siluBackward(saved.c, dlateCondition)
  const linear = linearBackward(saved.norm.y, parameters['self_condition.linear'], dc, B, C, C)
  gradients['self_condition.linear'] = linear.dwb
  const modulate = modulateBackward(saved.mean, saved.scale, saved.norm.mean, saved.norm.rstd, linear.dx, B, 1, C)
  const vectors = linearBackward(condition, parameters['self_condition.adaLN_modulation.1'], joinChunks([modulate.dshift, modulate.dscale], B, C), B, C, 2 * C)
  gradients['self_condition.adaLN_modulation.1'] = vectors.dwb
  return { dx: tokenMeanBackward(modulate.dx, B, T, C), dc, dcondition: vectors.dx }
}

/**
 * xt (B,ch,size,size), t (B), labels (B) or null -> velocity (B,ch,size,size) and `blocks[l-1].out` (B,T,C), the tokens after block l
 * `lastBlock` stops after that block, as the anchors of the contrastive term do; the velocity is then null.
 */
export function ditForward(
  net: NetConfig, parameters: DitParameters, xt: Float64Array, t: Float64Array, labels: ArrayLike<number> | null, lastBlock = Infinity,
) {
  const B = t.length
  const { T, C, side, patchWidth, image } = dimensions(net, B)

  const patches = patchify(xt, image('cpp'))
  const tokens = linearForward(patches, parameters['x_embedder.proj'], B * T, patchWidth, C) // (B,T,C)
  const positions = positionEmbedding(side, side, C)
  for (let b = 0; b < B; b++) addInto(tokens.subarray(b * T * C, (b + 1) * T * C), positions)

  const time = timeFeatures(t)
  const timeHidden = linearForward(time, parameters['t_embedder.mlp.0'], B, TIME_FEATURES, C)
  const timeActive = siluForward(timeHidden)
  const c = linearForward(timeActive, parameters['t_embedder.mlp.2'], B, C, C) // (B,C)
  if (labels) {
    const table = parameters['y_embedder.embedding_table']
    for (let b = 0; b < B; b++) addInto(c.subarray(b * C, (b + 1) * C), table.subarray(labels[b] * C, (labels[b] + 1) * C))
  }
  const condition = siluForward(c)

  const blocks: ReturnType<typeof blockForward>[] = []
  let x = tokens
  let late: ReturnType<typeof lateForward> | null = null
  for (let n = 0; n < Math.min(net.blocks, lastBlock); n++) {
    if (net.selfCondition > 0 && n === net.selfCondition) late = lateForward(net, parameters, x, c, condition, B)
    blocks.push(blockForward(net, parameters, n, x, late?.condition ?? condition, B))
    x = blocks[n].out
  }
  const saved = { B, labels, patches, time, timeHidden, timeActive, c, condition, late, blocks }
  if (blocks.length < net.blocks) return { ...saved, final: null, velocity: null }

  const modulation = linearForward(late?.condition ?? condition, parameters['final_layer.adaLN_modulation.1'], B, C, 2 * C)
  const scale = chunk(modulation, 1, 2, B, C)
  const norm = modulateForward(x, chunk(modulation, 0, 2, B, C), scale, B, T, C)
  const output = linearForward(norm.y, parameters['final_layer.linear'], B * T, C, patchWidth)
  return { ...saved, final: { scale, norm }, velocity: unpatchify(output, image('ppc')) }
}

export type DitForward = ReturnType<typeof ditForward>

/**
 * Gradients of every parameter, and dxt (B,ch,size,size), from the velocity's gradient and that of the tokens after some block.
 * `dvelocity` null: no gradient comes from the head. `dfeatures` adds `dtokens` (B,T,C) to the output of block `layer` (1 is the first).
 */
export function ditBackward(
  net: NetConfig, parameters: DitParameters, forward: DitForward, dvelocity: Float64Array | null,
  dfeatures?: { layer: number; dtokens: Float64Array },
) {
  const { B, blocks, condition, late, final } = forward
  const { T, C, patchWidth, image } = dimensions(net, B)
  const gradients = zeroParameters(net)
  const dcondition = new Float64Array(B * C)
  const dlateCondition = new Float64Array(B * C)
  let dlate: ReturnType<typeof lateBackward> | null = null

  let dx: Float64Array = new Float64Array(B * T * C)
  if (dvelocity && final) {
    const { dx: dnorm, dwb } = linearBackward(
      final.norm.y, parameters['final_layer.linear'], patchify(dvelocity, image('ppc')), B * T, C, patchWidth)
    gradients['final_layer.linear'] = dwb
    const last = modulateBackward(blocks[net.blocks - 1].out, final.scale, final.norm.mean, final.norm.rstd, dnorm, B, T, C)
    const layer = linearBackward(
      late?.condition ?? condition, parameters['final_layer.adaLN_modulation.1'], joinChunks([last.dshift, last.dscale], B, C), B, C, 2 * C)
    gradients['final_layer.adaLN_modulation.1'] = layer.dwb
    addInto(late ? dlateCondition : dcondition, layer.dx)
    dx = last.dx
  }

  for (let n = blocks.length - 1; n >= 0; n--) {
    if (dfeatures && dfeatures.layer === n + 1) addInto(dx, dfeatures.dtokens)
    const isLate = late !== null && n >= net.selfCondition
    const block = blockBackward(net, parameters, gradients, n, blocks[n], isLate ? late.condition : condition, dx, B)
    addInto(isLate ? dlateCondition : dcondition, block.dcondition)
    dx = block.dx
    if (late && n === net.selfCondition) {
      dlate = lateBackward(net, parameters, gradients, late, condition, dlateCondition, B)
      addInto(dx, dlate.dx)
      addInto(dcondition, dlate.dcondition)
    }
  }

  const embedder = linearBackward(forward.patches, parameters['x_embedder.proj'], dx, B * T, patchWidth, C)
  gradients['x_embedder.proj'] = embedder.dwb

  const dc = siluBackward(forward.c, dcondition)
  if (dlate) addInto(dc, dlate.dc)
  if (forward.labels) {
    const dtable = gradients['y_embedder.embedding_table']
    for (let b = 0; b < B; b++) addInto(dtable.subarray(forward.labels[b] * C, (forward.labels[b] + 1) * C), dc.subarray(b * C, (b + 1) * C))
  }
  const second = linearBackward(forward.timeActive, parameters['t_embedder.mlp.2'], dc, B, C, C)
  gradients['t_embedder.mlp.2'] = second.dwb
  const first = linearBackward(
    forward.time, parameters['t_embedder.mlp.0'], siluBackward(forward.timeHidden, second.dx), B, TIME_FEATURES, C)
  gradients['t_embedder.mlp.0'] = first.dwb

  return { gradients, dxt: unpatchify(embedder.dx, image('cpp')) }
}
