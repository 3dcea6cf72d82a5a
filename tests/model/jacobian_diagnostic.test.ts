/** The Jacobian diagnostic on a net with random weights, against the float64 twin's whole Jacobian. */
import { expect, test } from 'vitest'
import { logLevels, normalNoise } from '../../src/diagnostics/look.ts'
import { fromClassSwap, massIn } from '../../src/diagnostics/semantic.ts'
import { STREAM_EVALUATION } from '../../src/engine/philox.ts'
import { meanOf } from '../../src/flow/estimate.ts'
import type { Panel } from '../../src/panel.ts'
import { ditBackward, ditForward } from '../../src/reference/dit.ts'
import { unpatchify } from '../../src/reference/patchify.ts'
import { dot } from '../support/gradient.ts'
import { flat, randomParameters, twinParameters } from '../support/random_net.ts'
import { sessions } from '../support/sessions.ts'
import { tinyConfig } from '../support/tiny_run.ts'

const { create } = sessions()

test('gains are those of the whole Jacobian, within the error of the probes', async () => {
  const config = tinyConfig({ replicas: [{ method: 'fm' }, { method: 'fm', seed: 1 }] })
  const { net, objective: { layer }, data: { seed } } = config
  const parameters = [randomParameters(net, 3), randomParameters(net, 4)]
  const fresh = await (await create(config)).checkpoint()
  const session = await create(config, { checkpoint: { ...fresh, replicas: fresh.replicas.map((replica, r) => ({ ...replica, ema: flat(net, parameters[r]) })) } })
  const [n, probes, levels] = [16, 64, 3]
  const { panels } = await session.measure('jacobian', { levels, images: n, probes })

  const d = net.channels * net.size ** 2
  const [tokens, C] = [(net.size / net.patch) ** 2, net.width]
  const { dataset, heldOut } = session.data
  const semantic = fromClassSwap(dataset, dataset.generate(n, { seed, split: 'test', size: net.size }), net.size, d)
  const noise = normalNoise(n * d, seed, STREAM_EVALUATION, 2)
  const curves = (id: string) => panels.find((panel: Panel) => panel.id === id)!.curves
  for (const [at, level] of logLevels(levels).entries()) {
    const xt = Float64Array.from({ length: n * d }, (_, i) => Math.fround((1 - level) * heldOut[i] + level * noise[i]))
    for (const r of [0, 1]) {
      const forward = ditForward(net, parameters[r], xt, new Float64Array(n).fill(Math.fround(level)), null, layer)
      let [inside, total] = [0, 0]
      for (let c = 0; c < C; c++) {
        const dtokens = Float64Array.from({ length: n * tokens * C }, (_, i) => (i % C === c ? 1 / tokens : 0))
        const { dxt } = ditBackward(net, parameters[r], forward, null, { layer, dtokens })
        for (let i = 0; i < n; i++) {
          const row = dxt.subarray(i * d, (i + 1) * d)
          inside += massIn(semantic.basis(i), row, d) / n
          total += row.reduce((sum, v) => sum + v * v, 0) / n
        }
      }
      const expectNear = (id: string, label: string, value: number) => {
        const { y, spread } = curves(id).find(curve => curve.replica === r && curve.label === label)!
        expect(Math.abs(y[at]! - value), `${id} ${label}, replica ${r}, t ${level}: ${y[at]} ± ${spread![at]}, exact ${value}`).toBeLessThan(Math.min(4 * spread![at]!, 0.25 * value))
      }
      expectNear('gains', 'class', inside)
      expectNear('gains', 'other', (total - inside) / (d - 1))
      expectNear('norm', '', Math.sqrt(total))
      expectNear('ratio', '', (total - inside) / (d - 1) / inside)
      expectNear('share', '', inside / total)
      const shown = (id: string, label: string) => curves(id).find(curve => curve.replica === r && curve.label === label)!.y[at]!
      expect((shown('gains', 'class') + (d - 1) * shown('gains', 'other')) / shown('norm', '') ** 2).toBeCloseTo(1, 5) // r·G_sem + (d−r)·G_noise = ‖J‖_F²
    }
  }
}, 60_000)

test('of a net at its start features are linear in the image: gains are those of its embedding at every level, and doubt falls as 1/√probes', async () => {
  const config = tinyConfig({ data: { heldOut: 128 }, replicas: [{ method: 'fm' }] })
  const session = await create(config)
  const { net, data: { seed } } = config
  const [n, d, T, C] = [128, 64, 16, net.width]
  const W = twinParameters(net, (await session.checkpoint()).replicas[0].ema)['x_embedder.proj'] // (5,C), the bias last
  const A = Array.from({ length: C }, (_, c) => unpatchify(Float64Array.from({ length: T * 4 }, (__, i) => W[(i % 4) * C + c] / T), { batch: 1, channels: 1, height: 8, width: 8, patch: 2, order: 'cpp' })) // (C,d)
  const { dataset } = session.data
  const semantic = fromClassSwap(dataset, dataset.generate(n, { seed, split: 'test', size: 8 }), 8, d)
  const total = A.reduce((sum, row) => sum + dot(row, row), 0)
  const inside = Array.from({ length: n }, (_, i) => A.reduce((sum, row) => sum + massIn(semantic.basis(i), row, d), 0)).reduce((sum, mass) => sum + mass / n, 0)
  const deviation = Math.sqrt(2 * A.reduce((sum, a) => A.reduce((more, b) => more + dot(a, b) ** 2, sum), 0)) // of ‖Aᵀu‖², u normal: √2 ‖AAᵀ‖_F
  const doubts: number[] = []
  for (const probes of [4, 64]) {
    const { panels } = await session.measure('jacobian', { levels: 4, images: n, probes })
    const curve = (id: string, label: string) => panels.find((panel: Panel) => panel.id === id)!.curves.find(one => one.replica === 0 && one.label === label)!
    for (const [id, label, value] of [['gains', 'class', inside], ['gains', 'other', (total - inside) / (d - 1)], ['norm', '', Math.sqrt(total)]] as const) {
      const { x, y, spread } = curve(id, label)
      x.forEach((t, at) => expect(Math.abs(y[at]! - value), `${id} ${label}, t ${t}, ${probes} probes`).toBeLessThan(4 * spread![at]!))
    }
    const doubt = meanOf(curve('norm', '').spread!.map(one => 2 * Math.sqrt(total) * one!)).value // of ‖J‖_F²
    expect(doubt / (deviation / Math.sqrt(n * probes))).toBeCloseTo(1, 1)
    doubts.push(doubt)
  }
  expect(Math.abs(doubts[0] / doubts[1] - 4)).toBeLessThan(0.4)
}, 60_000)

test('what leaves no direction, or no class, is refused in one sentence', async () => {
  const session = await create()
  expect(() => session.measure('jacobian', { directions: 'pca', rank: 64, images: 16 })).toThrow(/64 directions leave none of the 64 dimensions/)
  expect(() => session.measure('jacobian', { layer: 3, images: 16 })).toThrow(/there is no block 3; this net has 2/)
  expect(() => session.measure('jacobian', { images: 64 })).toThrow(/64 images are more than the 32 held-out ones/)
})
