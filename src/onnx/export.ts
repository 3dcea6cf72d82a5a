/**
 * The transformer of model/dit.ts as an ONNX graph of standard operators, parameters under the names and in the layouts of
 * facebookresearch/DiT. Opset 20, but only with what opset 13 to 17 had already (GELU in its parts, sums instead of means), so that older
 * checkers and runtimes take it too.
 *
 * B batch · T tokens · C width · H heads · D head dimension · P patch side
 */
import { create, toBinary } from '@bufbuild/protobuf'
import type { NetConfig } from '../config.ts'
import type { Path } from '../flow/paths.ts'
import { isLinear } from '../flow/place.ts'
import { resolveReplica } from '../model/replica.ts'
import type { NamedTensor } from '../model/parameters.ts'
import { positionEmbedding } from '../model/positions.ts'
import { type GraphBuilder, type Shape, startGraph, valueInfo } from './build.ts'
import { type Source, writeMetadata } from './metadata.ts'
import { ModelProtoSchema, TensorProto_DataType as DataType } from './onnx_pb.ts'
import { placeAt } from './place.ts'
import { timeFeatures } from './time_features.ts'

const OPSET = 20n
const IR_VERSION = 8n

export interface OnnxExport extends Source {
  /** As `toNamed` of model/parameters.ts gives them. */
  parameters: Record<string, NamedTensor>
  /** Block whose tokens are averaged into the output `features`, 1 for the first; the config's own when left out. */
  layer?: number
}

/**
 * The file's bytes. Inputs `x` (B,ch,h,w), `t` (B) from 0 (clean) to 1 (noise), and `y` (B) int64 when the net has classes; outputs `velocity`
 * (B,ch,h,w) and `features` (B,C). Tokens after block n are named `blocks.n`, so that they can be asked for as well.
 * @throws RangeError for a layer or replica that does not exist
 */
export function exportOnnx({ parameters, layer, ...source }: OnnxExport): Uint8Array<ArrayBuffer> {
  const { config: { net, objective } } = source
  const tapped = layer ?? objective.layer
  if (!Number.isInteger(tapped) || tapped < 1 || tapped > net.blocks) throw new RangeError(`layer ${tapped} does not exist: the network has ${net.blocks} blocks`)
  const graph = startGraph()
  for (const [name, { shape, data }] of Object.entries(parameters)) graph.tensor(name, shape, data)
  graph.number('one', 1)

  const c = embedCondition(graph, net)
  let condition = silu(graph, c, 'condition')
  let x = embedImage(graph, net)
  for (let n = 0; n < net.blocks; n++) {
    if (n > 0 && n === net.selfCondition) condition = selfCondition(graph, net, x, c, condition)
    x = block(graph, net, n, x, condition)
    graph.describe(x, ['B', tokens(net), net.width])
    if (n + 1 === tapped) tokenMean(graph, net, x, 'features')
  }
  const { objective: own, method, path } = resolveReplica(source.config, source.config.replicas[source.replica] ?? {})
  const { prediction } = method.knobs(own)
  finalLayer(graph, net, x, condition, prediction ?? 'velocity')
  if (prediction) readVelocity(graph, prediction, own.clamp, path)

  const image: Shape = ['B', net.channels, net.size, net.size]
  const input = [valueInfo('x', image), valueInfo('t', ['B']), ...(net.classes > 0 ? [valueInfo('y', ['B'], DataType.INT64)] : [])]
  const output = [valueInfo('velocity', image), valueInfo('features', ['B', net.width])]
  const metadata: Record<string, string> = { ...writeMetadata(source), prediction: 'velocity', features: `mean over the tokens after block ${tapped}` }
  const model = create(ModelProtoSchema, {
    irVersion: IR_VERSION, opsetImport: [{ domain: '', version: OPSET }], producerName: 'low-noise-lab', producerVersion: source.version,
    docString: `Velocity of a diffusion transformer. ${metadata.time}.`,
    graph: { name: 'DiT', node: graph.nodes, initializer: graph.initializers, valueInfo: graph.values, input, output },
    metadataProps: Object.entries(metadata).map(([key, value]) => ({ key, value })),
  })
  return toBinary(ModelProtoSchema, model) as Uint8Array<ArrayBuffer>
}

