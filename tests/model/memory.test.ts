import { expect, test } from 'vitest'
import { sessions } from '../support/sessions.ts'
import { tinyConfig } from '../support/tiny_run.ts'

const { create } = sessions()

test('a net at its start answers 0, so its loss is 1 + E[x0²] of each set of images; by heart there is one candidate near t = 0 and all near 1', async () => {
  const config = tinyConfig({ data: { count: 64, heldOut: 64 } })
  const session = await create(config)
  const { panels: [loss, candidates] } = await session.measure('memory', { levels: 4, images: 64, draws: 32 })
  const mean = (values: Float32Array) => values.reduce((sum, value) => sum + value * value, 0) / values.length
  for (const [label, images] of [['trained on', session.data.train], ['held out', session.data.heldOut]] as const) {
    for (const curve of loss.curves.filter(one => one.label === label)) {
      // The same noise at every level: one draw of it, ±.02 of its expectation with 64 × 64 numbers.
      for (const y of curve.y) expect(Math.abs(y! - 1 - mean(images))).toBeLessThan(0.12)
      expect(Math.max(...curve.y as number[]) - Math.min(...curve.y as number[])).toBeLessThan(1e-6)
    }
  }
  const heart = loss.curves.find(({ label }) => label.startsWith('by heart'))!
  expect(heart.y[0]).toBe(0)
  expect(heart.y.at(-1)).toBeGreaterThan(0.01)
  expect(candidates.curves[0].y[0]).toBeCloseTo(1, 6)
  expect(candidates.curves[0].y.at(-1)! / 64).toBeGreaterThan(0.95)
})

test('ExFM: its candidates and how far its target is from the best velocity, for each way of averaging; nothing of it without', async () => {
  const replicas = [{ method: 'fm' }, { method: 'exfm' }, { method: 'exfm', seed: 1 }, { method: 'exfm', images: 8 }]
  const session = await create(tinyConfig({ data: { count: 64, heldOut: 64 }, objective: { candidates: 16 }, replicas }))
  const { panels: [, candidates, target] } = await session.measure('memory', { levels: 4, images: 8, draws: 32 })
  const own = ({ curves }: typeof target) => curves.filter(({ replica }) => replica !== null).map(({ replica, label, kind }) => [replica, label, kind])
  for (const panel of [candidates, target]) expect(own(panel)).toEqual([[1, 'N = 16', 'theory'], [2, 'N = 16', 'theory'], [3, 'N = 8', 'theory']])
  expect([1, 2, 3].map(i => candidates.curves[i].y.at(-1)!)).toEqual([expect.closeTo(16, 1), expect.closeTo(16, 1), expect.closeTo(8, 1)])
  const [flow, some, , whole] = target.curves.map(({ y }) => y.at(-1)!)
  expect(whole).toBe(0)
  expect(some).toBeGreaterThan(0)
  expect(some).toBeLessThan(flow / 4) // 16 of them leave a sixteenth, about
  expect(target.summary).toMatch(/flow matching’s is off by .*one averaged over N = 16 by .*N = 8 by 0[;.]/)
})

test('too few images are refused in one sentence', async () => {
  const session = await create()
  expect(() => session.measure('memory', { images: 64 })).toThrow(/64 images are more than there are \(64 to train on, 32 held out\)/)
})
