/**
 * The work: a DiT (adaLN-zero, as facebookresearch/DiT, without labels) trained by rectified flow with Adam.
 * Weights and batches come from a counter-based generator, so every peer, the page, Node and
 * reference.py see the same numbers.
 */

export interface Work {
  name: string
  batch: number
  channels: number
  /** Side of the square image. */
  size: number
  patch: number
  width: number
  blocks: number
  heads: number
}

export type Weights = Record<string, { shape: number[]; data: Float32Array<ArrayBuffer> }>

export interface Batch {
  /** Clean images, (B,C,S,S). */
  x0: Float32Array<ArrayBuffer>
  /** Noise, (B,C,S,S). */
  eps: Float32Array<ArrayBuffer>
  /** Noise levels in [0,1], 0 = clean, (B). */
  t: Float32Array<ArrayBuffer>
}

export const works: Record<string, Work> = {
  small: { name: 'small', batch: 32, channels: 1, size: 8, patch: 2, width: 64, blocks: 4, heads: 4 },
  large: { name: 'large', batch: 16, channels: 1, size: 16, patch: 2, width: 128, blocks: 6, heads: 4 },
}

/** Adam, without weight decay or clipping. */
export const adam = { lr: 1e-3, beta1: 0.9, beta2: 0.999, eps: 1e-8 }

/** How many sine and cosine features the noise level is turned into. */
export const TIME_FEATURES = 256

export const tokens = (work: Work) => (work.size / work.patch) ** 2

/** Every trained tensor, by its name and shape in facebookresearch/DiT; Linear weights are (out, in). */
export function shapes({ channels, patch, width, blocks }: Work): Record<string, number[]> {
  const linear = (name: string, inputs: number, outputs: number) => ({
    [`${name}.weight`]: [outputs, inputs],
    [`${name}.bias`]: [outputs],
  })
  const block = (name: string) => ({
    ...linear(`${name}.attn.qkv`, width, 3 * width),
    ...linear(`${name}.attn.proj`, width, width),
    ...linear(`${name}.mlp.fc1`, width, 4 * width),
    ...linear(`${name}.mlp.fc2`, 4 * width, width),
    ...linear(`${name}.adaLN_modulation.1`, width, 6 * width),
  })
  return {
    'x_embedder.proj.weight': [width, channels, patch, patch],
    'x_embedder.proj.bias': [width],
    ...linear('t_embedder.mlp.0', TIME_FEATURES, width),
    ...linear('t_embedder.mlp.2', width, width),
    ...Object.assign({}, ...Array.from({ length: blocks }, (_, i) => block(`blocks.${i}`))),
    ...linear('final_layer.linear', width, patch * patch * channels),
    ...linear('final_layer.adaLN_modulation.1', width, 2 * width),
  }
}

/** Half of Xavier-uniform, biases in ±0.05: nothing is zero, so every gradient counts from the first step. */
export function makeWeights(work: Work): Weights {
  const entries = Object.entries(shapes(work)).map(([name, shape], index) => {
    const outputs = shape[0]
    const inputs = shape.slice(1).reduce((a, b) => a * b, 1)
    const limit = shape.length > 1 ? 0.5 * Math.sqrt(6 / (inputs + outputs)) : 0.05
    const data = Float32Array.from({ length: inputs * outputs }, (_, i) => limit * (2 * uniform(1000 + index, i) - 1))
    return [name, { shape, data }]
  })
  return Object.fromEntries(entries)
}

/** The batch of one step: plane waves in [-1,1], Gaussian noise, uniform noise levels. */
export function makeBatch({ batch, channels, size }: Work, step: number): Batch {
  const seed = 1_000_000 + 4 * step
  const image = channels * size * size
  const x0 = Float32Array.from({ length: batch * image }, (_, i) => {
    const wave = Math.floor(i / (size * size)) // one wave a channel and image
    const [fx, fy, phase] = [0, 1, 2].map((k) => uniform(seed, 3 * wave + k))
    const [y, x] = [Math.floor(i / size) % size, i % size]
    return Math.sin(2 * Math.PI * ((2 * fx * x + 2 * fy * y) / size + phase))
  })
  const eps = Float32Array.from({ length: batch * image }, (_, i) => normal(seed + 1, i))
  const t = Float32Array.from({ length: batch }, (_, i) => uniform(seed + 2, i))
  return { x0, eps, t }
}

/** Fixed sin-cos positions, (T,D): the first half of the width encodes the column, the second the row. */
export function positions(work: Work): Float32Array<ArrayBuffer> {
  const { width } = work
  const side = work.size / work.patch
  const quarter = width / 4
  return Float32Array.from({ length: side * side * width }, (_, i) => {
    const [token, k] = [Math.floor(i / width), i % width]
    const place = k < width / 2 ? token % side : Math.floor(token / side)
    const angle = place * 10000 ** (-(k % quarter) / quarter)
    return k % (width / 2) < quarter ? Math.sin(angle) : Math.cos(angle)
  })
}

/** 1000 times the frequencies of the time features: the features of t are cos then sin of t times these. */
export function timeFrequencies(): Float32Array<ArrayBuffer> {
  const half = TIME_FEATURES / 2
  return Float32Array.from({ length: half }, (_, k) => 1000 * Math.exp((-Math.log(10000) * k) / half))
}

/** The i-th number in [0,1) of a stream: mulberry32 (Tommy Ettinger, public domain), entered at any place. */
function uniform(seed: number, i: number): number {
  const a = (seed + Math.imul(i + 1, 0x6d2b79f5)) | 0
  let h = Math.imul(a ^ (a >>> 15), 1 | a)
  h = (h + Math.imul(h ^ (h >>> 7), 61 | h)) ^ h
  return ((h ^ (h >>> 14)) >>> 0) / 2 ** 32
}

/** The i-th standard normal number of a stream (Box-Muller). */
function normal(seed: number, i: number): number {
  return Math.sqrt(-2 * Math.log(1 - uniform(seed, 2 * i))) * Math.cos(2 * Math.PI * uniform(seed, 2 * i + 1))
}