const tokens = ({ size, patch }: NetConfig) => (size / patch) ** 2

/** input (…,in) of rank 3 → (…,out) */
function linear(graph: GraphBuilder, name: string, input: string): string {
  const weight = graph.node('Transpose', [`${name}.weight`], `${name}.weight.T`, { attributes: { perm: [1n, 0n] } })
  return graph.node('Add', [graph.node('MatMul', [input, weight], `${name}.product`), `${name}.bias`], name)
}

/** input (B,in) → (B,out) */
const linearOfRow = (graph: GraphBuilder, name: string, input: string) =>
  graph.node('Gemm', [input, `${name}.weight`, `${name}.bias`], name, { attributes: { transB: 1n } })

/** x σ(x) */
const silu = (graph: GraphBuilder, input: string, name: string) => graph.node('Mul', [input, graph.node('Sigmoid', [input], `${name}.sigmoid`)], name)

/** x, t and y → c (B,C), time embedding + label embedding */
function embedCondition(graph: GraphBuilder, net: NetConfig): string {
  const hidden = linearOfRow(graph, 't_embedder.mlp.0', timeFeatures(graph))
  const time = linearOfRow(graph, 't_embedder.mlp.2', silu(graph, hidden, 't_embedder.mlp.1'))
  if (net.classes === 0) return time
  const label = graph.node('Gather', ['y_embedder.embedding_table.weight', 'y'], 'y_embedder', { attributes: { axis: 0n } })
  return graph.node('Add', [time, label], 'c')
}

/** Tokens after the bottleneck (B,T,C), c and silu(c) (B,C) → silu of what later blocks are conditioned on, c + W modulate(mean token) (B,C) */
function selfCondition(graph: GraphBuilder, net: NetConfig, x: string, c: string, condition: string): string {
  const at = (name: string) => `self_condition.${name}`
  const [shift, scale] = modulation(graph, net, 'self_condition', condition, ['shift', 'scale'])
  const mean = graph.node('Unsqueeze', [tokenMean(graph, net, x, at('mean')), graph.whole(at('mean.axes'), [1])], at('token'))
  const told = linear(graph, at('linear'), modulate(graph, net, at('norm'), mean, shift, scale)) // (B,1,C)
  const late = graph.node('Add', [c, graph.node('Squeeze', [told, graph.whole(at('squeezed'), [1])], at('told'))], 'late_c')
  return silu(graph, late, 'late_condition')
}

/** x (B,ch,h,w) → tokens (B,T,C) with their positions added */
function embedImage(graph: GraphBuilder, net: NetConfig): string {
  const P = BigInt(net.patch)
  const patches = graph.node('Conv', ['x', 'x_embedder.proj.weight', 'x_embedder.proj.bias'], 'x_embedder.proj', { attributes: { kernel_shape: [P, P], strides: [P, P] } })
  const flat = graph.node('Reshape', [patches, graph.whole('x_embedder.shape', [0, net.width, tokens(net)])], 'x_embedder.flat')
  const rows = graph.node('Transpose', [flat], 'x_embedder', { attributes: { perm: [0n, 2n, 1n] } })
  return graph.node('Add', [rows, graph.tensor('pos_embed', [1, tokens(net), net.width], positionEmbedding(net.size / net.patch, net.width))], 'tokens')
}

