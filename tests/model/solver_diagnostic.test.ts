/** The diagnostic of the sampler's error on nets whose field is known: untrained ones stand still, so every solver is exact and every way is straight. */
import { expect, test } from 'vitest'
import { normalNoise } from '../../src/diagnostics/look.ts'
import { STREAM_SAMPLE } from '../../src/engine/philox.ts'
import { energyDistance } from '../../src/flow/energy.ts'
import { generateData } from '../../src/lab/data.ts'
import { valueAt } from '../../src/lab/studies/study.ts'
import { sessions } from '../support/sessions.ts'
import { tinyConfig } from '../support/tiny_run.ts'

const { create } = sessions()

test('errors fall with the order of the solver, and on the Gaussian as its order says', async () => {
  const session = await create()
  await session.advance(20)
  const measurement = await session.measure('solver', { images: 8, doublings: 3, reference: 128 })
  const [error, quality, steps, straight, gaussian] = measurement.panels
  const of = (label: string, replica: number) => error.curves.find(curve => curve.label === label && curve.replica === replica)!
  for (const replica of [0, 1]) {
    expect(of('Euler', replica).x).toEqual([4, 8, 16, 32])
    expect(of('Heun', 0).x).toEqual([7, 15, 31, 63])
    expect(of('Euler', replica).y.at(-1)!).toBeLessThan(of('Euler', replica).y[0]!)
    expect(of('RK4', replica).y.at(-1)!).toBeLessThan(of('Euler', replica).y.at(-1)!)
  }
  expect(error.notes.at(-1)).toMatch(/steps taken back \(\d+, \d+ at the last\)\. Steps taken .* could not be shorter: 0, 0\.$/)
  // Nearer to the exact solution is nearer to where its samples lie, for whoever reads the panels by their labels.
  const findings = { config: tinyConfig(), lossByT: null!, measurements: [measurement] }
  for (const replica of [0, 1]) {
    const at = (panel: string, label: string, evaluations: number) => valueAt(findings, { diagnostic: 'solver', panel, label }, replica, evaluations)
    expect(at('error', 'Midpoint', 64)).toBeLessThan(at('error', 'Midpoint', 16))
    const exact = at('quality', 'exact solution', 512)
    for (const label of ['Midpoint', 'Heun', 'RK4']) expect(Math.abs(at('quality', label, 64) - exact), label).toBeLessThan(Math.abs(at('quality', 'Euler', 4) - exact) / 2)
  }
  const real = quality.curves.at(-1)!
  expect([real.kind, real.label, real.y[0]]).toEqual(['baseline', 'training images', real.y[1]])
  expect(quality.curves[0].y.at(-1)!).toBeGreaterThan(real.y[0]!) // 20 steps have taught it little
  for (const { x, y } of steps.curves) {
    const passed = y.reduce<number>((sum, h) => sum + h!, 0)
    expect(passed).toBeCloseTo(1, 5)
    expect(x.at(-1)).toBe(0)
  }
  for (const { y } of straight.curves) expect(Math.max(...y.map(value => value!))).toBeGreaterThan(0)
  // What the velocity says of the image at the last level shown is the image itself, but for what is left of the way; at t = 1 it is not.
  const [way, said] = straight.pictures!
  expect(way.captions).toEqual(said.captions)
  expect([way.captions[0], way.captions.length, way.captions.at(-1)]).toEqual(['t = 1.00', 9, 'image'])
  const apart = (i: number) => Math.hypot(...said.pixels.subarray(i * 64, (i + 1) * 64).map((value, k) => value - said.pixels[8 * 64 + k]))
  expect(apart(7)).toBeLessThan(apart(0) / 2)
  expect(way.pixels.subarray(8 * 64)).toEqual(said.pixels.subarray(8 * 64))
  const slope = ({ x, y }: (typeof gaussian.curves)[number]) => Math.log2(y.at(-2)! / y.at(-1)!) / Math.log2(x.at(-1)! / x.at(-2)!)
  expect(slope(gaussian.curves.find(({ label }) => label.startsWith('Euler'))!)).toBeCloseTo(1, 1)
  expect(slope(gaussian.curves.find(({ label }) => label.startsWith('RK4'))!)).toBeGreaterThan(3)
}, 60_000)

test('a field that stands still has no error, and a reference too near to what it judges is refused', async () => {
  const session = await create()
  const { panels: [error, , , straight] } = await session.measure('solver', { images: 8, doublings: 1, reference: 16 })
  for (const { y } of error.curves) expect(y.every(value => value === null)).toBe(true) // nothing that a logarithm could show
  for (const { y } of straight.curves) for (const value of y) expect(value).toBe(0)
  expect(() => session.measure('solver', { images: 33 })).toThrow(/33 images are held against as many held-out ones.* there are 32 and 64; take at most 32/)
  expect(() => session.measure('solver', { doublings: 4, reference: 64 })).toThrow(/64 steps is too near the 64 steps/)
})

test.each([8, 300])('samples of a field that stands still are the noise, %i of them in as many pieces as it takes', async images => {
  const config = tinyConfig({ net: { channels: 2, size: 1, patch: 1 }, data: { dataset: 'eight-gaussians', count: 300, heldOut: 300 } })
  const session = await create(config)
  const { panels: [, { curves }] } = await session.measure('solver', { images, doublings: 1, reference: 16 })
  const { heldOut, train } = await generateData(config)
  const held = heldOut.subarray(0, images * 2)
  const off = energyDistance(normalNoise(images * 2, config.data.seed, STREAM_SAMPLE), held, 2)
  for (const { y, spread, label } of curves.slice(0, -1)) {
    for (const value of y) expect(value, label).toBeCloseTo(off.value, 4)
    for (const value of spread!) expect(value, label).toBeCloseTo(off.standardError, 4)
  }
  expect(curves.at(-1)!.y[0]).toBe(energyDistance(train.subarray(0, images * 2), held, 2).value)
})
