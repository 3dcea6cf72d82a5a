/** A net of one token trained on points of the plane, and what the page is given to paint. */
import { expect, test } from 'vitest'
import { decodeCheckpoint, encodeCheckpoint } from '../../src/lab/checkpoint.ts'
import { sessions } from '../support/sessions.ts'
import { tinyConfig } from '../support/tiny_run.ts'

const { create } = sessions()
const POINTS = { channels: 2, size: 1, patch: 1, width: 16, blocks: 2, heads: 1, attention: false } as const
const asked = { points: 32, steps: 6, arrows: 5 }

test('points: pairs, nets and the best velocity from the same noise; the flow comes nearer to the data; kept with the run', async () => {
  const session = await create(tinyConfig({ net: POINTS, data: { dataset: 'eight-gaussians', count: 512, heldOut: 256 }, train: { batch: 64, steps: 400, learningRate: 0.01 }, replicas: [{ method: 'fm' }, { method: 'x-prediction' }] }))
  const ask = async () => (await session.measure('plane', asked)).panels[0]
  const before = await ask()
  await session.advance(300)
  const panel = await ask()
  const { t, views, side, data, dataClasses } = panel.plane!
  expect(views.map(({ replica, label }) => [replica, label])).toEqual([[null, 'training pairs'], [0, 'Flow matching'], [1, 'x-prediction (JiT)'], [null, 'best velocity']])
  expect([t[0], t.at(-1), side, data.length, dataClasses.length]).toEqual([1, 0, 5, 64, 32])
  for (const { ways, classes, arrows, answers, label } of views) {
    expect(ways.length, label).toBe(t.length * 64)
    expect(ways.subarray(0, 64), `${label} begins with the same noise`).toEqual(views[0].ways.subarray(0, 64))
    expect(ways.every(Number.isFinite) && (arrows ?? ways).every(Number.isFinite), label).toBe(true)
    expect(classes.length).toBe(32)
    // x̂₀ = x − t v, from the middles of the squares.
    const extent = panel.plane!.extent
    const middle = (at: number) => (2 * ((at % 2 === 0 ? (at >> 1) % 5 : Math.floor((at >> 1) / 5)) + 0.5) / 5 - 1) * extent
    if (arrows) t.forEach((level, l) => arrows.subarray(l * 50, (l + 1) * 50).forEach((v, at) => expect(answers![l * 50 + at], label).toBeCloseTo(middle(at) - level * v, 4)))
    expect(answers?.length).toBe(arrows?.length)
  }
  const [first, now] = [before, panel].map(({ curves }) => curves.map(({ y }) => y.at(-1)!))
  for (const r of [0, 1]) expect(now[r], `replica ${r} against ${first[r]} before`).toBeLessThan(first[r] / 3)
  // The net's velocity is the best one's, more or less, and not its opposite.
  const [net, best] = [views[1].arrows!, views[3].arrows!].map(arrows => arrows.subarray(25 * 2 * 2, 25 * 2 * 12))
  const dot = (a: Float32Array, b: Float32Array) => a.reduce((sum, value, i) => sum + value * b[i], 0)
  expect(dot(net, best) / Math.sqrt(dot(net, net) * dot(best, best))).toBeGreaterThan(0.8)
  expect(decodeCheckpoint(encodeCheckpoint(await session.snapshot())).history!.measurements).toEqual(session.measurements)
}, 60_000)

test('a net that is told the class: its points are of the classes in turn, also where the plane is buried', async () => {
  const session = await create(tinyConfig({ net: { channels: 1, size: 4, patch: 4, width: 16, blocks: 2, heads: 1, classes: 2 }, data: { dataset: 'buried', count: 128, heldOut: 128 } }))
  await session.advance(2)
  const { plane, notes } = (await session.measure('plane', { ...asked, label: 1 })).panels[0]
  expect(plane!.views[1].classes.slice(0, 4)).toEqual([0, 1, 0, 1])
  expect(notes.join(' ')).toContain('in 16 dimensions, of which 2 are shown')
})

test('refused in one sentence: images, too many points, a class there is not', async () => {
  const images = await create()
  expect(() => images.measure('plane', asked)).toThrow('Gratings has images and no points of a plane; take a data set of points')
  const points = await create(tinyConfig({ net: { ...POINTS, classes: 2 }, data: { dataset: 'moons', count: 64, heldOut: 64 } }))
  expect(() => points.measure('plane', { ...asked, points: 64 })).toThrow('take at most 32')
  expect(() => points.measure('plane', { ...asked, label: 2 })).toThrow('there is no class 2; the last is 1')
})