/** silu(c) (B,C) → `count` vectors (B,1,C) */
function modulation(graph: GraphBuilder, net: NetConfig, scope: string, condition: string, names: string[]): string[] {
  const all = linearOfRow(graph, `${scope}.adaLN_modulation.1`, condition)
  const row = graph.node('Unsqueeze', [all, graph.whole(`${scope}.axis`, [1])], `${scope}.adaLN_modulation`)
  return graph.node('Split', [row, graph.whole(`${scope}.sizes`, names.map(() => net.width))], names.map(name => `${scope}.${name}`), { attributes: { axis: 2n } })
}

/** LayerNorm(x) (1 + scale) + shift */
function modulate(graph: GraphBuilder, net: NetConfig, name: string, x: string, shift: string, scale: string): string {
  const ones = graph.tensor(`${name}.ones`, [net.width], new Float32Array(net.width).fill(1))
  const normal = graph.node('LayerNormalization', [x, ones], name, { attributes: { axis: -1n, epsilon: 1e-6 } })
  const factor = graph.node('Add', [scale, 'one'], `${name}.factor`)
  return graph.node('Add', [graph.node('Mul', [normal, factor], `${name}.scaled`), shift], `${name}.modulated`)
}

/** x (B,T,C), condition (B,C) → (B,T,C) */
function block(graph: GraphBuilder, net: NetConfig, n: number, x: string, condition: string): string {
  const at = (name: string) => `blocks.${n}.${name}`
  const vectors = modulation(graph, net, `blocks.${n}`, condition, [...(net.attention ? ['shift1', 'scale1', 'gate1'] : []), 'shift2', 'scale2', 'gate2'])
  let middle = x
  if (net.attention) {
    const [shift1, scale1, gate1] = vectors
    const mixed = attention(graph, net, at('attn'), modulate(graph, net, at('norm1'), x, shift1, scale1))
    middle = graph.node('Add', [x, graph.node('Mul', [gate1, mixed], at('attn.gated'))], at('middle'))
  }
  const [shift2, scale2, gate2] = vectors.slice(-3)
  const hidden = linear(graph, at('mlp.fc1'), modulate(graph, net, at('norm2'), middle, shift2, scale2))
  const out = linear(graph, at('mlp.fc2'), gelu(graph, at('mlp.act'), hidden))
  return graph.node('Add', [middle, graph.node('Mul', [gate2, out], at('mlp.gated'))], `blocks.${n}`)
}

/** x (B,T,C) → softmax(q kᵀ / √D) v, projected (B,T,C) */
function attention(graph: GraphBuilder, net: NetConfig, scope: string, x: string): string {
  const [C, H] = [net.width, net.heads]
  const D = C / H
  const at = (name: string) => `${scope}.${name}`
  const parts = graph.node('Split', [linear(graph, at('qkv'), x), graph.whole(at('sizes'), [C, C, C])], ['q', 'k', 'v'].map(name => at(`${name}.rows`)), { attributes: { axis: 2n } })
  const heads = graph.whole(at('heads'), [0, tokens(net), H, D])
  const [q, k, v] = ['q', 'k', 'v'].map((name, i) =>
    graph.node('Transpose', [graph.node('Reshape', [parts[i], heads], at(`${name}.heads`))], at(name), { attributes: { perm: name === 'k' ? [0n, 2n, 3n, 1n] : [0n, 2n, 1n, 3n] } })) // (B,H,T,D), k (B,H,D,T)
  const scores = graph.node('Mul', [graph.node('MatMul', [q, k], at('products')), graph.number(at('scale'), 1 / Math.sqrt(D))], at('scores')) // (B,H,T,T)
  const weights = graph.node('Softmax', [scores], at('softmax'), { attributes: { axis: -1n } })
  const mixed = graph.node('Transpose', [graph.node('MatMul', [weights, v], at('mixed.heads'))], at('mixed.rows'), { attributes: { perm: [0n, 2n, 1n, 3n] } })
  return linear(graph, at('proj'), graph.node('Reshape', [mixed, graph.whole(at('joined'), [0, tokens(net), C])], at('mixed')))
}

