/** A net of one token trained on points of the plane, and what the page is given to paint. */
import { expect, test } from 'vitest'
import { decodeCheckpoint, encodeCheckpoint } from '../../src/lab/checkpoint.ts'
import { withBench } from '../support/bench.ts'
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

test('a run that measures it by itself has it before its first step; what no net takes part in is made once and stays the same', async () => {
  const session = await create({ ...tinyConfig({ net: POINTS, data: { dataset: 'moons', count: 128, heldOut: 128 }, evaluate: { measure: true } }), measures: [{ id: 'plane', every: 3, settings: asked }] })
  await session.advance(3)
  expect(session.measurements.filter(({ id }) => id === 'plane').map(({ step }) => step)).toEqual([0, 3])
  const [first, second] = session.measurements.filter(({ id }) => id === 'plane').map(({ panels: [{ plane, curves }] }) => ({ views: plane!.views, least: curves.at(-1) }))
  expect(second.least).toEqual(first.least)
  expect(second.views.at(-1)).toEqual(first.views.at(-1))
  expect(second.views[1].arrows).not.toEqual(first.views[1].arrows)
  await withBench(tinyConfig(), async bench => {
    let made = 0
    const make = async () => ++made
    expect([await bench.kept('one', make), await bench.kept('one', make), await bench.kept('another', make)]).toEqual([1, 1, 2])
  })
})

test('a net that is told the class: its points are of the classes in turn, also where the plane is buried', async () => {
  const session = await create(tinyConfig({ net: { channels: 1, size: 4, patch: 4, width: 16, blocks: 2, heads: 1, classes: 2 }, data: { dataset: 'buried', count: 128, heldOut: 128 } }))
  await session.advance(2)
  const { plane, notes } = (await session.measure('plane', { ...asked, label: 1 })).panels[0]
  expect(plane!.views[1].classes.slice(0, 4)).toEqual([0, 1, 0, 1])
  expect(notes.join(' ')).toContain('in 16 dimensions, of which 2 are shown')
})

test('ΔFM: its minimum in closed form for each λ, from the best velocity for the class that the net is told; its classes end as far apart as its equation says', async () => {
  const session = await create(tinyConfig({
    net: { ...POINTS, classes: 2 }, data: { dataset: 'two-classes', count: 128, heldOut: 128 }, objective: { path: 'scaled', noiseScale: 0.05 },
    replicas: [{ method: 'fm' }, { method: 'contrastive-fm', lambda: 0.5 }, { method: 'contrastive-fm', lambda: 0.5, seed: 1 }, { method: 'contrastive-fm', lambda: 0.05 }, { method: 'contrastive-fm', lambda: 0.5, negatives: 'other-class' }],
  }))
  const { plane, curves, notes } = (await session.measure('plane', { ...asked, points: 64, steps: 32, label: 1 })).panels[0]
  const { views, t, side } = plane!
  const theories = views.filter(({ replica }) => replica === null).slice(1)
  expect(theories.map(({ label }) => label)).toEqual(['best velocity, told the class', 'ΔFM’s minimum, λ = 0.5', 'ΔFM’s minimum, λ = 0.05', 'ΔFM’s minimum, λ = 0.5, negatives other-class'])
  expect(curves.filter(({ kind }) => kind === 'theory').map(({ label }) => label)).toEqual(theories.map(({ label }) => label))
  expect(notes.join(' ')).toContain('(v − λT̂)/(1 − λ)')
  const ends = theories.map(({ ways, classes }) => [0, 1].map(axis => [1, 0].reduce((apart, own) => {
    const of = classes.flatMap((c, i) => (c === own ? [ways[ways.length - 128 + 2 * i + axis]] : []))
    return (own === 1 ? 1 : -1) * (of.reduce((sum, value) => sum + value, 0) / of.length) + apart
  }, 0)))
  // u = x − (1 − t) m_c obeys u′ = (½ (ln V)′ u − λ (m_c − m̄))/(1 − λ), V ∝ (1 − t)² + t² where noise is as wide as a class: at λ = ½ it ends ∫ dt/V = π/2 times m_c − m̄ further.
  const [best, half, little] = ends
  const angle = (12.566 * Math.PI) / 180
  expect(half[0] - best[0]).toBeCloseTo((Math.PI / 2) * 6 * 0.5 * (Math.cos(angle) - 1), 2)
  expect(half[1] - best[1]).toBeCloseTo((Math.PI / 2) * 6 * 0.5 * Math.sin(angle), 2)
  expect(little[1]).toBeGreaterThan(best[1])
  // Arrows at one place and level, in the plane's own scale: those of ΔFM are (v − λT̂)/(1 − λ).
  const at = 2 * (6 * side * side + 12)
  const [v, pushed, less] = theories.map(({ arrows }) => arrows![at])
  const target = (less * 0.95 - v) / -0.05
  expect(pushed).toBeCloseTo((v - 0.5 * target) / 0.5, 3)
  expect(t[6]).toBe(0.75)
})

