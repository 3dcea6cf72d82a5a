/** Samples of two networks that begin with the same noise: alike where the networks are, and as far apart as the run's own samples are. */
import { expect, test } from 'vitest'
import { sessions } from '../support/sessions.ts'
import { tinyConfig } from '../support/tiny_run.ts'

const { create } = sessions()

test('distances are those of the run’s own samples, 0 between equal networks', async () => {
  const session = await create(tinyConfig({ evaluate: { samples: 16 }, train: { learningRate: 0.01 }, replicas: [{ method: 'fm' }, { method: 'fm', label: 'again' }, { method: 'fm', seed: 1 }] }))
  await session.advance(4)
  const { images, channels, size } = await session.sample()
  const { panels: [{ heat, summary }] } = await session.measure('same-noise', { count: 16 })
  const d = channels * size * size
  const apart = (a: number, b: number) => Array.from({ length: 16 }, (_, i) => Math.sqrt(images[a].subarray(i * d, (i + 1) * d).reduce((sum, value, k) => sum + (value - images[b][i * d + k]) ** 2, 0) / d)).reduce((sum, value) => sum + value / 16, 0)
  const [{ values, x }] = heat!
  expect(x.at).toEqual([1, 2, 3])
  expect([values[0][0], values[0][1]]).toEqual([0, 0])
  expect(values[0][2]).toBeGreaterThan(0.01)
  expect(values[2][0]).toBe(values[0][2])
  expect(values[1][2]! / apart(1, 2)).toBeCloseTo(1, 5)
  expect(summary).toMatch(/^Samples of the same noise lie apart by [\d.]+ \(.* and .*\), [\d.]+ \(one kind of net from seed to seed\); those of other noise by [\d.]+\.$/)
  const alone = await create(tinyConfig({ replicas: [{ method: 'fm' }] }))
  expect(() => alone.measure('same-noise')).toThrow('it compares networks, and this run has one; give it a second replica')
})