/** ½ x (1 + tanh(√(2/π) (x + .044715 x³))) = x σ(x (2√(2/π) + .044715 · 2√(2/π) x²)) */
function gelu(graph: GraphBuilder, name: string, x: string): string {
  const slope = 2 * Math.sqrt(2 / Math.PI)
  const square = graph.node('Mul', [graph.node('Mul', [x, x], `${name}.square`), graph.number(`${name}.cubic`, 0.044715 * slope)], `${name}.curved`, { doc: 'GELU in its tanh form.' })
  const argument = graph.node('Mul', [x, graph.node('Add', [square, graph.number(`${name}.slope`, slope)], `${name}.steepness`)], `${name}.argument`)
  return graph.node('Mul', [x, graph.node('Sigmoid', [argument], `${name}.sigmoid`)], name)
}

/** x (B,T,C) → `name` (B,C) */
function tokenMean(graph: GraphBuilder, net: NetConfig, x: string, name: string): string {
  const sum = graph.node('ReduceSum', [x, graph.whole(`${name}.axis`, [1])], `${name}.sum`, { attributes: { keepdims: 0n } })
  return graph.node('Mul', [sum, graph.number(`${name}.share`, 1 / tokens(net))], name)
}

/** `image` or `noise` → `velocity`, with denominators of at least `least` on the linear path: (β′ x − W x̂0)/β or (W ε̂ + α′ x)/α as in shaders/read_output.wgsl */
function readVelocity(graph: GraphBuilder, prediction: 'image' | 'noise', least: number, path: Path): void {
  const bound = graph.number('velocity.least', least)
  if (isLinear(path)) {
    const held = graph.node('Max', [prediction === 'image' ? 't' : graph.node('Sub', ['one', 't'], 'velocity.clean'), bound], 'velocity.held')
    const column = graph.node('Reshape', [held, graph.whole('velocity.column', [-1, 1, 1, 1])], 'velocity.denominator')
    graph.node('Div', [graph.node('Sub', prediction === 'image' ? ['x', 'image'] : ['noise', 'x'], 'velocity.numerator'), column], 'velocity')
    return
  }
  const { alpha, beta, dalpha, dbeta, wronskian } = placeAt(graph, path)
  const answered = graph.node('Mul', [wronskian, prediction], 'velocity.answered')
  const kept = graph.node('Mul', [prediction === 'image' ? dbeta : dalpha, 'x'], 'velocity.kept')
  const numerator = prediction === 'image' ? graph.node('Sub', [kept, answered], 'velocity.numerator') : graph.node('Add', [answered, kept], 'velocity.numerator')
  const large = graph.node('Max', ['one', graph.node('Abs', [dalpha], 'velocity.dalpha'), graph.node('Abs', [dbeta], 'velocity.dbeta')], 'velocity.large')
  const small = graph.node('Div', [graph.node('Mul', [bound, wronskian], 'velocity.grown'), large], 'velocity.small')
  graph.node('Div', [numerator, graph.node('Max', [prediction === 'image' ? beta : alpha, small], 'velocity.held')], 'velocity')
}

/** x (B,T,C) → `name` (B,ch,h,w); a token's numbers stand as (py,px,ch) */
function finalLayer(graph: GraphBuilder, net: NetConfig, x: string, condition: string, name: string): void {
  const side = net.size / net.patch
  const [shift, scale] = modulation(graph, net, 'final_layer', condition, ['shift', 'scale'])
  const rows = linear(graph, 'final_layer.linear', modulate(graph, net, 'final_layer.norm_final', x, shift, scale))
  const patches = graph.node('Reshape', [rows, graph.whole('unpatchify.patches', [0, side, side, net.patch, net.patch, net.channels])], 'unpatchify.rows')
  const image = graph.node('Transpose', [patches], 'unpatchify.image', { attributes: { perm: [0n, 5n, 1n, 3n, 2n, 4n] } })
  graph.node('Reshape', [image, graph.whole('unpatchify.shape', [0, net.channels, net.size, net.size])], name)
}
