/** What Propositions 4 and 5 are made of: the Jacobian of the tokens after a block, and of the velocity in those tokens. */
import { expect, test } from 'vitest'
import { logLevels, normalNoise } from '../../src/diagnostics/look.ts'
import { fromClassSwap } from '../../src/diagnostics/semantic.ts'
import { STREAM_EVALUATION } from '../../src/engine/philox.ts'
import { recordFrozen } from '../../src/model/frozen.ts'
import { recordInputCotangent, recordInputTangent } from '../../src/model/jacobian.ts'
import { ditBackward, ditForward } from '../../src/reference/dit.ts'
import { FrozenNet, normals } from '../support/frozen_net.ts'
import { flat, randomParameters } from '../support/random_net.ts'
import { sessions } from '../support/sessions.ts'
import { tinyConfig } from '../support/tiny_run.ts'

const { create } = sessions()
const dot = (a: ArrayLike<number>, b: ArrayLike<number>) => Array.from(a).reduce((sum, v, i) => sum + v * b[i], 0)

test('the velocity depends on the image through the tokens of any block: the two halves make the whole Jacobian', async () => {
  await FrozenNet.with({ size: 8, patch: 2, width: 16, blocks: 3, heads: 2 }, async net => {
    const samples = 3
    const { training } = net
    for (const layer of [1, 2, 3]) {
      const back = net.another()
      const on = net.another()
      const frozen = recordFrozen(net.recorder, training, { samples, weights: training.optimizer.ema, layers: [layer], keep: true })
      const pulled = recordInputCotangent(back, training, frozen, { velocity: true })
      const extent = { replicas: FrozenNet.replicas, samples }
      if (!('velocity' in frozen.trace)) throw new Error('no head')
      const dtokens = training.dit.backwardToTokens(back, training.optimizer.ema, frozen.trace, extent, pulled.dvelocity!, layer)
      const pushed = recordInputTangent(on, training, frozen, { velocity: false, layers: [layer] })
      await net.lay(back, on)
      net.show(frozen, 7)
      const d = FrozenNet.replicas * samples * 64
      const [u, w] = [normals(d, 1), normals(d, 2)]
      net.write(pulled.dvelocity!, u)
      net.write(pushed.direction, w)
      for (const recorder of [net.recorder, back, on]) net.replay(recorder)
      const whole = dot(await net.read(pulled.dimage, d), w)
      const halves = dot(await net.read(dtokens.tensor), await net.read(pushed.tokens.tensor))
      expect(Math.abs(whole / halves - 1), `block ${layer}`).toBeLessThan(1e-4)
    }
  })
}, 60_000)

test('norms are those of the twin’s whole Jacobians', async () => {
  const config = tinyConfig({ net: { blocks: 2 }, replicas: [{ method: 'fm' }, { method: 'fm', seed: 1 }] })
  const { net, objective: { layer }, data: { seed } } = config
  const parameters = [randomParameters(net, 3), randomParameters(net, 4)]
  const fresh = await (await create(config)).checkpoint()
  const session = await create(config, { checkpoint: { ...fresh, replicas: fresh.replicas.map((replica, r) => ({ ...replica, ema: flat(net, parameters[r]) })) } })
  const [n, levels, d] = [2, 2, 64]
  const { panels } = await session.measure('propositions', { levels, images: n })
  const { dataset, heldOut } = session.data
  const semantic = fromClassSwap(dataset, dataset.generate(n, { seed, split: 'test', size: net.size }), net.size, d)
  const noise = normalNoise(n * d, seed, STREAM_EVALUATION, 7)
  const at = (panel: string, label: string, r: number, i: number) => panels.find(({ id }) => id === panel)!.curves.find(curve => curve.replica === r && curve.label === label)!.y[i]!
  for (const [i, level] of logLevels(levels, 0.001, 0.9).entries()) {
    const t = Math.fround(level)
    const xt = Float64Array.from({ length: n * d }, (_, k) => Math.fround((1 - t) * heldOut[k] + t * noise[k]))
    for (const r of [0, 1]) {
      const forward = ditForward(net, parameters[r], xt, new Float64Array(n).fill(t), null)
      let [missing, greatest] = [0, 0]
      for (let image = 0; image < n; image++) {
        const s = semantic.basis(image)
        const dvelocity = new Float64Array(n * d)
        dvelocity.set(s, image * d)
        const given = ditBackward(net, parameters[r], forward, dvelocity).dxt.subarray(image * d, (image + 1) * d)
        missing += Math.hypot(...s.map((value, k) => value / level - given[k])) / n
        greatest += Math.sqrt(greatestOutside(parameters[r], xt.slice(image * d, (image + 1) * d), t, s)) / n
      }
      expect(Math.abs(at('demand', 'left undone, r_t', r, i) / missing - 1)).toBeLessThan(1e-3)
      expect(Math.abs(at('prop4', 'measured', r, i) / greatest - 1)).toBeLessThan(1e-3)
    }
  }

  /** Greatest eigenvalue of (I−ssᵀ)JᵀJ(I−ssᵀ), J of the tokens, by multiplying with the whole of J many times. */
  function greatestOutside(weights: (typeof parameters)[number], x: Float64Array, t: number, s: Float64Array): number {
    const values = 16 * net.width
    const forward = ditForward(net, weights, x, Float64Array.of(t), null, layer)
    const rows = Array.from({ length: values }, (_, j) => ditBackward(net, weights, forward, null, { layer, dtokens: Float64Array.from({ length: values }, (__, k) => (k === j ? 1 : 0)) }).dxt)
    const project = (v: Float64Array) => v.map((value, k) => value - dot(s, v) * s[k])
    let v: Float64Array = project(normals(d, 5))
    let value = 0
    for (let k = 0; k < 300; k++) {
      const out = new Float64Array(d)
      for (const row of rows) {
        const along = dot(row, v)
        for (let j = 0; j < d; j++) out[j] += along * row[j]
      }
      const next = project(out)
      value = Math.hypot(...next)
      v = next.map(entry => entry / value)
    }
    return value
  }
}, 60_000)