test('ΔFM: replicas whose minimum differs by what they are pushed from each have their own', async () => {
  const session = await create(tinyConfig({
    net: { ...POINTS, classes: 2 }, data: { dataset: 'two-classes', count: 128, heldOut: 128 }, train: { batch: 8 }, objective: { lambda: 0.5, negatives: 'permutation' },
    replicas: [{ method: 'contrastive-fm' }, { method: 'contrastive-fm', batch: 2 }, { method: 'contrastive-fm', images: 16 }, { method: 'contrastive-fm', path: 'cosine' }, { method: 'contrastive-fm', path: 'cosine', times: 'jit' }],
  }))
  const { views } = (await session.measure('plane', { ...asked, steps: 8 })).panels[0].plane!
  const theories = views.filter(({ label }) => label.startsWith('ΔFM’s minimum, λ = 0.5, negatives permutation of '))
  expect(theories.map(({ label }) => label.slice('ΔFM’s minimum, λ = 0.5, negatives permutation of '.length))).toEqual(['8', '2', '8, first 16 images', '8, Cosine (GVP)', '8, Cosine (GVP), E[α′] = −1.32'])
  expect(new Set(theories.map(({ arrows }) => arrows!.join())).size).toBe(5)
})

test('arrows of training pairs lead to one point, ringed; they stay finite at t = 0', async () => {
  const session = await create(tinyConfig({ net: POINTS, data: { dataset: 'eight-gaussians', count: 64, heldOut: 64 }, train: { batch: 8 } }))
  const { plane, notes } = (await session.measure('plane', asked)).panels[0]
  const { views: [pairs, ...others], side, t, extent } = plane!
  const middle = (i: number) => ((2 * (i + 0.5)) / side - 1) * extent
  for (const [level, at] of [[12, 0.5], [18, 0.25], [24, 0.001]] as const) {
    if (at > 0.001) expect(t[level]).toBe(at)
    for (const i of [0, 7, 24]) {
      for (const axis of [0, 1]) expect(pairs.arrows![2 * (level * side * side + i) + axis] * at).toBeCloseTo(middle(axis === 0 ? i % side : Math.floor(i / side)) - pairs.mark![axis], 3) // (x − x0)/t on the linear path
    }
  }
  expect([...pairs.ways.subarray(pairs.ways.length - 64, pairs.ways.length - 62)]).toEqual(pairs.mark) // where the first pair ends
  expect(others.every(({ mark }) => mark === undefined)).toBe(true)
  expect(notes.join(' ')).toContain('ringed')
})

test('dopri5 at its own times: ways begin at the noise and end where many fixed steps end', async () => {
  const session = await create(tinyConfig({ net: POINTS, data: { dataset: 'eight-gaussians', count: 128, heldOut: 64 }, replicas: [{ method: 'fm' }, { method: 'lcf' }], train: { batch: 32, learningRate: 0.01 }, evaluate: { rtol: 1e-5, atol: 1e-6 } }))
  await session.advance(30)
  const ways = async (solver: string, steps: number) => (await session.measure('plane', { ...asked, solver, steps })).panels[0]
  const [own, fixed] = [await ways('dopri5', 6), await ways('rk4', 100)]
  expect(own.notes.join(' ')).toMatch(/dopri5’s own steps \(\d+, \d+\)/)
  for (const r of [1, 2]) {
    const [a, b] = [own, fixed].map(({ plane }) => plane!.views[r].ways)
    expect(a.subarray(0, 64)).toEqual(b.subarray(0, 64))
    const end = 24 * 64
    a.subarray(end).forEach((value, i) => expect(Math.abs(value - b[end + i]), `replica ${r - 1}`).toBeLessThan(5e-3))
  }
})

test('refused in one sentence: images, too many points, a class there is not', async () => {
  const images = await create()
  expect(() => images.measure('plane', asked)).toThrow('Gratings has images and no points of a plane; take a data set of points')
  const points = await create(tinyConfig({ net: { ...POINTS, classes: 2 }, data: { dataset: 'moons', count: 64, heldOut: 64 } }))
  expect(() => points.measure('plane', { ...asked, points: 64 })).toThrow('take at most 32')
  expect(() => points.measure('plane', { ...asked, label: 2 })).toThrow('there is no class 2; the last is 1')
})
