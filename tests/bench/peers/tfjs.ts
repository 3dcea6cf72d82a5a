/** TensorFlow.js: its training core and WebGPU backend, eager tape, its own Adam and fused dense layers. */
import * as tf from '@tensorflow/tfjs-core'
import '@tensorflow/tfjs-core/dist/public/chained_ops/register_all_chained_ops'
import '@tensorflow/tfjs-core/dist/register_all_gradients'
import '@tensorflow/tfjs-backend-webgpu'
import type { Peer } from '../peer.ts'
import { adam, positions, timeFrequencies, tokens, type Work } from '../work.ts'

type Variables = Record<string, tf.Variable>

let work: Work
let variables: Variables
let loss: ReturnType<typeof makeLoss>
let optimizer: tf.Optimizer

export default {
  label: `tfjs ${tf.version_core}`,

  async setup(given, weights) {
    await tf.setBackend('webgpu')
    work = given
    variables = Object.fromEntries(
      Object.entries(weights).map(([name, { shape, data }]) => [name, tf.variable(tf.tensor(data, shape))]),
    )
    loss = makeLoss(work, variables)
    optimizer = tf.train.adam(adam.lr, adam.beta1, adam.beta2, adam.eps)
  },

  async step({ x0, eps, t }) {
    const { batch, channels, size } = work
    const shape: [number, number, number, number] = [batch, channels, size, size]
    const value = tf.tidy(() => {
      const inputs = [tf.tensor4d(x0, shape), tf.tensor4d(eps, shape), tf.tensor4d(t, [batch, 1, 1, 1])] as const
      return optimizer.minimize(() => loss(...inputs), true)!
    })
    const [result] = await value.data()
    value.dispose()
    return result
  },
} satisfies Peer

/** Mean over pixels and batch of (v - (eps - x0))². */
function makeLoss(work: Work, p: Variables) {
  const { batch, channels, size, patch, width, blocks, heads } = work
  const side = size / patch
  const rows = tokens(work)
  const place = tf.tensor2d(positions(work), [rows, width])
  const frequencies = tf.tensor1d(timeFrequencies())

  const linear = (x: tf.Tensor, name: string) => {
    const bias = p[`${name}.bias`]
    const weight = p[`${name}.weight`].reshape([bias.size, -1]) as tf.Tensor2D
    const inputs = x.reshape([-1, weight.shape[1]]) as tf.Tensor2D
    return tf.fused.matMul({ a: inputs, b: weight, transposeB: true, bias }).reshape([...x.shape.slice(0, -1), bias.size])
  }
  const silu = (x: tf.Tensor) => x.mul(x.sigmoid())
  const gelu = (x: tf.Tensor) => {
    const inner = x.add(x.mul(x).mul(x).mul(0.044715)).mul(Math.sqrt(2 / Math.PI))
    return x.mul(0.5).mul(inner.tanh().add(1))
  }
  const norm = (x: tf.Tensor, shift: tf.Tensor, scale: tf.Tensor) => {
    const centred = x.sub(x.mean(-1, true))
    return centred.mul(centred.square().mean(-1, true).add(1e-6).rsqrt()).mul(scale.add(1)).add(shift)
  }
  /** (B,C,S,S) to (B,T,·), each token's values in the order named: axes 1, 3, 5 are channel, row, column. */
  const patchify = (x: tf.Tensor, order: number[]) =>
    x.reshape([batch, channels, side, patch, side, patch]).transpose([0, 2, 4, ...order]).reshape([batch, rows, -1])

  return (x0: tf.Tensor4D, eps: tf.Tensor4D, t: tf.Tensor4D): tf.Scalar => {
    const angles = t.reshape([batch, 1]).mul(frequencies)
    const features = tf.concat([angles.cos(), angles.sin()], -1)
    const condition = silu(linear(silu(linear(features, 't_embedder.mlp.0')), 't_embedder.mlp.2'))
    const modulation = (name: string, parts: number) =>
      tf.split(linear(condition, `${name}.adaLN_modulation.1`).reshape([batch, 1, parts * width]), parts, -1)

    const noisy = x0.mul(tf.sub(1, t)).add(eps.mul(t))
    let x: tf.Tensor = linear(patchify(noisy, [1, 3, 5]), 'x_embedder.proj').add(place)
    for (let i = 0; i < blocks; i++) {
      const name = `blocks.${i}`
      const [shift1, scale1, gate1, shift2, scale2, gate2] = modulation(name, 6)
      const qkv = linear(norm(x, shift1, scale1), `${name}.attn.qkv`)
      const [q, k, v] = qkv.reshape([batch, rows, 3, heads, width / heads]).transpose([2, 0, 3, 1, 4]).unstack() as tf.Tensor4D[]
      const scores = tf.matMul(q, k, false, true).mul(1 / Math.sqrt(width / heads))
      const mixed = tf.matMul(tf.softmax(scores), v).transpose([0, 2, 1, 3]).reshape([batch, rows, width])
      x = x.add(gate1.mul(linear(mixed, `${name}.attn.proj`)))
      const hidden = gelu(linear(norm(x, shift2, scale2), `${name}.mlp.fc1`))
      x = x.add(gate2.mul(linear(hidden, `${name}.mlp.fc2`)))
    }
    const [shift, scale] = modulation('final_layer', 2)
    const velocity = linear(norm(x, shift, scale), 'final_layer.linear')
    return velocity.sub(patchify(eps.sub(x0), [3, 5, 1])).square().mean()
  }
}
