/** @jax-js/jax: the whole step, with Adam, in one jit. Arrays are consumed by use, hence the `.ref`s. */
import { defaultDevice, init, jit, nn, numpy as np, tree, valueAndGrad } from '@jax-js/jax'
import { dependencies } from '../package.json'
import type { Peer } from '../peer.ts'
import { adam, positions, timeFrequencies, tokens, type Work } from '../work.ts'

type Arrays = Record<string, np.Array>
type State = { parameters: Arrays; m: Arrays; v: Arrays }

let train: ReturnType<typeof makeTrain>
let state: State
let work: Work
let steps = 0

export default {
  label: `jax-js ${dependencies['@jax-js/jax']}`,

  async setup(given, weights) {
    await init('webgpu')
    defaultDevice('webgpu')
    work = given
    const each = (make: (weight: { shape: number[]; data: Float32Array<ArrayBuffer> }) => np.Array): Arrays =>
      Object.fromEntries(Object.entries(weights).map(([name, weight]) => [name, make(weight)]))
    state = {
      parameters: each(({ shape, data }) => np.array(data, { shape })),
      m: each(({ shape }) => np.zeros(shape)),
      v: each(({ shape }) => np.zeros(shape)),
    }
    train = makeTrain(work)
  },

  async step({ x0, eps, t }) {
    steps += 1
    const { batch, channels, size } = work
    const shape = [batch, channels, size, size]
    const corrections = Float32Array.of(1 - adam.beta1 ** steps, 1 - adam.beta2 ** steps)
    const [loss, next] = train(
      state,
      np.array(x0, { shape }),
      np.array(eps, { shape }),
      np.array(t, { shape: [batch, 1, 1, 1] }),
      np.array(corrections, { shape: [2] }),
    ) as [np.Array, State]
    state = next
    return (await loss.data())[0]
  },
} satisfies Peer

function makeTrain(work: Work) {
  const gradient = valueAndGrad(makeLoss(work))
  return jit(({ parameters, m, v }: State, x0: np.Array, eps: np.Array, t: np.Array, corrections: np.Array) => {
    const [loss, gradients] = gradient(tree.ref(parameters), x0, eps, t) as [np.Array, Arrays]
    const [correction1, correction2] = np.split(corrections, 2)
    const next: State = { parameters: {}, m: {}, v: {} }
    for (const name of Object.keys(parameters)) {
      const g = gradients[name]
      next.m[name] = m[name].mul(adam.beta1).add(g.ref.mul(1 - adam.beta1))
      next.v[name] = v[name].mul(adam.beta2).add(np.square(g).mul(1 - adam.beta2))
      const scale = np.sqrt(next.v[name].ref.div(correction2.ref)).add(adam.eps)
      const update = next.m[name].ref.div(correction1.ref).div(scale)
      next.parameters[name] = parameters[name].sub(update.mul(adam.lr))
    }
    correction1.dispose()
    correction2.dispose()
    return [loss, next]
  })
}

/** Mean over pixels and batch of (v - (eps - x0))². */
function makeLoss(work: Work) {
  const { batch, channels, size, patch, width, blocks, heads } = work
  const side = size / patch
  const rows = tokens(work)
  const place = np.array(positions(work), { shape: [rows, width] })
  const frequencies = np.array(timeFrequencies())

  /** (B,C,S,S) to (B,T,·), each token's values in the order named: axes 1, 3, 5 are channel, row, column. */
  const patchify = (x: np.Array, order: number[]) =>
    x.reshape([batch, channels, side, patch, side, patch]).transpose([0, 2, 4, ...order]).reshape([batch, rows, -1])

  return (p: Arrays, x0: np.Array, eps: np.Array, t: np.Array) => {
    const linear = (x: np.Array, name: string) =>
      np.dot(x, p[`${name}.weight`].reshape([p[`${name}.bias`].shape[0], -1]).transpose()).add(p[`${name}.bias`])
    const norm = (x: np.Array, shift: np.Array, scale: np.Array) =>
      nn.standardize(x, -1, { epsilon: 1e-6 }).mul(scale.add(1)).add(shift)

    const angles = t.ref.reshape([batch, 1]).mul(frequencies.ref)
    const features = np.concatenate([np.cos(angles.ref), np.sin(angles)], -1)
    const condition = nn.silu(linear(nn.silu(linear(features, 't_embedder.mlp.0')), 't_embedder.mlp.2'))
    const modulation = (name: string, parts: number) =>
      np.split(linear(condition.ref, `${name}.adaLN_modulation.1`).reshape([batch, 1, parts * width]), parts, -1)

    const noisy = x0.ref.mul(np.subtract(1, t.ref)).add(eps.ref.mul(t))
    let x = linear(patchify(noisy, [1, 3, 5]), 'x_embedder.proj').add(place.ref)
    for (let i = 0; i < blocks; i++) {
      const name = `blocks.${i}`
      const [shift1, scale1, gate1, shift2, scale2, gate2] = modulation(name, 6)
      const qkv = linear(norm(x.ref, shift1, scale1), `${name}.attn.qkv`)
      // not nn.dotProductAttention: its einsum needs iterator helpers, which Node 20 has not
      const head = (a: np.Array) => a.reshape([batch, rows, heads, width / heads]).transpose([0, 2, 1, 3])
      const [q, k, v] = np.split(qkv, 3, -1).map(head)
      const scores = np.matmul(q, k.transpose([0, 1, 3, 2])).mul(1 / Math.sqrt(width / heads))
      const mixed = np.matmul(nn.softmax(scores, -1), v).transpose([0, 2, 1, 3]).reshape([batch, rows, width])
      x = x.add(gate1.mul(linear(mixed, `${name}.attn.proj`)))
      const hidden = nn.gelu(linear(norm(x.ref, shift2, scale2), `${name}.mlp.fc1`))
      x = x.add(gate2.mul(linear(hidden, `${name}.mlp.fc2`)))
    }
    const [shift, scale] = modulation('final_layer', 2)
    const velocity = linear(norm(x, shift, scale), 'final_layer.linear')
    condition.dispose()
    return np.mean(np.square(velocity.sub(patchify(eps.sub(x0), [3, 5, 1]))))
  }
}
