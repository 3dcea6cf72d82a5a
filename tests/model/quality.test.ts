import { expect, test } from 'vitest'
import { Cancelled } from '../../src/lab/bench.ts'
import type { Curve } from '../../src/panel.ts'
import { expectSameBits, sessions } from '../support/sessions.ts'
import { tinyConfig } from '../support/tiny_run.ts'

const { create } = sessions()
const few = { count: 64, components: 4 }

test('samples stand beside two real sets, and points of earlier steps with the same settings before the last one', async () => {
  const session = await create()
  await session.advance(2)
  await session.measure('quality', few)
  await session.measure('quality', { ...few, components: 5 })
  await session.advance(28)
  const { panels } = await session.measure('quality', few)
  const [distance, coverage, nearest] = panels
  expect(panels.map(({ id }) => id), 'without a classifier at this size').toEqual(['distance-pixels', 'coverage', 'nearest'])
  const real = distance.curves.at(-1)!
  expect(real.label).toBe('real against real')
  expect(real.x, 'the same at every step').toEqual([0, 30])
  for (const { x, y, spread, replica } of distance.curves) {
    if (replica !== null) expect(x).toEqual([2, 30])
    expect(spread!.every(value => value! > 0)).toBe(true)
    expect(y.every(value => value! > 0)).toBe(true)
  }
  const of = ({ curves }: { curves: Curve[] }, replica: number, label = '') => curves.find(curve => curve.replica === replica && curve.label === label)!
  expect(of(distance, 0).y[0]!, 'noise in, noise out at first').toBeGreaterThan(1.5 * real.y[0]!)
  expect(of(distance, 0).y[1]!, 'nearer after training').toBeLessThan(of(distance, 0).y[0]!)
  expect(of(coverage, 0, 'precision').x).toEqual([2, 30])
  expect(coverage.curves.filter(({ replica }) => replica === null).map(({ label }) => label)).toEqual(['real, precision', 'real, recall'])
  for (const { y } of nearest.curves) expect(y, 'ascending').toEqual([...y].sort((a, b) => a! - b!))
  expect(panels.map(({ title, summary, notes }) => [title, summary, ...notes].join(' ')).join(' ').replaceAll(/not FID, which is in Inception’s/g, '')).not.toMatch(/FID/)
})

test('the training set known by heart draws its own images, as near to held-out ones as they are', async () => {
  const many = { ...few, count: 256, heart: true }
  const session = await create(tinyConfig({ data: { count: 256 }, evaluate: { solverSteps: 16 }, replicas: [{ method: 'fm' }, { method: 'fm', path: 'vp', label: 'VP' }] }))
  await session.advance(2)
  const { panels: [distance, coverage, nearest] } = await session.measure('quality', many)
  const own = ({ curves }: { curves: Curve[] }, label: string) => curves.find(curve => curve.replica === null && curve.label === label)!
  for (const value of own(nearest, 'by heart').y) expect(value!).toBeLessThan(0.02)
  for (const value of own(nearest, 'held-out images').y) expect(value!).toBeGreaterThan(0.1)
  const { x, y, spread } = own(distance, 'by heart')
  expect(x).toEqual([0, 30])
  expect(y[0]!, 'of 256 images some come again').toBeLessThan(4 * own(distance, 'real against real').y[0]!)
  expect(y[0]!).toBeLessThan(distance.curves[0].y[0]! / 2)
  expect(spread![0]!).toBeGreaterThan(0)
  expect(own(coverage, 'by heart, precision').y[0]!).toBeGreaterThan(coverage.curves[0].y[0]!)
  expect(nearest.pictures!.at(-1)!.label).toMatch(/^By heart: /)
  expect(distance.notes.join(' ')).toContain('16 steps of Euler’s')
  await session.advance(2)
  const again = await session.measure('quality', many)
  expect(own(again.panels[0], 'by heart').y, 'remembered').toEqual(y)
})

test('leaves the bits of training as they are, and stops when cancelled', async () => {
  const quiet = await create()
  await quiet.advance(4)
  let cancel = false
  const watched = await create(tinyConfig(), { measuring: (_, done) => { if (cancel && done === 3) watched.cancelMeasure() } })
  await watched.advance(2)
  await watched.measure('quality', few)
  cancel = true
  await expect(watched.measure('quality', few)).rejects.toThrow(Cancelled)
  await watched.advance(2)
  expectSameBits(await quiet.checkpoint(), await watched.checkpoint())
  expect(watched.measurements.length).toBe(1)
})

test('says in one sentence what it cannot compare', async () => {
  const session = await create()
  expect(() => session.measure('quality', { count: 65 })).toThrow(/65 samples ask for as many training images .* there are 64; take at most as many/)
  expect(() => session.measure('quality', { count: 64, components: 60 })).toThrow(/in 60 features needs at least 69 images on each side, and there are 64; take more samples or fewer components/)
  expect(() => session.measure('quality', { count: 8000 })).toThrow(/quality\.count/)
})

test('a net whose samples are no numbers is named, and the others are measured', async () => {
  const session = await create(tinyConfig({ replicas: [{ method: 'fm' }, { method: 'fm', learningRate: 1, label: 'wild' }], train: { clip: 0, warmup: 0 } }))
  await session.advance(20)
  const { panels } = await session.measure('quality', few)
  const [first, wild] = panels[0].curves
  expect(first.y[0]).toBeGreaterThan(0)
  expect(wild.y[0] === null || wild.y[0]! > first.y[0]!).toBe(true)
})
